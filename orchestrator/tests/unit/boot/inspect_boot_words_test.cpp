// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "images.hpp"
#include "inspect/boot_words.hpp"
#include "inspect/check.hpp"
#include "inspect/gather.hpp"

namespace inspect {
namespace {

/// "error sshd.unit" and the like, of what is worse than a warning.
std::vector<std::string> faults(const std::string& cmdline, const images::Files& files = images::good()) {
  const auto image = images::image_of(files);
  Options options;
  options.now = 1764000000;
  options.cmdline = cmdline;
  options.cmdline_known = true;
  std::vector<std::string> out;
  for (const auto& finding : check_all(gather(image, options))) {
    if (finding.severity == Severity::error || finding.severity == Severity::unknown)
      out.push_back(std::string(name_of(finding.severity)) + " " + finding.id);
  }
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BootWords, AnotherProgramInPlaceOfSystemdStartsNoSshd) {
  auto files = images::good();
  images::put(files, "usr/bin/sh", images::elf("sh"), 0100755);
  EXPECT_THAT(faults("quiet rdinit=/usr/bin/sh", files), ElementsAre("error image.init"));
  EXPECT_THAT(faults("quiet rdinit=/init", files), IsEmpty());
  EXPECT_THAT(faults("quiet rdinit=/nonesuch", files), ElementsAre("error image.init"));
}

TEST(BootWords, AMaskOnTheCommandLineKeepsAUnitFromStarting) {
  EXPECT_THAT(faults("rd.systemd.mask=sshd.service"), ElementsAre("error sshd.unit"));
  EXPECT_THAT(faults("rd.systemd.mask=sshd"), ElementsAre("error sshd.unit"));
  EXPECT_THAT(faults("rd.systemd.mask=systemd-networkd.service"), ElementsAre("error network.stack"));
  EXPECT_THAT(faults("rd.systemd.mask=other.service"), IsEmpty());
  EXPECT_THAT(faults("systemd.mask=sshd.service"), IsEmpty()) << "that is for the real system";
  auto files = images::good();
  images::put(files, "etc/cmdline.d/1.conf", "rd.systemd.mask=sshd.service\n");
  EXPECT_THAT(faults("quiet", files), IsEmpty()) << "systemd does not read these";
}

TEST(BootWords, AnotherFirstUnitMayLeaveSshdOut) {
  auto files = images::good();
  images::put(files, "usr/lib/systemd/system/rescue.target", "[Unit]\nRequires=sysinit.target\n");
  images::put(files, "usr/lib/systemd/system/emergency.target", "[Unit]\n");
  EXPECT_THAT(faults("rd.systemd.unit=emergency.target", files), ElementsAre("error sshd.unit"));
  EXPECT_THAT(faults("rd.emergency", files), ElementsAre("error sshd.unit"));
  EXPECT_THAT(faults("rd.systemd.unit=nonesuch.target", files), ElementsAre("error sshd.unit"));
  EXPECT_THAT(faults("rd.systemd.unit=rescue.target", files), IsEmpty());
}

TEST(BootWords, ADriverOfANicThatIsKeptAwayIsAMissingOne) {
  auto files = images::good();
  images::put(files, "usr/lib/dracut-sshd/nics", "version\t1\nnic\teth0\tvirtio_net\tvirtio:1\n");
  for (const auto* word :
       {"module_blacklist=e1000e,virtio_net", "modprobe.blacklist=virtio-net", "rd.driver.blacklist=virtio_net"})
    EXPECT_THAT(faults(word, files), ElementsAre("error network.driver")) << word;
  EXPECT_THAT(faults("module_blacklist=nouveau", files), IsEmpty());
  images::put(files, "usr/lib/modules/6.12.0/modules.builtin", "kernel/drivers/net/virtio_net.ko\n");
  files.erase("usr/lib/modules/6.12.0/kernel/drivers/net/virtio_net.ko.xz");
  EXPECT_THAT(faults("module_blacklist=virtio_net", files), IsEmpty()) << "it is no module";
}

TEST(BootWords, ADiskWithoutItsDriverIsToldOf) {
  auto files = images::good();
  images::put(files, "usr/lib/dracut-sshd/storage",
              images::kPlainRoot + "driver\tvda\tvirtio_blk\ndriver\tvda\tvirtio_pci\n");
  EXPECT_THAT(faults("quiet", files), ElementsAre("error disk.driver"));
  images::put(files, "usr/lib/modules/6.12.0/kernel/drivers/block/virtio_blk.ko.zst", "");
  EXPECT_THAT(faults("quiet", files), ElementsAre("error disk.driver"));
  images::put(files, "usr/lib/modules/6.12.0/modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\n");
  EXPECT_THAT(faults("quiet", files), IsEmpty());
  EXPECT_THAT(faults("module_blacklist=virtio_blk", files), ElementsAre("error disk.driver"));
}

TEST(BootWords, ACompressionThatTheKernelWasBuiltWithoutIsAFault) {
  const base::TempDir host(base::temp_parent(), "dracut-sshd-test.");
  std::filesystem::create_directories(host.path() / "boot");
  initramfs::Image image = images::image_of(images::good());
  image.parts.push_back({});
  image.parts.back().compression = base::Compression::zstd;
  Options options;
  options.host = host.path();
  options.kernel = host::KernelRelease::from("6.12.0");
  const auto severity = [&](const std::string& config) {
    base::write_file(host.path() / "boot/config-6.12.0", config);
    Findings findings;
    check_whole(gather(image, options), findings);
    return findings.front().severity;
  };
  EXPECT_EQ(severity("CONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\n"), Severity::error);
  EXPECT_EQ(severity("# CONFIG_RD_GZIP is not set\nCONFIG_RD_ZSTD=y\n"), Severity::good);
}

}  // namespace
}  // namespace inspect
