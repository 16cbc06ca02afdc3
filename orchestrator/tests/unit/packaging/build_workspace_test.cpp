// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "build/workspace.hpp"
#include "fakes.hpp"
#include "formats/format.hpp"
#include "samples.hpp"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kProject =
    R"({"url":"https://example.org/","packages":[{"id":"module","name":"dracut-sshd","summary":"s","description":["d"],
            "license":"GPL-2.0-or-later","making":"files","install_list":"install.list","left_out":["module/tests"],
            "source":{"module":"","CHANGELOG.md":"CHANGELOG.md","LICENSES/GPL-2.0-or-later.txt":"LICENSE"}}]})";

/// A whole small project on disk.
class WorkspaceTest : public testing::Test {
 protected:
  WorkspaceTest() {
    put("distros/tester.json", samples::rpm().dump());
    put("project.json", kProject);
    put("CHANGELOG.md", "## 1.0.0 - 2026-11-24\n- First.\n");
    put("LICENSES/GPL-2.0-or-later.txt", "licence\n");
    put("module/46sshd/motd", "hello\n");
    put("module/install.list",
        "file 0644 46sshd/motd /motd\nchangelog 0644 CHANGELOG.md /log\nlicense 0644 LICENSE -\n");
    for (const auto& name : formats::names())
      put(std::string(formats::find(name)->template_folder()) + "/template", "@NAME@\n");
    options_.root = temp_.path();
    options_.packager = "Ada Example <ada@example.org>";
    context_.runner.set([](const base::Command&) { return base::Outcome{1, false, "", 0}; });  // git that knows nothing
  }

  void put(const std::string& name, const std::string& content) {
    base::make_dirs((temp_.path() / name).parent_path());
    base::write_file(temp_.path() / name, content);
  }

  build::Workspace open() { return build::open_workspace(options_, context_); }
  std::string faults() {
    const auto workspace = open();
    return model::to_text(workspace.profiles.findings) + model::to_text(workspace.findings);
  }

  base::TempDir temp_{base::temp_parent(), "workspace-"};
  build::WorkspaceOptions options_;
  fakes::Context<> context_;
};

TEST_F(WorkspaceTest, AWholeProjectIsReadOnce) {
  const auto workspace = open();
  EXPECT_EQ(model::to_text(workspace.findings), "");
  EXPECT_EQ(workspace.project().version(), "1.0.0");
  EXPECT_EQ(workspace.profiles.distributions.size(), 1U);
  EXPECT_EQ(workspace.packages[0].pristine.at("46sshd/motd").content, "hello\n");
  EXPECT_EQ(workspace.packages[0].install.size(), 3U);
  for (const auto& name : formats::names())
    EXPECT_EQ(
        workspace.packages[0].templates.at(std::string(formats::find(name)->template_folder())).at("template").content,
        "@NAME@\n");
}

TEST_F(WorkspaceTest, TheTarballHoldsThePristineTreeBelowNameAndVersion) {
  const auto workspace = open();
  std::string top;
  EXPECT_EQ(base::read_tar_gz(workspace.packages[0].tarball, top, 1U << 20U), workspace.packages[0].pristine);
  EXPECT_EQ(top, "dracut-sshd-1.0.0");
}

TEST_F(WorkspaceTest, FaultsOfAllFilesAreReportedAtOnce) {
  put("distros/tester.json", "{");
  put("project.json", "[]");
  put("CHANGELOG.md", "");
  options_.packager = "nobody";
  const auto text = faults();
  for (const auto* wanted : {"tester.json: line 1", "project.json: /: expected an object",
                             "CHANGELOG.md: holds no release", "--packager: expected"})
    EXPECT_THAT(text, HasSubstr(wanted));
}

TEST_F(WorkspaceTest, WhatIsMissingIsNamed) {
  fs::remove(temp_.path() / "project.json");
  EXPECT_THAT(faults(), HasSubstr("project.json"));
  put("project.json", kProject);
  const std::string folder(formats::find(formats::names()[0])->template_folder());
  base::remove_tree(temp_.path() / folder);
  EXPECT_THAT(faults(), HasSubstr("the templates of format " + formats::names()[0]));
}

TEST_F(WorkspaceTest, AFileOfTheModuleThatNoLineInstallsIsAFault) {
  put("module/46sshd/new", "");
  EXPECT_THAT(faults(), HasSubstr("no line installs 46sshd/new"));
  fs::remove(temp_.path() / "module/install.list");
  EXPECT_THAT(faults(), HasSubstr("no line installs 46sshd/motd"));
}

