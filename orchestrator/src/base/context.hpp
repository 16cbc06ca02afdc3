// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/console.hpp"
#include "base/process.hpp"

namespace base {

/// What a program has from its main, and a unit test replaces: run_program() makes it once. It is handed on as
/// `const Context&`. What it refers to must outlive every copy; a class that keeps it keeps it by value. A function
/// that needs one part, most often `cancel`, takes that part alone.
struct Context {
  Runner& runner;
  const Cancel& cancel;
  Console& console;
  const std::map<std::string, std::string>& environment;  // that the program was started with
  Clock& clock;
};

}  // namespace base
