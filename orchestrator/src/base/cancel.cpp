// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/cancel.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "base/error.hpp"

namespace base {
namespace {

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
std::atomic<Cancel*> asked{nullptr};  // a handler gets no argument

void on_signal(int signal) {
  if (Cancel* const cancel = asked.load()) cancel->request(signal);
}

}  // namespace

Cancel::Cancel() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw system_error("making an event descriptor");
}

Cancel::~Cancel() { ::close(fd_); }

void Cancel::request(int signal) noexcept {
  const int saved = errno;
  int none = 0;
  signal_.compare_exchange_strong(none, signal);  // the first one is what the program dies of
  const std::uint64_t one = 1;
  (void)!::write(fd_, &one, sizeof one);  // never read: it stays readable for every thread that polls
  errno = saved;
}

int Cancel::signal() const noexcept { return signal_; }

void Cancel::throw_if_requested() const {
  if (signal_ != 0) throw Interrupted(signal_);
}

SignalScope::SignalScope(Cancel& cancel) {
  asked = &cancel;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;  // poll ends anyway; nothing else needs to
  ::sigfillset(&action.sa_mask);
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    const bool ignored = before_[i].sa_handler == SIG_IGN;
    if (kSignals[i] == SIGCHLD) {
      ::sigaction(SIGCHLD, &standard, nullptr);
    } else if (!ignored) {
      ::sigaction(kSignals[i], &action, nullptr);
    }
  }
}

SignalScope::~SignalScope() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  asked = nullptr;
}

}  // namespace base
