// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/rolling.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

namespace fleet {

std::vector<bool> roll(std::size_t count, const Limits& limits, const std::function<bool(std::size_t)>& job) {
  std::vector<bool> begun(count, false);
  std::mutex mutex;
  std::size_t next = 0;
  std::size_t failures = 0;
  std::exception_ptr thrown;
  const auto take = [&](std::size_t& index) {
    const std::lock_guard lock(mutex);
    if (next == count || thrown || (limits.most_failures > 0 && failures >= limits.most_failures)) return false;
    index = next++;
    begun[index] = true;
    return true;
  };
  const auto work = [&] {
    for (std::size_t index = 0; take(index);) {
      bool well = false;
      std::exception_ptr failure;
      try {
        well = job(index);
      } catch (...) {
        failure = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      if (!well) ++failures;
      if (failure && !thrown) thrown = failure;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t each = 0; each < std::min(count, std::max<std::size_t>(limits.at_once, 1)); ++each)
      threads.emplace_back(work);
  }
  if (thrown) std::rethrow_exception(thrown);
  return begun;
}

}  // namespace fleet
