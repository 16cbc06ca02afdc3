// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "watch/identification.hpp"
#include "watch/pace.hpp"

namespace watch {

/// Where a host is connected to.
struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};
/// An IPv4 or IPv6 address in digits, the latter with a scope ("fe80::1%eth0") if it needs one; nothing for a name.
[[nodiscard]] std::optional<Address> address_of(const std::string& digits, std::uint16_t port);

enum class Answer {
  identified,  // it sent an identification
  refused,     // nobody listens, or the network says that there is no way
  timeout,     // no answer to the connection
  silent,      // it took the connection and said nothing in time
  closed,      // it took the connection and closed it
  garbage,     // what it sent is not an SSH server's
};

/// What one look at a host found. A hint when to look by ssh, never a verdict: anybody on the way can cause each.
struct Look {
  std::size_t host = 0;
  Answer answer = Answer::timeout;
  std::string identification;  // untrusted
  bool changed = false;        // it is another one than last time
  bool lost = false;           // the connection of the look before ended without us: its sshd, or its kernel, went away
};

/// Looks at many hosts from one thread: connects, reads the identification, and keeps the connection until
/// Pace::hold is over. Its end tells at once that an sshd has gone, which a reboot cannot avoid, and costs both sides
/// less than a connection each Pace::interval: one line in the host's log each 90 s. Keep-alive probes of the kernel
/// find a host that lost its power. Sends nothing.
///
/// Never more than one connection to a host, and Pace::at_once that are being made. Times are base::Clock's.
class Poller {
 public:
  Poller(const Pace& pace, std::uint32_t seed);

  /// Its number, from 0. The first look is within Pace::interval. Nothing happens to a host without addresses.
  std::size_t add(double now);
  /// Looks at these from now on. A host has failed when all of them have, one after the other.
  void set_addresses(std::size_t host, std::vector<Address> addresses, double now);
  /// Closes the connection and looks no more, until resume(): while ssh looks.
  void pause(std::size_t host);
  void resume(std::size_t host, double now);

  /// Readable when step() has work before next_due().
  [[nodiscard]] int fd() const { return epoll_.get(); }
  [[nodiscard]] double next_due() const;
  /// Never waits.
  [[nodiscard]] std::vector<Look> step(double now);
  /// Connections that are open.
  [[nodiscard]] std::size_t open() const { return open_; }

 private:
  enum class Phase { idle, queued, connecting, reading, held, paused };
  struct Host {
    std::vector<Address> addresses;
    std::size_t next = 0;   // which address
    std::size_t tried = 0;  // since the last one that answered
    base::Fd socket;
    Phase phase = Phase::idle;
    Identification reader;
    std::string last;  // identification
    double began = 0;  // of the connection
    double down_since = -1;
    unsigned misses = 0;  // since Pace::rebooting ended
    double hold = 0;
    bool lost = false;
    unsigned stamp = 0;  // of its timer that counts
  };
  struct Timer {
    double due;
    std::size_t host;
    unsigned stamp;
    bool operator<(const Timer& other) const { return due > other.due; }  // the earliest on top
  };

  void set_timer(std::size_t host, double due);
  void close(Host& host);
  void connect(std::size_t number, double now);
  void on_event(std::size_t number, std::uint32_t events, double now);
  void on_timer(std::size_t number, double now);
  void read(std::size_t number, double now);
  void identified(std::size_t number, double now);
  void keep(std::size_t number, double now);
  void on_held_end(std::size_t number, double now);
  void failed(std::size_t number, Answer answer, double now);
  void start_queued(double now);

  Pace pace_;
  std::minstd_rand random_;
  base::Fd epoll_;
  std::vector<Host> hosts_;
  std::priority_queue<Timer> timers_;
  std::deque<std::size_t> queue_;
  std::vector<Look> looks_;
  std::size_t open_ = 0;
  std::size_t being_made_ = 0;  // connecting or reading
};

}  // namespace watch
