// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "build/tool_registry.hpp"
#include "fakes.hpp"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

class ToolRegistryTest : public testing::Test {
 protected:
  ToolRegistryTest() {
    base::make_dirs(bin_);
    base::write_file(bin_ / "mytool", "#!/bin/sh\n", 0755);
    context_.runner.set([](const base::Command&) { return base::Outcome{0, false, "mytool 1.2\n", 0}; });
  }

  build::ToolRegistry tools() { return {{bin_, temp_.path() / "none"}, cache_, context_}; }

  base::TempDir temp_{base::temp_parent(), "tools-"};
  fs::path bin_ = temp_.path() / "env/bin";
  fs::path cache_ = temp_.path() / "cache.json";
  fakes::Context<> context_;
  model::Tool tool_{"mytool", "mypackage", {"--version"}};
};

TEST_F(ToolRegistryTest, FurtherFoldersAreSearchedAfterTheUsualOnesAndOnlyWhereTheyExist) {
  const auto box = tools();
  EXPECT_EQ(box.find(tool_), bin_ / "mytool");
  EXPECT_TRUE(box.path_list().ends_with(":" + bin_.string())) << box.path_list();
  EXPECT_FALSE(box.find({"no-such-tool-here", "x", {}}));
}

TEST_F(ToolRegistryTest, AFoldersParentIsWhatASandboxMustShow) {
  EXPECT_THAT(tools().roots(), testing::ElementsAre(temp_.path() / "env"));
  EXPECT_TRUE(build::ToolRegistry({"/usr/bin"}, cache_, context_).roots().empty()) << "/usr is shown anyway";
}

TEST_F(ToolRegistryTest, AVersionIsAskedOnceAndRememberedOnDisk) {
  auto box = tools();
  EXPECT_EQ(box.version(tool_), "mytool 1.2");
  EXPECT_EQ(box.version(tool_), "mytool 1.2");
  box.save();
  EXPECT_EQ(tools().version(tool_), "mytool 1.2");
  EXPECT_EQ(context_.runner.commands().size(), 1U);
  EXPECT_EQ(context_.runner.commands()[0].argv, (std::vector<std::string>{(bin_ / "mytool").string(), "--version"}));
}

TEST_F(ToolRegistryTest, ManyProgramsAreAskedSideBySideEachOnce) {
  model::Recipe first;
  model::Recipe second;
  for (int i = 0; i < 8; ++i) {
    const auto name = "tool" + std::to_string(i);
    base::write_file(bin_ / name, "#!/bin/sh\n", 0755);
    first.tools.push_back({name, "mypackage", {"--version"}});
  }
  second.tools = {first.tools[3], tool_, {"tool1", "mypackage", {}}};
  context_.runner.set([](const base::Command& command) {
    return base::Outcome{0, false, "I am " + command.argv[0], 0};
  });
  auto box = tools();
  box.learn({&first, &second}, 3);
  EXPECT_EQ(context_.runner.commands().size(), 9U);
  EXPECT_EQ(box.version(first.tools[5]), "I am " + (bin_ / "tool5").string());
  EXPECT_EQ(box.version(tool_), "I am " + (bin_ / "mytool").string());
  box.learn({&first, &second}, 3);
  EXPECT_EQ(context_.runner.commands().size(), 9U) << "nothing was asked again";
}

TEST_F(ToolRegistryTest, OfProgramsAskedSideBySideOneThatFailsIsNamed) {
  model::Recipe recipe;
  recipe.tools = {tool_};
  context_.runner.set([](const base::Command&) { return base::Outcome{1, false, "broken", 0}; });
  auto box = tools();
  EXPECT_THAT([&] { box.learn({&recipe}, 2); }, ThrowsMessage<base::Error>(HasSubstr("mytool --version ended with 1")));
}

TEST_F(ToolRegistryTest, AChangedProgramIsAskedAgain) {
  auto box = tools();
  static_cast<void>(box.version(tool_));
  box.save();
  base::write_file(bin_ / "mytool", "#!/bin/sh\n# newer\n", 0755);
  context_.runner.set([](const base::Command&) { return base::Outcome{0, false, "mytool 2\n", 0}; });
  EXPECT_EQ(tools().version(tool_), "mytool 2");
}

TEST_F(ToolRegistryTest, ABrokenCacheIsMadeAnew) {
  for (const auto* text : {"", "{", "[]", "[1]", "3", "{\"x\":3}", "{\"x\":{\"stamp\":1,\"version\":2}}", "\xff"}) {
    base::write_file(cache_, text);
    auto box = tools();
    EXPECT_EQ(box.version(tool_), "mytool 1.2") << text;
    box.save();
  }
  EXPECT_EQ(context_.runner.commands().size(), 8U);
}

TEST_F(ToolRegistryTest, NothingNewIsNotWritten) {
  tools().save();
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(ToolRegistryTest, AProgramThatDoesNotSayItsVersionIsAnErrorWithItsPackage) {
  context_.runner.set([](const base::Command&) { return base::Outcome{127, false, "cannot load libx", 0}; });
  try {
    static_cast<void>(tools().version(tool_));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("ended with 127: cannot load libx"));
    EXPECT_THAT(error.hint(), HasSubstr("mypackage"));
  }
}

TEST_F(ToolRegistryTest, AMissingProgramIsAnErrorOfItsOwnKind) {
  try {
    static_cast<void>(tools().version({"no-such-tool-here", "apackage", {}}));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::missing_tool);
    EXPECT_EQ(error.hint(), "install the package apackage");
  }
}

TEST_F(ToolRegistryTest, AProgramWithoutAQuestionIsNotAsked) {
  EXPECT_EQ(tools().version({"mytool", "mypackage", {}}), "");
  EXPECT_TRUE(context_.runner.commands().empty());
}

TEST_F(ToolRegistryTest, AnotherProgramMayBeAsked) {
  base::write_file(bin_ / "other", "#!/bin/sh\n", 0755);
  EXPECT_EQ(tools().version({"mytool", "mypackage", {"-V"}, "other"}), "mytool 1.2");
  EXPECT_EQ(context_.runner.commands().at(0).argv.at(0), (bin_ / "other").string());
}

TEST_F(ToolRegistryTest, WhatIsMissingIsNamedOnce) {
  model::Recipe one;
  one.tools = {tool_, {"no-such-a", "pa", {}}, {"no-such-b", "pb", {}}};
  model::Recipe two;
  two.tools = {{"no-such-a", "pa", {"--version"}}};
  const auto lacking = build::missing({&one, &two}, tools());
  ASSERT_EQ(lacking.size(), 2U);
  EXPECT_EQ(lacking[0].program, "no-such-a");
  EXPECT_EQ(lacking[1].program, "no-such-b");
}

}  // namespace
