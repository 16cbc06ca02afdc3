// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "fakes.hpp"
#include "samples.hpp"
#include "source/edit.hpp"
#include "source/patched_tree.hpp"
#include "source/pristine_tree.hpp"

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Pristine : public testing::Test {
 protected:
  Pristine() {
    put("module/46sshd/module-setup.sh", "#!/bin/bash\n", 0775);
    put("module/46sshd/motd", "hello\n", 0600);
    put("module/tests/x.bats", "test\n");
    put("CHANGELOG.md", "log\n");
    put("LICENSES/GPL-2.0-or-later.txt", "licence\n");
  }

  void put(const std::string& name, const std::string& content, unsigned mode = 0644) {
    const auto path = temp_.path() / name;
    base::make_dirs(path.parent_path());
    base::write_file(path, content, mode);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }

  static model::Project project() {
    model::Project project;
    project.sources = {{"CHANGELOG.md", "CHANGELOG.md"}, {"LICENSES/GPL-2.0-or-later.txt", "LICENSE"}, {"module", ""}};
    project.left_out = {"module/tests"};
    return project;
  }

  base::SourceTree read() {
    findings_.clear();
    return source::pristine(temp_.path(), project(), findings_);
  }

  base::TempDir temp_{base::temp_parent(), "tree-"};
  model::Findings findings_;
};

TEST_F(Pristine, HoldsTheModuleTheChangelogAndTheLicenceButNoTests) {
  const auto tree = read();
  EXPECT_EQ(model::to_text(findings_), "");
  std::vector<std::string> names;
  for (const auto& [name, unused] : tree) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("46sshd/module-setup.sh", "46sshd/motd", "CHANGELOG.md", "LICENSE"));
  EXPECT_EQ(tree.at("LICENSE").content, "licence\n");
}

TEST_F(Pristine, KeepsOfAModeOnlyWhetherTheOwnerMayExecute) {
  const auto tree = read();
  EXPECT_EQ(tree.at("46sshd/module-setup.sh").mode, 0755U);
  EXPECT_EQ(tree.at("46sshd/motd").mode, 0644U);
}

TEST_F(Pristine, OnlyTheTestsOfTheModuleItselfAreLeftOut) {
  put("module/46sshd/tests/x", "");
  EXPECT_TRUE(read().contains("46sshd/tests/x"));
}

TEST_F(Pristine, ALinkIsAFindingAndNotFollowed) {
  fs::create_symlink("/etc/passwd", temp_.path() / "module/link");
  fs::create_directory_symlink("/etc", temp_.path() / "module/folder");
  const auto tree = read();
  EXPECT_FALSE(tree.contains("link"));
  ASSERT_EQ(findings_.size(), 2U) << model::to_text(findings_);
  EXPECT_THAT(findings_[0].message, HasSubstr("not a regular file"));
}

TEST_F(Pristine, APipeIsAFindingAndNotWaitedFor) {
  ASSERT_EQ(mkfifo((temp_.path() / "module/pipe").c_str(), 0600), 0);
  read();
  EXPECT_EQ(findings_.size(), 1U);
}

TEST_F(Pristine, AFileAboveOneMebibyteIsAFinding) {
  put("module/big", "");
  fs::resize_file(temp_.path() / "module/big", (1U << 20U) + 1);
  read();
  EXPECT_EQ(findings_.size(), 1U);
  EXPECT_THAT(model::to_text(findings_), HasSubstr("longer than 1.0 MiB"));
}

TEST_F(Pristine, ANameThatDoesNotFitIsAFinding) {
  for (const auto* name : {"a b", "a\nb", "$(id)", "%x", "@VAR@", "gr\xc3\xbc", "x'"})
    put(std::string("module/") + name, "");
  read();
  EXPECT_EQ(findings_.size(), 7U) << model::to_text(findings_);
  EXPECT_EQ(model::to_text(findings_).find("a\nb"), std::string::npos);
}

