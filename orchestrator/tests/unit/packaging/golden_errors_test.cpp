// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "golden.hpp"
#include "profile/load.hpp"
#include "source/read_install_list.hpp"
#include "source/read_project.hpp"

/// The text of every error that a bad input brings, as `orchestrator check` prints it.
namespace {

namespace fs = std::filesystem;
using Inputs = std::vector<std::pair<std::string, std::string>>;  // what is wrong with it, and the text

fs::path profiles() { return fs::path(PROJECT_ROOT) / "orchestrator/tests/profiles"; }

/// Paths are shown as they were named: from the folder of the profiles.
class Here {
 public:
  explicit Here(const fs::path& folder) : before_(fs::current_path()) { fs::current_path(folder); }
  ~Here() { fs::current_path(before_); }
  Here(const Here&) = delete;
  Here& operator=(const Here&) = delete;

 private:
  fs::path before_;
};

class BadProfile : public testing::TestWithParam<std::string> {};

TEST_P(BadProfile, IsRefusedWithEveryFindingAtOnce) {
  const Here here(profiles());
  const auto loaded = profile::load_files({fs::path("bad") / (GetParam() + ".json")});
  EXPECT_TRUE(model::has_errors(loaded.findings));
  for (const auto& finding : loaded.findings)
    EXPECT_TRUE(finding.where.starts_with("bad/" + GetParam() + ".json")) << finding.where;
  golden::compare("errors/" + GetParam() + ".txt", model::to_text(loaded.findings));
}

std::vector<std::string> bad_names() {
  std::vector<std::string> names;
  for (const auto& file : profile::files_in(profiles() / "bad")) names.push_back(file.stem().string());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Each, BadProfile, testing::ValuesIn(bad_names()), [](const auto& tested) {
  auto name = tested.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(BadProfiles, WhatASchemaCanSeeIsAListOfBadProfiles) {
  const auto names = bad_names();
  std::ifstream list(profiles() / "bad/seen-by-schema.txt");
  std::size_t count = 0;
  for (std::string name; std::getline(list, name); ++count)
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  EXPECT_GE(count, 10U);
}

TEST(BadProfiles, EveryGoldenErrorStillHasItsInput) {
  auto names = bad_names();
  for (const auto* name : {"missing-and-too-large", "changelog", "project", "packager", "install-list"})
    names.emplace_back(name);
  for (const auto& entry : fs::directory_iterator(golden::folder() / "errors")) {
    EXPECT_NE(std::ranges::find(names, entry.path().stem().string()), names.end()) << entry.path();
  }
}

TEST(BadProfiles, ThatAreMissingAFolderOrTooLargeAreRefused) {
  const base::TempDir temp(base::temp_parent(), "bad-");
  const Here here(temp.path());
  fs::create_directory("folder.json");
  std::ofstream("large.json");
  fs::resize_file("large.json", 100U << 20U);
  const auto loaded = profile::load_files({"missing.json", "folder.json", "large.json"});
  EXPECT_EQ(loaded.findings.size(), 3U);
  golden::compare("errors/missing-and-too-large.txt", model::to_text(loaded.findings));
}

template <typename Check>
std::string all(const Inputs& inputs, Check check) {
  std::string text;
  for (const auto& [name, input] : inputs) {
    model::Findings findings;
    check(input, findings);
    EXPECT_TRUE(model::has_errors(findings)) << name << " was accepted";
    text += "== " + name + "\n" + model::to_text(findings);
  }
  return text;
}

TEST(BadChangelog, EachFaultHasItsText) {
  const std::string head = "## 1.0.0 - 2026-11-24\n";
  const Inputs inputs = {{"empty", ""},
                         {"no release", "# Changelog\n"},
                         {"no item", head},
                         {"a version that is none", "## next - 2026-11-24\n- x\n"},
                         {"a day that is none", "## 1.0.0 - soon\n- x\n"},
                         {"no dash", "## 1.0.0 2026-11-24\n- x\n"},
                         {"oldest first", "## 1.0.0 - 2026-01-01\n- x\n## 1.1.0 - 2026-01-02\n- x\n"},
                         {"text that is no item", head + "text\n"},
                         {"an item before its release", "- x\n" + head + "- x\n"},
                         {"an escape sequence", head + "- \x1b[2J\n"},
                         {"a macro as a version", "## %(id) - 2026-11-24\n- x\n"},
                         {"bytes that are no UTF-8", head + "- \xff\n"},
                         {"a long item", head + "- " + std::string(700, 'x') + "\n"}};
  golden::compare("errors/changelog.txt", all(inputs, [](const auto& text, auto& findings) {
                    static_cast<void>(source::changelog(text, "CHANGELOG.md", findings));
                  }));
}

TEST(BadProject, EachFaultHasItsText) {
  const Inputs inputs = {
      {"empty", ""},
      {"no object", "[]"},
      {"nothing in it", "{}"},
      {"a key twice", R"({"url":"a","url":"b"})"},
      {"wrong types and an unknown key",
       R"({"url":null,"packages":[{"name":3,"summary":[],"description":"x","license":{},"licence":"x","source":[]}]})"},
      {"no package", R"({"url":"https://example.org/","packages":[3]})"},
      {"texts that do not fit",
       R"x({"url":"http://x/$(id)","packages":[{"id":"..","name":"../a","summary":"a\nb","description":["\u001b"],
            "license":"%(id)","making":"by hand","install_list":"x","source":{"../x":"/y"}}]})x"}};
  golden::compare("errors/project.txt", all(inputs, [](const auto& text, auto& findings) {
                    static_cast<void>(source::projects(text, "## 1.0.0 - 2026-11-24\n- x\n", findings));
                  }));
}

TEST(BadPackager, EachFaultHasItsText) {
  const Inputs inputs = {{"no mail", "Ada"},
                         {"no name", " <ada@example.org>"},
                         {"a line break", "A\nB <a@example.org>"},
                         {"a command", "$(id) <a@example.org>"},
                         {"a macro", "%(id) <a@example.org>"},
                         {"backticks", "Ada <`id`@example.org>"},
                         {"no at", "Ada <ada>"}};
  golden::compare("errors/packager.txt", all(inputs, [](const auto& text, auto& findings) {
                    static_cast<void>(source::packager(text, "--packager", findings));
                  }));
}

TEST(BadInstallList, EachFaultHasItsText) {
  const base::SourceTree tree = {{"a", {}}};
  const Inputs inputs = {{"empty", ""},
                         {"three words", "file 0644 a\n"},
                         {"a kind that is none", "link 0644 a /a\n"},
                         {"a mode that is none", "file 4755 a /a\n"},
                         {"a source that is not there", "file 0644 ../b /a\n"},
                         {"a destination that escapes", "file 0644 a /usr/../a\n"},
                         {"a variable that is none", "file 0644 a @NOPE@/a\n"},
                         {"a folder with a source", "file 0644 a /a\ndir 0755 a /b\n"},
                         {"a command", "file 0644 a /$(id)\n"},
                         {"twice", "file 0644 a /a\nfile 0644 a /a\n"}};
  golden::compare("errors/install-list.txt", all(inputs, [&](const auto& text, auto& findings) {
                    static_cast<void>(source::install_list(text, "install.list", tree, findings));
                  }));
}

}  // namespace
