// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "build/job.hpp"
#include "build/schedule.hpp"

namespace build {

struct BuildOptions {
  std::filesystem::path out;
  std::vector<std::filesystem::path> tool_folders;
  unsigned jobs = 1;
  bool keep = false;
};

/// Builds what is not built yet, `jobs` at a time, long ones first. Holds dist/'s lock meanwhile: a second builder is
/// refused. Throws base::Error (missing_tool) before anything runs when programs are missing, and Interrupted after all
/// children are gone.
[[nodiscard]] std::vector<Row> build(std::vector<Job>& jobs, const BuildOptions& options, const base::Context& context);

}  // namespace build
