// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
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

struct Built {
  std::optional<Manifest> manifest;  // of the last build, whatever it was made from
  bool is_current = false;           // of the same key, and each output is there as it was made
};

/// What the folder of each job holds; several threads, for outputs are large and each is read to its end.
std::vector<Built> find_built(const std::vector<Job>& jobs, const std::filesystem::path& out, unsigned threads) {
  std::vector<Built> found(jobs.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (auto i = next++; i < jobs.size(); i = next++) {
      const auto folder = out / jobs[i].profile.key();
      found[i].manifest = read_manifest(folder);
      found[i].is_current =
          found[i].manifest && found[i].manifest->key == jobs[i].key && is_whole(*found[i].manifest, folder);
    }
  };
  std::vector<std::future<void>> others;
  for (unsigned i = 1; i < threads; ++i) others.push_back(std::async(std::launch::async, work));
  work();
  for (auto& other : others) other.get();
  return found;
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
  base::KnownDigests digests;
  for (auto& job : jobs) job.key = key_of(job, tools, digests);
  const auto found = find_built(jobs, out, options.jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto& job = jobs[i];
    Row row{&job, {}};
    const auto& manifest = found[i].manifest;
    // What was built without isolation is built again as soon as there is some.
    if (manifest && found[i].is_current && (manifest->isolated || !why_not_isolated().empty())) {
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
