// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

#include "repos/catalog.hpp"
#include "repos/manager.hpp"

namespace repos {

/// index.html at a site's top, for people: what is here, for which release, size, date, checksum, how to install, the
/// key's fingerprint. Self-contained, no script, nothing fetched from elsewhere; readable on a telephone and in the
/// dark. `catalog` may hold anything: all of it is escaped. `content` is asked for the text of a file that users fetch.
[[nodiscard]] std::string page(const Catalog& catalog, const std::function<std::string(const std::string&)>& content,
                               const std::string& project, const std::string& summary, const std::string& home);

}  // namespace repos
