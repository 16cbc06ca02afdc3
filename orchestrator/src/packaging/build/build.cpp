// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "build/lock.hpp"
#include "build/schedule.hpp"

namespace build {
namespace {

void refuse_missing_tools(const std::vector<const model::Recipe*>& recipes, const ToolRegistry& tools) {
  const auto lacking = missing(recipes, tools);
  if (lacking.empty()) return;
  std::vector<std::string> programs;
  std::vector<std::string> packages;
  for (const auto& tool : lacking) {
    programs.push_back(fmt::format("{} (package {})", tool.program, tool.package));
    if (std::ranges::find(packages, tool.package) == packages.end()) packages.push_back(tool.package);
  }
  throw base::Error("missing: " + base::join(programs, ", "), base::Exit::missing_tool)
      .with_hint("install " + base::join(packages, " ") + "; ci/deps package installs what Debian has");
}

}  // namespace

std::vector<Row> build(std::vector<Job>& jobs, const BuildOptions& options, const base::Context& context) {
  base::make_dirs(options.out);
  const auto out = std::filesystem::canonical(options.out);
  const Lock lock(out / ".lock");
  const auto work = out / ".work";
  base::remove_abandoned(out, ".publish.");
  base::remove_tree(work);  // what a killed builder left, whatever is to be built now; the lock says that it is gone
  ToolRegistry tools(options.tool_folders, out / ".tools.json", context);
  std::vector<const model::Recipe*> recipes;
  for (const auto& job : jobs) recipes.push_back(&job.recipe);
  refuse_missing_tools(recipes, tools);
  tools.learn(recipes, options.jobs);

  std::optional<std::string> why;  // asked only when it matters: it costs a process
  const auto why_not_isolated = [&]() -> const std::string& {
    if (!why) why = base::why_no_sandbox(context);
    return *why;
  };
  std::vector<Row> rows;
  std::vector<Task> tasks;
  for (auto& job : jobs) {
    job.key = key_of(job, tools);
    Row row{&job, {}};
    const auto folder = out / job.profile.key();
    const auto manifest = read_manifest(folder);
    // What was built without isolation is built again as soon as there is some.
    if (manifest && manifest->key == job.key && is_whole(*manifest, folder) &&
        (manifest->isolated || !why_not_isolated().empty())) {
      row.result.verdict = Verdict::unchanged;
      row.result.outputs = manifest->outputs;
    } else {
      tasks.push_back({&job, rows.size(), manifest && manifest->seconds > 0 ? manifest->seconds : job.recipe.cost});
    }
    rows.push_back(std::move(row));
  }
  tools.save();
  if (tasks.empty()) return rows;

  const bool isolated = why_not_isolated().empty();
  if (!isolated)
    context.console.warn(
        fmt::format("builds are not isolated: {}; install bubblewrap, or allow user namespaces", *why));
  base::make_dirs(work);
  base::make_dirs(out / ".logs");
  Executor executor(context, tools, {out, work, out / ".logs", options.keep}, isolated);
  schedule(tasks, options.jobs, executor, rows, context.console);
  if (!options.keep) base::remove_tree(work);
  context.cancel.throw_if_requested();
  return rows;
}

}  // namespace build
