// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/workspace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <set>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "formats/format.hpp"
#include "profile/select.hpp"
#include "source/pristine_tree.hpp"
#include "source/read_install_list.hpp"
#include "source/read_project.hpp"

namespace build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxText = 1024 * 1024;
constexpr std::uint64_t kMaxTarball = 16 * 1024 * 1024;
constexpr std::uint64_t kMaxPrebuilt = 64 * 1024 * 1024;
constexpr const char* kHowToPrebuild = "ci/static-program makes it";

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

base::SourceTree read_folder(const fs::path& folder, const std::string& format, model::Findings& findings) {
  base::SourceTree tree;
  std::error_code fault;
  for (fs::recursive_directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault)) {
    if (!it->is_regular_file() || it->is_symlink()) continue;
    tree[it->path().lexically_relative(folder).string()] = {0644, read_text(it->path(), findings)};
  }
  if (fault)
    findings.push_back({model::Severity::error, folder.string(), fault.message(), "the templates of format " + format});
  return tree;
}

/// FOLDER/ID/ holds what is one package's, everything else in FOLDER/ all of them have.
base::SourceTree templates_of(const base::SourceTree& folder, const std::string& id,
                              const std::vector<model::Project>& all) {
  base::SourceTree out;
  for (const auto& [path, file] : folder) {
    const auto top = path.substr(0, path.find('/'));
    if (top == id && top.size() < path.size())
      out[path.substr(top.size() + 1)] = file;
    else if (std::ranges::none_of(all, [&top](const auto& other) { return other.id == top; }))
      out[path] = file;
  }
  return out;
}

void choose_packages(const WorkspaceOptions& options, Workspace& workspace) {
  std::vector<std::string> known;
  for (const auto& project : workspace.projects) {
    known.push_back(project.id);
    if (!options.packages.empty() && std::ranges::find(options.packages, project.id) == options.packages.end())
      continue;
    workspace.packages.emplace_back();
    workspace.packages.back().project = project;
  }
  if (model::has_errors(workspace.findings)) return;
  for (const auto& id : options.packages) {
    if (std::ranges::find(known, id) != known.end()) continue;
    const auto near = base::closest(id, known);
    throw base::Error(fmt::format("--package {}: there is no such package", base::printable(id, 60)), base::Exit::usage)
        .with_hint(near ? fmt::format("did you mean \"{}\"?", *near) : "known: " + base::join(known, ", "));
  }
}

/// A profile's package that the project does not have would never be made, and nobody would be told.
void refuse_unknown_packages(Workspace& workspace) {
  std::vector<std::string> known;
  for (const auto& project : workspace.projects) known.push_back(project.id);
  for (const auto& distribution : workspace.profiles.distributions) {
    std::set<std::string> told;
    for (const auto& release : distribution.releases) {
      for (const auto& one : release.packages) {
        const auto& id = one.package.id;
        if (std::ranges::find(known, id) != known.end() || !told.insert(id).second) continue;
        const auto near = base::closest(id, known);
        workspace.findings.push_back(
            {model::Severity::error, fmt::format("{}: /packages/{}", distribution.file, id),
             "project.json has no such package",
             near ? fmt::format("did you mean \"{}\"?", *near) : "known: " + base::join(known, ", ")});
      }
    }
  }
}

/// The architectures that a profile wants of a package.
std::set<std::string> architectures_of(const Workspace& workspace, const std::string& id) {
  std::set<std::string> out;
  for (const auto* release : profile::all(workspace.profiles)) {
    if (const auto* profile = profile::package_of(*release, id))
      out.insert(profile->package.architectures.begin(), profile->package.architectures.end());
  }
  return out;
}

/// A package that is prebuilt becomes one for each architecture whose tarball is there.
void find_prebuilt(const WorkspaceOptions& options, Workspace& workspace) {
  std::vector<PackageSource> all;
  for (auto& package : workspace.packages) {
    if (package.project.making != model::Making::prebuilt) {
      all.push_back(std::move(package));
      continue;
    }
    for (const auto& arch : architectures_of(workspace, package.project.id)) {
      const auto path = base::replace_all(
          base::replace_all(package.project.prebuilt, "{version}", package.project.version()), "{arch}", arch);
      const auto file = (options.prebuilt_below.empty() ? workspace.root : options.prebuilt_below) / path;
      if (fs::exists(file)) {
        all.push_back(package);
        all.back().arch = arch;
        all.back().tarball = base::read_file(file, kMaxTarball);
        continue;
      }
      const auto message = fmt::format("{} is not there", path);
      if (options.packages.empty())
        workspace.left_out.push_back(
            fmt::format("{} for {} is left out: {}; {}", package.project.id, arch, message, kHowToPrebuild));
      else
        workspace.findings.push_back({model::Severity::error, package.project.id, message, kHowToPrebuild});
    }
  }
  workspace.packages = std::move(all);
}

