// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "fakes.hpp"
#include "watch/beacon.hpp"
#include "watch/poller.hpp"

namespace watch {
namespace {

const std::string kBoot = "01234567-89ab-cdef-0123-456789abcdef";
const std::string kLine = "{\"dracut-sshd-beacon\":1,\"name\":\"db1-initramfs\",\"boot\":\"" + kBoot +
                          "\",\"number\":1,\"up\":12.3,\"waiting\":[\"passphrase\"]}\n";
const std::string kSignature = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n";

std::string with(const std::string& from, const std::string& to) {
  return base::replace_all(kLine, from, to) + kSignature;
}

TEST(Beacon, IsRead) {
  const auto beacon = parse_beacon(kLine + kSignature);
  ASSERT_TRUE(beacon);
  EXPECT_EQ(beacon->name, "db1-initramfs");
  EXPECT_EQ(beacon->boot, kBoot);
  EXPECT_EQ(beacon->number, 1U);
  EXPECT_EQ(beacon->up, 12.3);
  EXPECT_THAT(beacon->waiting, testing::ElementsAre("passphrase"));
  EXPECT_EQ(beacon->signed_line, kLine);
  EXPECT_EQ(beacon->signature, kSignature);
}

TEST(Beacon, IsReadStrictly) {
  EXPECT_FALSE(parse_beacon(""));
  EXPECT_FALSE(parse_beacon(kLine));
  EXPECT_FALSE(parse_beacon(kSignature));
  EXPECT_FALSE(parse_beacon(kLine + kSignature + "x"));
  EXPECT_FALSE(parse_beacon(kLine + "\n" + kSignature));
  EXPECT_FALSE(parse_beacon(kLine + base::replace_all(kSignature, "U1NI", "U1;I")));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{":1,\"name", ":2,\"name"},
                                                        {":1,\"name", ":\"1\",\"name"},
                                                        {"\"number\":1", "\"number\":0"},
                                                        {"\"number\":1", "\"number\":-1"},
                                                        {"\"number\":1", "\"number\":1.5"},
                                                        {"\"number\":1", "\"number\":1,\"number\":2"},
                                                        {"\"number\":1", "\"number\":1,\"more\":2"},
                                                        {"\"number\":1,", ""},
                                                        {"12.3", "-1"},
                                                        {"12.3", "1e999"},
                                                        {"12.3", "\"12\""},
                                                        {"[\"passphrase\"]", "[[\"passphrase\"]]"},
                                                        {"[\"passphrase\"]", "[\"Pass phrase\"]"},
                                                        {"[\"passphrase\"]", "\"passphrase\""},
                                                        {"db1-initramfs", "db1;x"},
                                                        {"db1-initramfs", "-oProxyCommand"},
                                                        {"db1-initramfs", ""},
                                                        {"db1-initramfs", "\\u001b[31m"},
                                                        {kBoot, "0123"},
                                                        {kBoot, base::replace_all(kBoot, "a", "A")},
                                                        {"{", "[{"}})
    EXPECT_FALSE(parse_beacon(with(from, to))) << from << " -> " << to;
  EXPECT_FALSE(parse_beacon(with("db1-initramfs", std::string(1400, 'a'))));
}

