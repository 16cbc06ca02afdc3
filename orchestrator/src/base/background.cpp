// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/background.hpp"

#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <csignal>

#include "base/error.hpp"
#include "base/spawn.hpp"

namespace base {

Background::Background(const Command& command) {
  const auto program = located(command);
  if (command.log.empty()) throw Error("a program in the background without a log");
  const auto log = open_output(command.log, O_APPEND);
  child_ = std::make_unique<Child>(command, program, log.get(), log.get());
}

Background::~Background() = default;

bool Background::ended() const { return child_ == nullptr || child_->ended(); }

int Background::fd() const { return child_ == nullptr ? -1 : child_->pidfd(); }

int Background::end() {
  if (child_ == nullptr) return status_;
  if (!child_->ended()) {
    child_->signal_group(SIGTERM);
    const auto due = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (!child_->ended() && std::chrono::steady_clock::now() < due) {
      pollfd watched{child_->pidfd(), POLLIN, 0};
      (void)::poll(&watched, 1, 20);
    }
  }
  status_ = child_->finish();
  child_.reset();
  return status_;
}

}  // namespace base
