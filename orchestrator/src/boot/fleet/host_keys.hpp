// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/document.hpp"
#include "fleet/fleet_host.hpp"

/// The keys that say something of a machine: the same ones in a host's table, a group's, a pattern's and the defaults.
namespace fleet {

enum class KeyKind { text, number, boolean, list };

/// Nothing for a name that is no key.
[[nodiscard]] std::optional<KeyKind> kind_of_key(std::string_view key);
[[nodiscard]] std::vector<std::string> key_names();

/// What a file's paths mean: one without a slash at its beginning is below the file's folder, "~/" is the home.
struct Folders {
  std::filesystem::path file;
  std::string home;  // "": not known
};

/// Every key of the table takes its place in `host`; an empty text takes back what was there. Keys in `others` are the
/// caller's. base::Error (usage) for an unknown key, another type, or a value that cannot be meant.
void apply(const Value& table, const Folders& folders, Host& host, std::initializer_list<std::string_view> others = {});

/// What a host's name cannot be, or nothing: ssh(1) refuses such ones, or reads them as something else.
[[nodiscard]] std::optional<std::string> fault_of_name(std::string_view name);
/// The same of the user in USER@HOST.
[[nodiscard]] std::optional<std::string> fault_of_user(std::string_view user);

/// Texts of a list, or the one that stands in the place of a list. None is empty or has a control character.
[[nodiscard]] std::vector<std::string> texts_of(const Value& value, const std::string& expected);

}  // namespace fleet
