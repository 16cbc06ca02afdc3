// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What systemd-networkd makes of its configuration: systemd.network(5), systemd.netdev(5), systemd.syntax(7). All text
/// is untrusted, and nothing here throws: what networkd ignores is ignored, with the reason.
namespace networkd {

struct Setting {
  std::string section;
  std::size_t block = 0;  // which header it stands below: [Address] and [Route] describe one thing each
  std::string key;
  std::string value;
};

/// A file, or a file and its drop-ins.
struct ConfigText {
  std::vector<Setting> settings;
  std::string fault;  // networkd ignores the whole file for it: "line 3: ..."
  std::string doubt;  // some releases of networkd ignore the whole file for it, and others do not
};

/// Adds a file's settings (systemd.syntax(7)). What stands outside of a section, or has no "=", is ignored as networkd
/// ignores it. A header without its bracket, or a line that is not UTF-8, ends the reading of the file: its fault.
void read_config(std::string_view text, ConfigText& into);

/// The last value of a setting; nothing if it is not there.
[[nodiscard]] std::optional<std::string> last_value(const ConfigText& config, std::string_view section,
                                                    std::string_view key);

/// The words of a value; nothing if a quote is not closed, for which networkd ignores the rest.
[[nodiscard]] std::vector<std::string> words_of(std::string_view value);

/// "yes", "1", "on" and the like; nothing if it is none (systemd.syntax(7)).
[[nodiscard]] std::optional<bool> boolean_of(std::string_view value);

/// A name that the kernel and networkd take for a network interface; with `pattern`, or a pattern of such names.
[[nodiscard]] bool is_interface_name(std::string_view name, bool pattern = false);

/// fnmatch(3) without flags, in time that is bounded by the product of the lengths: patterns come out of images.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace networkd
