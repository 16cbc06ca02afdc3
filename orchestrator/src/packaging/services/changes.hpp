// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Debian's control files (deb822(5)), as far as an upload needs them.
namespace services {

/// A .changes without the lines of the upstream tarball, and of its signature, in each of its lists: what
/// dpkg-genchanges(1) writes with -sd instead of -sa. Everything else stays as it is.
[[nodiscard]] std::string without_orig(std::string_view changes);

/// One source package of an archive's list.
struct ListedSource {
  std::string version;
  std::map<std::string, std::string> sha256;  // of its files, by name
};

/// All of that name in a Sources file. Lines that are not understood are passed over.
[[nodiscard]] std::vector<ListedSource> listed_sources(std::string_view sources, std::string_view name);

}  // namespace services
