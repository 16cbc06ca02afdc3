// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/files.hpp"
#include "source/read_project.hpp"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kChangelog =
    "# Changelog\n\n## 1.0.0 - 2026-11-24\n\n- One.\n- Two goes\n  on.\n\n## 0.9.0 - 2026-01-01\n- Old.\n";

json good_package() {
  return {{"id", "module"},
          {"name", "dracut-sshd"},
          {"summary", "A summary"},
          {"description", {"Line.", "", "Line."}},
          {"license", "GPL-2.0-or-later"},
          {"making", "files"},
          {"install_list", "install.list"},
          {"source", {{"module", ""}}}};
}

json good() { return {{"url", "https://example.org/x"}, {"packages", json::array({good_package()})}}; }

model::Project first(const std::string& text, model::Findings& findings) {
  return source::projects(text, kChangelog, findings).at(0);
}

std::string of_project(const json& document) {
  model::Findings findings;
  static_cast<void>(source::projects(document.dump(), kChangelog, findings));
  return model::to_text(findings);
}

std::string of_changelog(const std::string& text) {
  model::Findings findings;
  static_cast<void>(source::changelog(text, "CHANGELOG.md", findings));
  return model::to_text(findings);
}

std::string of_packager(const std::string& text) {
  model::Findings findings;
  static_cast<void>(source::packager(text, "--packager", findings));
  return model::to_text(findings);
}

TEST(Project, AGoodOneArrivesWhole) {
  model::Findings findings;
  const auto project = first(good().dump(), findings);
  EXPECT_EQ(model::to_text(findings), "");
  EXPECT_EQ(project.name, "dracut-sshd");
  EXPECT_EQ(project.summary, "A summary");
  EXPECT_THAT(project.description, ElementsAre("Line.", "", "Line."));
  EXPECT_EQ(project.url, "https://example.org/x");
  EXPECT_EQ(project.license, "GPL-2.0-or-later");
  EXPECT_EQ(project.version(), "1.0.0");
  EXPECT_EQ(project.epoch(), 1795478400) << "2026-11-24, 00:00 UTC";
}

TEST(Project, WhatToDoAfterTheInstallationIsAListOfTextsAndCommands) {
  auto document = good();
  document["next_steps"] = {{{"text", "Build it."}, {"command", "p-rebuild"}},
                            {{"text", "Look."}, {"command", "p inspect"}, {"package", "p-tools"}}};
  model::Findings findings;
  const auto projects = source::projects(document.dump(), kChangelog, findings);
  EXPECT_EQ(model::to_text(findings), "");
  const auto& project = projects.at(0);
  ASSERT_EQ(project.next_steps.size(), 2U);
  EXPECT_EQ(project.next_steps[0].command, "p-rebuild");
  EXPECT_EQ(project.next_steps[0].package, "");
  EXPECT_EQ(project.next_steps[1].package, "p-tools");
  document["next_steps"] = {{{"text", "a\nb"}, {"comand", "x"}}, 3};
  const auto said = of_project(document);
  for (const auto* one : {"/next_steps/0/text: expected one line", "/next_steps/0: unknown key \"comand\"",
                          "/next_steps/0: expected \"text\" and \"command\"", "/next_steps/1: expected an object"})
    EXPECT_THAT(said, HasSubstr(one));
  document["next_steps"] = "x";
  EXPECT_THAT(of_project(document), HasSubstr("/next_steps: expected an array"));
}

TEST(Project, TheProjectsOwnFilesHaveNothingWrong) {
  const std::filesystem::path root(PROJECT_ROOT);
  model::Findings findings;
  static_cast<void>(source::projects(base::read_file(root / "project.json", 1U << 20U),
                                     base::read_file(root / "CHANGELOG.md", 1U << 20U), findings));
  EXPECT_EQ(model::to_text(findings), "");
}

TEST(Project, EachFieldIsRequired) {
  for (const auto* key : {"url", "packages"}) {
    auto document = good();
    document.erase(key);
    EXPECT_THAT(of_project(document), HasSubstr(std::string("project.json: /") + key + ": expected")) << key;
  }
  const auto package = good_package();
  for (const auto& [key, value] : package.items()) {
    auto document = good();
    document["packages"][0].erase(key);
    EXPECT_THAT(of_project(document), HasSubstr("project.json: /packages/0/" + key + ": expected")) << key;
  }
}

