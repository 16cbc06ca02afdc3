// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/job.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "source/install_list.hpp"
#include "source/tree.hpp"

namespace pipeline {
namespace {

/// Changes when the pipeline itself does something else with a recipe (the sandbox's /etc, the proof): everything is
/// then built again.
constexpr const char* kPipelineRevision = "1";

std::string step_text(const Job& job, const model::Step& step) {
  std::string text = "cd " + base::shell_quote(step.cwd) + " && env";
  for (const auto& [name, value] : step_environment(job, step)) text += " " + base::shell_quote(name + "=" + value);
  text += " " + base::shell_quote(step.argv);
  if (!step.stdout_to.empty()) text += " >" + base::shell_quote(std::string(base::kInside) + "/" + step.stdout_to);
  return text;
}

}  // namespace

formats::Ingredients Job::ingredients() const {
  return {workspace->project,
          profile,
          workspace->packager,
          install,
          workspace->pristine,
          patched,
          workspace->tarball,
          patch,
          workspace->templates.at(std::string(format->template_folder()))};
}

std::map<std::string, std::string> step_environment(const Job& job, const model::Step& step) {
  std::map<std::string, std::string> environment = {
      {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}, {"SOURCE_DATE_EPOCH", std::to_string(job.workspace->project.epoch())}};
  for (const auto& [name, value] : step.env) environment[name] = value;
  return environment;
}

std::vector<Job> plan(const Workspace& workspace, const std::vector<const profile::Release*>& releases,
                      base::Runner& runner, const base::Cancel& cancel) {
  std::vector<Job> jobs;
  for (const auto* release : releases) {
    Job job;
    job.profile = source::expand(release->profile, workspace.project);
    job.workspace = &workspace;
    const auto& profile = job.profile;
    job.format = formats::find(profile.package.format);
    if (job.format == nullptr)
      throw base::Error(fmt::format("there is no format \"{}\"", profile.package.format), base::Exit::usage);
    job.install = source::resolve(workspace.install, profile);
    try {
      job.patched = source::patched(workspace.pristine, profile);
      const Job* same = nullptr;
      for (const auto& other : jobs) {
        if (other.patched == job.patched) same = &other;
      }
      job.patch = same != nullptr ? same->patch : source::diff(workspace.pristine, job.patched, runner, cancel);
      job.recipe = job.format->recipe(job.ingredients());
    } catch (const base::Error& error) {
      throw error.with_context(profile.key());
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string key_of(const Job& job, Toolbox& toolbox) {
  std::string text =
      fmt::format("pipeline {}\nformat {}\nuid {}\n", kPipelineRevision, job.recipe.format, job.recipe.uid);
  for (const auto& [path, file] : job.recipe.staged)
    text += fmt::format("staged {:04o} {} {}\n", file.mode, base::sha256(file.content), path);
  for (const auto* steps : {&job.recipe.steps, &job.recipe.reading}) {
    for (const auto& step : *steps) text += "step " + step_text(job, step) + "\n";
  }
  for (const auto& [host, inside] : job.recipe.read_only) text += "bind " + inside + "\n";
  for (const auto& output : job.recipe.outputs) text += fmt::format("output {} {}\n", output.path, output.name);
  for (const auto& tool : job.recipe.tools) text += fmt::format("tool {} {}\n", tool.program, toolbox.version(tool));
  // What the package must turn out to be is the proof's side of the key: a stricter profile must not find an old
  // verdict.
  for (const auto& item : job.install)
    text += fmt::format("install {:04o} {} {}\n", item.mode, item.source, item.destination);
  return base::sha256(text);
}

std::string to_text(const Job& job) {
  std::string text =
      fmt::format("# {} ({}), in a private folder seen as {}\n", job.profile.key(), job.recipe.format, base::kInside);
  for (const auto& [path, file] : job.recipe.staged)
    text += fmt::format("# staged  {:04o} {:>9}  {}\n", file.mode, base::human_size(file.content.size()), path);
  for (const auto& step : job.recipe.steps) text += step_text(job, step) + "\n";
  text += "# proof\n";
  for (const auto& step : job.recipe.reading) text += step_text(job, step) + "\n";
  for (const auto& output : job.recipe.outputs) text += fmt::format("# gives   {}\n", output.name);
  return text;
}

}  // namespace pipeline