void read_templates(Workspace& workspace) {
  for (const auto& name : formats::names()) {
    const std::string folder(formats::find(name)->template_folder());
    const auto tree = read_folder(workspace.root / folder, name, workspace.findings);
    for (auto& package : workspace.packages)
      package.templates[folder] = templates_of(tree, package.project.id, workspace.projects);
  }
}

std::string top_of(const model::Project& project) { return fmt::format("{}-{}", project.name, project.version()); }

void read_prebuilt(PackageSource& package, model::Findings& findings) {
  std::string found;
  try {
    package.pristine = base::read_tar_gz(package.tarball, found, kMaxPrebuilt);
  } catch (const base::Error& error) {
    findings.push_back({model::Severity::error, package.project.prebuilt,
                        fmt::format("of {} cannot be read: {}", package.arch, error.what()), kHowToPrebuild});
    return;
  }
  if (found == top_of(package.project)) return;
  findings.push_back(
      {model::Severity::error, package.project.prebuilt,
       fmt::format("of {} holds {}/, expected {}/", package.arch, base::printable(found), top_of(package.project)),
       kHowToPrebuild});
}

void read_source(const fs::path& root, PackageSource& package, model::Findings& findings) {
  if (package.project.making == model::Making::prebuilt) return read_prebuilt(package, findings);
  package.pristine = source::pristine(root, package.project, findings);
  package.tarball = base::tar_gz(package.pristine, top_of(package.project), package.project.epoch());
}

/// All of them side by side: to pack a source is most of what a build costs that has nothing to do.
void read_sources(Workspace& workspace) {
  std::vector<std::future<model::Findings>> readers;
  for (auto& package : workspace.packages) {
    readers.push_back(std::async(std::launch::async, [&package, &root = workspace.root] {
      model::Findings findings;
      read_source(root, package, findings);
      return findings;
    }));
  }
  for (auto& reader : readers) {
    const auto findings = reader.get();
    workspace.findings.insert(workspace.findings.end(), findings.begin(), findings.end());
  }
}

/// A published tarball in the place of the source that lies in the project.
void read_tarball(Workspace& workspace, const fs::path& file) {
  std::string found;
  auto tarball = base::read_file(file, kMaxTarball);
  auto tree = base::read_tar_gz(tarball, found, kMaxTarball);
  std::vector<std::string> expected;
  for (auto& package : workspace.packages) {
    if (found == top_of(package.project)) {
      package.pristine = std::move(tree);
      package.tarball = std::move(tarball);
      return;
    }
    expected.push_back(top_of(package.project) + "/");
  }
  workspace.findings.push_back(
      {model::Severity::error, file.string(),
       fmt::format("holds {}/, expected {}", base::printable(found), base::join(expected, " or ")),
       "the tarball and CHANGELOG.md must be of one version"});
}

void read_install_list(Workspace& workspace, PackageSource& package) {
  const auto& name = package.project.install_list;
  if (name.empty()) return;
  const auto list = package.pristine.find(name);
  package.install = source::install_list(list == package.pristine.end() ? "" : list->second.content, name,
                                         package.pristine, workspace.findings);
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
  workspace.projects = source::projects(read_text(options.root / "project.json", findings),
                                        read_text(options.root / "CHANGELOG.md", findings), findings);
  choose_packages(options, workspace);
  if (!model::has_errors(findings)) refuse_unknown_packages(workspace);
  if (!model::has_errors(findings)) find_prebuilt(options, workspace);
  find_packager(options, workspace, context);
  read_templates(workspace);
  if (model::has_errors(findings)) return workspace;  // without a name and a version there is no source
  read_sources(workspace);
  for (const auto& tarball : options.tarballs) read_tarball(workspace, tarball);
  for (auto& package : workspace.packages) read_install_list(workspace, package);
  return workspace;
}

}  // namespace build
