// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "base/error.hpp"

extern char** environ;

namespace remote {
namespace {

constexpr std::size_t kRoom = 4096;  // a page, and more than kLongestPassphrase
constexpr int kLook = 20;            // milliseconds between two looks at a child
constexpr int kGrace = 50;           // looks between TERM and KILL

/// Waits until the child has ended; ends it when `cancel` is asked, or after `patience`, unless that is 0. Its status.
int status_of(pid_t child, const base::Cancel& cancel, std::chrono::seconds patience = std::chrono::seconds(0)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  int status = 0;
  int looks_since_term = 0;
  for (;;) {
    const auto reaped = waitpid(child, &status, WNOHANG);
    if (reaped == child || (reaped < 0 && errno != EINTR)) break;
    const bool is_late = patience.count() > 0 && std::chrono::steady_clock::now() >= end;
    if (cancel.signal() != 0 || is_late) {
      if (looks_since_term == 0) (void)kill(child, SIGTERM);
      if (looks_since_term == kGrace) (void)kill(child, SIGKILL);
      ++looks_since_term;
      (void)poll(nullptr, 0, kLook);
    } else {
      pollfd watched{cancel.fd(), POLLIN, 0};
      (void)poll(&watched, 1, kLook);
    }
  }
  return status;
}

/// This process's, with some more.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> out;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view text(*each);
    if (!more.contains(std::string(text.substr(0, text.find('='))))) out.emplace_back(text);
  }
  for (const auto& [name, value] : more) out.push_back(name + "=" + value);
  return out;
}

/// /bin/sh with that command; what it prints goes to `output`.
pid_t start_shell(const std::string& command, std::vector<std::string> environment, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::string shell = "/bin/sh";
  std::string flag = "-c";
  std::string words = command;
  char* const argv[] = {shell.data(), flag.data(), words.data(), nullptr};
  std::vector<char*> pointers;
  for (auto& each : environment) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawn(&child, shell.c_str(), &actions, nullptr, argv, pointers.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw base::Error(fmt::format("the passphrase's command: {}", strerror(failed)));
  return child;
}

}  // namespace

Secret::Secret(std::string&& bytes) {
  const bool fits = bytes.size() <= kLongestPassphrase;
  if (fits) {
    allocate();
    memcpy(page_, bytes.data(), bytes.size());
    size_ = bytes.size();
  }
  explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
  if (!fits) throw base::Error(fmt::format("a passphrase has at most {} bytes", kLongestPassphrase), base::Exit::usage);
}

void Secret::allocate() {
  void* const memory = mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw base::system_error("memory for the passphrase");
  page_ = static_cast<char*>(memory);
  locked_ = mlock(page_, kRoom) == 0;
  (void)madvise(page_, kRoom, MADV_DONTDUMP);
  (void)madvise(page_, kRoom, MADV_DONTFORK);
}

void Secret::cleanse() noexcept {
  if (page_ == nullptr) return;
  explicit_bzero(page_, kRoom);
  (void)munmap(page_, kRoom);  // which unlocks it, too
  page_ = nullptr;
  size_ = 0;
  locked_ = false;
}

void Secret::swap(Secret& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(size_, other.size_);
  std::swap(locked_, other.locked_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    cleanse();
    swap(other);
  }
  return *this;
}

Secret Secret::clone() const {
  Secret out;
  if (page_ == nullptr) return out;
  out.allocate();
  memcpy(out.page_, page_, size_);
  out.size_ = size_;
  return out;
}

bool Secret::add(char byte) {
  if (page_ == nullptr) allocate();
  if (size_ == kLongestPassphrase) return false;
  page_[size_++] = byte;
  return true;
}

void forbid_core_dumps() {
  const rlimit none{0, 0};  // for the child processes, ssh among them, as well
  if (setrlimit(RLIMIT_CORE, &none) != 0) throw base::system_error("forbidding core dumps");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) throw base::system_error("forbidding core dumps");
}

base::Fd as_pipe(const Secret& secret) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw base::system_error("making a pipe");
  base::Fd out(ends[0]);
  const base::Fd in(ends[1]);
  char end = '\n';
  const auto text = secret.view();
  iovec parts[2] = {{const_cast<char*>(text.data()), text.size()}, {&end, 1}};
  // An empty pipe takes a page at once, and that is more than a passphrase.
  if (writev(in.get(), parts, 2) != static_cast<ssize_t>(text.size() + 1)) throw base::system_error("filling a pipe");
  return out;
}

Secret read_line(int fd, const std::string& from, const base::Cancel& cancel, std::chrono::seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  Secret out;
  for (;;) {
    pollfd watched[2] = {{fd, POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
    if (poll(watched, 2, patience.count() > 0 ? 1000 : -1) < 0 && errno != EINTR) throw base::system_error(from);
    cancel.throw_if_requested();
    if (patience.count() > 0 && std::chrono::steady_clock::now() >= end)
      throw base::Error(fmt::format("{}: no line within {} s", from, patience.count()));
    if (watched[0].revents == 0) continue;
    char byte = 0;
    const auto count = ::read(fd, &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) throw base::system_error(from);
    if (count == 0 || byte == '\n') break;
    if (byte == '\0' || !out.add(byte))
      throw base::Error(fmt::format("{}: a passphrase is a line of at most {} bytes", from, kLongestPassphrase),
                        base::Exit::usage);
  }
  if (out.view().empty()) throw base::Error(from + ": an empty passphrase", base::Exit::usage);
  return out;
}

Secret from_descriptor(int fd, const base::Cancel& cancel) {
  return read_line(fd, fmt::format("descriptor {}", fd), cancel);
}

Secret from_command(const std::string& command, const std::map<std::string, std::string>& more,
                    std::chrono::seconds patience, const base::Cancel& cancel) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw base::system_error("making a pipe");
  base::Fd here(ends[0]);
  base::Fd there(ends[1]);
  const pid_t child = start_shell(command, environment_with(more), there.get());
  there.reset();
  Secret secret;
  std::string why;
  bool in_time = true;
  try {
    secret = read_line(here.get(), "the passphrase's command", cancel, patience);
  } catch (const base::Error& error) {
    why = error.what();
    in_time = error.exit() == base::Exit::usage;
  } catch (const base::Interrupted&) {
    (void)status_of(child, cancel);
    throw;
  }
  if (!in_time) {
    base::Cancel over;
    over.request(SIGTERM);
    (void)status_of(child, over);
    throw base::Error(why);
  }
  here.reset();                                           // it may go on printing: nobody listens
  const int status = status_of(child, cancel, patience);  // what has printed its line may still hang
  cancel.throw_if_requested();
  const bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  // A shell tells of its child's signal by its own status.
  const bool not_listened_to = WIFSIGNALED(status) ? WTERMSIG(status) == SIGPIPE : WEXITSTATUS(status) == 128 + SIGPIPE;
  if (!ended_well && !not_listened_to)
    throw base::Error(fmt::format("the passphrase's command failed (status {})",
                                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
  if (!why.empty()) throw base::Error(why, base::Exit::usage);
  return secret;
}

}  // namespace remote
