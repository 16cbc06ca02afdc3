// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "remote/key_look.hpp"
#include "remote/unlock.hpp"
#include "watch/pace.hpp"
#include "watch/poller.hpp"

namespace watch {

enum class State {
  unknown,
  down,       // nothing answers
  up,         // its real system answers, or shows its key
  waiting,    // it shows its initramfs's key, or has proven it
  unlocking,  // the passphrase is being sent
  unlocked,   // its real system was not seen yet
  wrong_key,  // it shows a key that known_hosts does not have for it
  fault,      // somebody has to look: Change::text says why
};
[[nodiscard]] std::string name_of(State state);
inline constexpr State kStates[] = {State::unknown,   State::down,     State::up,        State::waiting,
                                    State::unlocking, State::unlocked, State::wrong_key, State::fault};

/// One change of a host's state.
struct Change {
  std::size_t host = 0;
  std::string name;
  State from = State::unknown;
  State to = State::unknown;
  double waited = 0;  // seconds in `from`
  std::string text;   // printable; "" if the states say it all
};

/// What a metric or a table shows of a host.
struct HostStatus {
  std::string name;
  State state = State::unknown;
  double since = 0;          // base::Clock's time
  double waiting_since = 0;  // 0: it does not wait to be unlocked
  unsigned long looks = 0;   // by ssh
  unsigned long failures = 0;
  std::string text;
};

struct WatchedHost {
  std::string name;
  bool direct = true;      // can be connected to, so that a Poller looks at it
  bool comparable = true;  // a key look tells something (remote/key_look.hpp)
};

/// Decides which host deserves a look, and of what kind. No thread, no descriptor: an Engine feeds it and does what it
/// asks. The kinds, from cheap to costly: a connection (Poller), a key look (remote/key_look.hpp), ssh
/// (remote::unlock(), which proves the key itself and is the only one that sends).
///
/// A key look follows when a host answers for the first time, answers again, answers after its connection was lost,
/// identifies itself otherwise, when a beacon names it, and in a slow round. ssh looks where the initramfs's key was
/// shown, and where a key look can tell nothing.
///
/// A refused passphrase, or a denied approval, holds for this boot: the host must have shown its real system's key, or
/// been down for kRebootSeconds, before anything is sent again. Other failures: a pause that doubles from
/// kFirstPause to kLongestPause.
class Watcher {
 public:
  /// Of a host that comes back after it was down, ssh looks at once, which saves a key exchange where many reboot at a
  /// time; but not when so many are down that the network was.
  static constexpr std::size_t kMostRebooting = 64;
  static constexpr double kRebootSeconds = 10;
  static constexpr double kFirstPause = 5;
  static constexpr double kLongestPause = 900;

  /// `straight`: see kMostRebooting. Not where a person is asked before ssh looks.
  Watcher(const Pace& pace, std::uint32_t seed, bool straight = true);
  std::size_t add(const WatchedHost& host, double now);
  /// When the inventory or known_hosts tells otherwise.
  void set_kind(std::size_t host, bool direct, bool comparable, double now);

  void looked(const Look& look, double now);
  void shown(std::size_t host, remote::Shows shows, double now);
  /// A step of a look by ssh.
  void progressed(std::size_t host, State state, const std::string& text, double now);
  void finished(std::size_t host, const remote::Unlocked& result, double now);
  /// Nobody may send to it in this boot: --approve said no.
  void denied(std::size_t host, const std::string& why, double now);
  /// It cannot be prepared: its configuration has a fault.
  void broken(std::size_t host, const std::string& why, double now);
  /// A verified beacon names it.
  void beacon(std::size_t host, double now);

  /// Hosts that are to be looked at now, at most `room` of them; they count as being looked at until shown() or
  /// finished(). Those that wait longest come first.
  [[nodiscard]] std::vector<std::size_t> take_key_looks(std::size_t room, double now);
  [[nodiscard]] std::vector<std::size_t> take_ssh_looks(std::size_t room, double now);
  /// When those have something next; infinite if never.
  [[nodiscard]] double next_key_look() const;
  [[nodiscard]] double next_ssh_look() const;
  [[nodiscard]] std::vector<Change> take_changes();
  [[nodiscard]] HostStatus status(std::size_t host) const;
  [[nodiscard]] std::size_t size() const { return hosts_.size(); }

 private:
  struct Host {
    WatchedHost what;
    State state = State::unknown;
    double since = 0;
    double waiting_since = 0;
    double down_since = -1;
    unsigned misses = 0;       // looks in a row that found nobody
    unsigned no_key = 0;       // key looks in a row that were shown none
    double key_due = 0;        // infinite: not
    double ssh_due = 0;        // infinite: not
    double not_before = 0;     // no ssh before this
    unsigned in_a_row = 0;     // failures
    bool held_back = false;    // for this boot: refused, or denied
    bool asked_again = false;  // a beacon came while it was looked at
    bool busy = false;
    unsigned long looks = 0;
    unsigned long failures = 0;
    std::string text;
  };

  void set(std::size_t number, State state, const std::string& text, double now);
  void ask(Host& host, double now);
  void not_there(std::size_t number, const Look& look, double now);
  void wants_unlock(std::size_t number, const std::string& text, double now);
  void failed(std::size_t number, State state, const std::string& text, double now);
  void seen_up(std::size_t number, const std::string& text, double now);
  void rest_until_slow_round(Host& host, double now);

  [[nodiscard]] bool goes_straight(const Host& host) const;

  Pace pace_;
  std::minstd_rand random_;
  bool straight_;
  std::vector<Host> hosts_;
  std::vector<Change> changes_;
};

}  // namespace watch