TEST(Beacon, ItsSignatureIsVerified) {
  const base::TempDir folder("/tmp", "watch-test.");
  fakes::SystemContext context;
  context.environment["PATH"] = "/usr/bin:/bin";
  const auto run = [&](std::vector<std::string> argv) {
    base::Command command;
    command.argv = std::move(argv);
    command.env = context.environment;
    return context.runner.run(command, context.cancel).status;
  };
  if (!base::find_program("ssh-keygen", "/usr/bin:/bin")) GTEST_SKIP() << "ssh-keygen is not installed";
  remote::KnownKeys keys;
  remote::KnownKeys others;
  for (const auto* name : {"key", "other"}) {
    const auto path = (folder.path() / name).string();
    ASSERT_EQ(run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path}), 0);
    auto& known = std::string(name) == "key" ? keys : others;
    known.keys.insert(base::split(base::read_file(path + ".pub", 4096), ' ')[1]);
  }
  const auto sign = [&](const std::string& name, const std::string& text) {
    base::write_file(folder.path() / name, text);
    EXPECT_EQ(run({"ssh-keygen", "-q", "-Y", "sign", "-f", (folder.path() / "key").string(), "-n", kBeaconNamespace,
                   (folder.path() / name).string()}),
              0);
    return base::read_file((folder.path() / name).string() + ".sig", 4096);
  };
  const auto datagram = kLine + sign("line", kLine);
  EXPECT_LE(datagram.size(), kLongestBeacon);
  auto beacon = parse_beacon(datagram);
  ASSERT_TRUE(beacon);
  EXPECT_TRUE(is_signed_by(*beacon, keys, context));
  EXPECT_FALSE(is_signed_by(*beacon, others, context));
  EXPECT_FALSE(is_signed_by(*beacon, {}, context));
  keys.keys.insert("AAAAnonsense");
  EXPECT_TRUE(is_signed_by(*beacon, keys, context));
  beacon->signed_line = base::replace_all(kLine, "12.3", "12.4");
  EXPECT_FALSE(is_signed_by(*beacon, keys, context));
}

TEST(BeaconGate, KnowsHostsByTheirInitramfs) {
  BeaconGate gate({"db0", "db1"});
  const auto taken = gate.take(kLine + kSignature, "a", 0);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->host, 1U);
  EXPECT_FALSE(gate.take(with("db1", "db7"), "a", 0));
  gate.add_name("db7-initramfs", 0);
  EXPECT_TRUE(gate.take(with("db1", "db7"), "a", 0));
  EXPECT_EQ(gate.dropped(), 1U);
}

TEST(BeaconGate, LimitsWhatIsVerified) {
  BeaconGate gate({"db1"});
  std::size_t taken = 0;
  for (int count = 0; count < 100; ++count) taken += gate.take(kLine + kSignature, std::to_string(count), 10) ? 1 : 0;
  EXPECT_EQ(taken, 3U);
  EXPECT_TRUE(gate.take(kLine + kSignature, "new", 20));
  // One source cannot use up everybody's share.
  for (int count = 0; count < 1000; ++count) (void)gate.take("junk", "same", 30);
  EXPECT_TRUE(gate.take(kLine + kSignature, "other", 60));
}

TEST(BeaconGate, RecognizesCopies) {
  BeaconGate gate({"db1"});
  auto beacon = *parse_beacon(kLine + kSignature);
  EXPECT_TRUE(gate.is_news(0, beacon));
  EXPECT_FALSE(gate.is_news(0, beacon));
  beacon.number = 2;
  EXPECT_TRUE(gate.is_news(0, beacon));
  auto next = beacon;
  next.boot[0] = 'f';
  next.number = 1;
  EXPECT_TRUE(gate.is_news(0, next));
  beacon.number = 3;
  EXPECT_FALSE(gate.is_news(0, beacon));
}

TEST(BeaconSource, IsAnAddressOrItsNetwork) {
  const auto of = [](const char* digits, std::uint16_t port) { return source_of(address_of(digits, port)->bytes); };
  EXPECT_EQ(of("192.0.2.1", 1), of("192.0.2.1", 2));
  EXPECT_NE(of("192.0.2.1", 1), of("192.0.2.2", 1));
  EXPECT_EQ(of("2001:db8::1", 1), of("2001:db8::2", 1));
  EXPECT_NE(of("2001:db8:0:1::1", 1), of("2001:db8::1", 1));
  EXPECT_EQ(of("::ffff:192.0.2.1", 1), of("192.0.2.1", 2));
}

TEST(BeaconSocket, TakesAnAddressAndAPort) {
  EXPECT_TRUE(beacon_socket("127.0.0.1:47000").is_open());
  for (const auto* where : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "localhost:5", "::1"})
    EXPECT_THROW((void)beacon_socket(where), base::Error) << where;
}

}  // namespace
}  // namespace watch
