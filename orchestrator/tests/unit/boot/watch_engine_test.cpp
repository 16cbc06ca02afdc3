// SPDX-License-Identifier: GPL-3.0-or-later
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "fakes.hpp"
#include "remote/ssh_settings.hpp"
#include "watch/engine.hpp"

namespace watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A server on a port of 127.0.0.1 that identifies itself, and keeps its connections.
class Server {
 public:
  Server() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_.get(), 16), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Server() { shutdown(fd_.get(), SHUT_RDWR); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int accepted() const { return accepted_; }
  /// Ends the connections, as a reboot does.
  void reboot() {
    const std::scoped_lock lock(mutex_);
    peers_.clear();
  }

 private:
  void serve() {
    for (;;) {
      base::Fd peer(accept(fd_.get(), nullptr, nullptr));
      if (!peer.is_open()) return;
      (void)send(peer.get(), "SSH-2.0-x\r\n", 11, MSG_NOSIGNAL);
      const std::scoped_lock lock(mutex_);
      peers_.push_back(std::move(peer));
      ++accepted_;
    }
  }
  base::Fd fd_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::mutex mutex_;
  std::vector<base::Fd> peers_;
  std::jthread thread_;
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    options_.pace.interval = 1;
    options_.tick = 3600;
    jobs_.prepare = [this](std::size_t) {
      remote::Prepared out;
      out.host_name = "127.0.0.1";
      out.port = server_.port();
      out.machine.target.alias = "db1-initramfs";
      out.initramfs.keys = {"AAAAearly"};
      out.real.keys = {"AAAAreal"};
      return out;
    };
    jobs_.resolve = [](const std::string& name) { return std::vector{name}; };
    jobs_.look_at_keys = [this](const auto& questions) {
      remote::Shown out;
      for (const auto& question : questions) out[question.id] = {{"ssh-ed25519", is_early_ ? "AAAAearly" : "AAAAreal"}};
      return out;
    };
    jobs_.unlock = [this](const UnlockJob& /*job*/, const Tell& tell) {
      ++unlocks_;
      tell(State::unlocking, "sending");
      is_early_ = false;
      return remote::Unlocked{remote::Outcome::unlocked, "", 1};
    };
    jobs_.changed = [this](const Change& change) {
      changes_.push_back(name_of(change.to));
      texts_.push_back(change.text);
    };
  }

  void make() {
    engine_.emplace(std::vector<std::string>{"db1"}, options_, jobs_,
                    base::Context{runner_, cancel_, console_, environment_, clock_});
  }
  /// Turns until the last change is to this state; false if that does not come.
  bool until(const std::string& state) {
    for (int turns = 0; turns < 3000; ++turns) {
      if (!changes_.empty() && changes_.back() == state) return true;
      engine_->turn(0.02);
    }
    return false;
  }

  /// Until the host's connection, which a look had ended, is held again.
  void hold() {
    const auto before = server_.accepted();
    for (int turns = 0; turns < 3000 && server_.accepted() == before; ++turns) engine_->turn(0.02);
    for (int turns = 0; turns < 10; ++turns) engine_->turn(0.02);
  }

  Server server_;
  std::atomic<bool> is_early_ = false;
  std::atomic<int> unlocks_ = 0;
  std::vector<std::string> changes_;
  std::vector<std::string> texts_;
  EngineOptions options_;
  Jobs jobs_;
  fakes::Runner runner_;
  base::Cancel cancel_;
  fakes::Console console_;
  std::map<std::string, std::string> environment_;
  base::SystemClock clock_;
  std::optional<Engine> engine_;
};

TEST_F(EngineTest, UnlocksAHostThatReboots) {
  make();
  ASSERT_TRUE(until("up"));
  hold();
  is_early_ = true;
  server_.reboot();
  ASSERT_TRUE(until("unlocked"));
  EXPECT_EQ(unlocks_, 1);
  ASSERT_TRUE(until("up"));
  EXPECT_THAT(changes_, ElementsAre("up", "waiting", "unlocking", "unlocked", "up"));
}

TEST_F(EngineTest, SendsOnlyWhatIsApproved) {
  is_early_ = true;
  jobs_.approve = [](std::size_t) { return std::optional<std::string>("not today\x1b[31m"); };
  make();
  ASSERT_TRUE(until("fault"));
  EXPECT_EQ(unlocks_, 0);
  EXPECT_THAT(texts_.back(), HasSubstr("not today\\x1b"));
}

TEST_F(EngineTest, AsksForAnApprovalFirst) {
  is_early_ = true;
  int asked = 0;
  jobs_.approve = [&](std::size_t) -> std::optional<std::string> {
    ++asked;
    EXPECT_EQ(unlocks_, 0);
    return std::nullopt;
  };
  make();
  ASSERT_TRUE(until("unlocked"));
  EXPECT_EQ(asked, 1);
}

TEST_F(EngineTest, AHostThatCannotBePreparedIsAFault) {
  jobs_.prepare = [](std::size_t) -> remote::Prepared {
    throw remote::LocalFault("ssh cannot read its configuration");
  };
  make();
  ASSERT_TRUE(until("fault"));
  EXPECT_THAT(texts_.back(), HasSubstr("ssh cannot read"));
}

TEST_F(EngineTest, AnUnlockThatThrowsIsAFault) {
  is_early_ = true;
  jobs_.unlock = [](const UnlockJob&, const Tell&) -> remote::Unlocked {
    throw base::Error("the passphrase's command failed (status 1)");
  };
  make();
  ASSERT_TRUE(until("fault"));
  EXPECT_THAT(texts_.back(), HasSubstr("the passphrase's command failed"));
}

TEST_F(EngineTest, WithoutSshKeyscanSshLooks) {
  jobs_.look_at_keys = [](const auto&) -> remote::Shown {
    throw base::Error("ssh-keyscan is not installed", base::Exit::missing_tool);
  };
  jobs_.unlock = [](const UnlockJob&, const Tell&) { return remote::Unlocked{remote::Outcome::already_up, "", 0}; };
  make();
  EXPECT_TRUE(until("up"));
}

TEST_F(EngineTest, EndsWhenItIsAsked) {
  make();
  cancel_.request(SIGTERM);
  EXPECT_THROW(engine_->run(), base::Interrupted);
}

TEST_F(EngineTest, ABeaconBringsALook) {
  const auto socket = beacon_socket("127.0.0.1:47001");
  options_.beacons = socket.get();
  jobs_.is_signed = [](const remote::Prepared& prepared, const Beacon& beacon) {
    return prepared.machine.target.alias == beacon.name && beacon.number == 2;
  };
  make();
  ASSERT_TRUE(until("up"));
  is_early_ = true;
  const base::Fd sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto to = *address_of("127.0.0.1", 47001);
  const auto send_number = [&](const std::string& number) {
    const auto text =
        "{\"dracut-sshd-beacon\":1,\"name\":\"db1-initramfs\",\"boot\":\"01234567-89ab-cdef-0123-"
        "456789abcdef\",\"number\":" +
        number + ",\"up\":1,\"waiting\":[]}\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
    ASSERT_EQ(sendto(sender.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to.bytes), to.size),
              static_cast<ssize_t>(text.size()));
  };
  send_number("1");  // not signed
  for (int turns = 0; turns < 50; ++turns) engine_->turn(0.02);
  EXPECT_EQ(changes_.back(), "up");
  send_number("2");
  EXPECT_TRUE(until("unlocked"));
}

}  // namespace
}  // namespace watch