TEST_F(WorkspaceTest, ThePackagerIsTheOptionThenTheEnvironmentThenGitThenAPlaceholder) {
  context_.environment = {{"DEBFULLNAME", "Eve Example"}, {"DEBEMAIL", "eve@example.org"}};
  context_.runner.set([](const base::Command& command) {
    return base::Outcome{0, false, command.argv.back() == "user.name" ? "Git Example\n" : "git@example.org\n", 0};
  });
  EXPECT_EQ(open().packager.full(), "Ada Example <ada@example.org>");
  options_.packager = "";
  EXPECT_EQ(open().packager.full(), "Eve Example <eve@example.org>");
  EXPECT_TRUE(context_.runner.commands().empty()) << "git is asked last";
  context_.environment.erase("DEBEMAIL");
  EXPECT_EQ(open().packager.full(), "Git Example <git@example.org>");
  EXPECT_FALSE(open().packager_is_placeholder);
  context_.runner.set([](const base::Command&) { return base::Outcome{1, false, "", 0}; });
  EXPECT_EQ(open().packager.full(), build::kPlaceholderPackager);
  EXPECT_TRUE(open().packager_is_placeholder);
}

TEST_F(WorkspaceTest, WithoutGitThePlaceholderIsTaken) {
  options_.packager = "";
  context_.runner.set(
      [](const base::Command&) -> base::Outcome { throw base::Error("git: not found", base::Exit::missing_tool); });
  EXPECT_TRUE(open().packager_is_placeholder);
}

TEST_F(WorkspaceTest, AHostilePackagerOfTheEnvironmentOrOfGitIsRefusedWithItsOrigin) {
  options_.packager = "";
  context_.environment = {{"DEBFULLNAME", "$(id)"}, {"DEBEMAIL", "eve@example.org"}};
  EXPECT_THAT(faults(), HasSubstr("DEBFULLNAME and DEBEMAIL: the name is one line"));
  context_.environment.clear();
  context_.runner.set([](const base::Command&) { return base::Outcome{0, false, "%(id)\n", 0}; });
  EXPECT_THAT(faults(), HasSubstr("git config user.name and user.email: "));
}

TEST_F(WorkspaceTest, APublishedTarballTakesThePlaceOfTheModule) {
  const auto before = open();
  base::write_file(temp_.path() / "published.tar.gz", before.packages[0].tarball);
  put("module/46sshd/motd", "changed since\n");
  options_.tarballs = {temp_.path() / "published.tar.gz"};
  const auto workspace = open();
  EXPECT_EQ(model::to_text(workspace.findings), "");
  EXPECT_EQ(workspace.packages[0].tarball, before.packages[0].tarball) << "its bytes are taken as they are";
  EXPECT_EQ(workspace.packages[0].pristine, before.packages[0].pristine);
}

TEST_F(WorkspaceTest, ATarballOfAnotherVersionIsAFault) {
  options_.tarballs = {temp_.path() / "published.tar.gz"};
  base::write_file(options_.tarballs[0], base::tar_gz({{"LICENSE", {}}}, "dracut-sshd-2.0.0", 0));
  EXPECT_THAT(faults(), HasSubstr("holds dracut-sshd-2.0.0/, expected dracut-sshd-1.0.0/"));
}

TEST_F(WorkspaceTest, EachPackageHasItsSourceAndItsTemplates) {
  auto document = nlohmann::json::parse(kProject);
  document["packages"].push_back({{"id", "tools"},
                                  {"name", "some-tools"},
                                  {"summary", "s"},
                                  {"description", {"d"}},
                                  {"license", "GPL-3.0-or-later"},
                                  {"making", "compiled"},
                                  {"source", {{"code", "code"}, {"CHANGELOG.md", "CHANGELOG.md"}}},
                                  {"left_out", {"code/tests"}}});
  put("project.json", document.dump());
  put("code/main.cpp", "int main() {}\n");
  put("code/main.cpp~", "an editor's");
  put("code/.hidden", "");
  put("code/tests/test.cpp", "");
  const std::string folder(formats::find(formats::names()[0])->template_folder());
  put(folder + "/tools/recipe", "of the tools\n");
  put(folder + "/module/recipe", "of the module\n");
  const auto workspace = open();
  EXPECT_EQ(model::to_text(workspace.findings), "");
  ASSERT_EQ(workspace.packages.size(), 2U);
  const auto& tools = workspace.packages[1];
  EXPECT_EQ(tools.project.repository, "dracut-sshd");
  std::vector<std::string> paths;
  for (const auto& [path, unused] : tools.pristine) paths.push_back(path);
  EXPECT_THAT(paths, testing::ElementsAre("CHANGELOG.md", "code/main.cpp"));
  const base::SourceTree expected{{"recipe", {0644, "of the tools\n"}}, {"template", {0644, "@NAME@\n"}}};
  EXPECT_EQ(tools.templates.at(folder), expected);
  EXPECT_EQ(workspace.packages[0].templates.at(folder).at("recipe").content, "of the module\n");
  options_.tarballs = {temp_.path() / "published.tar.gz"};
  base::write_file(options_.tarballs[0], tools.tarball);
  put("code/main.cpp", "changed since\n");
  EXPECT_EQ(open().packages[1].pristine, tools.pristine) << "the tarball's name says whose it is";
  options_.tarballs.clear();
  base::remove_tree(temp_.path() / "code");
  options_.packages = {"module"};
  EXPECT_EQ(faults(), "") << "what is not asked for is not read";
  options_.packages = {"tool"};
  EXPECT_THAT([this] { (void)open(); }, testing::ThrowsMessage<base::Error>(HasSubstr("--package tool: there is no")));
}

