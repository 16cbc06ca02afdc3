// SPDX-License-Identifier: GPL-3.0-or-later
#include "verify/examine_package.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "build/executor.hpp"
#include "build/tool_registry.hpp"
#include "repos/repo_files.hpp"

namespace verify {
namespace fs = std::filesystem;
namespace {

/// The job whose package, its first output, has that file's name.
const build::Job& job_of(const std::vector<build::Job>& jobs, const fs::path& file) {
  for (const auto& job : jobs) {
    if (job.recipe.outputs.front().name == file.filename().string()) return job;
  }
  throw base::Error("no release has a package of that name in this version of the source")
      .with_hint(
          "orchestrator build --dry-run --all shows their names; a source package is looked at with its package");
}

/// Copies what a proof reads into a folder, where the recipe has it. What differs from build to build need not be
/// there: nobody publishes it.
build::Job laid_out(const build::Job& job, const fs::path& from, const fs::path& to) {
  auto copy = job;
  std::erase_if(copy.recipe.outputs, [&from](const model::Output& output) {
    return !output.reproducible && !fs::exists(fs::symlink_status(from / output.name));
  });
  for (const auto& output : copy.recipe.outputs) {
    const auto source = from / output.name;
    if (!fs::is_regular_file(fs::symlink_status(source)))
      throw base::Error(fmt::format("{} does not lie beside it", output.name))
          .with_hint("the source package is part of the proof: put both into one folder");
    base::make_dirs((to / output.path).parent_path());
    base::write_file(to / output.path, repos::content_of(source));
  }
  return copy;
}

}  // namespace

std::vector<PackageFaults> examine_packages(const std::vector<build::Job>& jobs, const std::vector<fs::path>& files,
                                            const std::vector<fs::path>& tool_folders, const base::Context& context) {
  const base::TempDir work(fs::temp_directory_path(), "orchestrator-verify.");
  build::ToolRegistry tools(tool_folders, work.path() / "tools.json", context);
  const bool isolated = base::why_no_sandbox(context).empty();
  build::Executor executor(context, tools, {work.path(), work.path() / "work", work.path() / "logs", false}, isolated);
  std::vector<PackageFaults> out;
  for (const auto& file : files) {
    PackageFaults found{file, "", ""};
    try {
      const auto& job = job_of(jobs, file);
      found.release = job.profile.key();
      const auto folder = work.path() / std::to_string(out.size());
      // Then the given files take the place of those that were made.
      if (job.recipe.reads_work) executor.make(job, folder, work.path() / "log");
      const auto copy = laid_out(job, fs::absolute(file).parent_path(), folder);
      static_cast<void>(executor.prove_again(copy, folder, work.path() / "log"));
    } catch (const base::Interrupted&) {
      throw;
    } catch (const base::Error& error) {
      found.fault = error.hint().empty() ? error.what() : fmt::format("{}\nhint: {}", error.what(), error.hint());
    }
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace verify
