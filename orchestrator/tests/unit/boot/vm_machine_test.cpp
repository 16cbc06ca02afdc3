// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "vm/guest.hpp"
#include "vm/machine.hpp"
#include "vm/monitor.hpp"
#include "vm/packets.hpp"

namespace vm {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Machine machine() {
  Machine out;
  out.architecture = architecture_of(62);
  out.kernel = "/k/vmlinuz";
  out.initrd = "/k/initrd";
  out.cmdline = "root=UUID=1 console=ttyS0";
  out.disks = {{"/k/a,b.img", "virtio-blk-pci", false}, {"/k/two.img", "ide-hd", true}};
  out.nics = {nic_of(UserNetwork(), "/k/packets.pcap")};
  return out;
}

std::vector<std::string> after(const std::vector<std::string>& argv, const std::string& option) {
  std::vector<std::string> out;
  for (std::size_t index = 0; index + 1 < argv.size(); ++index) {
    if (argv[index] == option) out.push_back(argv[index + 1]);
  }
  return out;
}

TEST(Machine, AnEmulatedOneGetsItsDisksAndACardThatReachesNobody) {
  const auto argv = arguments_of(machine(), logs_in("/k"), 3);
  EXPECT_EQ(argv.front(), "qemu-system-x86_64");
  EXPECT_THAT(after(argv, "-accel"), testing::ElementsAre("tcg,thread=multi"));
  EXPECT_THAT(after(argv, "-append"), testing::ElementsAre("root=UUID=1 console=ttyS0"));
  EXPECT_THAT(after(argv, "-drive"), Contains(HasSubstr("file=/k/a,,b.img,format=raw")));
  EXPECT_THAT(after(argv, "-drive"), Contains(testing::AllOf(HasSubstr("/k/two.img"), HasSubstr("snapshot=on"))));
  EXPECT_THAT(after(argv, "-device"), Contains("ide-hd,drive=disk1,bus=ide.1"));
  EXPECT_THAT(after(argv, "-netdev").front(), HasSubstr("restrict=on"));
  EXPECT_THAT(after(argv, "-netdev").front(), HasSubstr("hostfwd=tcp:127.0.0.1:0-10.0.2.15:22"));
  EXPECT_THAT(after(argv, "-chardev"), Contains("socket,id=monitor,fd=3"));
}

TEST(Machine, SeccompIsAskedForWhereQemuHasIt) {
  auto wanted = machine();
  EXPECT_THAT(after(arguments_of(wanted, logs_in("/k"), 3), "-sandbox"), testing::IsEmpty());
  wanted.seccomp = true;
  EXPECT_THAT(after(arguments_of(wanted, logs_in("/k"), 3), "-sandbox"),
              testing::ElementsAre(
                  testing::AllOf(HasSubstr("on,"), HasSubstr("spawn=deny"), HasSubstr("elevateprivileges=deny"))));
}

TEST(Machine, AnotherArchitectureHasItsOwnProcessorAndPorts) {
  auto wanted = machine();
  wanted.architecture = architecture_of(183);
  const auto argv = arguments_of(wanted, logs_in("/k"), 3);
  EXPECT_EQ(argv.front(), "qemu-system-aarch64");
  EXPECT_THAT(after(argv, "-machine"), testing::ElementsAre("virt"));
  EXPECT_THAT(after(argv, "-cpu"), testing::ElementsAre("max,pauth-impdef=on"));
  EXPECT_THAT(after(argv, "-serial"), testing::ElementsAre("chardev:console"));
}

TEST(Machine, ANicIsNamedByItsNumberAndCapturedWhereWanted) {
  auto wanted = machine();
  wanted.nics.push_back({.mac = "52:54:00:12:34:11", .backend = "hubport,hubid=1", .capture = {}});
  const auto argv = arguments_of(wanted, logs_in("/k"), 3);
  EXPECT_THAT(after(argv, "-netdev").back(), "hubport,id=net1,hubid=1");
  EXPECT_THAT(after(argv, "-device"), Contains("virtio-net-pci,netdev=net1,id=nic1,mac=52:54:00:12:34:11,romfile="));
  EXPECT_THAT(after(argv, "-object"), testing::ElementsAre("filter-dump,id=packets0,netdev=net0,file=/k/packets.pcap"));
}

TEST(Machine, SomebodyMayTypeAndADiskMayComeLater) {
  auto wanted = machine();
  wanted.keyboard = "/k/serial.sock";
  wanted.hot_plug = true;
  auto logs = logs_in("/k");
  logs.journal.clear();
  const auto argv = arguments_of(wanted, logs, 3);
  EXPECT_THAT(after(argv, "-chardev"),
              Contains("socket,id=console,path=/k/serial.sock,server=on,wait=off,logfile=/k/console.log"));
  EXPECT_THAT(after(argv, "-serial"), testing::ElementsAre("chardev:console"));
  EXPECT_THAT(after(argv, "-device"), Contains(HasSubstr("pcie-root-port,id=later")));
}

TEST(Machine, OnKvmTheProcessorIsTheMachinesOwn) {
  auto wanted = machine();
  wanted.kvm = true;
  const auto argv = arguments_of(wanted, logs_in("/k"), 3);
  EXPECT_THAT(after(argv, "-accel"), testing::ElementsAre("kvm"));
  EXPECT_THAT(after(argv, "-cpu"), testing::ElementsAre("host"));
}

TEST(Machine, AFirmwareStartsItInPlaceOfQemu) {
  auto wanted = machine();
  wanted.firmware = FirmwareBoot{"/f/code.fd", "/k/a,b.fd", "/k/boot", {"io.systemd.stub.kernel-cmdline-extra=a,b"}, 7};
  const auto argv = arguments_of(wanted, logs_in("/k"), 3);
  for (const auto* option : {"-kernel", "-initrd", "-append"}) EXPECT_THAT(after(argv, option), testing::IsEmpty());
  EXPECT_THAT(after(argv, "-machine").front(), HasSubstr("smm=on"));
  EXPECT_THAT(after(argv, "-global"), Contains("driver=cfi.pflash01,property=secure,value=on"));
  EXPECT_THAT(after(argv, "-drive"), Contains("if=pflash,unit=0,format=raw,readonly=on,file=/f/code.fd"));
  EXPECT_THAT(after(argv, "-drive"), Contains("if=pflash,unit=1,format=raw,file=/k/a,,b.fd"));
  EXPECT_THAT(after(argv, "-drive"), Contains(HasSubstr("readonly=on,file=fat:/k/boot")));
  EXPECT_THAT(after(argv, "-smbios"), testing::ElementsAre("type=11,value=io.systemd.stub.kernel-cmdline-extra=a,,b"));
  EXPECT_THAT(after(argv, "-chardev"), Contains("socket,id=tpm,fd=4"));
  EXPECT_THAT(after(argv, "-device"), Contains("tpm-crb,tpmdev=tpm0"));
  wanted.firmware->tpm = -1;
  EXPECT_THAT(after(arguments_of(wanted, logs_in("/k"), 3), "-tpmdev"), testing::IsEmpty());
}

TEST(Machine, AnArchitectureIsKnownByTheNumberThatItsProgramsBear) {
  ASSERT_NE(architecture_of(183), nullptr);
  EXPECT_EQ(architecture_of(183)->name, "aarch64");
  EXPECT_EQ(architecture_of(8), nullptr);
}

TEST(Monitor, TheForwardedPortIsReadOutOfWhatQemuPrints) {
  EXPECT_EQ(forwarded_port(
                "Hub -1 (nic):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n"
                "  TCP[HOST_FORWARD]  13       127.0.0.1 40993       10.0.2.15    22     0     0\r\n"),
            40993U);
  EXPECT_EQ(forwarded_port("  TCP[ESTABLISHED]  13       127.0.0.1 40993       10.0.2.15    22     0     0\r\n"), 0U);
}

TEST(Guest, WhatATerminalWouldObeyIsNotShown) {
  EXPECT_EQ(plain("\x1b[0;32m  OK  \x1b[0m] up\r\n\x1b]0;title\x07next\tone\x1b[?7h"), "  OK  ] up\nnext\tone");
  EXPECT_EQ(plain("\x1b["), "");
}

// Captures, as qemu's filter-dump writes them (pcap(5)).
std::string number(std::uint64_t value, std::size_t width, bool little) {
  std::string out;
  for (std::size_t index = 0; index < width; ++index)
    out += static_cast<char>(value >> 8 * (little ? index : width - 1 - index) & 255U);
  return out;
}
std::string capture(const std::vector<std::string>& frames) {
  std::string out = number(0xa1b2c3d4, 4, true) + number(2, 2, true) + number(4, 2, true) + std::string(16, '\0');
  for (const auto& frame : frames)
    out += std::string(8, '\0') + number(frame.size(), 4, true) + number(frame.size(), 4, true) + frame;
  return out;
}
const std::string kGuest("\x52\x54\x00\x12\x34\x00", 6);
const std::string kOther("\x52\x55\x0a\x00\x02\x02", 6);
std::string frame(const std::string& from, unsigned kind, const std::string& rest) {
  return std::string(6, '\xff') + from + number(kind, 2, false) + rest;
}
std::string ipv4(unsigned protocol, const std::string& source, const std::string& rest) {
  std::string out("\x45\x00\x00\x00\x00\x00\x00\x00\x40", 9);
  return out + static_cast<char>(protocol) + std::string(2, '\0') + source + std::string(4, '\xff') + rest;
}
std::string dhcp(char kind, const std::string& given) {
  std::string out(236, '\0');
  out.replace(16, 4, given);
  out += number(0x63825363, 4, false) + std::string("\x35\x01", 2) + kind + std::string("\xff", 1);
  return number(kind == 5 ? 67 : 68, 2, false) + number(kind == 5 ? 68 : 67, 2, false) + std::string(4, '\0') + out;
}

constexpr const char* kMac = "52:54:00:12:34:00";
const std::string kZero(4, '\0');
const std::string kAddress("\x0a\x00\x02\x0f", 4);

TEST(Guest, ABreakpointThatTheKernelDoesNotKnowOfIsNotTheKernelsOwnFault) {
  EXPECT_TRUE(tripped("[    2.596536] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI\n"));
  EXPECT_TRUE(tripped("[    2.596536] int3: 0000 [#1] PREEMPT SMP NOPTI\n"));
  EXPECT_FALSE(tripped("[    2.596536] Oops: 0002 [#1] PREEMPT SMP NOPTI\n"));
  EXPECT_FALSE(tripped("[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n"));
}

TEST(Packets, AnAddressByDhcpIsHeardOnlyWhenItIsAcknowledged) {
  const auto asked = capture({frame(kGuest, 0x800, ipv4(17, kZero, dhcp(1, kZero)))});
  EXPECT_TRUE(parse_capture(asked, kMac, "10.0.2.15").asked);
  EXPECT_EQ(parse_capture(asked, kMac, "10.0.2.15").given, "");
  const auto given = capture({frame(kGuest, 0x800, ipv4(17, kZero, dhcp(3, kZero))),
                              frame(kOther, 0x800, ipv4(17, std::string("\x0a\x00\x02\x02", 4), dhcp(5, kAddress)))});
  EXPECT_EQ(parse_capture(given, kMac, "10.0.2.15").given, "10.0.2.15");
}

TEST(Packets, AStaticAddressIsHeardByArpAndAnotherOneIsNamed) {
  const auto arp = [](const std::string& sender) {
    return frame(kGuest, 0x806,
                 std::string("\x00\x01\x08\x00\x06\x04\x00\x01", 8) + kGuest + sender + std::string(10, '\0'));
  };
  EXPECT_TRUE(parse_capture(capture({arp(kAddress)}), kMac, "10.0.2.15").speaks);
  // A probe of RFC 5227 speaks from nowhere.
  EXPECT_FALSE(parse_capture(capture({arp(kZero)}), kMac, "10.0.2.15").speaks);
  EXPECT_EQ(parse_capture(capture({arp(std::string("\xc0\xa8\x01\x05", 4))}), kMac, "10.0.2.15").other, "192.168.1.5");
}

TEST(Packets, OnlyTcpFromTheExpectedAddressIsAnAnswer) {
  const std::string segment(20, '\0');
  const std::string other("\x0a\x00\x02\x10", 4);
  EXPECT_TRUE(parse_capture(capture({frame(kGuest, 0x800, ipv4(6, kAddress, segment))}), kMac, "10.0.2.15").answers);
  EXPECT_FALSE(parse_capture(capture({frame(kGuest, 0x800, ipv4(17, kAddress, segment))}), kMac, "10.0.2.15").answers);
  EXPECT_FALSE(parse_capture(capture({frame(kGuest, 0x800, ipv4(6, other, segment))}), kMac, "10.0.2.15").answers);
  EXPECT_FALSE(parse_capture(capture({frame(kOther, 0x800, ipv4(6, kAddress, segment))}), kMac, "10.0.2.15").answers);
}

TEST(Packets, ACaptureThatIsStillBeingWrittenIsReadAsFarAsItGoes) {
  auto whole = capture({frame(kGuest, 0x8100, std::string(40, '\0'))});
  EXPECT_TRUE(parse_capture(whole, kMac, "10.0.2.15").tagged);
  for (std::size_t length = 0; length < whole.size(); ++length)
    (void)parse_capture(whole.substr(0, length), kMac, "10.0.2.15");
  EXPECT_FALSE(parse_capture(whole.substr(0, whole.size() - 1), kMac, "10.0.2.15").any);
}

}  // namespace
}  // namespace vm
