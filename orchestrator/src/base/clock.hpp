// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

#include "base/cancel.hpp"

/// Time and sleep.
namespace base {

/// Unit tests have a clock of their own.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual double now() const = 0;  // seconds since some moment; never goes back
  /// Waits, but not longer than until `cancel` is asked: then Interrupted.
  virtual void sleep(std::chrono::milliseconds pause, const Cancel& cancel) = 0;
};

/// The machine's; safe from several threads.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] double now() const override;
  void sleep(std::chrono::milliseconds pause, const Cancel& cancel) override;
};

}  // namespace base
