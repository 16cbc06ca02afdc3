// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "base/process.hpp"

namespace base {

class Child;

/// A child that goes on while its caller does something else. What it says goes to `command.log`, which must be named;
/// `deadline` is not looked at. Its object's end is the end of its whole group.
class Background {
 public:
  explicit Background(const Command& command);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  [[nodiscard]] bool ended() const;
  /// Readable when it has ended; -1 where the kernel cannot tell so.
  [[nodiscard]] int fd() const;
  /// TERM, one second, KILL; its exit status, or 128 + its signal. Once it has ended by itself, only the status.
  int end();

 private:
  std::unique_ptr<Child> child_;
  int status_ = 0;
};

}  // namespace base
