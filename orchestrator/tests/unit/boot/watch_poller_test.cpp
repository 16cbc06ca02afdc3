// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "watch/identification.hpp"
#include "watch/pace.hpp"
#include "watch/poller.hpp"
#include "watch/resolver.hpp"

namespace watch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Found = Identification::Found;

TEST(Identification, ReadsTheLineInPieces) {
  Identification reader;
  EXPECT_EQ(reader.add("SS"), Found::more);
  EXPECT_EQ(reader.add("H-2.0-OpenSSH_9.2\r"), Found::more);
  EXPECT_EQ(reader.add("\nkeys follow"), Found::line);
  EXPECT_EQ(reader.line(), "SSH-2.0-OpenSSH_9.2");
}

TEST(Identification, SkipsWhatComesBefore) {
  Identification reader;
  EXPECT_EQ(reader.add("Welcome\r\n\r\n" + std::string(2000, 'x') + "\nSSH-2.0-x\n"), Found::line);
  EXPECT_EQ(reader.line(), "SSH-2.0-x");
}

TEST(Identification, IsBounded) {
  Identification endless;
  auto found = Found::more;
  std::size_t taken = 0;
  for (; found == Found::more && taken < 100'000; taken += 10) found = endless.add("0123456789");
  EXPECT_EQ(found, Found::fault);
  EXPECT_LE(taken, Identification::kLongestPreamble + 10);

  Identification lines;
  found = Found::more;
  for (taken = 0; found == Found::more && taken < 100'000; taken += 2) found = lines.add("x\n");
  EXPECT_EQ(found, Found::fault);

  // RFC 4253, section 4.2: 255 bytes with CR LF.
  Identification longest;
  EXPECT_EQ(longest.add("SSH-2.0-" + std::string(245, 'x') + "\r\n"), Found::line);
  Identification longer;
  EXPECT_EQ(longer.add("SSH-2.0-" + std::string(248, 'x') + "\r\n"), Found::fault);
  Identification zero;
  EXPECT_EQ(zero.add(std::string_view("SSH-2.0\0x\n", 10)), Found::fault);
  EXPECT_EQ(zero.add("SSH-2.0-x\n"), Found::fault);
}

TEST(Pace, SlowsDownOnceRebootingTakesTooLong) {
  const Pace pace;
  EXPECT_EQ(pause_when_down(pace, 0, 0), 1.5);
  EXPECT_EQ(pause_when_down(pace, 299, 0), 1.5);
  EXPECT_EQ(pause_when_down(pace, 300, 1), 3);
  EXPECT_EQ(pause_when_down(pace, 1000, 50), 15);
}

TEST(Resolver, ReadsGetent) {
  EXPECT_THAT(parse_ahosts("fe80::1   STREAM db1\nfe80::1   DGRAM\n192.0.2.1   STREAM\n\x1b[31m STREAM x\n-1 STREAM\n"),
              ElementsAre("fe80::1", "192.0.2.1"));
  EXPECT_THAT(parse_ahosts(""), IsEmpty());
}

TEST(Address, TakesDigitsAlone) {
  EXPECT_TRUE(address_of("192.0.2.1", 22));
  EXPECT_TRUE(address_of("2001:db8::1", 22));
  EXPECT_TRUE(address_of("fe80::1%lo", 22));
  EXPECT_FALSE(address_of("fe80::1%nothing7", 22));
  EXPECT_FALSE(address_of("localhost", 22));
  EXPECT_FALSE(address_of("", 22));
}

/// Listens on 127.0.0.1.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_.get(), 16), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] Address address() const { return *address_of("127.0.0.1", port_); }
  [[nodiscard]] base::Fd accept() const { return base::Fd(::accept(fd_.get(), nullptr, nullptr)); }
  [[nodiscard]] bool is_called() const {
    pollfd watched{fd_.get(), POLLIN, 0};
    return poll(&watched, 1, 0) == 1;
  }
  void close() { fd_.reset(); }

 private:
  base::Fd fd_;
  std::uint16_t port_ = 0;
};

void say(const base::Fd& fd, std::string_view text) {
  ASSERT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

class PollerTest : public testing::Test {
 protected:
  PollerTest() : poller_(pace_, 7) { host_ = poller_.add(now_); }

  void at(const Listener& listener) { poller_.set_addresses(host_, {listener.address()}, now_); }
  /// Lets the kernel come along, without any time of the poller's.
  std::vector<Look> settle() {
    auto looks = poller_.step(now_);
    for (int tries = 0; tries < 50 && looks.empty(); ++tries) {
      pollfd watched{poller_.fd(), POLLIN, 0};
      if (poll(&watched, 1, 100) == 0) break;
      looks = poller_.step(now_);
    }
    return looks;
  }
  std::vector<Look> later(double seconds) {
    now_ += seconds;
    return settle();
  }
  /// A connection that is held.
  base::Fd held(const Listener& listener, std::string_view line = "SSH-2.0-a\r\n") {
    at(listener);
    EXPECT_THAT(later(6), IsEmpty());
    auto peer = listener.accept();
    say(peer, line);
    const auto looks = settle();
    EXPECT_EQ(looks.size(), 1U);
    if (!looks.empty()) EXPECT_EQ(looks[0].answer, Answer::identified);
    return peer;
  }

  Pace pace_;
  Poller poller_;
  std::size_t host_ = 0;
  double now_ = 1000;
};

TEST_F(PollerTest, ReadsTheIdentificationAndHolds) {
  const Listener listener;
  const auto peer = held(listener);
  EXPECT_EQ(poller_.open(), 1U);
  EXPECT_THAT(later(60), IsEmpty());
  EXPECT_FALSE(listener.is_called());
  // At the end of the holding it looks again, and finds the same.
  EXPECT_THAT(later(60), IsEmpty());
  EXPECT_THAT(later(1), IsEmpty());
  const auto next = listener.accept();
  say(next, "SSH-2.0-a\r\n");
  const auto looks = settle();
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_FALSE(looks[0].changed);
  EXPECT_FALSE(looks[0].lost);
}

TEST_F(PollerTest, NoticesTheEndOfAHeldConnection) {
  Listener listener;
  auto peer = held(listener);
  peer.reset();
  EXPECT_THAT(settle(), IsEmpty());
  now_ += 1;
  EXPECT_THAT(settle(), IsEmpty());
  const auto next = listener.accept();
  say(next, "SSH-2.0-b\r\n");
  const auto looks = settle();
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_TRUE(looks[0].lost);
  EXPECT_TRUE(looks[0].changed);
  EXPECT_EQ(looks[0].identification, "SSH-2.0-b");
}

TEST_F(PollerTest, ReportsAHostThatWentDown) {
  Listener listener;
  auto peer = held(listener);
  listener.close();
  peer.reset();
  EXPECT_THAT(settle(), IsEmpty());
  const auto looks = later(1);
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].answer, Answer::refused);
  EXPECT_EQ(poller_.open(), 0U);
  EXPECT_LE(poller_.next_due(), now_ + 1.5 * 1.2);
}

