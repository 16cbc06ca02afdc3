// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Child processes. Never a shell string, never an inherited environment, standard input is /dev/null (or bytes from
/// memory), umask 022.
namespace base {

struct Command {
  std::vector<std::string> argv;           // argv[0] is looked up in env["PATH"] if it has no slash
  std::map<std::string, std::string> env;  // the whole environment; nothing else is passed on
  std::filesystem::path cwd;               // empty: the caller's
  std::filesystem::path log;               // stdout and stderr are appended here; empty: kept in memory only
  std::filesystem::path stdout_to;         // stdout alone goes here instead (truncated first); empty: with stderr
  std::chrono::seconds deadline{0};        // 0: none
  std::map<int, std::string> data;         // descriptor (0, or 3 to 31) -> bytes that the child can read from it
  std::map<int, int> passed;               // descriptor (0, or 3 to 31) -> one of ours that the child gets, too
  bool dies_with_parent = false;           // killed when the thread that started it ends, however it ends
};

struct Outcome {
  int status = 0;  // exit status; 128+N when killed by signal N
  bool timed_out = false;
  std::string tail;    // the last lines of its output (at most 20 lines or 8 KiB), printable
  double seconds = 0;  // wall clock
};

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

/// The seam between the pipeline and the machine; unit tests put a fake here.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Runs the command in a process group of its own and waits. Throws Interrupted after having ended the group (TERM,
  /// one second, KILL) when `cancel` is asked, and Error (Exit::missing_tool) when argv[0] cannot be found. A failure
  /// is an Outcome. What the command left running in its group is killed when it has ended. The calling thread waits:
  /// bwrap lives as long as it does.
  virtual Outcome run(const Command& command, const Cancel& cancel) = 0;
};

class SystemRunner final : public Runner {
 public:
  Outcome run(const Command& command, const Cancel& cancel) override;
};

/// Where a program lies in a PATH-like list; nothing if it is in none of its folders.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name, const std::string& path_list);

}  // namespace base
