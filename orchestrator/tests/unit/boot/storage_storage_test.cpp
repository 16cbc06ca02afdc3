// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "storage/crypttab.hpp"
#include "storage/storage_host.hpp"
#include "storage/storage_record.hpp"

namespace storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kLuks = "aaaaaaaa-1111-2222-3333-444444444444";

const std::string kRecord = std::string(
                                "version\t1\nfrom\tsysfs\nneed\t/\t1\nneed\tresume\t6\nnode\t1\tfs\text4\t5F0C\t2\n"
                                "node\t2\tlv\tdebian-vg/root\t-\t3\nnode\t3\tcrypt\tvda5_crypt\t") +
                            kLuks +
                            "\t4\nnode\t4\tpart\tvda5\t-\t5\nnode\t5\tdisk\tvda\t-\t-\n"
                            "node\t6\tswap\tswap\t77\t7\nnode\t7\tlv\tdebian-vg/swap_1\t-\t3\nlater\twhat\n";

TEST(StorageRecord, IsReadAsTheModuleWritesIt) {
  const auto storage = read_storage_record(kRecord);
  EXPECT_EQ(storage.fault, "");
  EXPECT_TRUE(storage.complete);
  ASSERT_EQ(storage.nodes.size(), 7U);
  EXPECT_EQ(chain_text(storage, storage.needs.at("/")), "ext4 on debian-vg/root on vda5_crypt on vda5 on vda");
  EXPECT_EQ(nodes_from(storage, storage.needs.at("resume")).size(), 5U);
  EXPECT_EQ(node_named(storage, "UUID=5f0c"), storage.needs.at("/"));
  EXPECT_EQ(node_named(storage, "/dev/mapper/debian--vg-root"), 1U);
  EXPECT_EQ(node_named(storage, "/dev/debian-vg/swap_1"), 6U);
  EXPECT_EQ(node_named(storage, "/dev/mapper/vda5_crypt"), 2U);
  EXPECT_EQ(node_named(storage, "/dev/vda5"), 3U);
  EXPECT_FALSE(node_named(storage, "/dev/mapper/other"));
}

struct Hostile {
  const char* name;
  std::string text;
  std::string fault;
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }
class HostileRecord : public testing::TestWithParam<Hostile> {};

TEST_P(HostileRecord, IsRefusedWithTheReasonAndNothingOfItCounts) {
  const auto storage = read_storage_record(GetParam().text);
  EXPECT_THAT(storage.fault, HasSubstr(GetParam().fault));
  EXPECT_THAT(storage.fault, HasSubstr("/usr/lib/dracut-sshd/storage: "));
  EXPECT_TRUE(storage.nodes.empty() && storage.needs.empty());
}

const std::string kNode = "version\t1\nnode\t1\tfs\text4\t-\t-\n";

