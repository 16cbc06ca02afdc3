// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.hpp"

#include <poll.h>

namespace base {

double SystemClock::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void SystemClock::sleep(std::chrono::milliseconds pause, const Cancel& cancel) {
  pollfd watched{cancel.fd(), POLLIN, 0};
  (void)::poll(&watched, 1, static_cast<int>(pause.count()));
  cancel.throw_if_requested();
}

}  // namespace base
