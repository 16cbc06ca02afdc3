// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.hpp"

namespace watch {

/// Where threads leave what the loop is to do; fd() is readable while something lies there.
class Inbox {
 public:
  Inbox();
  void post(std::function<void()> call);
  /// Calls all that came; in the loop's thread.
  void handle();
  [[nodiscard]] int fd() const { return event_.get(); }

 private:
  base::Fd event_;
  std::mutex mutex_;
  std::vector<std::function<void()>> calls_;
};

/// A fixed number of threads that do one job after another. A job must not throw, but for base::Interrupted, which
/// means that the program is to end. The object's end waits for the jobs that run, and drops those that do not yet.
class Pool {
 public:
  explicit Pool(std::size_t threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void add(std::function<void()> job);

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool end_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace watch
