// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/console.hpp"
#include "base/error.hpp"
#include "base/process.hpp"

/// The two seams of the house, with something that a test can look into.
namespace fakes {

/// Runs nothing: a handler says what a command does. Every command is kept.
class Runner final : public base::Runner {
 public:
  using Handler = std::function<base::Outcome(const base::Command&)>;

  explicit Runner(Handler handler = [](const base::Command&) { return base::Outcome{}; })
      : handler_(std::move(handler)) {}

  base::Outcome run(const base::Command& command, const base::Cancel& cancel) override {
    {
      const std::scoped_lock lock(mutex_);
      commands_.push_back(command);
    }
    cancel.throw_if_requested();
    auto outcome = handler_(command);
    cancel.throw_if_requested();
    return outcome;
  }

  void set(Handler handler) { handler_ = std::move(handler); }
  [[nodiscard]] std::vector<base::Command> commands() const {
    const std::scoped_lock lock(mutex_);
    return commands_;
  }
  [[nodiscard]] std::size_t calls(const std::string& program) const {
    const auto all = commands();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const auto& c) { return c.argv.front() == program; }));
  }

 private:
  Handler handler_;
  mutable std::mutex mutex_;
  std::vector<base::Command> commands_;
};

class Console final : public base::Console {
 public:
  void line(const std::string& text) override { add(lines_, text); }
  void warn(const std::string& text) override { add(warnings_, text); }
  void status(const std::string& text) override { add(statuses_, text); }
  void clear_status() override { add(statuses_, ""); }

  [[nodiscard]] std::vector<std::string> lines() const { return get(lines_); }
  [[nodiscard]] std::vector<std::string> warnings() const { return get(warnings_); }
  [[nodiscard]] std::vector<std::string> statuses() const { return get(statuses_); }

 private:
  void add(std::vector<std::string>& to, const std::string& text) {
    const std::scoped_lock lock(mutex_);
    to.push_back(text);
  }
  [[nodiscard]] std::vector<std::string> get(const std::vector<std::string>& from) const {
    const std::scoped_lock lock(mutex_);
    return from;
  }
  mutable std::mutex mutex_;
  std::vector<std::string> lines_, warnings_, statuses_;
};

}  // namespace fakes
