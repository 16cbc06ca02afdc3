// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/output_tail.hpp"
#include "base/spawn.hpp"
#include "base/text.hpp"

namespace base {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kGrace = std::chrono::seconds(1);       // between TERM and KILL
constexpr auto kLook = std::chrono::milliseconds(20);  // how often to look where there is no pidfd
constexpr std::size_t kLastWords = std::size_t{1}
                                   << 20;  // read at most after the end: a pipe's capacity, and no endless stream

/// One run: what the child writes goes to the log and to the tail until it has ended, or has been ended.
class Run {
 public:
  Run(const Command& command, const Cancel& cancel) : command_(command), cancel_(cancel) {}

  Outcome wait() {
    const std::filesystem::path program = located(command_);
    if (!command_.log.empty()) log_ = open_output(command_.log, O_APPEND);
    const auto started = Clock::now();
    start(program);
    while (!child_->ended()) {
      ask_to_end_when_due();
      sleep_until_something_happens();
      read_output();
    }
    read_output();
    Outcome outcome;
    outcome.status = child_->finish();
    if (cancelled_) throw Interrupted(cancel_.signal());
    outcome.timed_out = timed_out_;
    outcome.too_long = too_long_;
    outcome.out = std::move(kept_);
    outcome.tail = tail_.text();
    outcome.seconds = std::chrono::duration<double>(Clock::now() - started).count();
    return outcome;
  }

 private:
  /// Its reading end goes to `here`; the other one is the child's.
  static Fd make_pipe(Fd& here) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("making a pipe");
    here = Fd(ends[0]);
    Fd theirs(ends[1]);
    if (::fcntl(here.get(), F_SETFL, O_NONBLOCK) != 0) throw system_error("making a pipe");
    return theirs;
  }

  void start(const std::filesystem::path& program) {
    const Fd theirs = make_pipe(output_);
    const Fd own = command_.capture > 0         ? make_pipe(captured_)
                   : command_.stdout_to.empty() ? Fd()
                                                : open_output(command_.stdout_to, O_TRUNC);
    child_ = std::make_unique<Child>(command_, program, own.is_open() ? own.get() : theirs.get(), theirs.get());
    if (command_.deadline.count() > 0) due_ = Clock::now() + command_.deadline;
  }

  void ask_to_end_when_due() {
    if (killed_) return;
    const auto now = Clock::now();
    if (!ending_) {
      cancelled_ = cancel_.signal() != 0;
      timed_out_ = !cancelled_ && due_ && now >= *due_;
      ending_ = cancelled_ || timed_out_ || too_long_;
      if (!ending_) return;
      child_->signal_group(SIGTERM);
      child_->signal_group(SIGCONT);  // a stopped process hears no TERM
      due_ = now + kGrace;
    } else if (now >= *due_) {
      child_->signal_group(SIGKILL);
      killed_ = true;
      due_.reset();
    }
  }

  void sleep_until_something_happens() {
    pollfd watched[4] = {{output_.get(), POLLIN, 0},
                         {captured_.get(), POLLIN, 0},
                         {child_->pidfd(), POLLIN, 0},
                         {ending_ ? -1 : cancel_.fd(), POLLIN, 0}};
    int wait = -1;  // for ever
    if (due_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due_ - Clock::now()).count();
      wait = static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, 3'600'000));
    }
    if (child_->pidfd() < 0)
      wait = wait < 0 ? static_cast<int>(kLook.count()) : std::min(wait, static_cast<int>(kLook.count()));
    if (::poll(watched, 4, wait) < 0 && errno != EINTR) throw system_error("waiting for a child process");
  }

  void read_output() {
    read_from(output_, [&](std::string_view bytes) {
      tail_.add(bytes);
      if (log_.is_open()) write_all(log_.get(), bytes, "writing " + printable(command_.log.string(), 4096));
    });
    read_from(captured_, [&](std::string_view bytes) {
      too_long_ = too_long_ || bytes.size() > command_.capture - kept_.size();
      if (!too_long_) kept_ += bytes;
    });
  }

  /// What is there, but no more than kLastWords.
  template <typename Take>
  static void read_from(Fd& from, const Take& take) {
    char buffer[16384];
    std::size_t most = kLastWords;
    while (from.is_open() && most > 0) {
      const ssize_t count = ::read(from.get(), buffer, std::min(sizeof buffer, most));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) throw system_error("reading a child's output");
      if (count == 0) {  // closed by all who could write; the child may live on
        from.reset();
        return;
      }
      take(std::string_view(buffer, static_cast<std::size_t>(count)));
      most -= static_cast<std::size_t>(count);
    }
  }

  const Command& command_;
  const Cancel& cancel_;
  Fd log_, output_, captured_;
  OutputTail tail_;
  std::string kept_;  // of captured_
  std::unique_ptr<Child> child_;
  std::optional<Clock::time_point> due_;  // of the deadline, then of the KILL
  bool ending_ = false, killed_ = false, cancelled_ = false, timed_out_ = false, too_long_ = false;
};

}  // namespace

Outcome SystemRunner::run(const Command& command, const Cancel& cancel) {
  cancel.throw_if_requested();
  return Run(command, cancel).wait();
}

std::optional<std::filesystem::path> find_program(const std::string& name, const std::string& path_list) {
  if (name.empty() || name.find('/') != std::string::npos) return std::nullopt;
  for (const auto& folder : split(path_list, ':')) {
    if (folder.empty()) continue;  // a shell would take the current folder
    auto path = std::filesystem::path(folder) / name;
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::nullopt;
}

}  // namespace base
