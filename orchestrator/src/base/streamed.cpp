// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/streamed.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/spawn.hpp"
#include "base/text.hpp"

namespace base {
namespace {

constexpr int kLookMs = 20;                                   // where there is no pidfd
constexpr int kGraceMs = 1000;                                // between TERM and KILL
constexpr std::size_t kMostAfterEnd = std::size_t{1} << 20U;  // read at most: others may hold the pipe

struct Pipe {
  Fd here, there;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("making a pipe");
  Pipe out{Fd(ends[0]), Fd(ends[1])};
  if (::fcntl(out.here.get(), F_SETFL, O_NONBLOCK) != 0) throw system_error("making a pipe");
  return out;
}

/// Hands on what is there; closes the descriptor at its end.
void drain(Fd& from, const TakeBytes& take, std::size_t most) {
  std::array<char, 16384> buffer;
  while (from.is_open() && most > 0) {
    const auto count = ::read(from.get(), buffer.data(), std::min(buffer.size(), most));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) throw system_error("reading a child's output");
    if (count == 0) {
      from.reset();
      return;
    }
    if (take) take({buffer.data(), static_cast<std::size_t>(count)});
    most -= static_cast<std::size_t>(count);
  }
}

/// Until one of them is readable; those that are not open are not looked at.
void wait_for(const std::vector<int>& descriptors, int milliseconds) {
  std::vector<pollfd> watched;
  for (const int fd : descriptors) watched.push_back({fd, POLLIN, 0});
  if (::poll(watched.data(), watched.size(), milliseconds) < 0 && errno != EINTR)
    throw system_error("waiting for a child process");
}

/// A child in our own process group, which shares our terminal.
class Neighbour {
 public:
  Neighbour(const Command& command, int input, int output) {
    const auto program = located(command).string();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (input >= 0) ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (output >= 0) ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    std::vector<std::string> words = command.argv, variables;
    for (const auto& [name, value] : command.env) variables.push_back(name + "=" + value);
    std::vector<char*> argv, envp;
    for (auto& word : words) argv.push_back(word.data());
    for (auto& variable : variables) envp.push_back(variable.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), envp.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
      throw Error(fmt::format("starting {}: {}", printable(program, 4096), std::strerror(failed)),
                  failed == ENOENT ? Exit::missing_tool : Exit::failed);
    pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));
  }
  ~Neighbour() {
    if (pid_ > 0) {
      ask_to_end();
      (void)finish();
    }
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  void ask_to_end() const { (void)::kill(pid_, SIGTERM); }
  [[nodiscard]] bool ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid_;
  }
  int finish() {
    int status = 0;
    pid_t reaped = 0;
    do reaped = ::waitpid(pid_, &status, 0);
    while (reaped < 0 && errno == EINTR);
    pid_ = -1;
    if (reaped < 0) return 127;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
};

Fd in_memory(const std::string& bytes) {
  Fd file(::memfd_create("data", MFD_CLOEXEC));
  if (!file.is_open()) throw system_error("passing data to a child process");
  write_all(file.get(), bytes, "passing data to a child process");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw system_error("passing data to a child process");
  return file;
}

}  // namespace

int run_streamed(const Command& command, const TakeBytes& out, const TakeBytes& err, const Cancel& cancel) {
  cancel.throw_if_requested();
  const auto program = located(command);
  auto output = make_pipe();
  auto words = make_pipe();
  Child child(command, program, output.there.get(), words.there.get());
  output.there.reset();
  words.there.reset();
  const auto look = child.pidfd() < 0 ? kLookMs : -1;
  while (!child.ended()) {
    if (cancel.signal() != 0) {
      child.signal_group(SIGTERM);
      for (int waited = 0; waited < kGraceMs && !child.ended(); waited += kLookMs) wait_for({child.pidfd()}, kLookMs);
      (void)child.finish();
      throw Interrupted(cancel.signal());
    }
    wait_for({output.here.get(), words.here.get(), child.pidfd(), cancel.fd()}, look);
    drain(output.here, out, kMostAfterEnd);
    drain(words.here, err, kMostAfterEnd);
  }
  drain(output.here, out, kMostAfterEnd);
  drain(words.here, err, kMostAfterEnd);
  return child.finish();
}

int run_at_terminal(const Command& command, const TakeBytes& out, const Cancel& cancel) {
  cancel.throw_if_requested();
  const auto input = command.data.find(0);
  const Fd data = input == command.data.end() ? Fd() : in_memory(input->second);
  Pipe output;
  if (out) output = make_pipe();
  Neighbour child(command, data.get(), output.there.get());
  output.there.reset();
  const auto look = child.pidfd() < 0 ? kLookMs : -1;
  bool asked = false;
  while (!child.ended()) {
    if (cancel.signal() != 0 && !asked) {
      child.ask_to_end();
      asked = true;
    }
    wait_for({output.here.get(), child.pidfd(), asked ? -1 : cancel.fd()}, look);
    drain(output.here, out, kMostAfterEnd);
  }
  drain(output.here, out, kMostAfterEnd);
  const int status = child.finish();
  cancel.throw_if_requested();
  return status;
}

}  // namespace base
