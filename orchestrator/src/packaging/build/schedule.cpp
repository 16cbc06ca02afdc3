// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/text.hpp"

namespace build {
namespace {

/// What is shown while jobs run: which, at which step, how many are done, how long it has been.
class Progress {
 public:
  Progress(std::size_t total, base::Console& console)
      : total_(total), console_(console), ticker_([this](const std::stop_token& stop) { tick(stop); }) {}

  ~Progress() {
    {
      const std::scoped_lock lock(mutex_);  // else the ticker may have looked, and not sleep yet
      ticker_.request_stop();
    }
    wake_.notify_all();
    ticker_.join();
    console_.clear_status();
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step(const std::string& job, const std::string& title) {
    const std::scoped_lock lock(mutex_);
    running_[job] = title;
    show();
  }

  void done(const std::string& job, const Result& result) {
    const std::scoped_lock lock(mutex_);
    running_.erase(job);
    ++done_;
    const bool good = result.verdict == Verdict::proven;
    if (result.verdict != Verdict::cancelled) {
      console_.line(fmt::format("[{}/{}] {} {} ({})", done_, total_, job, good ? "built and proven" : "FAILED",
                                base::human_time(result.seconds)));
      if (!good) console_.line(result.failure);
    }
    show();
  }

 private:
  void tick(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, std::chrono::milliseconds(500));
      if (!stop.stop_requested()) show();
    }
  }

  void show() {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::string text = fmt::format("[{}/{}] {}", done_, total_, base::human_time(seconds));
    for (const auto& [job, title] : running_) text += fmt::format(" · {}: {}", job, title);
    console_.status(text);
  }

  std::size_t total_, done_ = 0;
  base::Console& console_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::string> running_;
  std::jthread ticker_;  // last: it uses all of the above
};

}  // namespace

void schedule(std::vector<Task> tasks, unsigned workers, Executor& executor, std::vector<Row>& rows,
              base::Console& console) {
  std::ranges::stable_sort(tasks, std::greater<>(), &Task::cost);
  Progress progress(tasks.size(), console);
  std::mutex mutex;
  std::size_t next = 0;
  bool cancelled = false;
  const auto work = [&] {
    for (;;) {
      std::size_t index = 0;
      {
        const std::scoped_lock lock(mutex);
        if (next == tasks.size()) return;
        index = next++;
        if (cancelled) {
          rows[tasks[index].row].result.verdict = Verdict::cancelled;
          continue;
        }
      }
      const auto& task = tasks[index];
      const auto name = task.job->profile.key();
      auto result = executor.run(*task.job, [&](const std::string& title) { progress.step(name, title); });
      progress.done(name, result);
      const std::scoped_lock lock(mutex);
      cancelled = cancelled || result.verdict == Verdict::cancelled;
      rows[task.row].result = std::move(result);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, workers); ++i) threads.emplace_back(work);
}

}  // namespace build
