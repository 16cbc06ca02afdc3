// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "profile/typed.hpp"
#include "samples.hpp"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Pair;

TEST(Typed, EveryFieldOfAnRpmProfileArrives) {
  const auto p = samples::profile_of(samples::rpm(), 0);
  EXPECT_EQ(p.id, "tester");
  EXPECT_EQ(p.name, "Tester Linux");
  EXPECT_EQ(p.release, "1");
  EXPECT_EQ(p.key(), "tester-1");
  EXPECT_THAT(p.os_release, ElementsAre("tester"));
  EXPECT_EQ(p.dracut, "105");
  EXPECT_EQ(p.openssh, "9.9p1");
  EXPECT_EQ(p.eol, "2020-01-01");
  EXPECT_EQ(p.package.format, "rpm");
  EXPECT_EQ(p.package.manager, "dnf");
  EXPECT_EQ(p.package.arch, "noarch");
  EXPECT_EQ(p.package.revision, 1);
  EXPECT_EQ(p.package.doc_dir, "/usr/share/doc/{name}");
  EXPECT_EQ(p.package.sbin_dir, "/usr/sbin");
  EXPECT_EQ(p.package.rpm.dist, ".t1");
  EXPECT_EQ(p.package.rpm.payload, "w19.zstdio");
  EXPECT_EQ(p.package.rpm.license_dir, "/usr/share/licenses/{name}");
  EXPECT_THAT(p.package.rpm.emulate, ElementsAre(Pair("_vendor", "redhat")));
  EXPECT_EQ(p.sshd.path, "/usr/sbin/sshd");
  EXPECT_EQ(p.sshd.service_type, model::ServiceType::notify);
  EXPECT_EQ(p.sshd.helper_dir, "/usr/libexec/openssh");
  EXPECT_EQ(p.sshd.privsep_dir, "/usr/share/empty.sshd");
  EXPECT_EQ(p.sshd.privsep_user, "sshd");
  EXPECT_THAT(p.sshd.environment_files, ElementsAre("/etc/sysconfig/sshd"));
  EXPECT_EQ(p.initrd.image, "/boot/initramfs-%k.img");
  EXPECT_EQ(p.initrd.generator, "dracut");
}

TEST(Typed, DependenciesAreSortedAndWhole) {
  const auto p = samples::profile_of(samples::rpm());
  EXPECT_THAT(p.package.depends, ElementsAre(model::Dependency{"dracut", "", "", ""},
                                             model::Dependency{"systemd", ">=", "253", "soft-reboot"}));
  EXPECT_THAT(p.package.suggests, ElementsAre(model::Dependency{"NetworkManager", "", "", ""}));
  EXPECT_TRUE(p.package.conflicts.empty());
}

TEST(Typed, EveryFieldOfADebProfileArrives) {
  const auto& deb = samples::profile_of(samples::deb(), 1).package.deb;
  EXPECT_EQ(deb.suffix, "~deb13+1");
  EXPECT_EQ(deb.series, "trixie");
  EXPECT_EQ(deb.section, "admin");
  EXPECT_EQ(deb.standards_version, "4.6.2");
  EXPECT_EQ(deb.vendor, "debian");
  EXPECT_EQ(deb.parent_vendor, "");
}

TEST(Typed, EveryFieldOfAnEbuildProfileArrives) {
  auto document = samples::rpm();
  document["package"].erase("rpm");
  document["package"]["format"] = "ebuild";
  document["package"]["ebuild"] = {{"category", "sys-kernel"}, {"keywords", "~amd64 ~arm64"}};
  document["package"]["requires"] = {{"net-misc/openssh", json::object()}};
  document["releases"] = json::array({{{"id", "2"}, {"dracut", "1"}, {"openssh", "1"}}});
  const auto p = samples::profile_of(document);
  EXPECT_EQ(p.package.ebuild.category, "sys-kernel");
  EXPECT_EQ(p.package.ebuild.keywords, "~amd64 ~arm64");
  EXPECT_EQ(p.package.depends.at(0).name, "net-misc/openssh");
  EXPECT_EQ(p.eol, "") << "no such day";
}

TEST(Typed, SimpleIsTheOtherServiceType) {
  auto document = samples::rpm();
  document["sshd"]["service_type"] = "simple";
  EXPECT_EQ(samples::profile_of(document).sshd.service_type, model::ServiceType::simple);
}

TEST(Typed, WhatIsOptionalMayBeLeftOut) {
  auto document = samples::rpm();
  for (const auto* key : {"helper_dir", "environment_files"}) document["sshd"].erase(key);
  document["package"].erase("suggests");
  document["package"]["rpm"].erase("emulate");
  const auto p = samples::profile_of(document);
  EXPECT_EQ(p.sshd.helper_dir, "");
  EXPECT_TRUE(p.sshd.environment_files.empty());
  EXPECT_TRUE(p.package.suggests.empty());
  EXPECT_TRUE(p.package.rpm.emulate.empty());
}

}  // namespace
