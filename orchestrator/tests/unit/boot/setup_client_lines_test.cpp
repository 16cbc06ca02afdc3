// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "openssh_samples.hpp"
#include "setup/client_lines.hpp"

namespace setup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ClientFacts web_server() {
  ClientFacts out;
  out.names = {"web", "web.example.org"};
  out.addresses = {"192.0.2.10"};
  out.host_keys = {samples::kEd25519};
  out.fingerprints = {samples::kEd25519Fingerprint};
  return out;
}

TEST(ClientLines, HasALineForEachNameAndAddressThatUnlockMayBeGiven) {
  const auto lines = client_lines(web_server());
  EXPECT_THAT(lines.known_hosts,
              ElementsAre("web-initramfs " + samples::kEd25519, "web.example.org-initramfs " + samples::kEd25519,
                          "192.0.2.10-initramfs " + samples::kEd25519));
  EXPECT_EQ(lines.ssh_config,
            "Host web-initramfs web.example.org-initramfs 192.0.2.10-initramfs\n"
            "    HostName 192.0.2.10\n"
            "    HostKeyAlias web-initramfs\n"
            "    Port 22\n"
            "    User root\n");
  EXPECT_EQ(lines.unlock, "dracut-sshd unlock 192.0.2.10");
}

TEST(ClientLines, TheUnsealedKeyHasANameOfItsOwn) {
  auto facts = web_server();
  facts.names = {"web"};
  facts.addresses = {};
  facts.unsealed_keys = {samples::kEcdsa, "no key"};
  EXPECT_THAT(client_lines(facts).known_hosts,
              ElementsAre("web-initramfs " + samples::kEd25519, "web-initramfs-unsealed " + samples::kEcdsa));
}

TEST(ClientLines, AnotherPortIsOfTheCommandAndTheStanzaAndNotOfKnownHosts) {
  auto facts = web_server();
  facts.port = "2222";
  const auto lines = client_lines(facts);
  EXPECT_EQ(lines.known_hosts.front(), "web-initramfs " + samples::kEd25519);
  EXPECT_THAT(lines.ssh_config, HasSubstr("    Port 2222\n"));
  EXPECT_EQ(lines.unlock, "dracut-sshd unlock --port 2222 192.0.2.10");
  facts.login_port = "2222";  // ssh's own for this host
  EXPECT_EQ(client_lines(facts).unlock, "dracut-sshd unlock 192.0.2.10");
}

TEST(ClientLines, WithoutANameTheAddressServesAndWithoutAnAddressTheName) {
  auto facts = web_server();
  facts.names = {};
  facts.addresses = {"2001:db8::1"};
  auto lines = client_lines(facts);
  EXPECT_THAT(lines.ssh_config, HasSubstr("Host 2001:db8::1-initramfs\n    HostName 2001:db8::1\n"));
  EXPECT_EQ(lines.unlock, "dracut-sshd unlock 2001:db8::1");
  EXPECT_THAT(lines.sshfp, IsEmpty());
  facts.addresses = {"fe80::1%eth0"};
  EXPECT_THAT(client_lines(facts).ssh_config, HasSubstr("    HostName fe80::1%%eth0\n"));
  facts = web_server();
  facts.addresses = {};
  EXPECT_THAT(client_lines(facts).ssh_config, HasSubstr("    HostName web\n"));
}

TEST(ClientLines, TheClientsOwnOptionsAreInTheStanza) {
  auto facts = web_server();
  facts.ssh_options = {"ProxyJump gate", "User x\nProxyCommand y"};
  const auto lines = client_lines(facts);
  EXPECT_THAT(lines.ssh_config, HasSubstr("    ProxyJump gate\n"));
  EXPECT_THAT(lines.ssh_config, Not(HasSubstr("ProxyCommand")));
}

TEST(ClientLines, WhatIsNoNameAddressOrKeyIsLeftOut) {
  auto facts = web_server();
  facts.names = {"-oProxyCommand=x",
                 "*",
                 "web evil",
                 "web\nHost *",
                 "web,db",
                 "",
                 "w\xc3\xa9"
                 "b",
                 "web",
                 "web"};
  facts.addresses = {"192.0.2.10\nProxyCommand x", "not an address", "192.0.2.11%e th", "192.0.2.10"};
  facts.host_keys = {"ssh-ed25519 AAAA", samples::kEd25519 + " comment", samples::kHostCertificate, samples::kEcdsa};
  const auto lines = client_lines(facts);
  EXPECT_THAT(lines.known_hosts,
              ElementsAre("web-initramfs " + samples::kEcdsa, "192.0.2.10-initramfs " + samples::kEcdsa));
  EXPECT_THAT(lines.ssh_config, Not(HasSubstr("Proxy")));
  facts.host_keys = {};
  EXPECT_THAT(client_lines(facts).known_hosts, IsEmpty());
  EXPECT_EQ(client_lines(facts).ssh_config, "");
  EXPECT_EQ(client_lines(facts).unlock, "");
}

TEST(ClientLines, SshfpRecordsAreThoseOfSshKeygen) {
  // ssh-keygen -r web-initramfs; the tool test compares them with the one that is installed.
  EXPECT_EQ(sshfp_record("web-initramfs", samples::kEd25519),
            "web-initramfs IN SSHFP 4 2 "
            "e7dce961697dd630980d1a4980910595267477456130993c469d275da6ca8ae5");
  EXPECT_EQ(sshfp_record("web-initramfs", samples::kEcdsa),
            "web-initramfs IN SSHFP 3 2 "
            "6d3a9c78d750d34e954fcde3ed04ef8158ca71e9253bad79ee5e187f1e658850");
  EXPECT_EQ(sshfp_record("web-initramfs", samples::kRsa),
            "web-initramfs IN SSHFP 1 2 "
            "45d855911d704e886bf883c1dd63540790311d6adcca3d1d39c6ebe497387d1e");
  EXPECT_EQ(sshfp_record("web-initramfs", "ssh-ed25519 AAAA"), "");
  auto facts = web_server();
  facts.names = {"192.0.2.10", "web.example.org"};  // a label of the zone, not a name below "org-initramfs"
  EXPECT_THAT(client_lines(facts).sshfp, ElementsAre(sshfp_record("web-initramfs", samples::kEd25519)));
}

}  // namespace
}  // namespace setup
