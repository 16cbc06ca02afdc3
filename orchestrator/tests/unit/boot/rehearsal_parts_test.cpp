// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "fakes.hpp"
#include "images.hpp"
#include "initramfs/read.hpp"
#include "inspect/check_list.hpp"
#include "inspect/gather.hpp"
#include "openssh/wire.hpp"
#include "rehearsal/drivers.hpp"
#include "rehearsal/marker.hpp"
#include "rehearsal/offered_keys.hpp"
#include "rehearsal/overlay.hpp"
#include "rehearsal/partition.hpp"
#include "rehearsal/rehearsal_report.hpp"
#include "rehearsal/step.hpp"
#include "rehearsal/volumes.hpp"

namespace rehearsal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// An image as a file, and what is known of it.
struct Marked {
  explicit Marked(const images::Files& files) {
    std::vector<archives::Entry> entries;
    for (const auto& [path, entry] : files) entries.push_back(entry);
    base::write_file(work.path() / "image", archives::cpio(entries));
    source = std::make_unique<initramfs::Source>(work.path() / "image");
    image = initramfs::read(*source, inspect::read_options());
    std::filesystem::create_directory(work.path() / "outside");
  }
  void write() { write_marker(work.path() / "marker", "token", inspect::gather(image, options), *source, {}); }
  [[nodiscard]] std::filesystem::path at(const char* path) const { return work.path() / path; }

  base::TempDir work{base::temp_parent(), "dracut-sshd-test."};
  std::unique_ptr<initramfs::Source> source;
  initramfs::Image image;
  inspect::Options options;
};

TEST(Marker, HasTheImagesShellAndItsLinksAtTheTop) {
  auto files = images::good();
  images::link(files, "usr/bin/bash", "/bin/sh");
  Marked marked(files);
  marked.write();
  EXPECT_THAT(base::read_file(marked.at("marker/bin/sh"), 1U << 20U), HasSubstr("shell"));
  EXPECT_EQ(std::filesystem::read_symlink(marked.at("marker/sbin")), "usr/sbin");
  EXPECT_EQ(std::filesystem::read_symlink(marked.at("marker/usr/sbin/init")), "/usr/lib/systemd/systemd");
  EXPECT_EQ(std::filesystem::read_symlink(marked.at("marker/usr/bin/bash")), "/bin/sh");
  EXPECT_THAT(base::read_file(marked.at("marker/usr/lib/systemd/systemd"), 1U << 20U), HasSubstr("rehearsal-token: "));
  EXPECT_TRUE(std::filesystem::is_directory(marked.at("marker/proc")));
}

TEST(Marker, IsWrittenInItsFolderWhateverTheImagesLinksSay) {
  for (const auto* name : {"etc", "dev", "run", "tmp", "usr", "lib64"}) {
    auto files = images::good();
    std::erase_if(files, [&](const auto& each) {
      return std::string(name) != "usr" && (each.first + "/").starts_with(std::string(name) + "/");
    });
    if (std::string(name) != "usr") images::link(files, name, "/bin/sh");
    images::link(files, "usr/lib/systemd/systemd", "../../../../../../../../outside/systemd");
    images::link(files, "usr/sbin/init", "/bin/sh");
    Marked marked(files);
    try {
      marked.write();
    } catch (const base::Error&) {  // a word is as good
    }
    EXPECT_TRUE(std::filesystem::is_empty(marked.at("outside"))) << name;
  }
}

TEST(Volumes, APhysicalVolumeHasItsLabelAndItsMetadataWhereLvm2LooksForThem) {
  const auto bytes = physical_volume({"vg", {"root", "swap"}}, 8, "seed");
  EXPECT_EQ(bytes.size(), kPhysicalStart);
  EXPECT_EQ(bytes.substr(512, 8), "LABELONE");
  EXPECT_EQ(bytes.substr(4096 + 4, 16), std::string("\x20LVM2 x[5A%r0N*>"));
  EXPECT_THAT(bytes.substr(4096 + 512, 1500), HasSubstr("root {"));
  EXPECT_EQ(bytes, physical_volume({"vg", {"root", "swap"}}, 8, "seed"));
}

