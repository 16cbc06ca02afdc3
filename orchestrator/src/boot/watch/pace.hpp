// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <limits>
#include <random>

namespace watch {

/// A time that does not come.
inline constexpr double kNever = std::numeric_limits<double>::infinity();

/// How often hosts are looked at; seconds.
struct Pace {
  double interval = 5;       // keep-alive of a held connection; without `hold`, between two looks at a host that is up
  double hold = 90;          // a connection is kept for so long, at most, below LoginGraceTime; 0: closed at once
  double down = 1.5;         // between two looks at a host that has gone down, while it may be rebooting
  double rebooting = 300;    // for so long after it went down
  double longest_down = 15;  // later the pause doubles up to this
  double connect_timeout = 4;  // a SYN is sent again after 1 s and 3 s
  double banner_timeout = 5;   // from the connection to the identification
  double jitter = 0.2;         // of each pause, to both sides
  unsigned at_once = 64;       // connections that are being made
  double slow_round = 300;     // each host's key is looked at, whatever its connection says
  double key_looks = 1;        // of slow rounds, a second, of all hosts: each takes 25 ms of a core, the key exchange's
  double by_ssh_alone = 60;    // between two looks at a host that cannot be connected to directly
};

/// Seconds until the next look at a host that has been down for `down_for`, after `misses` looks since `rebooting`
/// ended.
[[nodiscard]] double pause_when_down(const Pace& pace, double down_for, unsigned misses);

/// `seconds`, more or less by Pace::jitter: hosts that began together do not stay together.
template <typename Random>
double jittered(const Pace& pace, double seconds, Random& random) {
  std::uniform_real_distribution<double> share(1 - pace.jitter, 1 + pace.jitter);
  return seconds * share(random);
}

}  // namespace watch