TEST(Project, EachFieldRefusesAnotherType) {
  for (const auto& value : {json(3), json(nullptr), json({1, 2})}) {
    for (const auto* key : {"url", "packages"}) {
      auto document = good();
      document[key] = value;
      EXPECT_THAT(of_project(document), HasSubstr(std::string("project.json: /") + key)) << key << value;
    }
    const auto package = good_package();
    for (const auto& [key, unused] : package.items()) {
      auto document = good();
      document["packages"][0][key] = value;
      EXPECT_THAT(of_project(document), HasSubstr("project.json: /packages/0/" + key + ": expected")) << key << value;
    }
  }
}

TEST(Project, AnUnknownKeyBringsTheNearest) {
  auto document = good();
  document["packages"][0]["summry"] = "x";
  EXPECT_THAT(of_project(document),
              HasSubstr("project.json: /packages/0/: unknown key \"summry\", did you mean \"summary\"?"));
  document["nmae"] = "x";
  EXPECT_THAT(of_project(document), HasSubstr("project.json: /: unknown key \"nmae\""));
}

TEST(Project, AnIdBelongsToOnePackage) {
  auto document = good();
  document["packages"].push_back(good_package());
  EXPECT_THAT(of_project(document), HasSubstr("project.json: /packages/1/id: another package has it"));
  document["packages"][1]["id"] = "tools";
  EXPECT_EQ(of_project(document), "");
}

TEST(Project, OnlyWhatIsInstalledByAListHasOne) {
  auto document = good();
  document["packages"][0]["making"] = "compiled";
  EXPECT_THAT(of_project(document), HasSubstr("/packages/0/install_list: a package that is compiled has none"));
  document["packages"][0]["making"] = "wrapped";
  EXPECT_THAT(of_project(document), HasSubstr("/packages/0/making: expected one of files, compiled, prebuilt"));
}

TEST(Project, ASourceStaysInTheProject) {
  for (const auto* path : {"../module", "/module", "a/../../b", ""}) {
    auto document = good();
    document["packages"][0]["source"] = {{path, "x"}};
    EXPECT_THAT(of_project(document), HasSubstr("/packages/0/source: ")) << path;
    document["packages"][0]["source"] = {{"module", std::string(path) + "../x"}};
    EXPECT_THAT(of_project(document), HasSubstr("/packages/0/source: ")) << path;
  }
}

TEST(Project, ANameThatIsNoneIsRefused) {
  for (const auto* name :
       {"", "Dracut", "1x", "-x", "a b", "a/b", "../x", "a.b", "@VAR@", "%(id)", "$(id)", "a\nb", "\"", "`id`"}) {
    auto document = good();
    document["packages"][0]["name"] = name;
    EXPECT_THAT(of_project(document), HasSubstr("/name: expected")) << name;
  }
}

TEST(Project, AnAddressThatIsNoneIsRefused) {
  for (const auto* url : {"", "https://", "http://x", "https:///x", "ftp://x", "https://a b", "https://x/%20",
                          "https://x/$(id)", "https://x/`id`", "https://x/@VAR@", "https://x/\"", "https://x\n"}) {
    auto document = good();
    document["url"] = url;
    EXPECT_THAT(of_project(document), HasSubstr("/url: expected")) << url;
  }
}

TEST(Project, TarballsAreFetchedFromTheAddressOrFromAFolderOfTheirOwn) {
  auto document = good();
  model::Findings findings;
  auto project = first(document.dump(), findings);
  EXPECT_EQ(model::download_address(project), "https://example.org/x/dracut-sshd-1.0.0.tar.gz");
  document["downloads"] = "https://forge.example.org/x/releases/v{version}/";
  project = first(document.dump(), findings);
  EXPECT_EQ(model::to_text(findings), "");
  EXPECT_EQ(model::download_address(project), "https://forge.example.org/x/releases/v1.0.0/dracut-sshd-1.0.0.tar.gz");
  EXPECT_EQ(model::download_folder(project, "${PV}"), "https://forge.example.org/x/releases/v${PV}");
  for (const auto* address : {"", "http://x", "https://x/{name}", "https://x/${version}", "https://x/%{version}"}) {
    document["downloads"] = address;
    EXPECT_THAT(of_project(document), HasSubstr("/downloads: expected")) << address;
  }
}

