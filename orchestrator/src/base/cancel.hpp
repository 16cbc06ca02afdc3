// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <signal.h>

#include <array>
#include <atomic>

/// The user's wish that the program stops.
namespace base {

/// A cancel flag that a signal handler may set and a poll may wait for (an eventfd). One for the whole program.
class Cancel {
 public:
  Cancel();
  ~Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void request(int signal) noexcept;          // async-signal-safe
  [[nodiscard]] int signal() const noexcept;  // 0: not asked to stop
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void throw_if_requested() const;  // Interrupted

 private:
  int fd_;
  std::atomic<int> signal_{0};
  static_assert(std::atomic<int>::is_always_lock_free);  // what a signal handler may touch
};

/// Installs handlers for SIGINT, SIGTERM and SIGHUP that ask `cancel`, and restores what was there at the end of its
/// life. A signal that was ignored (nohup) stays ignored. SIGCHLD gets its default, without which no child can be
/// waited for. One at a time.
class SignalScope {
 public:
  explicit SignalScope(Cancel& cancel);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

 private:
  std::array<struct sigaction, 4> before_{};
};

}  // namespace base
