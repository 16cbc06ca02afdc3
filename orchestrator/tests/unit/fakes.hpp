// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/console.hpp"
#include "base/context.hpp"
#include "base/error.hpp"
#include "base/process.hpp"

/// The seams of the house, with something that a test can look into.
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

/// Its time passes in sleep alone, which takes none. For one thread.
class Clock final : public base::Clock {
 public:
  [[nodiscard]] double now() const override { return time_; }
  void sleep(std::chrono::milliseconds pause, const base::Cancel& cancel) override {
    cancel.throw_if_requested();
    time_ += std::chrono::duration<double>(pause).count();
    pauses_.push_back(pause);
  }

  [[nodiscard]] const std::vector<std::chrono::milliseconds>& pauses() const { return pauses_; }

 private:
  double time_ = 1000;
  std::vector<std::chrono::milliseconds> pauses_;
};

/// A base::Context and all that it refers to. `Runs` may be base::SystemRunner, or a reference to a test's own.
template <typename Runs = Runner>
struct Context {
  template <typename... From>
  explicit Context(From&&... from) : runner(std::forward<From>(from)...) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  operator base::Context() const { return made_; }

  Runs runner;
  base::Cancel cancel;
  Console console;
  std::map<std::string, std::string> environment;
  Clock clock;

 private:
  base::Context made_{runner, cancel, console, environment, clock};
};

using SystemContext = Context<base::SystemRunner>;

}  // namespace fakes
