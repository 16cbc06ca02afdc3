// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proof/compare.hpp"

namespace {

using base::Kind;
using base::ListedEntry;
using base::ListedTree;
using formats::ToolMade;
using testing::HasSubstr;

ListedEntry entry(const std::string& content = "x", unsigned mode = 0644) {
  return {Kind::file, mode, "root", "root", content};
}
ListedEntry folder(unsigned mode = 0755, const std::string& owner = "root") {
  return {Kind::directory, mode, owner, "root", ""};
}

const ListedTree kExpected = {{"/usr/bin/a", entry("program", 0755)}, {"/etc/d", folder()}};
const std::vector<ToolMade> kMade = {{"/usr/share/doc/p/copyright", 0644, "policy"}};

ListedTree found() {
  auto tree = kExpected;
  tree["/usr/share/doc/p/copyright"] = entry("words");
  return tree;
}

std::string trees(const ListedTree& tree, const std::vector<ToolMade>& made = kMade) {
  return model::to_text(proof::compare_trees(kExpected, tree, made, "the package"));
}

TEST(CompareTrees, WhatIsAsExpectedHasNoFinding) { EXPECT_EQ(trees(found()), ""); }

TEST(CompareTrees, ParentsMayBeListedOrNot) {
  auto tree = found();
  for (const auto* path : {"/usr", "/usr/bin", "/etc", "/usr/share/doc", "/usr/share/doc/p"}) tree[path] = folder();
  EXPECT_EQ(trees(tree), "");
}

TEST(CompareTrees, AParentHasMode0755AndRootAsOwner) {
  auto tree = found();
  tree["/usr"] = folder(0700);
  EXPECT_THAT(trees(tree), HasSubstr("the package: /usr: has mode 0700, expected 0755"));
  tree["/usr"] = folder(0755, "ada");
  EXPECT_THAT(trees(tree), HasSubstr("/usr: belongs to ada:root, expected root:root"));
  tree["/usr"] = {Kind::symlink, 0777, "root", "root", "/elsewhere"};
  EXPECT_THAT(trees(tree), HasSubstr("/usr: is a link that nothing asked for"));
}

TEST(CompareTrees, AMissingFileIsFound) {
  auto tree = found();
  tree.erase("/usr/bin/a");
  EXPECT_EQ(trees(tree), "error: the package: /usr/bin/a: is missing\n");
}

TEST(CompareTrees, AFileTooManyIsFound) {
  auto tree = found();
  tree["/usr/bin/b"] = entry();
  tree["/opt"] = folder();
  tree["/usr/lib"] = {Kind::symlink, 0777, "root", "root", "x"};
  const auto text = trees(tree);
  EXPECT_THAT(text, HasSubstr("/usr/bin/b: is a file that nothing asked for"));
  EXPECT_THAT(text, HasSubstr("/opt: is a folder that nothing asked for"));
  EXPECT_THAT(text, HasSubstr("/usr/lib: is a link that nothing asked for"));
}

TEST(CompareTrees, EveryBitOfAModeCounts) {
  for (const unsigned mode : {0754U, 0644U, 04755U, 02755U, 01755U, 0777U}) {
    auto tree = found();
    tree["/usr/bin/a"].mode = mode;
    EXPECT_THAT(trees(tree), HasSubstr("/usr/bin/a: has mode")) << mode;
  }
}

TEST(CompareTrees, OwnerAndGroupCount) {
  auto tree = found();
  tree["/usr/bin/a"].group = "wheel";
  EXPECT_THAT(trees(tree), HasSubstr("belongs to root:wheel, expected root:root"));
}

TEST(CompareTrees, OneByteOfContentCounts) {
  auto tree = found();
  tree["/usr/bin/a"].content = "Program";
  EXPECT_THAT(trees(tree), HasSubstr("/usr/bin/a: its content differs: sha256 "));
}

TEST(CompareTrees, AnotherKindIsOneFinding) {
  auto tree = found();
  tree["/usr/bin/a"] = {Kind::symlink, 0777, "root", "root", "b"};
  EXPECT_EQ(trees(tree), "error: the package: /usr/bin/a: is a link, expected a file\n");
}

TEST(CompareTrees, WhatTheToolMakesIsThereHasItsModeAndIsNotEmpty) {
  auto tree = found();
  tree["/usr/share/doc/p/copyright"].mode = 0600;
  EXPECT_THAT(trees(tree), HasSubstr("copyright: has mode 0600"));
  tree = found();
  tree["/usr/share/doc/p/copyright"].content = "";
  EXPECT_THAT(trees(tree), HasSubstr("copyright: is empty"));
  tree.erase("/usr/share/doc/p/copyright");
  EXPECT_THAT(trees(tree), HasSubstr("copyright: is missing; the format's tool makes it: policy"));
}

TEST(CompareTrees, AnEmptyPackageMissesEverything) {
  EXPECT_EQ(proof::compare_trees(kExpected, {}, kMade, "x").size(), 3U);
}

TEST(CompareTrees, WhatAHostilePackageHoldsIsShownPrintable) {
  auto tree = found();
  tree["/\x1b[2J"] = entry();
  tree["/usr/bin/a"].owner = "\x1b[2J";
  EXPECT_EQ(trees(tree).find('\x1b'), std::string::npos);
}

const base::SourceTree kSource = {{"a", {0755, "program"}}, {"d/b", {0644, "text"}}};
const ListedTree kUnpacked = {
    {"/a", entry("program", 0775)}, {"/d", folder(0700, "ada")}, {"/d/b", entry("text", 0600)}};

TEST(CompareSource, OwnersFoldersAndTheRestOfModesAreTheUnpackers) {
  EXPECT_EQ(model::to_text(proof::compare_source(kSource, kUnpacked, "source")), "");
}

TEST(CompareSource, AMissingAChangedAndAForeignFileAreFound) {
  auto tree = kUnpacked;
  tree.erase("/a");
  tree["/d/b"].content = "other";
  tree["/c"] = entry();
  EXPECT_EQ(model::to_text(proof::compare_source(kSource, tree, "source")),
            "error: source: a: is missing\nerror: source: d/b: its content differs from the patched source\nerror: "
            "source: /c: is a file that nothing asked for\n");
}

TEST(CompareSource, WhoMayExecuteCounts) {
  auto tree = kUnpacked;
  tree["/a"].mode = 0644;
  tree["/d/b"].mode = 0755;
  EXPECT_EQ(proof::compare_source(kSource, tree, "source").size(), 2U);
}

TEST(CompareSource, ALinkInTheFilesPlaceIsNotTheFile) {
  auto tree = kUnpacked;
  tree["/a"] = {Kind::symlink, 0777, "root", "root", "program"};
  EXPECT_THAT(model::to_text(proof::compare_source(kSource, tree, "source")), HasSubstr("a: is missing"));
}

const model::PackageFacts kFacts = {"n",         "1-1",           "noarch", "GPL", "sum",
                                    "https://x", {"a", "b >= 1"}, {"s"},    {"c"}, {{"postinst", "true"}}};

TEST(CompareFacts, EqualFactsHaveNoFinding) { EXPECT_TRUE(proof::compare_facts(kFacts, kFacts, "x").empty()); }

TEST(CompareFacts, EachFactCounts) {
  const std::vector<std::pair<std::string, model::PackageFacts>> all = [] {
    std::vector<std::pair<std::string, model::PackageFacts>> list(9, {"", kFacts});
    list[0] = {"name", kFacts}, list[0].second.name = "o";
    list[1] = {"version", kFacts}, list[1].second.version = "1-2";
    list[2] = {"architecture", kFacts}, list[2].second.arch = "x86_64";
    list[3] = {"license", kFacts}, list[3].second.license = "MIT";
    list[4] = {"summary", kFacts}, list[4].second.summary = "";
    list[5] = {"url", kFacts}, list[5].second.url = "http://x";
    list[6] = {"requires", kFacts}, list[6].second.depends = {"a"};
    list[7] = {"suggests", kFacts}, list[7].second.suggests = {};
    list[8] = {"conflicts", kFacts}, list[8].second.conflicts.push_back("d");
    return list;
  }();
  for (const auto& [name, facts] : all) {
    const auto findings = proof::compare_facts(kFacts, facts, "the package");
    ASSERT_EQ(findings.size(), 1U) << name;
    EXPECT_EQ(findings[0].where, "the package: " + name);
  }
}

TEST(CompareFacts, AScriptThatIsMissingForeignOrChangedIsFound) {
  auto facts = kFacts;
  facts.scripts = {{"postinst", "false"}, {"preinst", "rm"}};
  EXPECT_EQ(model::to_text(proof::compare_facts(kFacts, facts, "x")),
            "error: x: postinst: its text differs: \"false\", expected \"true\"\n"
            "error: x: preinst: is a script that nobody asked for\n");
  facts.scripts.clear();
  EXPECT_EQ(model::to_text(proof::compare_facts(kFacts, facts, "x")), "error: x: postinst: is missing\n");
}

}  // namespace
