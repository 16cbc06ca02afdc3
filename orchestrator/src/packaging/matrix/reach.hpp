// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/load.hpp"

/// Which releases a change can reach: the one table of what a path of the project is for.
namespace pipeline {

enum class Reach {
  nothing,       // documents, tests, linters: no package and no cell is another one for it
  distribution,  // a profile
  format,        // the templates of a format
  everything,    // the source, the program, what cells are made of; and what the table does not know
};

struct Rule {
  std::string_view path;  // with a '/' at its end a folder and all in it, else a file; relative to the project
  Reach reach;
};

/// The first rule that fits decides. The templates' folders come from the registry of formats and stand before it.
[[nodiscard]] std::span<const Rule> rules();

struct Target {
  Reach reach = Reach::everything;
  std::string name;  // the distribution's id, or the format's name
  bool operator==(const Target&) const = default;
};

[[nodiscard]] Target reach_of(std::string_view path);

/// The text of a file as it was; nothing when it was not there.
using OldText = std::function<std::optional<std::string>(const std::string& path)>;

/// Those of `releases` that changes of these paths can reach, in their order. Of a profile that has changed only the
/// releases count whose merged profile is another one; all of it, where the old one cannot be read.
[[nodiscard]] std::vector<const profile::Release*> reached(const std::vector<const profile::Release*>& releases,
                                                           const std::vector<std::string>& paths,
                                                           const OldText& old_text);

}  // namespace pipeline