TEST(Placeholder, IsWhatDocumentsAndTestsUse) {
  for (const auto* address :
       {"https://dracut-sshd.example.org/", "https://EXAMPLE.com", "https://example.net:8080/x", "a@example.edu",
        "packager@dracut-sshd.invalid", "https://x.test/y", "https://me@localhost/", "https://example.org./"})
    EXPECT_TRUE(model::is_placeholder(address)) << address;
  for (const auto* address : {"https://dracut-sshd.home.arpa/", "https://notexample.org/", "https://example.org.uk/",
                              "a@testing", "https://x.org/example.org", ""})
    EXPECT_FALSE(model::is_placeholder(address)) << address;
}

TEST(Project, ALicenceThatIsNoneIsRefused) {
  for (const auto* license : {"", "%(id)", "$(id)", "GPL\n", "GPL;x", "\"GPL\""}) {
    auto document = good();
    document["packages"][0]["license"] = license;
    EXPECT_THAT(of_project(document), HasSubstr("/license: expected")) << license;
  }
}

TEST(Project, TextIsOneLineOfALimitedLengthEach) {
  auto document = good();
  document["packages"][0]["summary"] = "a\nb";
  document["packages"][0]["description"] = {"fine", "a\tb", std::string(73, 'x'), "\x7f"};
  const auto text = of_project(document);
  for (const auto* place : {"/summary", "/description/1", "/description/2", "/description/3"})
    EXPECT_THAT(text, HasSubstr(std::string(place) + ": expected one line")) << place;
  document["packages"][0]["summary"] = std::string(80, 'x');
  EXPECT_THAT(of_project(document), HasSubstr("/summary: expected one line of at most 79"));
}

TEST(Project, TextsThatMeanSomethingToAPackageToolAreTheEscapersMatter) {
  auto document = good();
  document["packages"][0]["summary"] = "100 % of @VAR@ and %(id) or $(id) `id` \"x\"";
  EXPECT_EQ(of_project(document), "");
}

TEST(Project, WhatIsNoObjectOrNoJsonIsRefused) {
  EXPECT_THAT(of_project(json::array()), HasSubstr("project.json: /: expected an object"));
  model::Findings findings;
  static_cast<void>(source::projects("{", kChangelog, findings));
  EXPECT_THAT(model::to_text(findings), HasSubstr("project.json: line 1"));
}

TEST(Changelog, ItemsAreJoinedWhenTheyGoOn) {
  model::Findings findings;
  const auto releases = source::changelog(kChangelog, "CHANGELOG.md", findings);
  EXPECT_EQ(model::to_text(findings), "");
  ASSERT_EQ(releases.size(), 2U);
  EXPECT_EQ(releases[0].version, "1.0.0");
  EXPECT_THAT(releases[0].items, ElementsAre("One.", "Two goes on."));
  EXPECT_EQ(releases[1].version, "0.9.0");
}

TEST(Changelog, AHeadingThatIsNoneIsRefusedWithItsLine) {
  for (const auto* heading :
       {"## 1.0.0", "## 1.0.0 2026-11-24", "## 1.0.0 - 2026-13-01", "## 1.0 - 2026-11-24", "## v1.0.0 - 2026-11-24",
        "## 1.0.01 - 2026-11-24", "## 1.0.0 - today", "## 1.0.0 - 2026-11-24 x", "## ../x - 2026-11-24",
        "## 1.0.$(id) - 2026-11-24", "## 1.0.%(id) - 2026-11-24", "## 1.0.0-1 - 2026-11-24", "## 1.0.0 - 2026-11-24\r",
        "## 1.0.123456 - 2026-11-24", "## 1..0 - 2026-11-24"}) {
    EXPECT_THAT(of_changelog(std::string("\n") + heading + "\n- x\n"),
                HasSubstr("CHANGELOG.md: line 2: expected \"## VERSION - YYYY-MM-DD\""))
        << heading;
  }
}

TEST(Changelog, ADayBeforeTheEpochOrFarAheadIsNoDayOfARelease) {
  EXPECT_NE(of_changelog("## 1.0.0 - 1969-12-31\n- x\n"), "");
  EXPECT_NE(of_changelog("## 1.0.0 - 9999-12-31\n- x\n"), "");
  EXPECT_EQ(of_changelog("## 1.0.0 - 2099-12-31\n- x\n"), "");
}

