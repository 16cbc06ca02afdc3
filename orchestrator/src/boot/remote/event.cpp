// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/event.hpp"

namespace remote {

std::string name_of(State state) {
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::stranger:
      return "stranger";
    case State::up:
      return "up";
    case State::going_down:
      return "going-down";
    case State::initramfs:
      return "initramfs";
    case State::sending:
      return "sending";
    case State::starting:
      return "starting";
    case State::readying:
      return "readying";
  }
  return "waiting";
}

}  // namespace remote
