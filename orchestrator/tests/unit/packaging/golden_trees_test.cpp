// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/archive.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "build/job.hpp"
#include "fakes.hpp"
#include "golden.hpp"
#include "profile/select.hpp"
#include "source/read_project.hpp"

/// What every release of every distribution renders: the whole of it, for a person to look at before it changes.
namespace {

namespace fs = std::filesystem;

/// The project with its own profiles, or with those of one file, and a fixed packager; every job of it.
struct Planned {
  explicit Planned(const std::vector<fs::path>& files) {
    put_prebuilt();
    workspace =
        build::open_workspace({PROJECT_ROOT, "Ada Example <ada@example.org>", {}, prebuilt.path(), {}}, context);
    workspace.profiles = profile::load_files(files);
    if (model::has_errors(workspace.findings)) throw base::Error(model::to_text(workspace.findings));
    jobs = build::plan(workspace, profile::all(workspace.profiles), context);
  }

  /// Little in the place of the programs, but by their names.
  void put_prebuilt() const {
    for (const auto* arch : {"x86_64", "aarch64"}) {
      base::SourceTree tree;
      for (const auto* name : {"man/dracut-sshd.1", "man/dracut-sshd-hosts.5", "completions/bash/dracut-sshd",
                               "completions/zsh/_dracut-sshd", "desk/unlock-host", "units/dracut-sshd-watch.service",
                               "CHANGELOG.md", "BUILT.md", "LICENSES-third-party/zlib.copyright", "sbom.spdx.json",
                               "LICENSE", "Makefile", "install-files"})
        tree[name] = {0644, std::string(name) + "\n"};
      tree["install.list"] = {
          0644, base::read_file(fs::path(PROJECT_ROOT) / "orchestrator/prebuilt.list", 1U << 20U) +
                    "doc 0644 LICENSES-third-party/zlib.copyright @DOCDIR@/LICENSES-third-party/zlib.copyright\n"};
      tree["bin/dracut-sshd"] = {0755, std::string("a program for ") + arch + "\n"};
      const auto folder = prebuilt.path() / "build/static";
      base::make_dirs(folder);
      const auto version = source::projects(base::read_file(fs::path(PROJECT_ROOT) / "project.json", 1U << 20U),
                                            base::read_file(fs::path(PROJECT_ROOT) / "CHANGELOG.md", 1U << 20U), faults)
                               .front()
                               .version();
      base::write_file(folder / fmt::format("dracut-sshd-static-{}-{}.tar.gz", version, arch),
                       base::tar_gz(tree, "dracut-sshd-tools-" + version, 0));
    }
  }

