// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "samples.hpp"
#include "source/read_install_list.hpp"

namespace {

using model::InstallKind;
using testing::ElementsAre;
using testing::HasSubstr;

const base::SourceTree kTree = {{"a", {}}, {"man/b.7", {}}, {"LICENSE", {}}, {"install.list", {}}};
constexpr const char* kList =
    "# comment\n"
    "\n"
    "dir     0755 -        /etc/x\n"
    "file\t0755 a  @SBINDIR@/a\n"
    "man     0644 man/b.7  @MANDIR@/man7/b.7\n"
    "license 0644 LICENSE  -\n";

std::string faults(const std::string& text, const base::SourceTree& tree = kTree) {
  model::Findings findings;
  static_cast<void>(source::install_list(text, "install.list", tree, findings));
  return model::to_text(findings);
}

/// What is said of one more line that installs `a`, when nothing else is wrong.
std::string of_line(const std::string& line) {
  return faults("man 0644 man/b.7 /b\nlicense 0644 LICENSE -\n" + line + "\n");
}

TEST(InstallList, LinesBecomeItemsInTheirOrder) {
  model::Findings findings;
  const auto list = source::install_list(kList, "install.list", kTree, findings);
  EXPECT_EQ(model::to_text(findings), "");
  EXPECT_THAT(list, ElementsAre(model::InstallItem{InstallKind::directory, 0755, "", "/etc/x"},
                                model::InstallItem{InstallKind::file, 0755, "a", "@SBINDIR@/a"},
                                model::InstallItem{InstallKind::man, 0644, "man/b.7", "@MANDIR@/man7/b.7"},
                                model::InstallItem{InstallKind::license, 0644, "LICENSE", ""}));
}

TEST(InstallList, FourWordsMakeALine) {
  EXPECT_THAT(of_line("file 0644 a"), HasSubstr("install.list: line 3: expected 4 words, got 3"));
  EXPECT_THAT(of_line("file 0644 a /a b"), HasSubstr("expected 4 words, got 5"));
}

TEST(InstallList, AKindAndAModeThatAreNoneAreRefused) {
  EXPECT_THAT(of_line("link 0644 a /a"), HasSubstr("\"link\" is not a kind"));
  for (const auto* mode : {"0777", "4755", "644", "x", "0600"})
    EXPECT_THAT(of_line(std::string("file ") + mode + " a /a"), HasSubstr("neither 0644 nor 0755")) << mode;
}

TEST(InstallList, WhatTheSourceIsInstalledByIsNotInstalled) {
  model::Findings findings;
  const auto list = source::install_list("build - Makefile -\nfile 0644 a /a\n", "install.list",
                                         {{"a", {}}, {"Makefile", {}}}, findings);
  EXPECT_EQ(model::to_text(findings), "");
  EXPECT_THAT(list, ElementsAre(model::InstallItem{InstallKind::file, 0644, "a", "/a"}));
  EXPECT_THAT(of_line("build - b -"), HasSubstr("\"build\" is not a kind"));
  EXPECT_THAT(of_line("build - a /a"), HasSubstr("\"build\" is not a kind"));
}

TEST(InstallList, AFileMayBelongToAHook) {
  model::Findings findings;
  const auto list = source::install_list("file:alpm 0644 a /a\n", "install.list", {{"a", {}}}, findings);
  EXPECT_EQ(model::to_text(findings), "");
  EXPECT_THAT(list, ElementsAre(model::InstallItem{InstallKind::file, 0644, "a", "/a", "alpm"}));
  auto profile = samples::profile_of(samples::rpm());
  EXPECT_THAT(source::resolve(list, profile), testing::IsEmpty());
  profile.initrd.hooks = {"kernel-install"};
  EXPECT_THAT(source::resolve(list, profile), testing::IsEmpty());
  profile.initrd.hooks.insert("alpm");
  EXPECT_THAT(source::resolve(list, profile), testing::SizeIs(1));
}

TEST(InstallList, AHookThatIsNoneIsRefused) {
  for (const auto* hook : {"", "nope", "alpm:", ":alpm"})
    EXPECT_THAT(of_line(std::string("file:") + hook + " 0644 a /a"),
                HasSubstr("is not a hook; known are kernel-install"))
        << hook;
}

TEST(InstallList, ASourceThatIsNotInTheTreeIsRefused) {
  for (const auto* source : {"nope", "../a", "/a", "-", "./a"})
    EXPECT_THAT(of_line(std::string("file 0644 ") + source + " /a"), HasSubstr("there is no source")) << source;
}

TEST(InstallList, ADestinationThatEscapesOrIsNoneIsRefused) {
  for (const auto* to :
       {"a", "/", "/a/../b", "/..", "/a//b", "/a/", "/a/./b", "@NOPE@/a", "/usr/@SBINDIR@/a", "@SBINDIR@a", "@SBINDIR@",
        "@DOCDIR@/../x", "-", "/a$b", "/a%b", "/a`b", "/a;b", "/a'b", "/gr\xc3\xbc"}) {
    EXPECT_THAT(of_line(std::string("file 0644 a ") + to), HasSubstr("is not a destination")) << to;
  }
}

TEST(InstallList, ALicenceHasNoDestinationOfItsOwn) {
  EXPECT_THAT(of_line("license 0644 a /a"), HasSubstr("is not a destination"));
}

TEST(InstallList, AFolderHasNoSource) {
  EXPECT_THAT(of_line("dir 0755 a /etc/x"), HasSubstr("a folder has no source"));
}

TEST(InstallList, TwoLinesWithOneDestinationAreRefused) {
  EXPECT_THAT(of_line("file 0644 a /b"), HasSubstr("/b is installed twice"));
}

TEST(InstallList, AFileThatNoLineInstallsIsRefusedButForTheListItself) {
  EXPECT_THAT(faults("man 0644 man/b.7 /b\nlicense 0644 LICENSE -\n"), HasSubstr("install.list: no line installs a\n"));
}

TEST(InstallList, AllFaultsAreReportedAtOnceWithTheirLines) {
  const auto text = faults("x\nfile 0644 a b\nfile 9999 a /a\n");
  for (const auto* wanted : {"line 1:", "line 2:", "line 3:", "installs man/b.7", "installs LICENSE"})
    EXPECT_THAT(text, HasSubstr(wanted));
}

TEST(InstallList, WhatAHostileLineHoldsIsShownPrintable) {
  EXPECT_EQ(faults("\x1b[2J 0644 a /a\nfile \x1b[2J a /a\nfile 0644 \x1b[2J /a\nfile 0644 a /\x1b[2J\n").find('\x1b'),
            std::string::npos);
}

TEST(InstallList, AnEmptyListInstallsNothingAndSaysSo) { EXPECT_THAT(faults(""), HasSubstr("no line installs")); }

TEST(InstallList, TheModulesOwnListFits) {
  // the tree's names alone matter here; the real tree is read by the tests of source::pristine
  const auto text = base::read_file(std::filesystem::path(PROJECT_ROOT) / "module/install.list", 1U << 20U);
  EXPECT_THAT(text, HasSubstr("46sshd/module-setup.sh"));
}

TEST(Resolve, FillsInTheFoldersOfTheProfile) {
  model::Findings findings;
  const auto list =
      source::install_list(std::string(kList) + "doc 0644 install.list @DOCDIR@/c\n", "install.list", kTree, findings);
  auto profile = samples::profile_of(samples::rpm());
  profile.package.doc_dir = "/usr/share/doc/{name}-{version}";
  const auto resolved = source::resolve(list, source::expand(profile, samples::project()));
  EXPECT_EQ(resolved[1].destination, "/usr/sbin/a");
  EXPECT_EQ(resolved[2].destination, "/usr/share/man/man7/b.7");
  EXPECT_EQ(resolved[3].destination, "");
  EXPECT_EQ(resolved[4].destination, "/usr/share/doc/dracut-sshd-1.0.0/c");
}

TEST(Expand, AFolderMayHoldNameAndVersion) {
  auto profile = samples::profile_of(samples::rpm());
  profile.package.doc_dir = "/usr/{name}/{version}/{name}";
  const auto expanded = source::expand(profile, samples::project());
  EXPECT_EQ(expanded.package.doc_dir, "/usr/dracut-sshd/1.0.0/dracut-sshd");
  EXPECT_EQ(expanded.package.rpm.license_dir, "/usr/share/licenses/dracut-sshd");
  EXPECT_EQ(expanded.sshd.path, profile.sshd.path);
}

}  // namespace