INSTANTIATE_TEST_SUITE_P(
    Each, HostileRecord,
    testing::Values(Hostile{"cycle", "version\t1\nneed\t/\t1\nnode\t1\tfs\text4\t-\t2\nnode\t2\tcrypt\ta\t-\t1\n",
                            "lies on itself"},
                    Hostile{"itself", "version\t1\nneed\t/\t1\nnode\t1\tfs\text4\t-\t1\n", "lies on itself"},
                    Hostile{"twice", kNode + "node\t1\tdisk\tvda\t-\t-\n", "line 3: a second node 1"},
                    Hostile{"no_such_node", kNode + "need\t/\t9\n", "there is no node 9"},
                    Hostile{"no_node_below", "version\t1\nnode\t1\tfs\text4\t-\t7\n", "there is no node 7"},
                    Hostile{"need_twice", kNode + "need\t/\t1\nneed\t/\t1\n", "a second /"},
                    Hostile{"no_number", kNode + "node\tx\tdisk\tvda\t-\t-\n", "x is not an ID"},
                    Hostile{"huge_number", kNode + "need\t/\t99999999999\n", "is not an ID"},
                    Hostile{"too_few", kNode + "node\t2\tdisk\n", "line 3: expected node"},
                    Hostile{"empty_field", kNode + "node\t2\tdisk\t\t-\t-\n", "an empty field"},
                    Hostile{"control", kNode + "node\t2\tdisk\tv\x1b[0m\t-\t-\n", "a control character"},
                    Hostile{"no_utf8", kNode + "node\t2\tdisk\t\xff\t-\t-\n", "UTF-8"},
                    Hostile{"no_version", "need\t/\t1\nnode\t1\tfs\text4\t-\t-\n", "no version"},
                    Hostile{"future", "version\t2\n", "version 2 is not known"}, Hostile{"empty", "", "no version"},
                    Hostile{"long", kNode + std::string(kLongestRecord, '\n'), "longer than"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(StorageRecord, ALongChainAndManyMembersEnd) {
  std::string text = "version\t1\nneed\t/\t1\n";
  for (int id = 1; id < 900; ++id)
    text += "node\t" + std::to_string(id) + "\tlv\tv/l\t-\t" + std::to_string(id + 1) + "\n";
  text += "node\t900\tdisk\tvda\t-\t-\n";
  const auto storage = read_storage_record(text);
  EXPECT_EQ(storage.fault, "");
  EXPECT_EQ(nodes_from(storage, storage.needs.at("/")).size(), 900U);
  EXPECT_LT(chain_text(storage, storage.needs.at("/")).size(), 400U);
}

TEST(Crypttab, HasFieldsOptionsAndLinesThatSystemdIgnores) {
  const auto lines = parse_crypttab(
      "# comment\nvda5_crypt UUID=AB-cd none luks,discard,keyfile-timeout=9s\n\tswap\t/dev/vda6 /dev/urandom swap\n"
      "one\nfive a b c d\ndata /dev/disk/by-uuid/EF /etc/keys/data\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].number, 2U);
  EXPECT_EQ(lines[0].key, "");
  EXPECT_TRUE(lines[0].has_option("discard"));
  EXPECT_EQ(lines[0].option_value("keyfile-timeout"), "9s");
  EXPECT_TRUE(lines[1].has_random_key());
  EXPECT_EQ(lines[2].key, "/etc/keys/data");
  EXPECT_EQ(uuid_in(lines[0].device), "ab-cd");
  EXPECT_EQ(uuid_in("UUID=\"AB\""), "ab");
  EXPECT_EQ(uuid_in(lines[2].device), "ef");
  EXPECT_EQ(uuid_in("/dev/vda5"), "");
}

/// A folder that looks like a system.
class FakeHost : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    base::write_file(root / path, text);
  }
  void link(const std::string& path, const std::string& target) {
    fs::create_directories((root / path).parent_path());
    fs::create_symlink(target, root / path);
  }
  void disk(const std::string& name, const std::string& number) {
    write("sys/devices/" + name + "/dev", number + "\n");
    link("sys/class/block/" + name, "../../devices/" + name);
  }
  void partition(const std::string& parent, const std::string& name, const std::string& number,
                 const std::string& data) {
    write("sys/devices/" + parent + "/" + name + "/dev", number + "\n");
    write("sys/devices/" + parent + "/" + name + "/partition", "1\n");
    link("sys/class/block/" + name, "../../devices/" + parent + "/" + name);
    write("run/udev/data/b" + number, data);
  }
  void mapped(const std::string& name, const std::string& number, const std::string& dm, const std::string& uuid,
              const std::vector<std::string>& below, const std::string& data = "") {
    disk(name, number);
    write("sys/devices/" + name + "/dm/name", dm + "\n");
    write("sys/devices/" + name + "/dm/uuid", uuid + "\n");
    for (const auto& one : below) write("sys/devices/" + name + "/slaves/" + one, "");
    write("run/udev/data/b" + number, data);
    link("dev/mapper/" + dm, "../" + name);
  }
  /// vda5 as LUKS, with a volume group in it: what Debian's installer makes.
  void debian() {
    disk("vda", "254:0");
    partition("vda", "vda5", "254:5", std::string("E:ID_FS_TYPE=crypto_LUKS\nE:ID_FS_UUID=") + kLuks + "\n");
    mapped("dm-0", "253:0", "vda5_crypt", "CRYPT-LUKS2-aaaaaaaa111122223333444444444444-vda5_crypt", {"vda5"},
           "E:ID_FS_TYPE=LVM2_member\n");
    mapped("dm-1", "253:1", "debian--vg-root", "LVM-abc", {"dm-0"},
           "E:ID_FS_TYPE=ext4\nE:ID_FS_UUID=5f0c\nE:DM_VG_NAME=debian-vg\nE:DM_LV_NAME=root\n");
    mapped("dm-2", "253:2", "debian--vg-swap_1", "LVM-def", {"dm-0"}, "E:ID_FS_TYPE=swap\nE:ID_FS_UUID=77\n");
  }
  const base::TempDir folder{base::temp_parent(), "storage."};
  const fs::path root = folder.path();
};

std::string root_chain(const Storage& storage, const std::string& purpose = "/") {
  return storage.tells(purpose) ? chain_text(storage, storage.needs.at(purpose)) : "nothing is told";
}

TEST_F(FakeHost, TheDevicesOfTheMachineAreFollowedDownToTheDisk) {
  debian();
  write("etc/fstab", "# x\n/dev/mapper/debian--vg-root / ext4 errors=remount-ro 0 1\n");
  const std::string chain = "ext4 on debian-vg/root on vda5_crypt on vda5 on vda";
  for (const auto* device : {"", "/dev/mapper/debian--vg-root", "UUID=5f0c", "/dev/debian-vg/root", "/dev/dm-1"}) {
    const auto storage = read_host_storage(root, {device, "", "/dev/mapper/debian--vg-swap_1"}, false);
    EXPECT_TRUE(storage.complete);
    EXPECT_EQ(root_chain(storage), chain) << device;
    EXPECT_EQ(root_chain(storage, "resume"), "swap on debian-vg/swap_1 on vda5_crypt on vda5 on vda");
    for (const auto& node : storage.nodes) {
      if (node.kind == StorageKind::crypt) EXPECT_EQ(node.uuid, kLuks);
    }
  }
}

TEST_F(FakeHost, LinksOfUdevDoWithoutItsDatabase) {
  disk("vda", "254:0");
  partition("vda", "vda1", "254:1", "");
  link("dev/disk/by-uuid/5f0c", "../../vda1");
  link("dev/disk/by-partlabel/system", "../../vda1");
  for (const auto* device : {"UUID=5F0C", "PARTLABEL=system", "/dev/disk/by-uuid/5f0c", "/dev/vda1"})
    EXPECT_EQ(root_chain(read_host_storage(root, {device, "", ""}, false)), "auto on vda1 on vda") << device;
  EXPECT_THAT(root_chain(read_host_storage(root, {"UUID=beef", "", ""}, false)), HasSubstr("what is not known"));
}

TEST_F(FakeHost, ABtrfsLiesOnAllOfItsDevicesAndAnArrayOnItsMembers) {
  disk("vda", "254:0");
  disk("vdb", "254:16");
  disk("md0", "9:0");
  write("sys/devices/md0/md/level", "raid1\n");
  for (const auto* member : {"vda", "vdb"}) write(std::string("sys/devices/md0/slaves/") + member, "");
  mapped("dm-0", "253:0", "one", "CRYPT-LUKS2-aaaaaaaa111122223333444444444444-one", {"md0"},
         "E:ID_FS_TYPE=btrfs\nE:ID_FS_UUID=b7\n");
  mapped("dm-1", "253:1", "two", "CRYPT-PLAIN-two", {"vdb"});
  for (const auto* member : {"dm-0", "dm-1"}) write(std::string("sys/fs/btrfs/b7/devices/") + member, "");
  write("proc/self/mountinfo", "21 1 0:20 / / rw - btrfs /dev/mapper/one rw\n22 21 0:5 / /dev rw - devtmpfs udev rw\n");
  const auto storage = read_host_storage(root, {"", "", ""}, true);
  EXPECT_EQ(root_chain(storage), "btrfs on one and two");
  EXPECT_EQ(nodes_from(storage, storage.needs.at("/")).size(), 6U);
  EXPECT_FALSE(read_host_storage(root, {"", "", ""}, false).tells("/")) << "mounts are those of the running system";
}

TEST_F(FakeHost, WithoutDevicesFstabAndCrypttabTellAsMuchAsTheyCan) {
  write("etc/crypttab", std::string("vda5_crypt UUID=") + kLuks + " none luks,discard\n");
  write("etc/fstab", "/dev/mapper/vda5_crypt / ext4 defaults 0 1\n/dev/mapper/vg-usr /usr ext4 defaults 0 2\n");
  const auto storage = read_host_storage(root, {"", "", ""}, false);
  EXPECT_FALSE(storage.complete);
  EXPECT_THAT(root_chain(storage), HasSubstr("ext4 on vda5_crypt on what is not known (UUID=aaaaaaaa"));
  EXPECT_THAT(root_chain(storage, "/usr"), HasSubstr("ext4 on vg/usr on what is not known"));
}

TEST_F(FakeHost, ZfsAndAnOverlayAreNoDevices) {
  write("etc/fstab", "rpool/ROOT/debian / zfs defaults 0 0\n");
  EXPECT_EQ(root_chain(read_host_storage(root, {"", "", ""}, false)), "zfs on rpool/ROOT/debian");
  write("etc/fstab", "overlay / overlay defaults 0 0\n");
  EXPECT_EQ(root_chain(read_host_storage(root, {"", "", ""}, false)), "nothing is told");
  EXPECT_EQ(root_chain(read_host_storage(root / "nonesuch", {"/dev/../../etc", "", ""}, false)),
            "auto on what is not known (/dev/../../etc)");
}

TEST_F(FakeHost, AnEndlessMachineIsNotFollowedForEver) {
  mapped("dm-0", "253:0", "a", "LVM-a", {"dm-1"});
  mapped("dm-1", "253:1", "b", "LVM-b", {"dm-0"});
  const auto storage = read_host_storage(root, {"/dev/mapper/a", "", ""}, false);
  EXPECT_THAT(storage.fault, HasSubstr("lies on itself"));
  EXPECT_TRUE(storage.nodes.empty());
}

}  // namespace
TEST(Volumes, ANameOfTheDeviceMapperIsTakenApartWhereOneDashStandsAlone) {
  EXPECT_EQ(volume_in("vg-root"), (std::pair<std::string, std::string>{"vg", "root"}));
  EXPECT_EQ(volume_in("a--b-c--d"), (std::pair<std::string, std::string>{"a-b", "c-d"}));
  EXPECT_FALSE(volume_in("cryptroot"));
  EXPECT_FALSE(volume_in("a-b-c"));
  EXPECT_FALSE(volume_in("-b"));
}

}  // namespace storage