TEST(Changelog, TheNewestReleaseStandsFirstByDayAndByVersion) {
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-01-01\n- x\n## 0.9.0 - 2026-01-02\n- x\n"),
              HasSubstr("line 3: is newer than the release above it"));
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-01-02\n- x\n## 1.0.0 - 2026-01-01\n- x\n"),
              HasSubstr("line 3: version 1.0.0 is not lower than 1.0.0 above it"));
  EXPECT_THAT(of_changelog("## 1.9.0 - 2026-01-02\n- x\n## 1.10.0 - 2026-01-01\n- x\n"),
              HasSubstr("line 3: version 1.10.0 is not lower"));
  EXPECT_EQ(of_changelog("## 1.10.0 - 2026-01-02\n- x\n## 1.9.0 - 2026-01-02\n- x\n"), "");
}

TEST(Changelog, WhatIsNoItemIsRefused) {
  for (const auto* line : {"text", "* x", "-x", "- ", "-  ", "\t- x", "%(id)", "- a\x01", "### x"})
    EXPECT_THAT(of_changelog(std::string("## 1.0.0 - 2026-11-24\n- x\n") + line + "\n"),
                HasSubstr("line 3: expected an item"))
        << line;
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-11-24\n- " + std::string(600, 'x') + "\n"),
              HasSubstr("line 2: expected an item"));
  EXPECT_THAT(of_changelog("- too early\n## 1.0.0 - 2026-11-24\n- x\n"), HasSubstr("line 1: expected an item"));
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-11-24\n  goes on from nothing\n- x\n"),
              HasSubstr("line 2: expected an item"));
}

TEST(Changelog, ItemsThatMeanSomethingToAPackageToolAreTheEscapersMatter) {
  EXPECT_EQ(of_changelog("## 1.0.0 - 2026-11-24\n- 100 % of @VAR@ and %(id) or $(id) `id` \"x\"\n"), "");
}

TEST(Changelog, WithoutAReleaseOrAnItemThereIsNone) {
  EXPECT_THAT(of_changelog(""), HasSubstr("holds no release"));
  EXPECT_THAT(of_changelog("# Changelog\n"), HasSubstr("holds no release"));
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-11-24\n"), HasSubstr("release 1.0.0 has no items"));
}

TEST(Changelog, BytesThatAreNoUtf8AndMoreThanAMebibyteAreRefused) {
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-11-24\n- \xff\n"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(of_changelog("## 1.0.0 - 2026-11-24\n" + std::string(1U << 20U, '\n')), HasSubstr("larger than 1 MiB"));
}

TEST(Packager, AGoodOneArrivesInTwoParts) {
  model::Findings findings;
  const auto packager =
      source::packager("Ada B. O'Example-Gr\xc3\xbcn <ada+x@mail.example.org>", "--packager", findings);
  EXPECT_EQ(model::to_text(findings), "");
  EXPECT_EQ(packager.name, "Ada B. O'Example-Gr\xc3\xbcn");
  EXPECT_EQ(packager.mail, "ada+x@mail.example.org");
  EXPECT_EQ(packager.full(), "Ada B. O'Example-Gr\xc3\xbcn <ada+x@mail.example.org>");
}

TEST(Packager, AFormThatIsNotNameAndMailIsRefused) {
  for (const auto* text : {"", "Ada", "ada@example.org", "<ada@example.org>", "Ada<ada@example.org>",
                           "Ada <ada@example.org", "Ada <ada@example.org> x"}) {
    EXPECT_THAT(of_packager(text), HasSubstr("error: --packager: ")) << text;
  }
}

TEST(Packager, ANameThatCouldRunOrBreakAFieldIsRefused) {
  for (const auto* name : {"", " Ada", "Ada ", "A\nB", "A\tB", "%(id)", "$(id)", "`id`", "A\"B", "A\\B", "A@B", "A,B",
                           "A;B", "A:B", "#A", "A>B", "A<B", "\xff"}) {
    EXPECT_THAT(of_packager(std::string(name) + " <a@example.org>"), HasSubstr("error: --packager: ")) << name;
  }
  EXPECT_THAT(of_packager(std::string(101, 'x') + " <a@example.org>"), HasSubstr("the name is one line"));
}

TEST(Packager, AMailAddressThatIsNoneIsRefused) {
  for (const auto* mail : {"", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b\n", "$(id)@x", "a@`id`", "a@b;c",
                           "a@%b", "\"a\"@b", "a@[::1]"}) {
    EXPECT_THAT(of_packager("Ada <" + std::string(mail) + ">"), HasSubstr("error: --packager: ")) << mail;
  }
}

TEST(Packager, WhatAHostileTextHoldsIsShownPrintable) {
  EXPECT_EQ(of_packager("\x1b[2J").find('\x1b'), std::string::npos);
}

}  // namespace
