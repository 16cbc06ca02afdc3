// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "repos/catalog.hpp"

namespace pipeline {

struct SiteFaults {
  std::string fingerprint;  // of the key that was looked with: not what the site says of itself
  std::vector<std::string> faults;
};

/// Looks at a site as a client would who knows nothing of it but the key: `public_key` (ASCII armoured), or, when that
/// is "", the one that lies in the site, which then proves nothing about whose it is.
[[nodiscard]] SiteFaults examine(const std::filesystem::path& site, const std::string& public_key, base::Runner& runner,
                                 const base::Cancel& cancel);

}  // namespace pipeline