TEST_F(Pristine, WhatIsMissingIsAFinding) {
  base::remove_tree(temp_.path() / "module");
  fs::remove(temp_.path() / "CHANGELOG.md");
  read();
  EXPECT_EQ(findings_.size(), 2U) << model::to_text(findings_);
}

TEST_F(Pristine, TheProjectsOwnTreeHasNothingWrong) {
  const auto tree = source::pristine(PROJECT_ROOT, project(), findings_);
  EXPECT_EQ(model::to_text(findings_), "");
  EXPECT_EQ(tree.at("46sshd/module-setup.sh").mode, 0755U);
}

model::Profile profile() { return samples::profile_of(samples::rpm()); }

std::string unit_of(const base::SourceTree& tree) { return tree.at("46sshd/sshd.service").content; }

TEST(Patched, AProfileThatThePristineSourceServesChangesNoByte) {
  EXPECT_EQ(source::patched(samples::pristine(), profile()), samples::pristine());
}

TEST(Patched, SimpleSetsTheTypeAndPutsTheLogOnStderr) {
  auto p = profile();
  p.sshd.service_type = model::ServiceType::simple;
  const source::Unit unit(unit_of(source::patched(samples::pristine(), p)));
  EXPECT_THAT(unit.values("Service", "Type"), ElementsAre("simple"));
  EXPECT_THAT(unit.values("Service", "ExecStart"), ElementsAre("/usr/sbin/sshd -e -D $OPTIONS"));
}

TEST(Patched, AnotherPathOfSshdKeepsItsArguments) {
  auto p = profile();
  p.sshd.path = "/usr/bin/sshd";
  EXPECT_THAT(source::Unit(unit_of(source::patched(samples::pristine(), p))).values("Service", "ExecStart"),
              ElementsAre("/usr/bin/sshd -D $OPTIONS"));
}

TEST(Patched, AnEnvironmentFileIsAddedOnlyWhereThePristineUnitLacksIt) {
  auto p = profile();
  p.sshd.environment_files = {"/etc/default/ssh", "/etc/conf.d/sshd"};
  const source::Unit unit(unit_of(source::patched(samples::pristine(), p)));
  EXPECT_THAT(unit.values("Service", "EnvironmentFile"),
              ElementsAre("-/etc/sysconfig/sshd", "-/etc/default/ssh", "-/etc/conf.d/sshd"));
}

TEST(Patched, APrivilegeSeparationFolderBelowRunBecomesTheRuntimeDirectory) {
  auto p = profile();
  p.sshd.privsep_dir = "/run/other";
  EXPECT_THAT(source::Unit(unit_of(source::patched(samples::pristine(), p))).values("Service", "RuntimeDirectory"),
              ElementsAre("other"));
  p.sshd.privsep_dir = "/var/empty/sshd";
  EXPECT_EQ(source::patched(samples::pristine(), p), samples::pristine());
}

TEST(Patched, TheInitramfssNameAndDriverAreAssigned) {
  auto p = profile();
  p.initrd = {"/boot/initrd-%k", "update-initramfs", {}, ""};
  EXPECT_EQ(source::patched(samples::pristine(), p).at("46sshd/initrd.conf").content,
            "# names\nIMAGE=/boot/initrd-%k\nGENERATOR=update-initramfs\n");
}

TEST(Patched, OnlyTheTwoFilesAndTheirModesAreEverTouched) {
  auto p = profile();
  p.sshd.path = "/usr/bin/sshd";
  p.initrd.generator = "kernel-install";
  const auto before = samples::pristine();
  for (const auto& [name, file] : source::patched(before, p)) {
    EXPECT_EQ(file.mode, before.at(name).mode) << name;
    if (name != "46sshd/sshd.service" && name != "46sshd/initrd.conf") EXPECT_EQ(file, before.at(name)) << name;
  }
}

