// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/facts.hpp"
#include "storage/crypttab.hpp"

/// Which encrypted disks an image opens while it boots, and what tells it to (systemd-cryptsetup-generator(8),
/// dracut.cmdline(7), "crypto LUKS").
namespace inspect {

struct Opening {
  std::string name;    // /dev/mapper/NAME
  std::string uuid;    // of the LUKS header, lower case, or, from the command line, a part of it; "": named otherwise
  std::string source;  // "/etc/crypttab:1", "rd.luks.uuid=..."
  std::optional<storage::CrypttabLine> line;
  std::vector<std::string> options;  // of the line, and of rd.luks.options= after them
};

struct Openings {
  std::vector<Opening> disks;
  std::vector<std::string> ignored;  // what looks like one, and why it opens nothing: for people
  bool every_luks = false;           // rd.auto
  std::string unsure;                // a word that may open a disk which it names in a way that cannot be followed

  [[nodiscard]] const Opening* named(std::string_view name) const;
  /// What opens a LUKS device of this name and UUID ("": not known); nullptr: nothing.
  [[nodiscard]] const Opening* of(std::string_view name, std::string_view uuid) const;
};

[[nodiscard]] Openings openings_of(const Facts& facts);

/// The generator that makes units of crypttab and command line; its path in the image, "" if it is not there.
[[nodiscard]] std::string cryptsetup_generator(const Facts& facts);

}  // namespace inspect
