// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

#include "model/project.hpp"
#include "repos/catalog.hpp"

namespace repos {

/// index.html at a site's top, for people: for each release how to install what is here, and what to do then; files,
/// sizes, dates and checksums of each package and architecture; the key's fingerprint. Self-contained, no script,
/// nothing fetched from elsewhere; readable on a telephone and in the dark. `catalog` may hold anything: all of it is
/// escaped. `content` is asked for the text of a file that users fetch.
[[nodiscard]] std::string page(const Catalog& catalog, const std::function<std::string(const std::string&)>& content,
                               const model::Project& project);

}  // namespace repos
