// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

/// What is heard of a machine while it is being unlocked.
namespace remote {

/// How a machine stands. What decides is a proof (remote/unlock.hpp), never a peer's words.
enum class State {
  waiting,     // nobody has answered as this machine yet
  stranger,    // who answers shows another host key
  up,          // its real system answers
  going_down,  // its real system answers, and is going down or to be rebooted
  initramfs,   // it is in its initramfs
  sending,     // the passphrase is on its way
  starting,    // unlocked; its real system has not been seen yet
  readying,    // its real system is up, and what is to be waited for there has not succeeded yet
};

/// One lower-case word: for machines, and stable.
[[nodiscard]] std::string name_of(State state);

struct Event {
  State state = State::waiting;
  std::string text;  // printable; a peer's words are called unverified where they are
};

using Tell = std::function<void(const Event&)>;

}  // namespace remote
