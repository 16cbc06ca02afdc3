// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "build/job.hpp"
#include "fake_format.hpp"
#include "profile/select.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;

class KeyTest : public testing::Test {
 protected:
  std::string key(const build::Job& job) {
    build::ToolRegistry tools({}, temp_.path() / "none", context_);
    base::KnownDigests digests;
    return build::key_of(job, tools, digests);
  }

  base::TempDir temp_{base::temp_parent(), "job-"};
  fakes::Context<> context_{[](const base::Command&) { return base::Outcome{0, false, "1.0", 0}; }};
  fakes::Bench bench_;
};

TEST_F(KeyTest, EqualJobsHaveEqualKeys) {
  EXPECT_EQ(key(bench_.job()), key(bench_.job()));
  EXPECT_EQ(key(bench_.job()).size(), 64U);
}

TEST_F(KeyTest, ChangesWithEachInput) {
  using Change = std::function<void(build::Job&)>;
  const std::vector<std::pair<std::string, Change>> changes = {
      {"a staged file's content", [](auto& job) { job.recipe.staged["in/file"].content += "x"; }},
      {"a staged file's mode", [](auto& job) { job.recipe.staged["in/file"].mode = 0644; }},
      {"a staged file's name",
       [](auto& job) {
         job.recipe.staged["in/other"] = job.recipe.staged["in/file"];
         job.recipe.staged.erase("in/file");
       }},
      {"a further staged file", [](auto& job) { job.recipe.staged["in/more"] = {}; }},
      {"an argument", [](auto& job) { job.recipe.steps[0].argv.push_back("--more"); }},
      {"two arguments that look like one", [](auto& job) { job.recipe.steps[0].argv = {"maker /build/out/package"}; }},
      {"a step's environment", [](auto& job) { job.recipe.steps[0].env["FLAVOUR"] = "hot"; }},
      {"a step's folder", [](auto& job) { job.recipe.steps[0].cwd = "/build"; }},
      {"where a step's output goes", [](auto& job) { job.recipe.steps[0].stdout_to = "log"; }},
      {"a further step", [](auto& job) { job.recipe.steps.push_back(job.recipe.steps[0]); }},
      {"how it is read back", [](auto& job) { job.recipe.reading[0].argv.push_back("-v"); }},
      {"the user", [](auto& job) { job.recipe.uid = 1000; }},
      {"what is shown inside",
       [](auto& job) {
         job.recipe.read_only = {{"/var/lib/dpkg", "/var/lib/dpkg"}};
       }},
      {"an output's name", [](auto& job) { job.recipe.outputs[0].name = "other"; }},
      {"the format", [](auto& job) { job.recipe.format = "other"; }},
      {"a further tool",
       [](auto& job) {
         job.recipe.tools.push_back({"true", "coreutils", {"--version"}});
       }},
      {"what must be installed",
       [](auto& job) {
         job.install.push_back({model::InstallKind::directory, 0755, "", "/etc/x"});
       }},
  };
  const auto before = key(bench_.job());
  for (const auto& [name, change] : changes) {
    auto job = bench_.job();
    change(job);
    EXPECT_NE(key(job), before) << name;
  }
}

TEST_F(KeyTest, ChangesWithAToolsVersionAndWithTheEpoch) {
  const auto before = key(bench_.job());
  context_.runner.set([](const base::Command&) { return base::Outcome{0, false, "2.0", 0}; });
  EXPECT_NE(key(bench_.job()), before);
  context_.runner.set([](const base::Command&) { return base::Outcome{0, false, "1.0", 0}; });
  bench_.source().project.changelog[0].epoch += 86400;
  EXPECT_NE(key(bench_.job()), before);
}

