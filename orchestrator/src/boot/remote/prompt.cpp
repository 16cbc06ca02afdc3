// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace remote {
namespace {

// What the handlers need.
std::atomic<base::Cancel*> asked{nullptr};
std::atomic<int> terminal_fd{-1};
std::atomic<int> wake_fd{-1};
volatile sig_atomic_t stop_wanted = 0;
termios as_it_was{};  // written before the handlers are there

void restore(int fd) {
  // From the background, too, without being stopped by SIGTTOU.
  sigset_t one;
  sigset_t before;
  sigemptyset(&one);
  sigaddset(&one, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &one, &before);
  tcsetattr(fd, TCSAFLUSH, &as_it_was);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void on_quit(int signal) {
  if (auto* const cancel = asked.load()) cancel->request(signal);
}

void on_stop(int signal) {
  const int saved = errno;
  if (signal == SIGTSTP) stop_wanted = 1;
  const std::uint64_t one = 1;
  (void)!::write(wake_fd.load(), &one, sizeof one);
  errno = saved;
}

/// Of all other signals that end a program: with the terminal as it was.
void on_death(int signal) {
  restore(terminal_fd.load());
  ::signal(signal, SIG_DFL);
  (void)::raise(signal);  // it waits until this handler has returned
}

/// The handlers of this file, for its lifetime. A signal that was ignored stays ignored.
class Handlers {
 public:
  Handlers() {
    set(SIGQUIT, on_quit);
    set(SIGTSTP, on_stop);
    set(SIGCONT, on_stop);
    for (const int signal : {SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGPIPE, SIGABRT, SIGSEGV,
                             SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGIO, SIGPWR})
      set(signal, on_death);
  }
  ~Handlers() {
    for (const auto& [signal, action] : before_) ::sigaction(signal, &action, nullptr);
  }
  Handlers(const Handlers&) = delete;
  Handlers& operator=(const Handlers&) = delete;

 private:
  void set(int signal, void (*handler)(int)) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) return;
    struct sigaction action {};
    action.sa_handler = handler;
    sigfillset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
    before_.emplace_back(signal, before);
  }
  std::vector<std::pair<int, struct sigaction>> before_;
};

/// The terminal's echo is off as long as it lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) { again(); }
  ~NoEcho() { restore(fd_); }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

  void again() const {
    auto quiet = as_it_was;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    if (tcsetattr(fd_, TCSAFLUSH, &quiet) != 0) throw base::system_error("the terminal");
  }

 private:
  int fd_;
};

/// Stopped as the terminal's user wants it, with the default action; returns when it goes on.
void stop_now() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  struct sigaction before {};
  ::sigaction(SIGTSTP, &standard, &before);
  (void)::raise(SIGTSTP);
  ::sigaction(SIGTSTP, &before, nullptr);
}

}  // namespace

Secret from_terminal(const std::string& question, base::Cancel& cancel) {
  const base::Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open())
    throw base::Error("there is no terminal to ask for the passphrase", base::Exit::usage)
        .with_hint("--passphrase-fd N reads it from a descriptor, --passphrase-command runs a command that prints it");
  const base::Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open()) throw base::system_error("making an event descriptor");
  asked = &cancel;
  wake_fd = wake.get();
  stop_wanted = 0;
  if (tcgetattr(terminal.get(), &as_it_was) != 0) throw base::system_error("the terminal");
  terminal_fd = terminal.get();
  const Handlers handlers;  // for as long as the echo is off, and longer
  const NoEcho quiet(terminal.get());
  base::write_all(terminal.get(), question, "the terminal");
  for (;;) {
    pollfd watched[3] = {{terminal.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    if (poll(watched, 3, -1) < 0 && errno != EINTR) throw base::system_error("the terminal");
    if (cancel.signal() != 0) {
      base::write_all(terminal.get(), "\n", "the terminal");
      cancel.throw_if_requested();
    }
    if (watched[2].revents != 0) {
      std::uint64_t count = 0;
      (void)!::read(wake.get(), &count, sizeof count);
      if (stop_wanted != 0) {
        stop_wanted = 0;
        restore(terminal.get());
        stop_now();
        // SIGCONT has written too by now. Asking once more for it would throw away what is typed at the first question.
        (void)!::read(wake.get(), &count, sizeof count);
      }
      quiet.again();  // whoever had the terminal meanwhile may have switched it on
      base::write_all(terminal.get(), question, "the terminal");
      continue;
    }
    // The terminal hands out whole lines.
    if (watched[0].revents != 0) return read_line(terminal.get(), "the terminal", cancel);
  }
}

}  // namespace remote
