// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "repos/catalog.hpp"

namespace verify {

/// What the catalog says of a package.
struct SitePackage {
  std::string name;
  std::set<std::string> architectures;  // as its package managers write them; none: it is for all of them
  std::size_t releases = 0;             // that have it
  std::size_t versions = 0;             // of all releases
};

struct SiteFaults {
  std::string fingerprint;  // of the key that was looked with: not what the site says of itself
  std::string next;         // fingerprint of the key that is announced to follow it; "": none
  std::vector<std::string> faults;
  std::vector<SitePackage> packages;  // sorted by name
  std::string warning;                // of what will be a fault: the key's end; "": there is time
};

struct ExamineOptions {
  std::string public_key;  // ASCII armoured; "": the one that lies in the site, which proves nothing about whose it is
  std::int64_t now = 0;    // seconds since the epoch
  std::int64_t newer_than = 0;  // the newest packages must bear at least this time, in the same unit
};

/// Looks at a site as a client would who knows nothing of it but the key.
[[nodiscard]] SiteFaults examine(const std::filesystem::path& site, const ExamineOptions& options,
                                 const base::Context& context);

}  // namespace verify
