// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/context.hpp"
#include "base/tree.hpp"
#include "model/finding.hpp"
#include "model/install_list.hpp"
#include "model/project.hpp"
#include "profile/load.hpp"

namespace build {

/// The project's folder, read once and whole: what every build starts from. What is wrong with it is in `findings`.
struct Workspace {
  std::filesystem::path root;
  model::Project project;
  model::Packager packager;
  bool packager_is_placeholder = false;
  profile::Loaded profiles;
  base::SourceTree pristine;
  model::InstallList install;                         // unresolved
  std::map<std::string, base::SourceTree> templates;  // by folder
  std::string tarball;                                // NAME-VERSION.tar.gz
  model::Findings findings;                           // of everything but the profiles
};

/// Who packages when nobody says so. A package that bears it is for trying, not for publishing (docs/packaging.md).
inline constexpr const char* kPlaceholderPackager = "dracut-sshd packager <packager@dracut-sshd.invalid>";

struct WorkspaceOptions {
  std::filesystem::path root;
  std::string packager;          // --packager, or ""
  std::filesystem::path source;  // --source: a published tarball instead of module/, or empty
};

/// The nearest folder from `start` upwards that holds project.json and distros/. base::Error (usage) when there is
/// none.
[[nodiscard]] std::filesystem::path find_root(const std::filesystem::path& start);

[[nodiscard]] Workspace open_workspace(const WorkspaceOptions& options, const base::Context& context);

}  // namespace build