  base::TempDir prebuilt{base::temp_parent(), "prebuilt-"};
  mutable model::Findings faults;
  fakes::SystemContext context;
  build::Workspace workspace;
  std::vector<build::Job> jobs;
};

const Planned& distros() {
  static const Planned planned(profile::files_in(fs::path(PROJECT_ROOT) / "distros"));
  return planned;
}

const Planned& simple() {
  static const Planned planned({fs::path(PROJECT_ROOT) / "orchestrator/tests/profiles/good/simple.json"});
  return planned;
}

/// Whether a staged file is one of the source's as it is: it stands in the tarball and in the source's own history.
bool is_pristine(const std::string& path, const model::StagedFile& file, const build::Job& job) {
  const auto top = job.project.name + "-" + job.project.version() + "/";
  const auto at = path.find(top);
  if (at == std::string::npos) return false;
  const auto source = job.source->pristine.find(path.substr(at + top.size()));
  return source != job.source->pristine.end() && source->second.mode == file.mode &&
         source->second.content == file.content;
}

std::string content_of(const model::StagedFile& file, const build::Job& job) {
  if (file.content.find('\0') != std::string::npos) return "(binary)\n";
  std::string text;
  for (const auto& line : base::lines(file.content)) text += "  | " + line + "\n";
  return base::replace_all(text, base::sha256(job.source->tarball), "(the tarball's SHA-256)");
}

std::string step_text(const model::Step& step) {
  std::string text =
      fmt::format("{}: in {}{}\n", step.title, step.cwd, step.stdout_to.empty() ? "" : ", output to " + step.stdout_to);
  for (const auto& [name, value] : step.env) text += fmt::format("  {}={}\n", name, value);
  return text + "  " + base::shell_quote(step.argv) + "\n";
}

std::string tree_text(const build::Job& job) {
  std::string text =
      fmt::format("{} ({}), as uid {}\n\n== staged\n", job.profile.key(), job.recipe.format, job.recipe.uid);
  bool whole = false;
  for (const auto& [path, file] : model::staged_files(job.recipe)) {
    if (is_pristine(path, file, job))
      whole = true;
    else
      text += fmt::format("{:04o} {}\n{}", file.mode, path, content_of(file, job));
  }
  if (whole) text += "and the files of the pristine source\n";
  text += "\n== steps\n";
  for (const auto& step : job.recipe.steps) text += step_text(step);
  text += "\n== reading\n";
  for (const auto& step : job.recipe.reading) text += step_text(step);
  text += "\n== outputs\n";
  for (const auto& output : job.recipe.outputs)
    text += fmt::format("{} <- {}{}{}\n", output.name, output.path, output.shared ? ", shared" : "",
                        output.reproducible ? "" : ", not reproducible");
  text += "\n== installs\n";
  const auto from = job.ingredients();
  if (job.project.making == model::Making::compiled)
    text += "what the distribution's own build installs\n";
  else
    for (const auto& [path, entry] : job.format->expected_tree(from))
      text += fmt::format("{:04o} {}:{} {}\n", entry.mode, entry.owner, entry.group, path);
  if (job.project.making != model::Making::compiled)
    for (const auto& made : job.format->tool_made(from))
      text += fmt::format("{:04o} {} ({})\n", made.mode, made.path, made.reason);
  const auto facts = job.format->expected_facts(from);
  text += fmt::format("\n== facts\nname {}\nversion {}\narchitecture {}\nlicense {}\nsummary {}\nurl {}\n", facts.name,
                      facts.version, facts.arch, facts.license, facts.summary, facts.url);
  for (const auto& one : facts.depends) text += "requires " + one + "\n";
  for (const auto& one : facts.recommends) text += "recommends " + one + "\n";
  for (const auto& one : facts.suggests) text += "suggests " + one + "\n";
  for (const auto& one : facts.conflicts) text += "conflicts " + one + "\n";
  return text;
}

bool is_default(const model::Profile& profile) {
  return std::ranges::any_of(distros().workspace.profiles.distributions, [&profile](const auto& distribution) {
    return distribution.id == profile.id && distribution.default_release == profile.release;
  });
}

std::vector<std::string> keys() {
  std::vector<std::string> keys = {"simple-9.7"};
  for (const auto& job : distros().jobs) {
    // What is prebuilt differs between releases as little as what is not.
    if (job.source->arch.empty() || is_default(job.profile)) keys.push_back(job.profile.key());
  }
  return keys;
}

class GoldenTree : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTree, IsWhatWasAccepted) {
  const auto& jobs = GetParam() == "simple-9.7" ? simple().jobs : distros().jobs;
  const auto job = std::ranges::find_if(jobs, [](const auto& one) { return one.profile.key() == GetParam(); });
  ASSERT_NE(job, jobs.end());
  golden::compare("trees/" + GetParam() + ".txt", tree_text(*job));
}

