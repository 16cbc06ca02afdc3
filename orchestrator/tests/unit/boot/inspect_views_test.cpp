// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "browse/difference.hpp"
#include "browse/weights.hpp"
#include "host/host.hpp"
#include "images.hpp"
#include "initramfs/extract.hpp"
#include "initramfs/read.hpp"

namespace inspect {
namespace {

namespace fs = std::filesystem;
using archives::Entry;
using images::Files;
using images::put;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t kFolder = 0040755;

std::string text_of(const fs::path& path) { return base::read_file(path, 1U << 20U); }

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  base::write_file(path, text);
}

class Views : public testing::Test {
 protected:
  /// The archive as a file, and the image that it is.
  initramfs::Image image(const std::vector<Entry>& entries) {
    base::write_file(work_.path() / "image", archives::cpio(entries));
    source_ = std::make_unique<initramfs::Source>(work_.path() / "image");
    return initramfs::read(*source_, {});
  }
  base::TempDir work_{base::temp_parent(), "dracut-sshd-test."};
  std::unique_ptr<initramfs::Source> source_;
};

TEST_F(Views, ExtractWritesTheTreeAsTheKernelWouldHaveIt) {
  const auto from = image({{"d", "", 0040750},
                           {"d/f", "old"},
                           {"d/f", "new", 0100640},
                           {"l", "d", 0120777},
                           {"l/g", "through a link"},
                           {"a", "", 0100644, 5, 2},
                           {"b", "shared", 0100644, 5, 2}});
  const auto out = work_.path() / "out";
  const auto done = initramfs::extract(*source_, from, out, false);
  EXPECT_EQ(text_of(out / "d/f"), "new");
  EXPECT_EQ(text_of(out / "d/g"), "through a link");
  EXPECT_EQ(fs::read_symlink(out / "l"), "d");
  EXPECT_EQ(text_of(out / "a"), "shared");
  EXPECT_EQ(fs::hard_link_count(out / "a"), 2U);
  struct stat status {};
  ASSERT_EQ(stat((out / "d/f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(status.st_mtime, 1700000000);
  EXPECT_EQ(done.files, 3U);
}

TEST_F(Views, ExtractLeavesItsFolderByNoNameAndNoLink) {
  const auto outside = work_.path() / "outside";
  fs::create_directory(outside);
  const auto from = image({{"../../escaped", "1"},
                           {"/absolute", "2"},
                           {"out", outside.string(), 0120777},
                           {"out/through", "3"},
                           {"up", "../outside", 0120777},
                           {"up/too", "4"}});
  const auto out = work_.path() / "out";
  initramfs::extract(*source_, from, out, false);
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_EQ(text_of(out / "escaped"), "1");
  EXPECT_EQ(text_of(out / "absolute"), "2");
  EXPECT_FALSE(fs::exists(work_.path() / "escaped"));
}

TEST_F(Views, ExtractLeavesDeviceNodesOutAndRefusesAFolderThatIsNotEmpty) {
  const auto from = image({{"dev/null", "", 0020666}, {"f", "1"}});
  const auto done = initramfs::extract(*source_, from, work_.path() / "out", false);
  EXPECT_THAT(done.left_out, ElementsAre("dev/null"));
  EXPECT_THROW(initramfs::extract(*source_, from, work_.path() / "out", false), base::Error);
}

TEST_F(Views, ExtractRefusesAFolderThatOthersMayWriteInto) {
  const auto from = image({{"d", "", kFolder}, {"d/f", "1"}});
  const auto out = work_.path() / "out";
  for (const unsigned mode : {0777U, 0720U, 0702U, 01777U}) {
    fs::create_directory(out);
    ASSERT_EQ(chmod(out.c_str(), mode), 0);
    try {
      initramfs::extract(*source_, from, out, false);
      ADD_FAILURE() << mode;
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("others can write into it"));
      EXPECT_THAT(error.hint(), HasSubstr("not there yet"));
    }
    EXPECT_TRUE(fs::is_empty(out));
    fs::remove(out);
  }
  fs::create_directory(out);
  fs::create_directory_symlink("out", work_.path() / "link");
  EXPECT_THROW(initramfs::extract(*source_, from, work_.path() / "link", false), base::Error);
  EXPECT_THROW(initramfs::extract(*source_, from, work_.path() / "link/", false), base::Error);
  EXPECT_TRUE(fs::is_empty(out));
  EXPECT_EQ(initramfs::extract(*source_, from, out.string() + "/", false).files, 1U);
}

TEST_F(Views, ExtractRefusesAFolderOfSomebodyElses) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a folder another user's";
  const auto from = image({{"f", "1"}});
  const auto out = work_.path() / "out";
  fs::create_directory(out);
  ASSERT_EQ(chown(out.c_str(), 65534, 65534), 0);
  EXPECT_THROW(initramfs::extract(*source_, from, out, false), base::Error);
  EXPECT_TRUE(fs::is_empty(out));
}

TEST_F(Views, WhatGoesWrongWhileItIsWrittenIsSaid) {
  const auto from = image({{"f", "bytes"}});
  const auto full = [](std::string_view /*bytes*/) { throw base::Error("the disk is full"); };
  EXPECT_THROW(initramfs::cat(*source_, from, "f", full), base::Error);
}

TEST_F(Views, WhatBootconfigHasPutBehindIsNoPartOfTheImage) {
  const std::string text = "kernel.root=1\n";
  auto bytes = archives::cpio({{"f", "1"}}) + text;
  bytes += static_cast<char>(text.size());
  bytes += std::string("\0\0\0sum.#BOOTCONFIG\n", 19);
  base::write_file(work_.path() / "image", bytes);
  initramfs::Source source(work_.path() / "image");
  EXPECT_TRUE(initramfs::read(source, {}).faults.empty());
}

TEST_F(Views, CatFollowsLinksAndGivesTheLatestBytes) {
  const auto from = image({{"f", "old"}, {"f", "new"}, {"l", "f", 0120777}, {"d", "", kFolder}});
  std::string out;
  initramfs::cat(*source_, from, "l", [&](std::string_view bytes) { out += bytes; });
  EXPECT_EQ(out, "new");
  EXPECT_THROW(initramfs::cat(*source_, from, "d", [](std::string_view) {}), base::Error);
  EXPECT_THROW(initramfs::cat(*source_, from, "none", [](std::string_view) {}), base::Error);
}

TEST(Difference, SaysWhatCameWentAndChangedTheHeaviestFirst) {
  Files before = images::good();
  Files after = before;
  put(after, "usr/lib/libbig.so", std::string(5000, 'x'));
  after.erase("bin/sh");
  after.at("etc/shadow").body = "root:x:1::::::\n";
  after.at("root/.ssh").mode = 0040755;
  put(after, "usr/lib/dracut/modules.txt", "systemd\nsystemd-networkd\nsshd\ncrypt\nplymouth\n");
  const auto found = browse::compare(images::image_of(before, true), images::image_of(after, true));
  std::vector<std::string> lines;
  for (const auto& change : found.changes)
    lines.push_back(fmt::format("{} {} {} {}", static_cast<int>(change.kind), change.path, change.bytes, change.what));
  EXPECT_THAT(lines, ElementsAre("0 usr/lib/libbig.so 5000 ", "1 bin/sh -125 ", "2 etc/shadow -11 contents",
                                 "2 usr/lib/dracut/modules.txt 9 contents", "2 root/.ssh 0 mode 0700 -> 0755"));
  EXPECT_EQ(found.areas.at("libraries"), 5000);
  EXPECT_THAT(found.modules_came, ElementsAre("plymouth"));
}

TEST(Difference, SeesOtherBytesOfTheSameSize) {
  Files before = images::good();
  Files after = before;
  put(after, "usr/bin/systemd-cryptsetup", "cryptsetuq", 0100755);
  EXPECT_EQ(browse::compare(images::image_of(before, true), images::image_of(after, true)).changes.size(), 1U);
  EXPECT_TRUE(browse::compare(images::image_of(before, true), images::image_of(before, true)).changes.empty());
}

TEST(Weights, SumUpFoldersAndCountHardLinksOnce) {
  Files files;
  put(files, "usr/lib/a.so", std::string(300, 'x'));
  put(files, "usr/lib/b.so", std::string(100, 'x'));
  files["usr/c"] = {"usr/c", "", 0100644, 9, 2};
  files["usr/d"] = {"usr/d", std::string(50, 'x'), 0100644, 9, 2};
  const auto root = browse::weigh(images::image_of(files));
  EXPECT_EQ(root.bytes, 450U);
  ASSERT_EQ(root.below.size(), 1U);
  EXPECT_EQ(root.below[0].below[0].name, "lib");
  EXPECT_EQ(root.below[0].below[0].bytes, 400U);
  EXPECT_THAT(browse::tree_text(root, 0.01), HasSubstr("400 B  88.9 %"));
}

TEST(Weights, ThePageHoldsNoCodeOfAnImagesNames) {
  Files files;
  put(files, "<script>alert(1)</script>", std::string(300, 'x'));
  const auto page = browse::tree_page(browse::weigh(images::image_of(files)), "<b>");
  EXPECT_THAT(page, testing::Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, testing::Not(HasSubstr("<b>")));
}

class NextBootTest : public testing::Test {
 protected:
  void kernel(const std::string& release) { write(root() / "usr/lib/modules" / release / "modules.dep", ""); }
  [[nodiscard]] fs::path root() const { return work_.path(); }
  base::TempDir work_{base::temp_parent(), "dracut-sshd-test."};
};

TEST_F(NextBootTest, IsTheNewestKernelThatHasAnImageUnderAnyOfTheUsualNames) {
  for (const auto* release : {"6.9.1", "6.12.0", "6.13.0"}) kernel(release);
  write(root() / "boot/initrd.img-6.9.1", "x");
  write(root() / "boot/initrd.img-6.12.0", "x");
  EXPECT_EQ(host::next_boot(root(), {}).image, root() / "boot/initrd.img-6.12.0");
  EXPECT_EQ(host::next_boot(root(), {}).kernel, host::KernelRelease::from("6.12.0"));
  EXPECT_EQ(host::next_boot(root(), host::KernelRelease::from("6.9.1")).image, root() / "boot/initrd.img-6.9.1");
  EXPECT_THROW((void)host::next_boot(root(), host::KernelRelease::from("6.13.0")), base::Error);
}

TEST_F(NextBootTest, TakesTheNameThatTheAdministratorGave) {
  kernel("6.12.0");
  write(root() / "boot/initramfs-6.12.0.img", "x");
  write(root() / "boot/mine-6.12.0", "x");
  write(root() / "etc/dracut-sshd/initrd.conf", "# \nIMAGE=\"/boot/mine-%k\"\n");
  EXPECT_EQ(host::next_boot(root(), {}).image, root() / "boot/mine-6.12.0");
}

TEST_F(NextBootTest, IsTheEntryThatTheBootLoaderHasSavedAndItsCommandLine) {
  for (const auto* release : {"6.12.0", "6.13.0"}) {
    kernel(release);
    write(root() / "boot" / (std::string("initramfs-") + release + ".img"), "x");
    write(root() / "boot/loader/entries" / (std::string("id-") + release + ".conf"),
          fmt::format("title X\nversion {0}\nlinux /vmlinuz-{0}\ninitrd /initramfs-{0}.img\noptions root=UUID=1 "
                      "rd.luks.uuid={0}\n",
                      release));
  }
  EXPECT_EQ(host::next_boot(root(), {}).kernel, host::KernelRelease::from("6.13.0"));
  write(root() / "boot/grub2/grubenv", "# GRUB Environment Block\nsaved_entry=id-6.12.0\n");
  const auto boot = host::next_boot(root(), {});
  EXPECT_EQ(boot.kernel, host::KernelRelease::from("6.12.0"));
  EXPECT_EQ(boot.cmdline, "root=UUID=1 rd.luks.uuid=6.12.0");
  EXPECT_TRUE(boot.cmdline_known);
}

TEST_F(NextBootTest, AnEntrysVersionNeedNotBeTheKernels) {
  kernel("6.12.0");
  write(root() / "boot/ostree/x/initramfs-6.12.0.img", "x");
  write(root() / "boot/loader/entries/ostree-2.conf",
        "version 2\ninitrd /ostree/x/initramfs-6.12.0.img\noptions root=x\n");
  EXPECT_EQ(host::next_boot(root(), {}).kernel, host::KernelRelease::from("6.12.0"));
  EXPECT_EQ(host::next_boot(root(), host::KernelRelease::from("6.12.0")).image,
            root() / "boot/ostree/x/initramfs-6.12.0.img");
}

TEST_F(NextBootTest, NoKernelAndNoImageAreSaidWithThePlaces) {
  try {
    (void)host::next_boot(root(), {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no kernel is installed"));
  }
  kernel("6.12.0");
  try {
    (void)host::next_boot(root(), {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("boot/initrd.img-6.12.0"));
  }
}

TEST_F(NextBootTest, CardsAreThoseWithADevice) {
  write(root() / "sys/class/net/eth0/type", "1\n");
  fs::create_directories(root() / "sys/class/net/eth0/device");
  fs::create_directory_symlink("../../../../bus/pci/drivers/virtio_net", root() / "sys/class/net/eth0/device/driver");
  fs::create_directories(root() / "sys/class/net/lo");
  const auto all = host::nics(root());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "eth0");
  EXPECT_EQ(all[0].driver, "virtio_net");
}

}  // namespace
}  // namespace inspect
