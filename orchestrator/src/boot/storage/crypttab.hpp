// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// crypttab(5): which encrypted devices are opened, under which name, with which key.
namespace storage {

struct CrypttabLine {
  std::size_t number = 0;            // of the line in the file, from 1
  std::string name;                  // /dev/mapper/NAME
  std::string device;                // as written: "UUID=...", "/dev/vda5"
  std::string key;                   // a key file; "": a passphrase is asked for ("none" and "-" in the file)
  std::vector<std::string> options;  // "discard", "key-slot=1"

  [[nodiscard]] bool has_option(std::string_view option) const;
  /// The value of "NAME=..." among the options; "" if it is not there.
  [[nodiscard]] std::string option_value(std::string_view option) const;
  /// Opened with a new random key at each boot, as for swap: nobody is asked.
  [[nodiscard]] bool has_random_key() const;
};

/// Lines with fewer than two or more than four fields are left out, for systemd-cryptsetup-generator(8) ignores them.
[[nodiscard]] std::vector<CrypttabLine> parse_crypttab(std::string_view text);

/// The UUID in "UUID=...", with or without quotes, and in "/dev/disk/by-uuid/...", lower case; "" for other devices.
[[nodiscard]] std::string uuid_in(std::string_view device);

}  // namespace storage
