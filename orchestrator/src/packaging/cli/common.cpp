// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"

namespace cli {

int report(const model::Findings& findings) {
  fmt::print(stderr, "{}", model::to_text(findings));
  return static_cast<int>(model::has_errors(findings) ? base::Exit::usage : base::Exit::done);
}

std::filesystem::path root_of(const Common& common) {
  return build::find_root(common.project.empty() ? std::filesystem::current_path()
                                                 : std::filesystem::path(common.project));
}

build::Workspace open(const Common& common, const base::Context& context) {
  build::WorkspaceOptions options;
  options.root = root_of(common);
  options.packager = common.packager;
  options.packages = common.packages;
  options.tarballs.assign(common.sources.begin(), common.sources.end());
  auto workspace = build::open_workspace(options, context);
  auto findings = workspace.profiles.findings;
  findings.insert(findings.end(), workspace.findings.begin(), workspace.findings.end());
  if (const int status = report(findings); status != 0) throw Reported{status};
  return workspace;
}

std::vector<const profile::Release*> chosen(const Common& common, const profile::Loaded& loaded,
                                            bool everything_by_default) {
  if (common.all || (everything_by_default && common.distros.empty())) return profile::all(loaded);
  if (common.distros.empty()) {
    throw base::Error("no distribution was named", base::Exit::usage)
        .with_hint("--distro fedora, --distro rhel:8, --distro 'rhel:*', or --all; orchestrator list shows them");
  }
  model::Findings findings;
  auto releases = profile::select(loaded, common.distros, findings);
  if (const int status = report(findings); status != 0) throw Reported{status};
  return releases;
}

void refuse_nothing(const std::vector<build::Job>& jobs, const Common& common) {
  if (!jobs.empty()) return;
  throw base::Error(fmt::format("none of the releases named has the package {}", base::join(common.packages, " or ")),
                    base::Exit::usage)
      .with_hint("orchestrator list shows which packages a release has");
}

void refuse_placeholder_packager(const build::Workspace& workspace) {
  if (!workspace.packager_is_placeholder && !model::is_placeholder(workspace.packager.mail)) return;
  throw base::Error(workspace.packager_is_placeholder
                        ? "no packager is known, and others will see who it is"
                        : fmt::format("the packager is {}, a mail address that nobody has", workspace.packager.full()),
                    base::Exit::usage)
      .with_hint("--packager 'Name <mail>', DEBFULLNAME and DEBEMAIL, or git config name one");
}

void refuse_placeholder_address(const build::Workspace& workspace) {
  const auto& project = workspace.project();
  for (const auto& [field, address] : {std::pair("url", project.url), std::pair("downloads", project.downloads)}) {
    if (!address.empty() && model::is_placeholder(address))
      throw base::Error(
          fmt::format("project.json: /{}: {} is an example's address, where users find nothing", field, address),
          base::Exit::usage)
          .with_hint("put the project's own address there; /downloads is the folder that tarballs are fetched from");
  }
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace cli
