// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "openssh/config_values.hpp"
#include "openssh/sshd_config.hpp"

using openssh::Version;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// What the sshd of Debian 12, 13 and 14 said of each of these lines (sshd -t).
constexpr const char* kRefused[] = {
    "Ciphers foo",
    "Ciphers aes256-ctr,foo",
    "Ciphers +foo",
    "Ciphers ^foo",
    "Ciphers +aes*",
    "Ciphers aes*",
    "Ciphers AES256-CTR",
    "Ciphers +",
    "Ciphers rijndael-cbc@lysator.liu.se",
    "Ciphers none",
    "Ciphers arcfour",
    "Ciphers blowfish-cbc",
    "MACs foo",
    "MACs +hmac-foo",
    "MACs hmac-ripemd160",
    "MACs hmac-*",
    "KexAlgorithms foo",
    "KexAlgorithms +foo",
    "KexAlgorithms sntrup4591761x25519-sha512@tinyssh.org",
    "KexAlgorithms ext-info-c",
    "KexAlgorithms kex-strict-s-v00@openssh.com",
    "KexAlgorithms diffie-*",
    "HostKeyAlgorithms foo",
    "HostKeyAlgorithms +foo",
    "HostKeyAlgorithms +x*",
    "HostKeyAlgorithms x*",
    "HostKeyAlgorithms ssh-xmss@openssh.com",
    "HostKeyAlgorithms ssh-mldsa44-ed25519@openssh.com",
    "PubkeyAcceptedAlgorithms foo",
    "PubkeyAcceptedAlgorithms +foo",
    "PubkeyAcceptedAlgorithms ssh-ed25519,foo",
    "PubkeyAcceptedAlgorithms x*",
    "HostbasedAcceptedAlgorithms foo",
    "HostbasedAcceptedAlgorithms x*",
    "CASignatureAlgorithms foo",
    "CASignatureAlgorithms ssh-ed25519-cert-v01@openssh.com",
    "CASignatureAlgorithms x*",
    "CASignatureAlgorithms +foo",
    "FingerprintHash foo",
    "MaxStartups foo",
    "MaxStartups 10:30",
    "MaxStartups 100:30:10",
    "MaxStartups 10:101:100",
    "MaxStartups 10:0:100",
    "MaxStartups 0",
    "MaxStartups -1",
    "PerSourceMaxStartups foo",
    "PerSourceNetBlockSize foo",
    "PerSourceNetBlockSize 33:128",
    "PerSourceNetBlockSize 32:129",
    "PerSourcePenalties foo",
    "PerSourcePenalties authfail:x",
    "PerSourcePenalties yes authfail:1",
    "IPQoS foo",
    "IPQoS ef cs0 af11",
    "IPQoS 256",
    "RekeyLimit foo",
    "RekeyLimit none",
    "RekeyLimit 1G foo",
    "RekeyLimit 1X",
    "RekeyLimit 15",
    "RekeyLimit 1G 1h 1h",
    "StreamLocalBindMask foo",
    "StreamLocalBindMask 01777",
    "PermitOpen foo",
    "PermitListen host:0",
    "SetEnv foo",
    "SetEnv =bar",
    "AcceptEnv FOO=bar",
    "AuthenticationMethods foo",
    "AuthenticationMethods any publickey",
    "AuthenticationMethods publickey any",
    "AuthenticationMethods publickey,foo",
    "AuthenticationMethods publickey,",
    "PubkeyAuthOptions foo",
    "ChannelTimeout foo",
    "ChannelTimeout session=foo",
    "ChannelTimeout none session=5m",
    "ChannelTimeout =5m",
    "ListenAddress 0.0.0.0:99999",
    "ListenAddress 0.0.0.0 rdomain",
    "ListenAddress 0.0.0.0 foo",
    "ListenAddress 999.1.1.1",
    "ListenAddress [::1",
    "AllowUsers root@10.0.0.0/33",
    "AllowUsers root@",
    "DenyUsers root@10.0.0.1/8",
    "Subsystem sftp",
};
constexpr const char* kTaken[] = {"Ciphers -foo",
                                  "Ciphers -aes*",
                                  "Ciphers aes256-ctr",
                                  "Ciphers aes256-ctr,",
                                  "Ciphers -",
                                  "Ciphers -*",
                                  "Ciphers 3des-cbc",
                                  "Ciphers aes256-cbc",
                                  "Ciphers chacha20-poly1305@openssh.com",
                                  "Ciphers aes256-gcm@openssh.com",
                                  "MACs -hmac-foo",
                                  "MACs -*",
                                  "MACs hmac-sha2-256",
                                  "MACs hmac-md5",
                                  "MACs hmac-md5-96",
                                  "MACs hmac-sha1-96",
                                  "MACs umac-64@openssh.com",
                                  "MACs hmac-sha2-512-etm@openssh.com",
                                  "MACs hmac-md5-96-etm@openssh.com",
                                  "KexAlgorithms -*",
                                  "KexAlgorithms curve25519-sha256",
                                  "KexAlgorithms curve25519-sha256@libssh.org",
                                  "KexAlgorithms sntrup761x25519-sha512@openssh.com",
                                  "KexAlgorithms diffie-hellman-group1-sha1",
                                  "KexAlgorithms diffie-hellman-group14-sha1",
                                  "KexAlgorithms diffie-hellman-group14-sha256",
                                  "KexAlgorithms diffie-hellman-group16-sha512",
                                  "KexAlgorithms diffie-hellman-group18-sha512",
                                  "KexAlgorithms diffie-hellman-group-exchange-sha1",
                                  "KexAlgorithms diffie-hellman-group-exchange-sha256",
                                  "KexAlgorithms ecdh-sha2-nistp256",
                                  "KexAlgorithms ecdh-sha2-nistp384",
                                  "KexAlgorithms ecdh-sha2-nistp521",
                                  "HostKeyAlgorithms +ssh-*",
                                  "HostKeyAlgorithms ssh-*",
                                  "HostKeyAlgorithms -*",
                                  "HostKeyAlgorithms -foo",
                                  "HostKeyAlgorithms ssh-rsa",
                                  "HostKeyAlgorithms ssh-ed25519",
                                  "HostKeyAlgorithms sk-ssh-ed25519@openssh.com",
                                  "HostKeyAlgorithms sk-ssh-ed25519-cert-v01@openssh.com",
                                  "HostKeyAlgorithms webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
                                  "HostKeyAlgorithms rsa-sha2-256-cert-v01@openssh.com",
                                  "PubkeyAcceptedAlgorithms -*",
                                  "PubkeyAcceptedAlgorithms ssh-*",
                                  "CASignatureAlgorithms ssh-ed25519",
                                  "CASignatureAlgorithms ssh-rsa",
                                  "CASignatureAlgorithms rsa-sha2-512",
                                  "CASignatureAlgorithms rsa-sha2-*",
                                  "FingerprintHash md5",
                                  "FingerprintHash SHA256",
                                  "FingerprintHash sha1",
                                  "MaxStartups 10",
                                  "MaxStartups 10:30:100",
                                  "MaxStartups 10:30:100:5",
                                  "MaxStartups 10x",
                                  "PerSourceMaxStartups none",
                                  "PerSourceMaxStartups 0",
                                  "PerSourceMaxStartups 5",
                                  "PerSourceNetBlockSize 32",
                                  "PerSourceNetBlockSize 32:128",
                                  "PerSourceNetBlockSize 0",
                                  "IPQoS ef",
                                  "IPQoS ef cs0",
                                  "IPQoS lowdelay",
                                  "IPQoS lowdelay throughput",
                                  "IPQoS none",
                                  "IPQoS 255",
                                  "IPQoS 63",
                                  "IPQoS 64",
                                  "IPQoS reliability",
                                  "IPQoS le",
                                  "RekeyLimit default",
                                  "RekeyLimit 1G",
                                  "RekeyLimit 1G 1h",
                                  "RekeyLimit 1G none",
                                  "RekeyLimit default none",
                                  "RekeyLimit 16",
                                  "RekeyLimit 0",
                                  "RekeyLimit 1G 0",
                                  "StreamLocalBindMask 0177",
                                  "StreamLocalBindMask 0999",
                                  "StreamLocalBindMask 777",
                                  "PermitOpen any",
                                  "PermitOpen none",
                                  "PermitOpen host:22",
                                  "PermitOpen host:*",
                                  "PermitListen 22",
                                  "PermitListen any",
                                  "PermitListen host:22",
                                  "PermitListen *",
                                  "SetEnv FOO=bar",
                                  "SetEnv FOO=bar FOO=baz",
                                  "AcceptEnv FOO",
                                  "AcceptEnv LC_*",
                                  "AuthenticationMethods publickey",
                                  "AuthenticationMethods any",
                                  "AuthenticationMethods publickey,password",
                                  "AuthenticationMethods none",
                                  "AuthenticationMethods publickey,none",
                                  "AuthenticationMethods keyboard-interactive:pam",
                                  "AuthenticationMethods keyboard-interactive:foo",
                                  "AuthenticationMethods publickey:x",
                                  "AuthenticationMethods publickey publickey,publickey",
                                  "PubkeyAuthOptions none",
                                  "PubkeyAuthOptions touch-required",
                                  "PubkeyAuthOptions touch-required verify-required",
                                  "ChannelTimeout session=5m",
                                  "ChannelTimeout session:*=5m",
                                  "ChannelTimeout none",
                                  "ChannelTimeout global=5m",
                                  "ListenAddress 0.0.0.0",
                                  "ListenAddress 0.0.0.0:22",
                                  "ListenAddress ::",
                                  "ListenAddress [::]:22",
                                  "AllowUsers root@10.0.0.0/8",
                                  "AllowUsers root@foo",
                                  "AllowUsers @foo",
                                  "Subsystem sftp internal-sftp",
                                  "Subsystem sftp /usr/lib/x",
                                  "HostKeyAgent foo",
                                  "HostKeyAgent SSH_AUTH_SOCK",
                                  "AuthorizedKeysFile none",
                                  "AuthorizedKeysFile foo",
                                  "AuthorizedKeysCommandUser nobody",
                                  "AuthorizedPrincipalsFile foo"};

