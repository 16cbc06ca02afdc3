// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.hpp"
#include "images.hpp"
#include "inspect/gather.hpp"
#include "rehearsal/boot_session.hpp"
#include "rehearsal/make_plan.hpp"
#include "rehearsal/nic.hpp"

namespace rehearsal {
namespace {

using images::Files;
using images::put;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kLuks = "aaaaaaaa-1111-2222-3333-444444444444";
const std::string kOther = "bbbbbbbb-1111-2222-3333-444444444444";
const std::string kLine = "vda5_crypt UUID=" + kLuks + " none luks,discard\n";
const std::string kHead = "version\t1\nfrom\tsysfs\nneed\t/\t1\n";

Files image(const std::string& record, const std::string& crypttab = "", const std::string& nics = "") {
  auto files = images::good();
  files.erase("usr/lib/dracut-sshd/storage");
  for (const auto* name : {"virtio_blk", "virtio_pci", "ext4"})
    put(files, std::string("usr/lib/modules/6.12.0/kernel/") + name + ".ko", "");
  if (!record.empty()) put(files, "usr/lib/dracut-sshd/storage", record);
  if (!crypttab.empty()) put(files, "etc/crypttab", crypttab);
  if (!nics.empty()) put(files, "usr/lib/dracut-sshd/nics", nics);
  return files;
}

Plan plan(const std::string& cmdline, const Files& files, const Wishes& wishes = {}) {
  const auto tree = images::image_of(files);
  inspect::Options options;
  options.now = 1764000000;
  options.cmdline = cmdline;
  options.cmdline_known = true;
  const auto facts = inspect::gather(tree, options);
  return plan_of(facts, wishes);
}

TEST(PlanOfStorage, ADiskThatNothingOpensIsMadeAsTheMachineHasIt) {
  const auto record = kHead + "node\t1\tfs\text4\t5f0c\t2\nnode\t2\tcrypt\tvda5_crypt\t" + kLuks + "\t-\n";
  auto made = plan("root=/dev/mapper/vda5_crypt ro quiet", image(record));
  EXPECT_EQ(made.unaccounted, "");
  ASSERT_EQ(made.disks.size(), 1U);
  EXPECT_TRUE(made.disks[0].encrypted && made.disks[0].root);
  EXPECT_EQ(made.disks[0].uuid, kLuks);
  EXPECT_THAT(made.unopened, testing::ElementsAre(HasSubstr("vda5_crypt")));
  EXPECT_THAT(made.cmdline, testing::Not(HasSubstr("luks"))) << "nothing is added that opens disks";
  made = plan("root=/dev/mapper/vda5_crypt ro quiet", image(record, kLine));
  EXPECT_THAT(made.unopened, IsEmpty());
  EXPECT_EQ(made.disks.size(), 1U);
}

TEST(PlanOfStorage, ARootThatNothingAccountsForIsNotInvented) {
  for (const auto* root : {"root=/dev/mapper/vda5_crypt", "root=/dev/mapper/debian--vg-root",
                           "root=UUID=0a3407de-014b-458b-b5c1-848e92a327a3", "root=LABEL=root"}) {
    EXPECT_THAT(plan(root, image("")).unaccounted, HasSubstr("is accounted for by nothing")) << root;
    Wishes wishes;
    wishes.disks = {"luks=" + kLuks};
    EXPECT_EQ(plan(root, image(""), wishes).unaccounted, "") << root;
  }
  EXPECT_EQ(plan("root=/dev/mapper/vda5_crypt", image("", kLine)).unaccounted, "");
  EXPECT_EQ(plan("root=/dev/mapper/debian--vg-root", image("", kLine)).unaccounted, "");
  EXPECT_EQ(plan("root=/dev/mapper/vg-root rd.lvm.lv=vg/root", image("")).unaccounted, "");
  EXPECT_THAT(plan("root=/dev/mapper/other", image("", kLine)).unaccounted, HasSubstr("root=/dev/mapper/other"));
}

TEST(PlanOfStorage, AVolumeGroupLiesInItsDiskAndAnEncryptedVolumeInItsGroup) {
  const auto in_luks = kHead +
                       "node\t1\tfs\text4\t5f0c\t2\nnode\t2\tlv\tdebian-vg/root\t-\t3\nnode\t3\tcrypt\tvda5_crypt\t" +
                       kLuks + "\t-\n";
  auto made = plan("root=/dev/mapper/debian--vg-root", image(in_luks, kLine));
  ASSERT_EQ(made.disks.size(), 1U);
  EXPECT_EQ(made.disks[0].volumes, (VolumeGroup{"debian-vg", {"root"}}));
  EXPECT_FALSE(made.disks[0].in_volume);
  const auto on_lvm = kHead + "node\t1\tfs\text4\t5f0c\t2\nnode\t2\tcrypt\troot_crypt\t" + kLuks +
                      "\t3\nnode\t3\tlv\tvg/root\t-\t4\nnode\t4\tdisk\tvda\t-\t-\n";
  made = plan("root=/dev/mapper/root_crypt", image(on_lvm, "root_crypt UUID=" + kLuks + " none luks\n"));
  ASSERT_EQ(made.disks.size(), 1U);
  EXPECT_EQ(made.disks[0].volumes, (VolumeGroup{"vg", {"root"}}));
  EXPECT_TRUE(made.disks[0].in_volume);
  const auto plain = kHead + "node\t1\tfs\text4\t5f0c\t2\nnode\t2\tlv\tvg/root\t-\t3\nnode\t3\tdisk\tvda\t-\t-\n";
  made = plan("root=/dev/mapper/vg-root", image(plain));
  EXPECT_EQ(made.unaccounted, "");
  EXPECT_FALSE(made.disks[0].encrypted);
  EXPECT_EQ(made.disks[0].volumes, (VolumeGroup{"vg", {"root"}}));
  EXPECT_THAT(made.changes, Contains(HasSubstr("there is nothing to unlock")));
}

TEST(PlanOfStorage, AnUnencryptedRootIsNotPutIntoAnotherDiskThatIsOpened) {
  const auto made = plan("root=UUID=5f0c0000-0000-4000-8000-000000000001",
                         image(images::kPlainRoot, "data UUID=" + kOther + " none\n"));
  ASSERT_EQ(made.disks.size(), 2U);
  EXPECT_TRUE(made.disks[0].root && !made.disks[0].encrypted);
  EXPECT_TRUE(made.disks[1].encrypted);
}

TEST(PlanOfStorage, ABtrfsOnTwoDisksNeedsBoth) {
  const auto record = kHead + "node\t1\tfs\tbtrfs\tb7\t2,3\nnode\t2\tcrypt\tone\t" + kLuks +
                      "\t-\nnode\t3\tcrypt\ttwo\t" + kOther + "\t-\n";
  const auto made = plan("root=UUID=b7", image(record, "one UUID=" + kLuks + " none\n"));
  EXPECT_EQ(made.disks.size(), 2U);
  EXPECT_THAT(made.unopened, testing::ElementsAre(HasSubstr("two")));
  EXPECT_THAT(made.changes, Contains(HasSubstr("stands in for btrfs")));
}

TEST(PlanOfNics, TheMachinesKindIsTakenAndNoDriverIsAddedForIt) {
  const auto root = "root=UUID=5f0c0000-0000-4000-8000-000000000001";
  const auto nics = [](const std::string& drivers) {
    std::string out = "version\t1\n";
    for (const auto& driver : base::split(drivers, ' ')) out += "nic\te-" + driver + "\t" + driver + "\tpci:1:2\n";
    return out;
  };
  auto made = plan(root, image(images::kPlainRoot, "", nics("e1000e")));
  EXPECT_EQ(made.network.model, "e1000e");
  EXPECT_THAT(made.drivers, IsEmpty());
  EXPECT_THAT(made.changes, Contains(HasSubstr("the image has no driver e1000e, and none is added")));
  made = plan(root, image(images::kPlainRoot, "", nics("tg3 virtio_net")));
  EXPECT_EQ(made.network.model, "virtio-net-pci");
  made = plan(root, image(images::kPlainRoot, "", nics("tg3")));
  EXPECT_THAT(made.no_nic, HasSubstr("tg3"));
  auto files = image(images::kPlainRoot, "", nics("tg3"));
  put(files, "usr/lib/modules/6.12.0/kernel/drivers/net/tg3.ko", "");
  made = plan(root, files);
  EXPECT_EQ(made.no_nic, "");
  EXPECT_EQ(made.network.model, "virtio-net-pci");
  EXPECT_THAT(made.changes, Contains(HasSubstr("qemu has no network interface like e-tg3 (tg3)")));
}

TEST(PlanOfNics, QemusListTellsWhetherItHasOne) {
  const std::string help = "name \"e1000e\", bus PCI, desc \"Intel 82574L GbE Controller\"\nname \"igb\", bus PCI\n";
  EXPECT_TRUE(lists_device(help, "igb"));
  EXPECT_FALSE(lists_device(help, "e1000"));
  EXPECT_EQ(nic_model_for("tg3"), "");
}

TEST(DeviceTimeout, IsNamedInTheGuestsOwnWords) {
  EXPECT_EQ(device_timeout("a\n[ TIME ] Timed out waiting for device dev-x.device - /dev/x.\nb\n"),
            "[ TIME ] Timed out waiting for device dev-x.device - /dev/x.");
  EXPECT_THAT(device_timeout("[  99.1] systemd[1]: dev-x.device: Job dev-x.device/start timed out."),
              HasSubstr("Job dev-x.device/start timed out"));
  EXPECT_EQ(device_timeout("all is well"), "");
}

}  // namespace
}  // namespace rehearsal
