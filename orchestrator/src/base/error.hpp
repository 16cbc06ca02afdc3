// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace base {

/// How a program of this project ends. The numbers are part of its interface (orchestrator(1), EXIT STATUS).
enum class Exit : int { done = 0, failed = 1, usage = 2, missing_tool = 3 };

/// Everything that stops the work and is not a finding about what a user wrote: what happened, and what to do about it.
/// Context is added while the error travels up, innermost last: "building debian-13: writing dist/x: No space left".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, Exit exit = Exit::failed);

  /// What the user can do now; shown on a line of its own.
  [[nodiscard]] Error with_hint(std::string hint) const;
  /// Puts "context: " before the message.
  [[nodiscard]] Error with_context(const std::string& context) const;

  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] Exit exit() const { return exit_; }

 private:
  std::string hint_;
  Exit exit_;
};

/// "WHAT: strerror(errno)" of the call that has just failed.
[[nodiscard]] Error system_error(const std::string& what);

/// The user asked to stop (SIGINT, SIGTERM, SIGHUP). Not an Error: nothing went wrong, and nobody may swallow it.
class Interrupted : public std::exception {
 public:
  explicit Interrupted(int signal) : signal_(signal) {}
  [[nodiscard]] int signal() const { return signal_; }
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }

 private:
  int signal_;
};

}  // namespace base