TEST_F(KeyTest, HoldsNoTimeAndNoPathOfTheMachine) {
  const auto before = key(bench_.job());
  auto job = bench_.job();
  job.recipe.cost = 99;
  job.recipe.read_only = {};
  bench_.workspace.root = "/somewhere/else";
  EXPECT_EQ(key(job), before);
  job.recipe.read_only = {{"/one/host", "/x"}};
  const auto here = key(job);
  job.recipe.read_only = {{"/another/host", "/x"}};
  EXPECT_EQ(key(job), here);
}

TEST_F(KeyTest, AToolThatIsMissingIsAnErrorOfItsOwnKind) {
  auto job = bench_.job();
  job.recipe.tools.push_back({"no-such-tool-here", "x", {}});
  EXPECT_THROW((void)key(job), base::Error);
}

TEST(JobText, IsWhatAShellWouldTake) {
  fakes::Bench bench;
  const auto text = build::to_text(bench.job());
  EXPECT_THAT(text, HasSubstr("# tester-1 (fake)"));
  EXPECT_THAT(text, HasSubstr("cd /build/in && env FLAVOUR=plain LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=1795478400 TZ=UTC "
                              "maker /build/out/package\n"));
  EXPECT_THAT(text, HasSubstr("reader out/package >/build/reading/text\n"));
  EXPECT_THAT(text, HasSubstr("# gives   package-1.0.0.fake\n"));
}

TEST(StepEnvironment, AStepsOwnValuesWin) {
  fakes::Bench bench;
  const auto job = bench.job();
  model::Step step;
  step.env = {{"TZ", "Asia/Tokyo"}, {"X", "1"}};
  const auto environment = build::step_environment(job, step);
  EXPECT_EQ(environment.at("TZ"), "Asia/Tokyo");
  EXPECT_EQ(environment.at("X"), "1");
  EXPECT_EQ(environment.at("SOURCE_DATE_EPOCH"), "1795478400");
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    workspace_ = build::open_workspace({PROJECT_ROOT, "Ada Example <ada@example.org>", {"module"}, {}, {}}, context_);
  }

  std::vector<const profile::Release*> releases(const std::string& id) {
    std::vector<const profile::Release*> list;
    for (const auto& distribution : workspace_.profiles.distributions) {
      for (const auto& release : distribution.releases) {
        if (distribution.id == id) list.push_back(&release);
      }
    }
    return list;
  }

  fakes::SystemContext context_;
  build::Workspace workspace_;
};

TEST_F(PlanTest, ASharedDifferenceIsMadeAndProvenOnce) {
  fakes::Context<> context([](const base::Command& command) {
    base::SystemRunner system;
    return system.run(command, base::Cancel());
  });
  auto all = releases("suse");
  const auto more = releases("debian");
  all.insert(all.end(), more.begin(), more.end());
  const auto jobs = build::plan(workspace_, all, context);
  ASSERT_EQ(jobs.size(), all.size());
  std::set<std::string> patches;
  for (const auto& job : jobs) patches.insert(job.patch);
  patches.erase("");
  EXPECT_EQ(context.runner.calls("patch"), patches.size());
}

TEST_F(PlanTest, FoldersOfTheProfileAreExpandedBeforeAnyFormatSeesThem) {
  for (const auto& job : build::plan(workspace_, profile::all(workspace_.profiles), context_)) {
    EXPECT_THAT(job.profile.package.doc_dir, Not(HasSubstr("{")));
    for (const auto& item : job.install) EXPECT_THAT(item.destination, Not(HasSubstr("@"))) << job.profile.key();
  }
}

TEST_F(PlanTest, AFaultNamesTheReleaseThatHasIt) {
  fakes::Context<> context([](const base::Command&) { return base::Outcome{2, false, "diff: broken", 0}; });
  auto list = releases("fedora");
  auto changed = *list.at(0);
  changed.packages.at(0).sshd.path = "/usr/elsewhere/sshd";
  EXPECT_THAT([&] { (void)build::plan(workspace_, {&changed}, context); },
              testing::ThrowsMessage<base::Error>(testing::StartsWith("fedora-43: ")));
}

}  // namespace
