// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/error.hpp"
#include "fakes.hpp"
#include "golden.hpp"
#include "profile/select.hpp"
#include "services/service.hpp"
#include "submit/own_repository.hpp"
#include "submit/submit.hpp"

/// What each service would be handed, of the project's own profiles: what --dry-run prints.
namespace {

namespace fs = std::filesystem;
using services::Failure;
using services::RemoteState;
using services::Submission;
using services::SubmitTarget;
using testing::HasSubstr;

SubmitTarget order_for(const std::string& name) {
  if (name == "copr") return {"example/ssh", "/etc/copr.conf", "", 1};
  if (name == "obs") return {"home:example", "", "", 1};
  if (name == "ppa") return {"ppa:example/ssh", "", "", 2};
  if (name == "guru") return {"/srv/guru", "", "", 1};
  return {};
}

struct Planned {
  explicit Planned(const std::string& name) : service(*services::find(name)) {
    workspace =
        build::open_workspace({PROJECT_ROOT, "Ada Example <ada@example.org>", {"module", "tools"}, {}, {}}, context);
    std::vector<const profile::Release*> releases;
    for (const auto* release : profile::all(workspace.profiles)) {
      if (service.takes(release->profile)) adapted.push_back(*release);
    }
    for (auto& release : adapted) {
      for (auto& package : release.packages) package = service.adapted(package, order_for(name));
      releases.push_back(&release);
    }
    jobs = build::plan(workspace, releases, context);
    submissions = submit::submissions_of(jobs, service, order_for(name));
  }
  const services::Service& service;
  fakes::SystemContext context;
  build::Workspace workspace;
  std::vector<profile::Release> adapted;
  std::vector<build::Job> jobs;
  std::vector<Submission> submissions;
};

class GoldenSubmit : public testing::TestWithParam<std::string> {};

TEST_P(GoldenSubmit, IsWhatWasAccepted) {
  const Planned planned(GetParam());
  std::string text;
  for (const auto& submission : planned.submissions) text += services::to_text(submission);
  golden::compare("submit/" + GetParam() + ".txt", text);
}

INSTANTIATE_TEST_SUITE_P(Services, GoldenSubmit, testing::ValuesIn(services::names()),
                         [](const auto& one) { return one.param; });

Submission sample(const std::string& name) {
  Submission submission;
  submission.name = "dracut-sshd";
  submission.to = "example/ssh";
  submission.version = name == "ppa" ? "1.0-1~x~ppa1" : "1.0-1";
  submission.places = {"a-x86_64", "a-aarch64"};
  return submission;
}

services::Answer copr_says(const std::string& listing) {
  return services::find("copr")->answer(sample("copr"), {{0, listing, "", false}});
}

std::string row(const std::string& chroot, const std::string& state, const std::string& version) {
  return R"({"name": "dracut-sshd", "chroot": ")" + chroot + R"(", "state": ")" + state + R"(", "pkg_version": )" +
         version + "}";
}

TEST(CoprAnswer, AProjectWithoutBuildsHasNothing) {
  EXPECT_EQ(copr_says("").standing, RemoteState::absent);
  EXPECT_EQ(copr_says("[]").standing, RemoteState::absent);
}

TEST(CoprAnswer, AllChrootsMustHaveThisVersion) {
  const auto one = row("a-x86_64", "succeeded", R"("1.0-1.a")");
  EXPECT_EQ(copr_says("[" + one + "]").standing, RemoteState::absent);
  EXPECT_EQ(copr_says("[" + one + "," + row("a-aarch64", "succeeded", R"("0.9-1")") + "]").standing,
            RemoteState::absent);
  EXPECT_EQ(copr_says("[" + one + "," + row("a-aarch64", "succeeded", R"("1.0-10")") + "]").standing,
            RemoteState::absent);
  EXPECT_EQ(copr_says("[" + one + "," + row("a-aarch64", "succeeded", R"("1.0-1")") + "]").standing,
            RemoteState::there);
}

TEST(CoprAnswer, ABuildWithoutAVersionIsUnderWay) {
  EXPECT_EQ(copr_says("[" + row("a-x86_64", "importing", "null") + "]").standing, RemoteState::under_way);
}

TEST(CoprAnswer, AFailureIsTold) {
  EXPECT_EQ(
      copr_says("[" + row("a-x86_64", "failed", R"("1.0-1")") + "," + row("a-aarch64", "succeeded", R"("1.0-1")") + "]")
          .standing,
      RemoteState::failed);
}

TEST(CoprAnswer, WhatIsNoListIsAnError) { EXPECT_THROW((void)copr_says("<html>"), base::Error); }

services::Answer ppa_says(const std::string& sources, int status = 0, const std::string& talk = "") {
  auto submission = sample("ppa");
  submission.items = {{"k", "x_1.0.orig.tar.gz", "x_1.0.orig.tar.gz", true, "aa"},
                      {"k", "x_1.0-1.debian.tar.xz", "x_1.0-1.debian.tar.xz", false, "bb"}};
  return services::find("ppa")->answer(submission, {{status, "", talk, false}, {0, sources, "", false}});
}

TEST(PpaAnswer, ANewArchiveHasNothing) {
  const auto answer = ppa_says("", 22, "curl: (22) The requested URL returned error: 404");
  EXPECT_EQ(answer.standing, RemoteState::absent);
  EXPECT_EQ(answer.say, "");
}

TEST(PpaAnswer, AnArchiveThatCannotBeAskedIsSaid) {
  EXPECT_THAT(ppa_says("", 6, "curl: (6) Could not resolve host: x").say, HasSubstr("could not be asked"));
}

TEST(PpaAnswer, TheTarballIsSharedByVersions) {
  const auto answer = ppa_says("Package: dracut-sshd\nVersion: 0\nChecksums-Sha256:\n aa 1 x_1.0.orig.tar.gz\n");
  EXPECT_EQ(answer.standing, RemoteState::absent);
  EXPECT_TRUE(answer.shared_there);
}

TEST(PpaAnswer, TheSameVersionIsThereOrRefused) {
  const std::string head = "Package: dracut-sshd\nVersion: 1.0-1~x~ppa1\nChecksums-Sha256:\n";
  EXPECT_EQ(ppa_says(head + " bb 1 x_1.0-1.debian.tar.xz\n").standing, RemoteState::there);
  EXPECT_THROW((void)ppa_says(head + " cc 1 x_1.0-1.debian.tar.xz\n"), base::Error);
  EXPECT_THROW((void)ppa_says(head + " cc 1 x_1.0.orig.tar.gz\n"), base::Error);
}

TEST(GitAnswer, NothingToCommitMeansThatItIsThere) {
  for (const auto* name : {"aur", "guru", "obs"}) {
    EXPECT_EQ(services::find(name)->answer({}, {{0, "\n", "", false}}).standing, RemoteState::there) << name;
    EXPECT_EQ(services::find(name)->answer({}, {{0, "M  PKGBUILD\n", "", false}}).standing, RemoteState::absent)
        << name;
  }
}

TEST(SubmitTarget, WhatIsNoPlaceIsRefused) {
  for (const auto& name : services::names()) {
    const auto* service = services::find(name);
    EXPECT_THROW(service->check({"--evil", "", "", 1}), base::Error) << name;
    EXPECT_THROW(service->check({"a b", "", "", 1}), base::Error) << name;
    EXPECT_THROW(service->check({"a\nb", "", "", 1}), base::Error) << name;
    EXPECT_NO_THROW(service->check(order_for(name))) << name;
  }
  EXPECT_THROW(services::find("aur")->check({"https://me:secret@example.org/x.git", "", "", 1}), base::Error);
  EXPECT_NO_THROW(services::find("aur")->check({"ssh://aur@aur.example.org/x.git", "", "", 1}));
}

TEST(SubmitTarget, EachServicesPlaceHasAFormOfItsOwn) {
  const std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>> places{
      {"copr",
       {{"ada/sshd", "@group/dracut-sshd", "ada/sshd:pr:1"},
        {"", "ada", "ada/", "/sshd", "/srv/work", "a/b/c", "@/x", "ppa:ada/sshd", "https://copr.example.org/x"}}},
      {"obs",
       {{"home:ada", "home:ada:branches:x", "devel/dracut-sshd", "home:ada/dracut-sshd"},
        {"", "home:", ":ada", "a::b", "/srv/work", "a/b/c", "home:ada/", "ada/b:", "https://x"}}},
      {"ppa", {{"ppa:ada/sshd", "my-host"}, {"", "ada/sshd", "ppa:ada", "ppa:/x", "ppa:a/b/c", "/srv/work", "host:x"}}},
      {"aur",
       {{"", "/srv/aur.git", "ssh://aur@aur.example.org/x.git", "aur@aur.example.org:x.git", "file:///srv/aur.git"},
        {"ada/sshd", "../x", ".", "ext::sh", "ext://x", "host:x", "a@b", "a@b::c", "/"}}},
      {"guru",
       {{"/srv/guru", "git@forge.example.org:ada/guru.git", "https://forge.example.org/ada/guru"},
        {"", "guru", "../guru", "ada/guru"}}}};
  for (const auto& [name, lists] : places) {
    const auto* service = services::find(name);
    for (const auto& place : lists.first) EXPECT_NO_THROW(service->check({place, "", "", 1})) << name << " " << place;
    for (const auto& place : lists.second)
      EXPECT_THROW(service->check({place, "", "", 1}), base::Error) << name << " " << place;
  }
}

/// The replies to an AUR submission's questions.
services::Answer aur_says(const std::string& names, const services::Reply& srcinfo, const std::string& status) {
  Submission submission = sample("aur");
  return services::find("aur")->answer(submission, {{0, "", "", false},
                                                    {names.empty() ? 128 : 0, names, "", false},
                                                    srcinfo,
                                                    {0, "", "", false},
                                                    {0, status, "", false}});
}

TEST(AurAnswer, ARepositoryOfSomethingElseIsRefused) {
  const services::Reply ours{0, "pkgbase = dracut-sshd\n\tpkgver = 1\n", "", false};
  const services::Reply none{128, "", "fatal: path '.SRCINFO' does not exist", false};
  EXPECT_EQ(aur_says("PKGBUILD\n", ours, "M  PKGBUILD\n").standing, RemoteState::absent);
  EXPECT_EQ(aur_says("", none, "A  PKGBUILD\n").standing, RemoteState::absent) << "a new one is empty";
  EXPECT_THROW((void)aur_says("README.md\n", none, "A  PKGBUILD\n"), base::Error);
  EXPECT_THROW((void)aur_says("PKGBUILD\n", {0, "pkgbase = dracut-sshd-git\n", "", false}, "M  PKGBUILD\n"),
               base::Error);
}

TEST(OwnRepository, IsKnownHoweverItsAddressIsWritten) {
  for (const auto* address : {"ssh://git@Forge.example.org/ada/x.git", "git@forge.example.org:ada/x",
                              "https://forge.example.org/ada/x/", "ssh://forge.example.org:2222/ada/x.git/"})
    EXPECT_EQ(submit::repository_name(address), "forge.example.org/ada/x") << address;
}

TEST(Registry, KnowsEachByItsName) {
  for (const auto& name : services::names()) EXPECT_EQ(services::find(name)->name(), name);
  EXPECT_EQ(services::find("nosuch"), nullptr);
}

}  // namespace
