// SPDX-License-Identifier: GPL-3.0-or-later
// A signed site of given package files, of several packages and architectures in a release, by the code of
// orchestrator publish, without what comes before it: how a package was built and proven is not looked at. The tools
// tests have small packages that way, of architectures that this machine does not build for.
//
// mixed-site PROJECT SITE KEY URL <LIST   a line a package: DISTRIBUTION RELEASE PACKAGE VERSION ARCH FILE...
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>
#include <string>

#include "base/console.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/program.hpp"
#include "build/workspace.hpp"
#include "profile/select.hpp"
#include "proof/prove.hpp"
#include "repos/manager.hpp"
#include "repos/page.hpp"
#include "repos/repo_files.hpp"
#include "repos/site.hpp"
#include "signing/session.hpp"

namespace {

namespace fs = std::filesystem;

/// One line of the list.
struct Line {
  repos::Published entry;
  std::vector<fs::path> files;
};

Line parsed(const std::string& text) {
  std::istringstream words(text);
  Line out;
  words >> out.entry.distribution >> out.entry.release >> out.entry.package >> out.entry.version >> out.entry.arch;
  for (std::string file; words >> file;) out.files.emplace_back(file);
  if (out.files.empty()) throw base::Error("\"" + text + "\" names no file", base::Exit::usage);
  return out;
}

model::Profile profile_of(const build::Workspace& workspace, const repos::Published& entry) {
  for (const auto* release : profile::all(workspace.profiles)) {
    if (release->profile.id != entry.distribution || release->profile.release != entry.release) continue;
    auto profile = release->profile;
    profile.package.arch = entry.arch;
    return profile;
  }
  throw base::Error(fmt::format("there is no release {} {}", entry.distribution, entry.release), base::Exit::usage);
}

void put(Line& line, const model::Profile& profile, const repos::SigningContext& context, repos::Draft& draft) {
  const auto& manager = *repos::find(profile.package.manager);
  const base::TempDir job(base::temp_parent(), "mixed-site.");
  model::Recipe recipe;
  for (const auto& file : line.files) {
    const auto name = file.filename().string();
    fs::copy(file, job.path() / name, fs::copy_options::recursive);
    recipe.outputs.push_back({name, name});
  }
  (void)manager.sign(context, profile, recipe, job.path());
  std::vector<std::string> digests;
  for (const auto& output : recipe.outputs) digests.push_back(proof::digest_of(job.path() / output.path));
  auto& entry = line.entry;
  entry.distribution_name = profile.name;
  entry.manager = profile.package.manager;
  entry.key = "none";
  entry.time = context.time();
  entry.signed_with = context.session().fingerprint();
  const auto artifacts = proof::recognise(recipe, job.path(), digests);
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    const auto place = manager.place(profile, recipe.outputs[i]);
    if (place.empty()) continue;
    draft.put(artifacts[i], place, entry.time, entry);
    const fs::path signature(artifacts[i].path().string() + ".sig");
    if (fs::exists(signature)) draft.put_beside(signature, place + ".sig");
  }
}

int run(const std::vector<std::string>& words, const base::Context& context) {
  build::WorkspaceOptions options;
  options.root = words.at(0);
  options.packages = {"module"};
  const auto workspace = build::open_workspace(options, context);
  const fs::path site(words.at(1));
  const signing::Gnupg gnupg(context);
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const auto& project = workspace.project();
  const signing::Session session(gnupg, gnupg.usable(words.at(2), now), std::nullopt, project.epoch(), now, context);
  const base::TempDir scratch(base::temp_parent(), "mixed-site.");
  const repos::SigningContext::Setting setting = {project.name,
                                                  "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                                                  scratch.path() / "log",
                                                  session.environment(),
                                                  session.public_key(),
                                                  session.time(),
                                                  {session.public_key(), "", 0, false}};
  const repos::SigningContext signing(context, setting, &session);
  auto catalog = repos::catalog_of(site);
  repos::Draft draft(site, repos::carried(signing, site));
  catalog.project = project.name;
  catalog.url = words.at(3);
  catalog.fingerprint = session.fingerprint();
  for (std::string text; std::getline(std::cin, text);) {
    auto line = parsed(text);
    put(line, profile_of(workspace, line.entry), signing, draft);
    catalog.entries.push_back(line.entry);
  }
  std::set<std::string> done;
  for (const auto& entry : catalog.entries) {
    if (!done.insert(repos::folder_of(entry.distribution, entry.release)).second) continue;
    const auto profile = profile_of(workspace, entry);
    const auto& manager = *repos::find(profile.package.manager);
    const auto entries = repos::of_release(catalog, entry.distribution, entry.release);
    manager.index(signing, profile, entries, draft.folder());
    const auto how =
        manager.instructions(profile, repos::newest_of(entries), {project.name, catalog.url, {session.fingerprint()}});
    draft.write(how.file, how.content);
    for (auto& one : catalog.entries) {
      if (one.distribution != entry.distribution || one.release != entry.release) continue;
      one.how = how.file;
      one.commands = how.commands;
    }
  }
  draft.write(repos::key_file(project.name), session.public_key());
  draft.write(repos::kCatalog, repos::to_json(catalog));
  draft.write(
      "index.html",
      repos::page(
          catalog, [&draft](const std::string& path) { return repos::content_of(draft.folder() / path); }, project));
  draft.finish(signing, catalog);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    fmt::print(stderr, "usage: mixed-site PROJECT SITE KEY URL <LIST\n");
    return 2;
  }
  return base::run_program(
      [&](const base::Context& context, base::Cancel&) {
        try {
          return run({words + 1, words + count}, context);
        } catch (const base::Error& error) {
          fmt::print(stderr, "mixed-site: {}\n", error.what());
          return 1;
        }
      },
      1);
}