base::Outcome run_tool(const std::vector<std::string>& argv, const std::string& words = "") {
  base::SystemRunner runner;
  base::Command command;
  command.argv = argv;
  command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
  if (!words.empty()) command.data[0] = words;
  return runner.run(command, base::Cancel());
}

TEST(Volumes, LvmsOwnCheckFindsNothingWrongWithThem) {
  if (!base::find_program("pvck", "/usr/sbin:/usr/bin:/sbin:/bin"))
    GTEST_SKIP() << "pvck is not installed (package: lvm2)";
  const base::TempDir folder(base::temp_parent(), "volumes.");
  const auto file = (folder.path() / "disk.img").string();
  auto bytes = physical_volume({"vg-one", {"root", "swap"}}, 2, "seed");
  base::write_file(file, bytes + std::string(3 * kExtent, '\0'));
  const auto good = run_tool({"pvck", "--dump", "headers", file});
  EXPECT_EQ(good.status, 0) << good.tail;
  EXPECT_THAT(good.tail, testing::AllOf(HasSubstr("vgname vg-one"), Not(HasSubstr("Found bad"))));
  bytes[700] = 'x';
  base::write_file(file, bytes + std::string(3 * kExtent, '\0'));
  EXPECT_THAT(run_tool({"pvck", "--dump", "headers", file}).tail, HasSubstr("Found bad header or metadata values"));
}

TEST(Partitions, SfdiskMakesThemAndBlkidFindsThemByTheirNames) {
  for (const auto* tool : {"sfdisk", "blkid"})
    if (!base::find_program(tool, "/usr/sbin:/usr/bin:/sbin:/bin")) GTEST_SKIP() << tool << " is not installed";
  const base::TempDir folder(base::temp_parent(), "partitions.");
  const auto file = (folder.path() / "disk.img").string();
  for (const Partition& partition :
       {Partition{"0fc63daf-8483-4772-8e79-3d69d8477de4", ""}, Partition{"", "system"}, Partition{"0a1b2c3d-02", ""}}) {
    base::write_file(file, std::string(kPartitionStart + (1U << 20U) + kPartitionEnd, '\0'));
    const auto made =
        run_tool({"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", file}, partition_table(partition, 1U << 20U));
    ASSERT_EQ(made.status, 0) << made.tail;
    const auto table = run_tool({"sfdisk", "--dump", file}).tail;
    EXPECT_THAT(table, testing::ContainsRegex("start= *2048, size= *2048"));
    const auto dos = partition.uuid.size() == 11;
    EXPECT_THAT(run_tool({"blkid", "-p", file}).tail, HasSubstr(dos ? "PTTYPE=\"dos\"" : "PTTYPE=\"gpt\""));
    if (dos) EXPECT_THAT(table, testing::AllOf(HasSubstr("label-id: 0x0a1b2c3d"), HasSubstr("disk.img2 :")));
    if (!dos && !partition.uuid.empty()) EXPECT_THAT(table, HasSubstr("uuid=0FC63DAF-8483-4772-8E79-3D69D8477DE4"));
    if (!partition.name.empty()) EXPECT_THAT(table, HasSubstr("name=\"system\""));
  }
}

TEST(Drivers, AModuleComesWithAllThatItNeedsAndABuiltInOneIsThereAlready) {
  const std::string dependencies =
      "kernel/net/failover.ko.xz:\nkernel/net/net-failover.ko.xz: kernel/net/failover.ko.xz\n"
      "kernel/drivers/net/virtio_net.ko.xz: kernel/net/net-failover.ko.xz kernel/net/failover.ko.xz\n";
  EXPECT_THAT(
      needed_modules({"virtio_net", "virtio_pci"}, dependencies, "kernel/drivers/virtio/virtio-pci.ko\n"),
      ElementsAre("kernel/drivers/net/virtio_net.ko.xz", "kernel/net/failover.ko.xz", "kernel/net/net-failover.ko.xz"));
  EXPECT_THROW((void)needed_modules({"virtio_blk"}, dependencies, ""), base::Error);
}