TEST_F(PollerTest, GivesUpOnAHostThatSaysNothing) {
  const Listener listener;
  at(listener);
  EXPECT_THAT(later(6), IsEmpty());
  EXPECT_THAT(settle(), IsEmpty());
  const auto looks = later(5.1);
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].answer, Answer::silent);
}

TEST_F(PollerTest, EndsAFlood) {
  const Listener listener;
  at(listener);
  EXPECT_THAT(later(6), IsEmpty());
  const auto peer = listener.accept();
  const std::string junk(2048, '\x1b');
  std::vector<Look> looks;
  for (int count = 0; count < 50 && looks.empty(); ++count) {
    (void)send(peer.get(), junk.data(), junk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    looks = settle();
  }
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].answer, Answer::garbage);
  EXPECT_EQ(poller_.open(), 0U);
}

TEST_F(PollerTest, IgnoresWhatFollowsTheIdentification) {
  const Listener listener;
  const auto peer = held(listener, "SSH-2.0-a\r\nmore");
  const std::string junk(4096, 'x');
  for (int count = 0; count < 100; ++count)
    (void)send(peer.get(), junk.data(), junk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_EQ(poller_.open(), 1U);
}

TEST_F(PollerTest, ReportsAClosedAndAResetConnection) {
  const Listener listener;
  at(listener);
  EXPECT_THAT(later(6), IsEmpty());
  listener.accept().reset();
  auto looks = settle();
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].answer, Answer::closed);
  EXPECT_THAT(later(2), IsEmpty());
  auto peer = listener.accept();
  const linger hard{1, 0};
  ASSERT_EQ(setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
  peer.reset();
  looks = settle();
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].answer, Answer::closed);
}

