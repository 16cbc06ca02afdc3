// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/pace.hpp"

#include <algorithm>

namespace watch {

double pause_when_down(const Pace& pace, double down_for, unsigned misses) {
  if (down_for < pace.rebooting) return pace.down;
  double pause = pace.down;
  for (unsigned count = 0; count < misses && pause < pace.longest_down; ++count) pause *= 2;
  return std::min(pause, pace.longest_down);
}

}  // namespace watch
