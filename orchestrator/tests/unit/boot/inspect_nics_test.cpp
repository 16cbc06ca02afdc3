// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "images.hpp"
#include "inspect/check.hpp"
#include "inspect/gather.hpp"
#include "inspect/nics.hpp"

namespace inspect {
namespace {

using images::Files;
using images::put;
using testing::HasSubstr;

Finding finding_of(const Files& files) {
  const auto image = images::image_of(files);
  Options options;
  options.cmdline_known = true;
  const auto facts = gather(image, options);
  Findings out;
  check_driver(facts, out);
  return out.front();
}

Files with(const std::string& record) {
  auto files = images::good();
  if (!record.empty()) put(files, std::string(kNicRecord), record);
  return files;
}

TEST(Nics, TheRecordOfTheMachineTellsWhichDriversAreMissing) {
  auto found = finding_of(with("version\t1\nnic\tenp0s3\te1000e\tpci:8086:10d3\n"));
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_THAT(found.message, testing::AllOf(HasSubstr("enp0s3 (e1000e)"), HasSubstr("virtio_net")));
  EXPECT_THAT(found.remedy, HasSubstr("add_drivers+=\" e1000e \""));
  found = finding_of(with("version\t1\nnic\teth0\tvirtio_net\tvirtio:1\nnic\tenp0s3\te1000e\tpci:8086:10d3\n"));
  EXPECT_EQ(found.severity, Severity::warning);
  found = finding_of(with("version\t1\nnic\teth0\tvirtio-net\tvirtio:1\n"));
  EXPECT_EQ(found.severity, Severity::good) << found.message;
  EXPECT_EQ(finding_of(with("version\t1\nnic\teth0\t-\t-\n")).severity, Severity::good);
}

TEST(Nics, TheRecordHasWhatFilesForAnInterfaceAskFor) {
  const auto nics = read_nic_record(
      "version\t1\nnic\tenp1s0\tvirtio_net\tvirtio:1\t52:54:00:ab:00:01\tpci-0000:01:00.0\teno1,ens1\nnic\teth0\t-\t-\n"
      "nic\teth1\t-\t-\t-\t-\t-\n");
  ASSERT_EQ(nics.all.size(), 3U) << nics.fault;
  EXPECT_EQ(nics.all[0].address, "52:54:00:ab:00:01");
  EXPECT_EQ(nics.all[0].permanent_address, "52:54:00:ab:00:01");
  EXPECT_EQ(nics.all[0].path, "pci-0000:01:00.0");
  EXPECT_EQ(nics.all[0].alternative_names, (std::vector<std::string>{"eno1", "ens1"}));
  EXPECT_EQ(nics.all[1].alternative_names, std::nullopt);
  EXPECT_EQ(nics.all[2].address, "");
}

TEST(Nics, WithoutARecordTheDriversThatThereAreAreNamed) {
  auto files = with("");
  const std::string net = "usr/lib/modules/6.12.0/kernel/drivers/net/";
  for (const auto* name :
       {"bonding/bonding.ko", "vxlan/vxlan.ko", "net_failover.ko", "ethernet/intel/igb/igb.ko.zst", "phy/realtek.ko"})
    put(files, net + name, "");
  const auto found = finding_of(files);
  EXPECT_EQ(found.severity, Severity::good);
  EXPECT_THAT(found.message, HasSubstr("it has 2 (igb, virtio_net); which one this machine needs is not known here"));
}

TEST(Nics, WhatTheKernelHasBuiltInCounts) {
  auto files = images::good();
  files.erase("usr/lib/modules/6.12.0/kernel/drivers/net/virtio_net.ko.xz");
  EXPECT_EQ(finding_of(files).severity, Severity::warning);
  put(files, "usr/lib/modules/6.12.0/modules.builtin", "kernel/drivers/net/virtio_net.ko\n");
  EXPECT_EQ(finding_of(files).severity, Severity::good);
}

TEST(Nics, ABrokenRecordIsNotBelieved) {
  for (const auto* text : {"", "version\t2\n", "version\t1\nnic\teth0\n", "version\t1\nnic\te\x1b\tx\t-\n",
                           "version\t1\nnic\t\xff\tx\t-\n", "nic\teth0\tx\t-\n"}) {
    const auto nics = read_nic_record(text);
    EXPECT_NE(nics.fault, "") << text;
    EXPECT_TRUE(nics.all.empty());
  }
  std::string many = "version\t1\n";
  for (int count = 0; count < 300; ++count) many += "nic\teth0\tx\t-\n";
  EXPECT_THAT(read_nic_record(many).fault, HasSubstr("more than"));
}

}  // namespace
}  // namespace inspect
