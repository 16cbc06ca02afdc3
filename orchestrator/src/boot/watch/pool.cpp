// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/pool.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "base/error.hpp"

namespace watch {

Inbox::Inbox() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_.is_open()) throw base::system_error("making an event descriptor");
}

void Inbox::post(std::function<void()> call) {
  {
    const std::scoped_lock lock(mutex_);
    calls_.push_back(std::move(call));
  }
  const std::uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);
}

void Inbox::handle() {
  std::uint64_t count = 0;
  (void)!::read(event_.get(), &count, sizeof count);
  std::vector<std::function<void()>> calls;
  {
    const std::scoped_lock lock(mutex_);
    calls.swap(calls_);
  }
  for (const auto& call : calls) call();
}

Pool::Pool(std::size_t threads) {
  for (std::size_t count = 0; count < threads; ++count) threads_.emplace_back([this] { work(); });
}

Pool::~Pool() {
  {
    const std::scoped_lock lock(mutex_);
    end_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
}

void Pool::add(std::function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return end_ || !jobs_.empty(); });
    if (end_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    try {
      job();
    } catch (const base::Interrupted&) {
      // The loop hears of it, too.
    }
    job = nullptr;
    lock.lock();
  }
}

}  // namespace watch
