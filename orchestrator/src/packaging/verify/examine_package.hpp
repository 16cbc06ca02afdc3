// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "build/job.hpp"

namespace verify {

struct PackageFaults {
  std::filesystem::path file;
  std::string release;  // "fedora-44"; "" when no release has a package of that name
  std::string fault;    // "": it is what its profile says
};

/// Holds package files, wherever they lie, against this source and the profile of the release that their name belongs
/// to: the same readers and the same comparison as when one is built. The source package, which is part of the proof,
/// has to lie beside it. Signatures are not looked at: which key is trusted is the package manager's matter.
[[nodiscard]] std::vector<PackageFaults> examine_packages(const std::vector<build::Job>& jobs,
                                                          const std::vector<std::filesystem::path>& files,
                                                          const std::vector<std::filesystem::path>& tool_folders,
                                                          const base::Context& context);

}  // namespace verify