TEST(Patched, AFileWithoutALastNewlineThatIsServedAsItIsChangesNoByte) {
  auto tree = samples::pristine();
  for (const auto* name : {"46sshd/sshd.service", "46sshd/initrd.conf"}) tree[name].content.pop_back();
  EXPECT_EQ(source::patched(tree, profile()), tree);
}

TEST(Patched, ASourceThatCannotBeEditedIsAnError) {
  for (const auto* name : {"46sshd/sshd.service", "46sshd/initrd.conf"}) {
    auto tree = samples::pristine();
    tree.erase(name);
    EXPECT_THAT([&] { (void)source::patched(tree, profile()); }, ThrowsMessage<base::Error>(HasSubstr(name)));
  }
  auto tree = samples::pristine();
  tree["46sshd/sshd.service"].content += "ExecStart=/bin/true\n";
  EXPECT_THAT([&] { (void)source::patched(tree, profile()); },
              ThrowsMessage<base::Error>(HasSubstr("expected one ExecStart=")));
}

TEST(Diff, OfEqualTreesNothingRuns) {
  fakes::Context<> context;
  EXPECT_EQ(source::diff(samples::pristine(), samples::pristine(), context), "");
  EXPECT_TRUE(context.runner.commands().empty());
}

TEST(Diff, IsUnifiedWithFixedLabelsAndNoTimesAndPatchTakesIt) {
  auto p = profile();
  p.sshd.path = "/usr/bin/sshd";
  p.initrd.generator = "kernel-install";
  const fakes::SystemContext context;
  const auto text = source::diff(samples::pristine(), source::patched(samples::pristine(), p), context);
  EXPECT_EQ(text,
            "--- a/46sshd/initrd.conf\n+++ b/46sshd/initrd.conf\n@@ -1,3 +1,3 @@\n # names\n "
            "IMAGE=/boot/initramfs-%k.img\n-GENERATOR=dracut\n+GENERATOR=kernel-install\n"
            "--- a/46sshd/sshd.service\n+++ b/46sshd/sshd.service\n@@ -6,5 +6,5 @@\n Type=notify\n "
            "EnvironmentFile=-/etc/sysconfig/sshd\n EnvironmentFile=-/etc/default/ssh\n"
            "-ExecStart=/usr/sbin/sshd -D $OPTIONS\n+ExecStart=/usr/bin/sshd -D $OPTIONS\n RuntimeDirectory=sshd\n");
}

TEST(Diff, APatchThatDoesNotGiveWhatWasMeantIsAnError) {
  auto other = samples::pristine();
  other["LICENSE"].content = "other\n";
  // a diff that says nothing, and a patch that is content with it
  const fakes::Context<> context([](const base::Command& command) {
    base::write_file(command.stdout_to, "");
    return base::Outcome{command.argv[0] == "diff" ? 1 : 0, false, "", 0};
  });
  EXPECT_THAT([&] { (void)source::diff(samples::pristine(), other, context); },
              ThrowsMessage<base::Error>(HasSubstr("patch of LICENSE does not give what was meant")));
}

TEST(Diff, WhatDiffOrPatchFailOfIsInTheError) {
  auto other = samples::pristine();
  other["LICENSE"].content = "other\n";
  const fakes::Context<> broken([](const base::Command&) { return base::Outcome{2, false, "diff: out of memory", 0}; });
  EXPECT_THAT([&] { (void)source::diff(samples::pristine(), other, broken); },
              ThrowsMessage<base::Error>(HasSubstr("diff: out of memory")));
  const fakes::Context<> refusing([](const base::Command& command) {
    if (command.argv[0] == "patch") return base::Outcome{1, false, "Hunk #1 FAILED", 0};
    base::write_file(command.stdout_to, "x");
    return base::Outcome{1, false, "", 0};
  });
  EXPECT_THAT([&] { (void)source::diff(samples::pristine(), other, refusing); },
              ThrowsMessage<base::Error>(HasSubstr("Hunk #1 FAILED")));
}

}  // namespace
