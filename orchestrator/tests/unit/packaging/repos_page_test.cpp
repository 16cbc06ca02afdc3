// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "repos/page.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;

repos::Catalog hostile() {
  repos::Published entry;
  entry.distribution = "d\"><script>";
  entry.distribution_name = "<b>Name</b>";
  entry.release = "1'2";
  entry.manager = "apt&";
  entry.package = "p";
  entry.version = "1.0-1";
  entry.arch = "all";
  entry.files = {{"a b/<x>.deb", "aa", 2048}, {"d/overlay/y.ebuild", "bb", 1}};
  entry.how = "d/\".sources";
  entry.commands = {"curl <evil> & rm"};
  repos::Catalog catalog;
  catalog.url = "https://example.org";
  catalog.fingerprint = "ABCDEF0123";
  catalog.entries = {entry};
  return catalog;
}

std::string page(const repos::Catalog& catalog) {
  model::Project project;
  project.name = "p";
  project.summary = "A & B";
  project.url = "https://p.example";
  project.next_steps = {{"Build it <again>", "p-rebuild", ""}, {"Look at it", "p inspect", "p-tools"}};
  return repos::page(
      catalog, [](const std::string& path) { return "content of " + path; }, project);
}

repos::Catalog with_tools() {
  auto catalog = hostile();
  catalog.entries.front().commands = {"sudo apt install p p-tools"};
  for (const auto* arch : {"arm64", "amd64"}) {
    auto entry = catalog.entries.front();
    entry.package = "p-tools";
    entry.version = "1.0-2";
    entry.arch = arch;
    entry.files = {{std::string("pool/p-tools_") + arch + ".deb", "cc", 1}};
    catalog.entries.push_back(entry);
  }
  return catalog;
}

TEST(Page, WhateverTheCatalogHoldsIsText) {
  const auto html = page(hostile());
  for (const auto* raw : {"<script>", "<b>Name", "<evil>", "<x>", "\".sources"}) EXPECT_THAT(html, Not(HasSubstr(raw)));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;Name&lt;/b&gt;"));
  EXPECT_THAT(html, HasSubstr("href=\"a%20b/%3Cx%3E.deb\""));
  EXPECT_THAT(html, HasSubstr("curl &lt;evil&gt; &amp; rm"));
}

TEST(Page, ItSaysVersionSizeChecksumKeyAndHow) {
  const auto html = page(hostile());
  for (const auto* said : {"1.0-1", "2.0 KiB", "<code>aa</code>", "ABCD EF01 23", "content of d/&quot;.sources"})
    EXPECT_THAT(html, HasSubstr(said));
  EXPECT_THAT(html, Not(HasSubstr("y.ebuild")));  // an overlay's files are not for people
}

TEST(Page, ItShowsTheKeysThatLieBesideThePresentOne) {
  auto catalog = hostile();
  EXPECT_THAT(page(catalog), Not(HasSubstr("followed by")));
  catalog.next = "1111222233";
  catalog.old = {"4444555566"};
  catalog.revoked = {"7777888899"};
  catalog.valid_until = 1'900'000'000;
  const auto html = page(catalog);
  for (const auto* said : {"followed by", "1111 2222 33", "predecessor", "4444 5555 66", "Revoked", "7777 8888 99",
                           "valid until 2030-03-17"})
    EXPECT_THAT(html, HasSubstr(said));
}

TEST(Page, AReleaseHasOneSectionWithAllItsPackages) {
  const auto html = page(with_tools());
  EXPECT_EQ(html.find("<section"), html.rfind("<section"));
  EXPECT_THAT(html, HasSubstr("p 1.0-1; p-tools 1.0-2 for amd64 and arm64"));
  EXPECT_EQ(html.find("sudo apt install p p-tools"), html.rfind("sudo apt install p p-tools"));
  for (const auto* group : {"p 1.0-1, all architectures", "p-tools 1.0-2, amd64", "p-tools 1.0-2, arm64"})
    EXPECT_THAT(html, HasSubstr(group));
  EXPECT_THAT(html, Not(HasSubstr("older versions")));
  EXPECT_THAT(html, HasSubstr("On other architectures than amd64 and arm64, leave out <code>p-tools</code>"));
  EXPECT_THAT(page(hostile()), Not(HasSubstr("other architectures than")));
}

TEST(Page, ItSaysWhatAMachineMayLackAndWhatTheInstallationRemoves) {
  auto catalog = with_tools();
  EXPECT_THAT(page(catalog), Not(HasSubstr("Without curl")));
  EXPECT_THAT(page(catalog), Not(HasSubstr("removes")));
  for (auto& entry : catalog.entries) {
    entry.manager = "apt";
    entry.replaces = "<other>";
  }
  const auto html = page(catalog);
  EXPECT_THAT(html, HasSubstr("Without curl, first type <code>sudo apt install curl ca-certificates</code>"));
  EXPECT_LT(html.find("Installing p removes &lt;other&gt;"), html.find("sudo apt install p"));
}

TEST(Page, ItEndsWithWhatComesAfterTheInstallation) {
  const auto html = page(with_tools());
  EXPECT_THAT(html, HasSubstr("Build it &lt;again&gt;<br><code>p-rebuild</code>"));
  EXPECT_LT(html.find("sudo apt install"), html.find("p-rebuild"));
  EXPECT_LT(html.find("p-rebuild"), html.find("p inspect"));
  // of a package that the release does not have, or has as a source package alone
  auto catalog = hostile();
  catalog.entries.push_back(catalog.entries.front());
  catalog.entries.back().package = "p-tools";
  catalog.entries.back().arch = repos::kSource;
  EXPECT_THAT(page(catalog), Not(HasSubstr("p inspect")));
  EXPECT_THAT(page(hostile()), HasSubstr("p-rebuild"));
  EXPECT_THAT(page(hostile()), Not(HasSubstr("p inspect")));
}

TEST(Page, OlderVersionsStandBehindTheNewest) {
  auto catalog = hostile();
  catalog.entries.push_back(catalog.entries[0]);
  catalog.entries[1].version = "1.0-2";
  catalog.entries[1].files = {{"new.deb", "cc", 1}};
  const auto html = page(catalog);
  EXPECT_LT(html.find("new.deb"), html.find("older versions"));
  EXPECT_LT(html.find("older versions"), html.find("%3Cx%3E.deb"));
  EXPECT_EQ(html.find("<section"), html.rfind("<section"));
}

}  // namespace