TEST_F(PollerTest, TriesEachAddressBeforeAHostIsDown) {
  Listener first;
  const Listener second;
  const auto nobody = first.address();
  first.close();
  poller_.set_addresses(host_, {nobody, second.address()}, now_);
  EXPECT_THAT(later(6), IsEmpty());
  EXPECT_THAT(settle(), IsEmpty());
  const auto peer = second.accept();
  say(peer, "SSH-2.0-a\r\n");
  const auto looks = settle();
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].answer, Answer::identified);
}

TEST_F(PollerTest, LeavesAPausedHostAlone) {
  const Listener listener;
  const auto peer = held(listener);
  poller_.pause(host_);
  EXPECT_EQ(poller_.open(), 0U);
  char byte = 0;
  EXPECT_EQ(read(peer.get(), &byte, 1), 0);
  EXPECT_THAT(later(1000), IsEmpty());
  EXPECT_FALSE(listener.is_called());
  poller_.resume(host_, now_);
  EXPECT_THAT(later(1), IsEmpty());
  EXPECT_TRUE(listener.is_called());
}

TEST(Poller, LimitsConnectionsThatAreBeingMade) {
  Pace pace;
  pace.at_once = 3;
  Poller poller(pace, 7);
  const Listener listener;
  for (int count = 0; count < 10; ++count) poller.set_addresses(poller.add(0), {listener.address()}, 0);
  std::vector<base::Fd> peers;
  EXPECT_THAT(poller.step(6), IsEmpty());
  EXPECT_EQ(poller.open(), 3U);
  std::size_t seen = 0;
  for (int turns = 0; turns < 200 && seen < 10; ++turns) {
    while (listener.is_called()) {
      peers.push_back(listener.accept());
      say(peers.back(), "SSH-2.0-a\r\n");
    }
    seen += poller.step(6).size();
    EXPECT_LE(poller.open() - seen, 3U);
    usleep(1000);
  }
  EXPECT_EQ(seen, 10U);
}

TEST_F(PollerTest, ClosesAtOnceWithoutHold) {
  Pace pace;
  pace.hold = 0;
  Poller poller(pace, 7);
  const Listener listener;
  poller.set_addresses(poller.add(0), {listener.address()}, 0);
  EXPECT_THAT(poller.step(6), IsEmpty());
  const auto peer = listener.accept();
  say(peer, "SSH-2.0-a\r\n");
  pollfd watched{poller.fd(), POLLIN, 0};
  ASSERT_EQ(poll(&watched, 1, 5000), 1);
  EXPECT_EQ(poller.step(6).size(), 1U);
  EXPECT_EQ(poller.open(), 0U);
  EXPECT_GE(poller.next_due(), 6 + 5 * 0.8);
  EXPECT_LE(poller.next_due(), 6 + 5 * 1.2);
}

}  // namespace
}  // namespace watch
