// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "remote/key_look.hpp"
#include "watch/beacon.hpp"
#include "watch/pace.hpp"
#include "watch/poller.hpp"
#include "watch/pool.hpp"
#include "watch/watcher.hpp"

namespace watch {

/// A step of remote::unlock(): State::waiting when the initramfs has proven its key, State::unlocking before the
/// passphrase is sent. From any thread.
using Tell = std::function<void(State, const std::string& text)>;

/// A host that ssh is to look at.
struct UnlockJob {
  std::size_t host = 0;
  std::optional<remote::Prepared> prepared;  // none: it has become stale
  bool shown = false;                        // a key look was just shown the initramfs's key
  bool approved = false;                     // Jobs::approve has said yes
};

/// What the engine has done by others. Hosts are numbers, as in `names`. All but `changed` and `tick` are called in
/// threads, several at a time, and may take their time; base::Interrupted ends them.
struct Jobs {
  std::function<remote::Prepared(std::size_t)> prepare;                           // LocalFault, base::Error: a fault
  std::function<std::vector<std::string>(const std::string& host_name)> resolve;  // watch::resolve()
  std::function<remote::Shown(const std::vector<remote::KeyQuestion>&)> look_at_keys;
  /// Why nothing may be sent to it; nothing if it may. Asked once for as long as it waits, before ssh looks at a host
  /// that has shown its initramfs's key. Empty: nobody is asked.
  std::function<std::optional<std::string>(std::size_t)> approve;
  /// With `approved` false, `approve` was not asked: at a host that only ssh can tell about. It must ask itself, once
  /// the initramfs has proven its key.
  std::function<remote::Unlocked(const UnlockJob&, const Tell&)> unlock;
  /// Whether a key that known_hosts has for the host's initramfs has signed a beacon.
  std::function<bool(const remote::Prepared&, const Beacon&)> is_signed;
  /// In the loop's thread: has to be quick.
  std::function<void(const Change&)> changed;
  std::function<void(const std::vector<HostStatus>&)> tick;
};

struct EngineOptions {
  Pace pace;
  std::size_t parallel = 32;  // looks by ssh at one time
  double tick = 15;           // seconds between two calls of Jobs::tick
  int beacons = -1;           // a bound UDP socket, non-blocking; -1: none
  std::uint32_t seed = 1;     // of the jitter
};

/// The loop of `dracut-sshd watch`: a Poller, a Watcher, and the threads for what takes its time.
class Engine {
 public:
  Engine(std::vector<std::string> names, const EngineOptions& options, Jobs jobs, const base::Context& context);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Until `cancel` is asked: then base::Interrupted.
  [[noreturn]] void run();
  /// One turn of the loop, which waits at most that long; for tests.
  void turn(double longest);
  [[nodiscard]] std::vector<HostStatus> statuses() const;

 private:
  struct Known {
    std::optional<remote::Prepared> prepared;
    std::vector<std::string> addresses;
    bool preparing = false;
    bool look_wanted = false;  // when it is prepared
    bool shows_nothing = false;
    bool approved = false;  // for as long as it waits
    double resolve_due = 0;
  };

  [[nodiscard]] double now() const { return context_.clock.now(); }
  void prepare(std::size_t host);
  void prepared(std::size_t host, remote::Prepared prepared, std::vector<std::string> addresses);
  void broken(std::size_t host, const std::string& why);
  void resolve_again();
  void start_looks();
  void start_key_looks(const std::vector<std::size_t>& hosts);
  void start_ssh_look(std::size_t host);
  void finished(std::size_t host, const remote::Unlocked& result);
  void take_beacons();
  void report();
  [[nodiscard]] int wait_ms(double longest) const;

  std::vector<std::string> names_;
  EngineOptions options_;
  Jobs jobs_;
  base::Context context_;
  Poller poller_;
  Watcher watcher_;
  BeaconGate gate_;
  std::vector<Known> known_;
  double tick_due_ = 0;
  double resolve_due_ = 0;
  std::size_t key_jobs_ = 0;  // that have not come back
  std::size_t ssh_jobs_ = 0;
  Inbox inbox_;
  // Last: their threads use the above.
  Pool preparers_;
  Pool key_lookers_;
  Pool approvers_;
  Pool unlockers_;
};

}  // namespace watch