TEST(Offers, ThatNoKeyIsTakenIsAFaultUnlessEachHasAReasonToBeRefusedHere) {
  const OfferedKey plain{"SHA256:a", "a.pub", ""};
  const OfferedKey from{"SHA256:b", "b.pub", "from= wants another address"};
  EXPECT_FALSE(outcome_of({plain, from}, {}).good);
  EXPECT_TRUE(outcome_of({from}, {}).good);
  EXPECT_THAT(outcome_of({from}, {}).detail, HasSubstr("0 of 1, which says nothing: from= wants another address"));
  EXPECT_EQ(outcome_of({plain, from}, {"SHA256:a"}).detail, "1 of 2; not all of them: from= wants another address");
  EXPECT_EQ(outcome_of({plain, from}, {"SHA256:a", "SHA256:b"}).detail, "2 of 2");
  EXPECT_THAT(outcome_of({plain, from}, {"SHA256:b"}).detail, HasSubstr("an option forbids one"));
}

TEST(Offers, AllTypesOfTheClientAreRead) {
  if (!base::find_program("ssh", "/usr/bin:/bin")) GTEST_SKIP() << "ssh is not installed";
  const base::TempDir folder(base::temp_parent(), "offers.");
  const auto types = types_of_client(folder.path(), fakes::SystemContext());
  for (const auto* type : {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa-cert-v01@openssh.com"})
    EXPECT_TRUE(types.contains(type)) << type;
}

TEST(Offers, AKeyStandsApartByItsFromOrByATypeThatTheClientDoesNotKnow) {
  const base::TempDir folder(base::temp_parent(), "offers.");
  const auto one = [](unsigned char seed) {
    std::string blob("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);
    blob += std::string(32, static_cast<char>(seed));
    return "ssh-ed25519 " + openssh::base64_encode(blob, true);
  };
  const auto lines = openssh::parse_authorized_keys(
      "from=\"192.0.2.0/24\" " + one(1) + "\n" + one(2) + "\nfrom=\"192.0.2.1\" " + one(2) + "\n", 0);
  std::vector<const openssh::AuthorizedLine*> all;
  for (const auto& line : lines) all.push_back(&line);
  const auto offered = offered_keys(all, {"ssh-ed25519"}, folder.path());
  ASSERT_EQ(offered.size(), 2U);
  EXPECT_THAT(offered[0].apart, HasSubstr("from="));
  EXPECT_EQ(offered[1].apart, "");
  EXPECT_EQ(base::read_file(offered[1].file, 4096), one(2) + "\n");
  EXPECT_THAT(offered_keys(all, {"ssh-rsa"}, folder.path())[1].apart, HasSubstr("does not know ssh-ed25519"));
}

std::string bytes_of_image(const images::Files& files) {
  std::vector<archives::Entry> entries;
  for (const auto& [path, entry] : files) entries.push_back(entry);
  return archives::cpio(entries);
}

TEST(Overlay, AnArchiveBehindAnImageReplacesFilesMakesFoldersAndLeavesThoseThatAreThere) {
  const auto files = images::good();
  const auto image = images::image_of(files);
  Overlay overlay;
  overlay["root/.ssh/authorized_keys"] = {.mode = 0100600, .content = "new\n"};
  overlay["etc/systemd/journald.conf.d/90.conf"] = {.content = "odd length"};
  base::TempDir folder(base::temp_parent(), "overlay.");
  const auto path = folder.path() / "image";
  auto bytes = bytes_of_image(files);
  bytes.resize((bytes.size() + 511) / 512 * 512, '\0');
  std::ofstream(path, std::ios::binary) << bytes << archive_of(overlay, image);
  initramfs::Source source(path);
  const auto both = initramfs::read(source, inspect::read_options());
  EXPECT_TRUE(both.faults.empty());
  EXPECT_EQ(both.content("root/.ssh/authorized_keys"), "new\n");
  EXPECT_EQ(both.content("etc/systemd/journald.conf.d/90.conf"), "odd length");
  EXPECT_EQ(both.find("root/.ssh")->mode, 0040700U);
  const auto read = bytes_of(source, both, {}, {"etc/systemd/journald.conf.d/90.conf", "etc/initrd-release"}, 1000);
  EXPECT_EQ(read.at("etc/initrd-release"), "ID=dracut\n");
  EXPECT_EQ(read.at("etc/systemd/journald.conf.d/90.conf"), "odd length");
  EXPECT_THROW((void)bytes_of(source, both, {}, {"etc/initrd-release"}, 3), base::Error);
  EXPECT_THROW((void)bytes_of(source, both, {}, {"etc/nonesuch"}, 1000), base::Error);
}

TEST(Steps, EveryCheckThatExplainsAFailureIsOneOfInspects) {
  std::set<std::string> prefixes;
  for (const auto& check : inspect::checks()) prefixes.insert(std::string(check.id.substr(0, check.id.find('.') + 1)));
  for (const auto& kind : step_kinds()) {
    std::istringstream words{std::string(kind.checks)};
    for (std::string word; words >> word;)
      EXPECT_TRUE(prefixes.contains(word) || inspect::check_of(word) != nullptr) << kind.id << ": " << word;
  }
}

TEST(Steps, WhatExplainsAFailureComesWorstFirstAndOnlyIfItIsAboutIt) {
  using inspect::Severity;
  const inspect::Findings all{{"keys.modes", Severity::warning, "w", ""},
                              {"keys.authorized", Severity::error, "e", ""},
                              {"network.driver", Severity::error, "n", ""},
                              {"sshd.login", Severity::good, "g", ""}};
  const auto found = explanation_of("login", all);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, "keys.authorized");
}

Report failed() {
  Report out;
  out.image = "/boot/<initrd>";
  out.steps = {{"kernel", true, 1.0, 1.0, ""},
               {"login", false, 5.0, 4.0, "refused: root@127.0.0.1: Permission denied (publickey)."}};
  out.console = "one\n\n<script>alert(1)</script>\n";
  out.journal = "[ 1.0] systemd[1]: something\n[ 2.0] sshd[99]: Authentication refused: bad ownership\n";
  out.explanation = {{"keys.modes", inspect::Severity::error, "mode 0666", "chmod"}};
  return out;
}

TEST(Report, AFailedOneNamesTheStepTheWordsOfSshdAndWhatExplainsIt) {
  const auto json = to_json(failed());
  EXPECT_EQ(json["unlocked"], false);
  EXPECT_EQ(json["failed"], "login");
  EXPECT_EQ(json["explanation"][0]["id"], "keys.modes");
  EXPECT_THAT(json["sshd"][0].get<std::string>(), HasSubstr("bad ownership"));
  EXPECT_EQ(json["console"].size(), 2U);
}

TEST(Report, ThePageIsSelfContainedAndNothingOfTheGuestIsMarkup) {
  const auto page = to_page(failed());
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("/boot/<initrd>")));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, HasSubstr("a key logs in"));
  EXPECT_THAT(page, Not(HasSubstr("<ul></ul>")));
  EXPECT_THAT(page, Not(HasSubstr("<table></table>")));
}

