// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/project.hpp"

namespace source {

/// A package's source as it is in the project's folder `root`: what project.sources names, without project.left_out and
/// without hidden files, an editor's backups (NAME~) and Python's caches. A link, a device, a file above 1 MiB or one
/// whose name does not fit is a finding. Modes are 0755 where the owner may execute, else 0644: a checkout's umask must
/// not reach the tarball.
[[nodiscard]] base::SourceTree pristine(const std::filesystem::path& root, const model::Project& project,
                                        model::Findings& findings);

}  // namespace source
