// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "fakes.hpp"
#include "matrix/git_diff.hpp"

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class OfARepository : public testing::Test {
 protected:
  OfARepository() {
    git({"init", "--quiet", "--initial-branch=main", "."});
    base::write_file(folder() / "kept", "1\n");
    base::write_file(folder() / "changed", "1\n");
    base::write_file(folder() / "removed", "1\n");
    base::write_file(folder() / "old name", "a\nb\nc\n");
    base::make_dirs(folder() / "sub");
    base::write_file(folder() / "sub/file", "1\n");
    base::write_file(folder() / ".gitignore", "ignored\n");
    commit("first");
  }

  [[nodiscard]] base::Path folder() const { return temp_.path(); }

  void git(std::vector<std::string> words) {
    base::Command command;
    command.argv = {"git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/nonexistent"}};
    command.cwd = folder();
    const auto outcome = context_.runner.run(command, context_.cancel);
    ASSERT_EQ(outcome.status, 0) << outcome.tail;
  }
  void commit(const std::string& message) {
    git({"add", "--all"});
    git({"commit", "--quiet", "--message", message});
  }
  matrix::GitDiff since(const std::string& revision) { return {folder(), revision, context_}; }
  /// Exit status and message of a refusal.
  std::pair<base::Exit, std::string> refusal(const base::Path& where, const std::string& revision) {
    try {
      (void)matrix::GitDiff(where, revision, context_);
    } catch (const base::Error& error) {
      return {error.exit(), std::string(error.what()) + " | " + error.hint()};
    }
    return {base::Exit::done, ""};
  }

  fakes::SystemContext context_;
  base::TempDir temp_{base::temp_parent(), "history-"};
};

TEST_F(OfARepository, NothingHasChangedAtFirst) { EXPECT_THAT(since("HEAD").changed(), testing::IsEmpty()); }

TEST_F(OfARepository, WhatWasChangedAddedRemovedAndRenamedIsListedCommittedOrNot) {
  base::write_file(folder() / "changed", "2\n");
  std::filesystem::remove(folder() / "removed");
  std::filesystem::rename(folder() / "old name", folder() / "new\nname");
  commit("second");
  base::write_file(folder() / "sub/new", "1\n");
  base::write_file(folder() / "ignored", "1\n");
  std::filesystem::permissions(folder() / "sub/file", std::filesystem::perms::owner_all);
  EXPECT_THAT(since("HEAD~1").changed(),
              ElementsAre("changed", "new\nname", "old name", "removed", "sub/file", "sub/new"));
}

TEST_F(OfARepository, AFileIsReadAsItWas) {
  base::write_file(folder() / "changed", "2\n");
  const auto history = since("main");
  EXPECT_EQ(history.text("changed"), "1\n");
  EXPECT_EQ(history.text("sub/file"), "1\n");
  EXPECT_EQ(history.text("none"), std::nullopt);
  EXPECT_EQ(history.text("sub"), std::nullopt);
}

TEST_F(OfARepository, AFolderBelowItsTopCountsForItself) {
  base::write_file(folder() / "changed", "2\n");
  base::write_file(folder() / "sub/file", "2\n");
  const matrix::GitDiff history(folder() / "sub", "HEAD", context_);
  EXPECT_THAT(history.changed(), ElementsAre("file"));
  EXPECT_EQ(history.text("file"), "1\n");
}

TEST_F(OfARepository, NoProgramThatTheRepositoryNamesIsRun) {
  const auto trap = folder() / "ran";
  base::write_file(folder() / ".git/trap", "#!/bin/sh\necho \"$0 $*\" >>" + trap.string() + "\ncat\n", 0755);
  const auto program = (folder() / ".git/trap").string();
  for (const auto* key : {"core.fsmonitor", "diff.external", "filter.x.clean", "filter.x.smudge", "filter.x.process",
                          "diff.x.textconv", "diff.x.command", "core.pager", "core.sshCommand", "core.editor"})
    git({"config", key, program});
  git({"config", "core.hooksPath", ".git"});
  git({"config", "remote.origin.url", "ext::" + program});
  git({"config", "remote.origin.promisor", "true"});
  git({"config", "extensions.partialClone", "origin"});
  base::write_file(folder() / ".gitattributes", "* filter=x diff=x\n");
  base::write_file(folder() / "changed", "2\n");
  const auto history = since("HEAD");
  EXPECT_THAT(history.changed(), Contains("changed"));
  EXPECT_EQ(history.text("changed"), "1\n");
  // A name that no object has would be fetched.
  EXPECT_EQ(refusal(folder(), std::string(40, 'a')).first, base::Exit::usage);
  EXPECT_FALSE(std::filesystem::exists(trap)) << base::read_file(trap, 10000);
}

TEST_F(OfARepository, ARevisionThatIsNoneIsAUsageErrorWithAHint) {
  for (const auto* revision : {"nope", "HEAD~7", "0000000000000000000000000000000000000000", ":/nothing", "HEAD:kept",
                               "main..HEAD", "a b", "HEAD^{tree}"}) {
    const auto [exit, said] = refusal(folder(), revision);
    EXPECT_EQ(exit, base::Exit::usage) << revision;
    EXPECT_THAT(said, HasSubstr("the repository has no such revision")) << revision;
    EXPECT_THAT(said, Not(testing::EndsWith("| "))) << revision;
  }
}

TEST_F(OfARepository, ARevisionThatLooksLikeAnOptionOrHoldsControlCharactersNeverReachesGit) {
  fakes::Context<> context;
  const std::vector<std::string> revisions = {"--output=x", "-h", "HEAD\nmain", std::string("HEAD\0x", 6), "a\x7f"};
  for (const auto& revision : revisions) {
    try {
      (void)matrix::GitDiff(folder(), revision, context);
      FAIL() << revision;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit(), base::Exit::usage);
      EXPECT_THAT(error.what(), HasSubstr("is not a revision"));
      EXPECT_THAT(std::string(error.what()), Not(HasSubstr("\n")));
    }
  }
  EXPECT_EQ(context.runner.commands().size(), 0U);
}

TEST_F(OfARepository, AShallowCloneSaysThatItIsOne) {
  base::write_file(folder() / "changed", "2\n");
  commit("second");
  const base::TempDir clone(base::temp_parent(), "shallow-");
  git({"clone", "--quiet", "--depth=1", "file://" + folder().string(), (clone.path() / "c").string()});
  const auto [exit, said] = refusal(clone.path() / "c", "HEAD~1");
  EXPECT_EQ(exit, base::Exit::usage);
  EXPECT_THAT(said, HasSubstr("this clone is shallow"));
  EXPECT_THAT(said, HasSubstr("fetch-depth: 0"));
}

TEST_F(OfARepository, AFolderInNoRepositoryIsAUsageError) {
  const auto [exit, said] = refusal("/proc", "HEAD");
  EXPECT_EQ(exit, base::Exit::usage);
  EXPECT_THAT(said, HasSubstr("/proc is in no git repository"));
}

TEST(GitDiff, WithoutGitItIsSaidThatItIsMissing) {
  const fakes::Context<> context([](const base::Command&) -> base::Outcome {
    throw base::Error("git is not installed", base::Exit::missing_tool);
  });
  try {
    (void)matrix::GitDiff("/", "HEAD", context);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::missing_tool);
    EXPECT_THAT(error.hint(), HasSubstr("install git"));
  }
}

}  // namespace
