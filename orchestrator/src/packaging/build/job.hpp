// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/digest.hpp"
#include "base/tree.hpp"
#include "build/tool_registry.hpp"
#include "build/workspace.hpp"
#include "formats/format.hpp"
#include "model/install_list.hpp"
#include "model/recipe.hpp"
#include "profile/load.hpp"

namespace build {

/// One package of one release to build: everything that it is made from, and the recipe.
struct Job {
  model::Profile profile;  // expanded
  model::Project project;  // of the package, by the name that it has in this release
  const formats::Format* format = nullptr;
  const Workspace* workspace = nullptr;
  const PackageSource* source = nullptr;
  std::map<std::string, const std::string*> others;  // as in formats::Ingredients
  model::InstallList install;
  std::shared_ptr<const base::SourceTree> patched;  // one for all releases that differ in the same way
  std::string patch;
  model::Recipe recipe;
  std::string key;  // "" until key_of() was asked

  [[nodiscard]] formats::Ingredients ingredients() const;
};

/// Makes jobs, one after the other: patch, install list and recipe of a release's package. Equal differences are made
/// by diff and proven by patch once, and kept once.
class Planner {
 public:
  Planner(const Workspace& workspace, const base::Context& context) : workspace_(workspace), context_(context) {}

  [[nodiscard]] Job plan(const model::Profile& profile, const PackageSource& source);

 private:
  struct Difference {
    std::shared_ptr<const base::SourceTree> patched;
    std::string patch;
  };
  [[nodiscard]] const Difference& difference(const model::Profile& profile, const PackageSource& source);

  [[nodiscard]] std::map<std::string, const std::string*> others_of(const PackageSource& source) const;

  const Workspace& workspace_;
  base::Context context_;
  std::map<std::string, Difference> known_;  // by the package and the files that differ, names and contents
};

/// Whether a package for one machine goes into that of another one (Format::holds_all_architectures).
[[nodiscard]] bool is_in_another(const Workspace& workspace, const PackageSource& package,
                                 const model::Profile& profile);

/// The jobs of all these releases: of the workspace's packages, those that a release has.
[[nodiscard]] std::vector<Job> plan(const Workspace& workspace, const std::vector<const profile::Release*>& releases,
                                    const base::Context& context);

/// sha256 over everything that the bytes depend on: staged files (path, mode, digest), steps with their environment,
/// tools' versions, the epoch. No time and no path of this machine is in it.
/// `digests` remembers the large contents that many jobs have in common; the jobs must outlive it.
[[nodiscard]] std::string key_of(const Job& job, ToolRegistry& tools, base::KnownDigests& digests);

/// The recipe for people: what is staged, and each step as a command that a shell would take.
[[nodiscard]] std::string to_text(const Job& job);

/// The environment that every step has.
[[nodiscard]] std::map<std::string, std::string> step_environment(const Job& job, const model::Step& step);

}  // namespace build