INSTANTIATE_TEST_SUITE_P(Each, GoldenTree, testing::ValuesIn(keys()), [](const auto& tested) {
  auto name = tested.param;
  std::ranges::replace_if(
      name, [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

TEST(GoldenTrees, EveryGoldenTreeStillHasItsRelease) {
  const auto known = keys();
  for (const auto& entry : fs::directory_iterator(golden::folder() / "trees"))
    EXPECT_NE(std::ranges::find(known, entry.path().stem().string()), known.end()) << entry.path();
}

TEST(GoldenTrees, OneSrpmServesAllReleasesOfAnRpmDistribution) {
  std::size_t compared = 0;
  for (const auto& job : distros().jobs) {
    if (job.recipe.format != "rpm" || !job.source->arch.empty()) continue;
    const auto first = std::ranges::find_if(distros().jobs, [&](const auto& other) {
      return other.profile.id == job.profile.id && other.project.id == job.project.id;
    });
    EXPECT_EQ(job.patch, first->patch) << job.profile.key();
    EXPECT_TRUE(model::staged_files(job.recipe) == model::staged_files(first->recipe)) << job.profile.key();
    compared += &*first == &job ? 0 : 1;
  }
  EXPECT_GE(compared, 6U);
}

TEST(GoldenTrees, MacrosOfTheTargetAreGivenOnTheCommandLineAndStandInNoStagedFile) {
  for (const auto& job : distros().jobs) {
    for (const auto& [path, file] : job.recipe.staged) {
      if (!path.ends_with(".spec")) continue;
      EXPECT_EQ(file.content.find(job.profile.package.rpm.dist), std::string::npos) << job.profile.key();
      for (const auto& [name, value] : job.profile.package.rpm.emulate) {
        for (const auto* start : {"%{", "%{?", "%", "%define ", "%global "}) {
          EXPECT_EQ(file.content.find(start + name), std::string::npos) << job.profile.key() << ": " << name;
        }
      }
    }
  }
}

TEST(GoldenTrees, SimpleIsPatchedByTypeAndByTheLogOnStderr) {
  const auto& patch = simple().jobs.at(0).patch;
  EXPECT_THAT(patch, testing::HasSubstr("+Type=simple\n"));
  EXPECT_THAT(patch, testing::HasSubstr("+ExecStart=/usr/bin/sshd -e "));
  EXPECT_THAT(patch, testing::HasSubstr("+EnvironmentFile=-/etc/conf.d/sshd\n"));
}

/// The values that a template may use, as fill() names them when it meets one that it does not know.
std::vector<std::string> values_of(const std::string& hint) {
  constexpr std::string_view before = "known names: ";
  const auto end = hint.find(';');
  if (!hint.starts_with(before) || end == std::string::npos) return {};
  std::vector<std::string> names;
  for (const auto& name : base::split(std::string_view(hint).substr(before.size(), end - before.size()), ','))
    names.emplace_back(base::trim(name));
  return names;
}

/// Whether a template of any package of the format has it.
bool is_used(const std::string& format, const std::string& name) {
  return std::ranges::any_of(distros().jobs, [&](const auto& job) {
    if (job.recipe.format != format) return false;
    const auto from = job.ingredients();
    return std::ranges::any_of(from.templates, [&name](const auto& file) {
      return file.second.content.find("@" + name + "@") != std::string::npos;
    });
  });
}

TEST(Templates, NoValueThatAFormatGivesIsUnused) {
  std::set<std::string> formats;
  for (const auto& job : distros().jobs) {
    if (!formats.insert(job.recipe.format).second) continue;
    const auto from = job.ingredients();
    std::size_t filled = 0;
    for (const auto& [path, file] : from.templates) {
      auto templates = from.templates;
      templates[path].content = "@QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ@\n";
      const formats::Ingredients broken{from.project, from.profile, from.packager, from.install, from.pristine,
                                        from.patched, from.tarball, from.patch,    templates};
      try {
        static_cast<void>(job.format->recipe(broken));
      } catch (const base::Error& error) {
        ++filled;
        for (const auto& name : values_of(error.hint())) {
          EXPECT_TRUE(is_used(job.recipe.format, name)) << job.recipe.format << ": nothing uses " << name;
        }
      }
    }
    EXPECT_GE(filled, 1U) << job.recipe.format << " fills no template";
  }
}

}  // namespace