std::vector<std::string> faults(const std::string& text, const Version& version) {
  const auto config = openssh::parse_sshd_config(text, "main", [](const std::string&) { return openssh::Included{}; });
  std::vector<std::string> out;
  for (const auto& one : config.findings)
    if (one.fatal) out.push_back(to_string(one));
  for (const auto& one : openssh::unknown_to(config, version))
    if (one.fatal) out.push_back(to_string(one));
  return out;
}

TEST(ConfigValues, WhatEverySshdRefusesIsAFault) {
  for (const auto* line : kRefused)
    for (const auto& version : {Version{9, 2, 1}, Version{10, 0, 2}, Version{10, 6, 1}})
      EXPECT_THAT(faults(line, version), testing::Not(IsEmpty())) << line;
}

TEST(ConfigValues, WhatEverySshdTakesIsNone) {
  for (const auto* line : kTaken)
    for (const auto& version : {Version{10, 0, 2}, Version{10, 6, 1}})
      EXPECT_THAT(faults(line, version), IsEmpty()) << line;
}

TEST(ConfigValues, ANameMayBeNewerThanAnSshdOrOlder) {
  EXPECT_THAT(
      faults("KexAlgorithms mlkem768x25519-sha256,curve25519-sha256", {9, 2, 1}),
      ElementsAre("main:1: KexAlgorithms: \"mlkem768x25519-sha256\" came with OpenSSH 9.9, and 9.2p1 ends at it"));
  EXPECT_THAT(faults("HostKeyAlgorithms ssh-dss", {9, 2, 1}), IsEmpty());
  EXPECT_THAT(
      faults("HostKeyAlgorithms ssh-dss", {10, 0, 1}),
      ElementsAre("main:1: HostKeyAlgorithms: \"ssh-dss\" is not a type of key that it knows, and 10.0p1 ends at it"));
  EXPECT_THAT(faults("Ciphers rijndael-cbc@lysator.liu.se", {8, 4, 1}), IsEmpty());
}

TEST(ConfigValues, ANameThatOnlyAPatchedOrNewerSshdKnowsIsSaidWithIt) {
  const auto faults = openssh::algorithm_faults("kexalgorithms", "+strange-sha256,gss-group14-sha256-", {10, 0, 1});
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].name, "strange-sha256");
  EXPECT_EQ(openssh::algorithm_faults("kexalgorithms", "ext-info-c", {10, 0, 1}).at(0).name, "");
  EXPECT_THAT(openssh::algorithm_faults("port", "22", {10, 0, 1}), IsEmpty());
  EXPECT_EQ(openssh::algorithm_faults("ciphers", std::string(100, ',') + std::string(40000, 'x'), {10, 0, 1}).size(),
            1U);
}

}  // namespace