TEST(Report, ThePageLeadsWithWhatWasDifferentAndLabelsEachStepWithItsDuration) {
  auto report = failed();
  report.changes = {"removed from the kernel command line: quiet"};
  const auto page = to_page(report);
  EXPECT_LT(page.find("removed from the kernel command line: quiet"), page.find("<svg"));
  EXPECT_THAT(page, HasSubstr(">4.0 s</text>"));      // the login began at 1 s
  EXPECT_THAT(page, HasSubstr("<title>at 5.0 s: "));  // and ended at 5 s
}

TEST(Report, ItIsKeptInANewFolderThatNobodyElseCanRead) {
  base::TempDir folder(base::temp_parent(), "report.");
  const auto place = folder.path() / "deep/report";
  keep(failed(), place);
  EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(place).permissions()), 0700U);
  EXPECT_TRUE(std::filesystem::exists(place / "report.html"));
  EXPECT_THROW(keep(failed(), place), base::Error);
}

TEST(Marker, AKernelsLineIsTakenOutOfTheMidstOfAnothers) {
  EXPECT_EQ(without_kernel("rehearsal-326ca8[   85.107178] sysrq: Power Off\nd7: end\n[   85.1] x\n"),
            "rehearsal-326ca8d7: end\n[   85.1] x\n");
  EXPECT_EQ(without_kernel("[    0.000000] a\n[12345.678901] b\nc[  OK  ] [1] [\n"), "c[  OK  ] [1] [\n");
  EXPECT_EQ(without_kernel("end[   85.107178] cut"), "end");
  EXPECT_EQ(without_kernel("["), "[");
  EXPECT_EQ(without_kernel(""), "");
}

}  // namespace
}  // namespace rehearsal
