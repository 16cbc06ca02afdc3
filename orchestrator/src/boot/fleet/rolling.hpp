// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace fleet {

struct Limits {
  std::size_t at_once = 64;
  std::size_t most_failures = 0;  // after so many no further one is begun; 0: no limit
};

/// Runs `job` for the numbers 0 to count-1, in that order, several at once, each in a thread. A job says whether it
/// went well. Which were begun. What a job throws is thrown when all that were begun have ended, and lets no further
/// one begin.
[[nodiscard]] std::vector<bool> roll(std::size_t count, const Limits& limits,
                                     const std::function<bool(std::size_t)>& job);

}  // namespace fleet
