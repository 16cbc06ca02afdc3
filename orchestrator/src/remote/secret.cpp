// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"

extern char** environ;

namespace remote {
namespace {

/// Up to the end of the line, byte by byte: what follows belongs to others. `buffer` never grows, so that no copy stays
/// behind.
Secret line_of(int fd, const std::string& from) {
  std::string line;
  line.reserve(kLongestPassphrase + 1);
  Secret guard;
  for (;;) {
    char byte = 0;
    const auto count = ::read(fd, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      explicit_bzero(line.data(), line.capacity());
      throw base::system_error(from);
    }
    if (count == 0 || byte == '\n') break;
    if (line.size() == kLongestPassphrase || byte == '\0') {
      explicit_bzero(line.data(), line.capacity());
      throw base::Error(fmt::format("{}: a passphrase is a line of at most {} bytes", from, kLongestPassphrase),
                        base::Exit::usage);
    }
    line += byte;
  }
  if (line.empty()) throw base::Error(from + ": an empty passphrase", base::Exit::usage);
  return Secret(std::move(line));
}

/// The terminal's echo is off as long as it lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (tcgetattr(fd_, &before_) != 0) throw base::system_error("the terminal");
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    if (tcsetattr(fd_, TCSAFLUSH, &quiet) != 0) throw base::system_error("the terminal");
  }
  ~NoEcho() { tcsetattr(fd_, TCSAFLUSH, &before_); }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
};

}  // namespace

void Secret::cleanse() noexcept {
  bytes_.resize(bytes_.capacity());  // what was swapped away may have left something behind its end
  explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    cleanse();
    bytes_.swap(other.bytes_);
    other.cleanse();
  }
  return *this;
}

Secret from_terminal(const std::string& question) {
  const base::Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open())
    throw base::Error("there is no terminal to ask for the passphrase", base::Exit::usage)
        .with_hint("--passphrase-fd N reads it from a descriptor, --passphrase-command runs a command that prints it");
  base::write_all(terminal.get(), question, "the terminal");
  const NoEcho quiet(terminal.get());
  return line_of(terminal.get(), "the terminal");
}

Secret from_descriptor(int fd) { return line_of(fd, fmt::format("descriptor {}", fd)); }

Secret from_command(const std::string& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw base::system_error("making a pipe");
  base::Fd here(ends[0]);
  base::Fd there(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, there.get(), STDOUT_FILENO);
  std::string shell = "/bin/sh";
  std::string flag = "-c";
  std::string words = command;
  char* const argv[] = {shell.data(), flag.data(), words.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, shell.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  there.reset();
  if (failed != 0) throw base::Error(fmt::format("the passphrase's command: {}", strerror(failed)));
  Secret secret;
  std::string why;
  try {
    secret = line_of(here.get(), "the passphrase's command");
  } catch (const base::Error& error) {
    why = error.what();
  }
  here.reset();  // it may go on printing: nobody listens
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
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
