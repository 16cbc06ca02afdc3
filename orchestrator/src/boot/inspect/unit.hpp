// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "initramfs/image.hpp"

/// systemd's units as an image has them (systemd.unit(5), systemd.syntax(7)): a file and its drop-ins, put together.
namespace inspect {

class Unit {
 public:
  std::string path;  // of its file, where it really is
  bool masked = false;

  /// All values of a setting, in order; an empty one clears those before it.
  [[nodiscard]] std::vector<std::string> all(std::string_view section, std::string_view key) const;
  /// The last value, or "".
  [[nodiscard]] std::string last(std::string_view section, std::string_view key) const;
  void read(std::string_view text);

 private:
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> settings_;
};

/// Nothing if no such unit is in the image. A unit whose text was not kept (it is huge) is as empty as it looks.
[[nodiscard]] std::optional<Unit> load_unit(const initramfs::Image& image, const std::string& name);

/// The targets that want or require a unit by a link in their folder: "sysinit.target".
[[nodiscard]] std::vector<std::string> wanted_by(const initramfs::Image& image, const std::string& name);

/// Words of a command line as systemd has them: quotes and backslashes, no variables.
[[nodiscard]] std::vector<std::string> words_of(std::string_view line);

}  // namespace inspect
