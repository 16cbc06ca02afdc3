// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/workspace.hpp"

#include <fmt/format.h>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "formats/format.hpp"
#include "source/patched_tree.hpp"
#include "source/read_install_list.hpp"
#include "source/read_project.hpp"

namespace build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxText = 1024 * 1024;
constexpr std::uint64_t kMaxTarball = 16 * 1024 * 1024;

std::string read_text(const fs::path& file, model::Findings& findings) {
  try {
    return base::read_file(file, kMaxText);
  } catch (const base::Error& error) {
    findings.push_back({model::Severity::error, file.string(), error.what(), error.hint()});
    return "";
  }
}

std::string git_says(const fs::path& root, const std::string& key, const base::Context& context) {
  try {
    base::Command command;
    command.argv = {"git", "-C", root.string(), "config", "--get", key};
    command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
    if (const auto home = context.environment.find("HOME"); home != context.environment.end())
      command.env.insert(*home);
    const auto outcome = context.runner.run(command, context.cancel);
    return outcome.status == 0 ? std::string(base::trim(outcome.tail)) : "";
  } catch (const base::Error&) {  // no git: the next place is asked
    return "";
  }
}

/// --packager, then DEBFULLNAME and DEBEMAIL, then git's user.name and user.email, then the placeholder.
void find_packager(const WorkspaceOptions& options, Workspace& workspace, const base::Context& context) {
  std::string text = options.packager;
  std::string where = "--packager";
  const auto& environment = context.environment;
  if (text.empty() && environment.contains("DEBFULLNAME") && environment.contains("DEBEMAIL")) {
    text = fmt::format("{} <{}>", environment.at("DEBFULLNAME"), environment.at("DEBEMAIL"));
    where = "DEBFULLNAME and DEBEMAIL";
  }
  if (text.empty()) {
    const auto name = git_says(workspace.root, "user.name", context);
    const auto mail = git_says(workspace.root, "user.email", context);
    if (!name.empty() && !mail.empty()) text = fmt::format("{} <{}>", name, mail);
    where = "git config user.name and user.email";
  }
  if (text.empty()) {
    text = kPlaceholderPackager;
    workspace.packager_is_placeholder = true;
  }
  workspace.packager = source::packager(text, where, workspace.findings);
}

void read_templates(Workspace& workspace) {
  for (const auto& name : formats::names()) {
    const std::string folder(formats::find(name)->template_folder());
    auto& tree = workspace.templates[folder];
    std::error_code fault;
    for (fs::recursive_directory_iterator it(workspace.root / folder, fault), end; !fault && it != end;
         it.increment(fault)) {
      if (!it->is_regular_file() || it->is_symlink()) continue;
      tree[it->path().lexically_relative(workspace.root / folder).string()] = {
          0644, read_text(it->path(), workspace.findings)};
    }
    if (fault)
      workspace.findings.push_back({model::Severity::error, (workspace.root / folder).string(), fault.message(),
                                    "the templates of format " + name});
  }
}

void read_source(const WorkspaceOptions& options, Workspace& workspace) {
  const auto top = fmt::format("{}-{}", workspace.project.name, workspace.project.version());
  if (options.source.empty()) {
    workspace.pristine = source::pristine(workspace.root, workspace.findings);
    workspace.tarball = base::tar_gz(workspace.pristine, top, workspace.project.epoch());
    return;
  }
  std::string found;
  workspace.tarball = base::read_file(options.source, kMaxTarball);
  workspace.pristine = base::read_tar_gz(workspace.tarball, found, kMaxTarball);
  if (found != top) {
    workspace.findings.push_back({model::Severity::error, options.source.string(),
                                  fmt::format("holds {}/, expected {}/", base::printable(found), top),
                                  "the tarball and CHANGELOG.md must be of one version"});
  }
}

}  // namespace

fs::path find_root(const fs::path& start) {
  for (auto folder = fs::absolute(start).lexically_normal();; folder = folder.parent_path()) {
    if (fs::exists(folder / "project.json") && fs::exists(folder / "distros")) return folder;
    if (folder == folder.parent_path()) break;
  }
  throw base::Error(
      fmt::format("{} is not inside the project: no folder above it holds project.json and distros/", start.string()),
      base::Exit::usage)
      .with_hint("change into a checkout of the project, or name it with --project DIR");
}

Workspace open_workspace(const WorkspaceOptions& options, const base::Context& context) {
  Workspace workspace;
  workspace.root = options.root;
  auto& findings = workspace.findings;
  workspace.profiles = profile::load_files(profile::files_in(options.root / "distros"));
  workspace.project = source::project(read_text(options.root / "project.json", findings),
                                      read_text(options.root / "CHANGELOG.md", findings), findings);
  find_packager(options, workspace, context);
  read_templates(workspace);
  if (model::has_errors(findings)) return workspace;  // without a name and a version there is no source
  read_source(options, workspace);
  const auto list = workspace.pristine.find("install.list");
  workspace.install =
      source::install_list(list == workspace.pristine.end() ? "" : list->second.content, workspace.pristine, findings);
  return workspace;
}

}  // namespace build
