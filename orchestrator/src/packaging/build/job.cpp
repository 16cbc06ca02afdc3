// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "source/patched_tree.hpp"
#include "source/read_install_list.hpp"

namespace build {
namespace {

/// Changes when the build itself does something else with a recipe (the sandbox's /etc, the proof): everything is
/// then built again.
constexpr const char* kBuildRevision = "3";

std::string step_text(const Job& job, const model::Step& step) {
  std::string text = "cd " + base::shell_quote(step.cwd) + " && env";
  for (const auto& [name, value] : step_environment(job, step)) text += " " + base::shell_quote(name + "=" + value);
  text += " " + base::shell_quote(step.argv);
  if (!step.stdout_to.empty()) text += " >" + base::shell_quote(std::string(base::kInside) + "/" + step.stdout_to);
  return text;
}

}  // namespace

formats::Ingredients Job::ingredients() const {
  return {project,
          profile,
          workspace->packager,
          install,
          source->pristine,
          *patched,
          source->tarball,
          patch,
          source->templates.at(std::string(format->template_folder())),
          others};
}

std::map<std::string, std::string> step_environment(const Job& job, const model::Step& step) {
  std::map<std::string, std::string> environment = {
      {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}, {"SOURCE_DATE_EPOCH", std::to_string(job.project.epoch())}};
  for (const auto& [name, value] : step.env) environment[name] = value;
  return environment;
}

const Planner::Difference& Planner::difference(const model::Profile& profile, const PackageSource& source) {
  const auto changed = source::changed_files(source.pristine, profile);
  std::string key = fmt::format("{} {}\n", source.project.id, source.arch);
  for (const auto& [name, file] : changed)
    key += fmt::format("{} {:o} {}\n{}", name, file.mode, file.content.size(), file.content);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  auto patched = source.pristine;
  for (const auto& [name, file] : changed) patched[name] = file;
  auto patch = source::diff(source.pristine, patched, context_);
  return known_[key] = {std::make_shared<const base::SourceTree>(std::move(patched)), std::move(patch)};
}

std::map<std::string, const std::string*> Planner::others_of(const PackageSource& source) const {
  std::map<std::string, const std::string*> out;
  for (const auto& other : workspace_.packages) {
    if (other.project.id == source.project.id && other.arch != source.arch) out[other.arch] = &other.tarball;
  }
  return out;
}

Job Planner::plan(const model::Profile& profile, const PackageSource& source) {
  Job job;
  job.project = source.project;
  if (!profile.package.name.empty()) job.project.name = profile.package.name;
  job.project.source_name = source.project.name;
  job.profile = source::expand(profile, job.project);
  job.workspace = &workspace_;
  job.source = &source;
  job.format = formats::find(job.profile.package.format);
  if (job.format == nullptr)
    throw base::Error(fmt::format("there is no format \"{}\"", job.profile.package.format), base::Exit::usage);
  if (!source.arch.empty()) {
    const bool is_for_all = job.format->holds_all_architectures();
    if (is_for_all) job.others = others_of(source);
    if (!is_for_all) job.profile.package.suffix += "-" + source.arch;
    job.profile.package.arch = job.format->architecture(source.arch);
    job.profile.package.architectures.clear();
  }
  job.install = source::resolve(source.install, job.profile);
  try {
    const auto& found = difference(job.profile, source);
    job.patched = found.patched;
    job.patch = found.patch;
    job.recipe = job.format->recipe(job.ingredients());
  } catch (const base::Error& error) {
    throw error.with_context(job.profile.key());
  }
  return job;
}

bool is_in_another(const Workspace& workspace, const PackageSource& package, const model::Profile& profile) {
  const auto* format = formats::find(profile.package.format);
  if (package.arch.empty() || format == nullptr || !format->holds_all_architectures()) return false;
  const auto same = [&package](const PackageSource& other) { return other.project.id == package.project.id; };
  return &*std::ranges::find_if(workspace.packages, same) != &package;
}

std::vector<Job> plan(const Workspace& workspace, const std::vector<const profile::Release*>& releases,
                      const base::Context& context) {
  Planner planner(workspace, context);
  std::vector<Job> jobs;
  std::set<std::string> folders;
  for (const auto* release : releases) {
    for (const auto& package : workspace.packages) {
      const auto* profile = profile::package_of(*release, package.project.id);
      if (profile == nullptr) continue;
      if (!package.arch.empty() && !profile->package.architectures.contains(package.arch)) continue;
      if (is_in_another(workspace, package, *profile)) continue;
      jobs.push_back(planner.plan(*profile, package));
      if (const auto key = jobs.back().profile.key(); !folders.insert(key).second)
        throw base::Error(fmt::format("two packages would have the folder {} in dist/", key), base::Exit::usage)
            .with_hint("give the release, or the package, another id");
    }
  }
  return jobs;
}

std::string key_of(const Job& job, ToolRegistry& tools, base::KnownDigests& digests) {
  std::string text = fmt::format("pipeline {}\nformat {}\nuid {}\n", kBuildRevision, job.recipe.format, job.recipe.uid);
  for (const auto& [path, file] : model::staged_files(job.recipe))
    text += fmt::format("staged {:04o} {} {}\n", file.mode, digests.sha256(file.content), path);
  for (const auto* steps : {&job.recipe.steps, &job.recipe.reading}) {
    for (const auto& step : *steps) text += "step " + step_text(job, step) + "\n";
  }
  for (const auto& [host, inside] : job.recipe.read_only) text += "bind " + inside + "\n";
  for (const auto& output : job.recipe.outputs) text += fmt::format("output {} {}\n", output.path, output.name);
  for (const auto& tool : job.recipe.tools) text += fmt::format("tool {} {}\n", tool.program, tools.version(tool));
  // What the package must turn out to be is the proof's side of the key: a stricter profile must not find an old
  // verdict.
  for (const auto& item : job.install)
    text += fmt::format("install {:04o} {} {}\n", item.mode, item.source, item.destination);
  return base::sha256(text);
}

std::string to_text(const Job& job) {
  std::string text =
      fmt::format("# {} ({}), in a private folder seen as {}\n", job.profile.key(), job.recipe.format, base::kInside);
  for (const auto& [path, file] : model::staged_files(job.recipe))
    text += fmt::format("# staged  {:04o} {:>9}  {}\n", file.mode, base::human_size(file.content.size()), path);
  for (const auto& step : job.recipe.steps) text += step_text(job, step) + "\n";
  text += "# proof\n";
  for (const auto& step : job.recipe.reading) text += step_text(job, step) + "\n";
  for (const auto& output : job.recipe.outputs) text += fmt::format("# gives   {}\n", output.name);
  return text;
}

}  // namespace build
