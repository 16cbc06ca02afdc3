// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "networkd/config_text.hpp"

/// For which interfaces, on which machines, a file is: its section [Match] (systemd.network(5), systemd.netdev(5)).
namespace networkd {

/// What can be said of something of which not everything is known. Ordered: the lesser one of two is that of "and".
enum class Tri { no, maybe, yes };

/// A network interface as networkd sees it.
struct Link {
  std::string name;                                           // "": not known, a wired interface of any name
  std::optional<std::vector<std::string>> alternative_names;  // nothing: not known
  std::string type = "ether";
  std::string kind;                    // "": hardware
  std::optional<std::string> driver;   // of the kernel; these are nothing where they are not known
  std::optional<std::string> path;     // ID_PATH of udev
  std::optional<std::string> address;  // of the hardware, as in use
  std::optional<std::string> permanent_address;
};

/// The machine and the boot. What is not known is nothing.
struct Environment {
  std::optional<std::vector<std::string>> cmdline;  // words of /proc/cmdline
  std::optional<std::string> host_name;
  std::optional<std::string> machine_id;
  std::optional<std::string> kernel;        // its release
  std::optional<std::string> architecture;  // as systemd.unit(5) calls it, ConditionArchitecture=
  std::optional<bool> efi;
};

struct MatchRules {
  /// Lists of patterns, each with its "!", by key: Name, Driver, Type, Kind, Path.
  std::map<std::string, std::vector<std::string>> patterns;
  std::map<std::string, std::set<std::string>> addresses;  // MACAddress, PermanentMACAddress: hexadecimal digits
  std::set<std::string> others;                            // keys that only wireless interfaces have, and Property
  std::map<std::string, std::string> conditions;           // Host, KernelCommandLine, ...: the last value alone counts

  /// It is for every interface where its conditions hold; without a condition either, networkd ignores the file.
  [[nodiscard]] bool is_empty() const { return patterns.empty() && addresses.empty() && others.empty(); }
};

[[nodiscard]] MatchRules match_rules_of(const ConfigText& config);

/// Whether a file is for this machine and this boot. `why` becomes the condition that says no, or of which it is not
/// known: "KernelCommandLine=debug".
[[nodiscard]] Tri conditions_hold(const MatchRules& rules, const Environment& environment, std::string& why);

/// Whether it is for this interface; `why` as above: "Name=enp0s3".
[[nodiscard]] Tri link_matches(const MatchRules& rules, const Link& link, std::string& why);

}  // namespace networkd
