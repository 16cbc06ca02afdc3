// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/install_list.hpp"
#include "model/project.hpp"
#include "profile/load.hpp"

namespace build {

/// One of the project's packages: its source, and the templates of each format.
struct PackageSource {
  model::Project project;
  base::SourceTree pristine;
  model::InstallList install;                         // unresolved
  std::map<std::string, base::SourceTree> templates;  // by the format's folder
  std::string tarball;                                // NAME-VERSION.tar.gz
  std::string arch;                                   // of what is prebuilt, as uname -m has it; else ""
};

/// The project's folder, read once and whole: what every build starts from. What is wrong with it is in `findings`.
struct Workspace {
  std::filesystem::path root;
  model::Packager packager;
  bool packager_is_placeholder = false;
  profile::Loaded profiles;
  std::vector<model::Project> projects;  // one for each package of project.json, in its order
  std::vector<PackageSource> packages;   // those that were asked for, in the same order; what is prebuilt once for each
                                         // architecture that is there
  std::vector<std::string> left_out;     // why a package is not among them, though nobody named others, a sentence each
  model::Findings findings;              // of everything but the profiles

  /// The first package's: what the project itself is called, and what all packages have in common.
  [[nodiscard]] const model::Project& project() const { return projects.front(); }
};

/// Who packages when nobody says so. A package that bears it is for trying, not for publishing (docs/packaging.md).
inline constexpr const char* kPlaceholderPackager = "dracut-sshd packager <packager@dracut-sshd.invalid>";

struct WorkspaceOptions {
  std::filesystem::path root;
  std::string packager;                         // --packager, or ""
  std::vector<std::string> packages;            // --package: ids; none: all
  std::filesystem::path prebuilt_below;         // what is prebuilt lies there; "": in the project
  std::vector<std::filesystem::path> tarballs;  // --source: published tarballs, each in the place of a package's source
};

/// The nearest folder from `start` upwards that holds project.json and distros/. base::Error (usage) when there is
/// none.
[[nodiscard]] std::filesystem::path find_root(const std::filesystem::path& start);

/// Throws base::Error (usage) for a package that the project has not; every other fault is a finding.
[[nodiscard]] Workspace open_workspace(const WorkspaceOptions& options, const base::Context& context);

}  // namespace build