TEST_F(WorkspaceTest, APackageThatTheProjectDoesNotHaveIsAFaultOfTheProfile) {
  auto document = samples::rpm();
  document["packages"]["modul"] = nlohmann::json::object();
  put("distros/tester.json", document.dump());
  EXPECT_THAT(faults(), HasSubstr("tester.json: /packages/modul: project.json has no such package\n"
                                  "  hint: did you mean \"module\"?"));
}

TEST_F(WorkspaceTest, APrebuiltTarballThatIsBrokenIsAFaultThatNamesIt) {
  auto document = nlohmann::json::parse(kProject);
  document["packages"].push_back({{"id", "static"},
                                  {"name", "some-tools"},
                                  {"summary", "s"},
                                  {"description", {"d"}},
                                  {"license", "GPL-3.0-or-later"},
                                  {"making", "prebuilt"},
                                  {"install_list", "install.list"},
                                  {"prebuilt", "build/program-{version}-{arch}.tar.gz"}});
  put("project.json", document.dump());
  auto profile = samples::rpm();
  profile["package"].erase("arch");
  profile["packages"] = {{"module", {{"arch", "noarch"}}}, {"static", {{"architectures", {{"x86_64", true}}}}}};
  put("distros/tester.json", profile.dump());
  EXPECT_EQ(faults(), "") << "what is not there is left out";
  EXPECT_THAT(open().left_out, testing::ElementsAre(HasSubstr("build/program-1.0.0-x86_64.tar.gz is not there")));
  options_.packages = {"static"};
  EXPECT_THAT(faults(), HasSubstr("build/program-1.0.0-x86_64.tar.gz is not there"));
  put("build/program-1.0.0-x86_64.tar.gz", "cut off");
  EXPECT_THAT(faults(), HasSubstr("build/program-{version}-{arch}.tar.gz: of x86_64 cannot be read: "));
  base::write_file(temp_.path() / "build/program-1.0.0-x86_64.tar.gz",
                   base::tar_gz({{"bin/x", {}}}, "another-name-1.0.0", 0));
  EXPECT_THAT(faults(), HasSubstr("of x86_64 holds another-name-1.0.0/, expected some-tools-1.0.0/"));
}

TEST_F(WorkspaceTest, ATarballThatIsBrokenOrMissingIsAnError) {
  options_.tarballs = {temp_.path() / "published.tar.gz"};
  EXPECT_THROW((void)open(), base::Error);
  base::write_file(options_.tarballs[0], "no tarball");
  EXPECT_THROW((void)open(), base::Error);
}

TEST_F(WorkspaceTest, TheProjectIsFoundFromAnyFolderBelowIt) {
  base::make_dirs(temp_.path() / "a/b");
  EXPECT_EQ(build::find_root(temp_.path() / "a/b"), temp_.path());
  EXPECT_EQ(build::find_root(temp_.path()), temp_.path());
}

TEST(FindRoot, OutsideOfAProjectItIsAnErrorOfUsage) {
  try {
    static_cast<void>(build::find_root("/proc"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::usage);
    EXPECT_THAT(error.hint(), HasSubstr("--project"));
  }
}

TEST(Project, TheRealOneHasNothingWrong) {
  const fakes::SystemContext context;
  const auto workspace =
      build::open_workspace({PROJECT_ROOT, build::kPlaceholderPackager, {"module", "tools"}, {}, {}}, context);
  EXPECT_EQ(model::to_text(workspace.profiles.findings) + model::to_text(workspace.findings), "");
}

}  // namespace
