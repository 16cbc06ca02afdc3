// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.hpp"
#include "build/job.hpp"
#include "fakes.hpp"
#include "formats/format.hpp"
#include "samples.hpp"

/// A format that is made by two programs which do not exist: "maker" writes the package, "reader" prints it. A fake
/// runner plays both.
namespace fakes {

class Format final : public formats::Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] std::string_view template_folder() const override { return "fake"; }
  [[nodiscard]] model::Recipe recipe(const formats::Ingredients& from) const override {
    model::Recipe recipe;
    recipe.format = "fake";
    recipe.staged["in/file"] = {0755, from.patched.at("LICENSE").content};
    recipe.tools = {{"sh", "dash", {"--version"}}};
    recipe.steps = {{"maker", {"maker", "/build/out/package"}, {{"FLAVOUR", "plain"}}, "/build/in", ""}};
    recipe.reading = {{"reader", {"reader", "out/package"}, {}, "/build", "reading/text"}};
    recipe.outputs = {{"out/package", "package-1.0.0.fake"}};
    return recipe;
  }
  [[nodiscard]] model::PackageFacts expected_facts(const formats::Ingredients&) const override {
    return {"p", "1", "all", "", "", "", {}, {}, {}};
  }
  [[nodiscard]] base::ListedTree expected_tree(const formats::Ingredients& from) const override {
    return {{"/licence", {base::Kind::file, 0644, "root", "root", from.patched.at("LICENSE").content}}};
  }
  [[nodiscard]] std::vector<formats::ToolMade> tool_made(const formats::Ingredients&) const override { return {}; }
  [[nodiscard]] std::vector<model::Reading> read(const formats::Ingredients& from,
                                                 const std::filesystem::path& job) const override {
    if (reads_nothing) return {};
    model::Reading reading;
    reading.what = "the package";
    reading.has_tree = reading.has_facts = true;
    reading.tree = {
        {"/licence", {base::Kind::file, 0644, "root", "root", base::read_file(job / "reading/text", 1U << 20U)}}};
    reading.facts = expected_facts(from);
    return {reading};
  }

  bool reads_nothing = false;
};

/// What lies in the job's folder as a fake program sees it, without a sandbox and inside of one.
inline std::filesystem::path job_folder(const base::Command& command) {
  for (std::size_t i = 0; i + 2 < command.argv.size(); ++i) {
    if (command.argv[i] == "--bind" && command.argv[i + 2] == "/build") return command.argv[i + 1];
  }
  for (auto folder = command.cwd; folder.has_relative_path(); folder = folder.parent_path()) {
    if (folder.filename() == "build") return folder;
  }
  throw base::Error("a step without a job's folder");
}

/// The step's own program, wherever a sandbox puts it.
inline std::string program_of(const base::Command& command) {
  for (const auto* name : {"maker", "reader"}) {
    if (std::ranges::find(command.argv, name) != command.argv.end()) return name;
  }
  return command.argv.front();
}

/// Plays both programs honestly.
inline base::Outcome play(const base::Command& command) {
  const auto program = program_of(command);
  if (program == "maker") {
    const auto job = job_folder(command);
    base::make_dirs(job / "out");
    base::write_file(job / "out/package", base::read_file(job / "in/file", 1U << 20U));
  } else if (program == "reader") {
    base::write_file(command.stdout_to, base::read_file(job_folder(command) / "out/package", 1U << 20U));
  } else {
    return {0, false, "version 1", 0};
  }
  return {};
}

/// A workspace in memory and jobs of the fake format.
struct Bench {
  Bench() {
    workspace.packager = {"Ada", "ada@example.org"};
    workspace.packages.resize(1);
    source().project = samples::project();
    source().pristine = samples::pristine();
    source().templates["fake"] = {};
    source().tarball = "tarball";
  }

  build::Job job(const std::string& release = "1") {
    build::Job job;
    job.profile = samples::profile_of(samples::rpm());
    job.profile.release = release;
    job.project = source().project;
    job.format = &format;
    job.workspace = &workspace;
    job.source = &source();
    job.patched = std::make_shared<const base::SourceTree>(source().pristine);
    job.recipe = format.recipe(job.ingredients());
    job.key = "key of " + release;
    return job;
  }

  build::PackageSource& source() { return workspace.packages.front(); }

  Format format;
  build::Workspace workspace;
};

}  // namespace fakes
