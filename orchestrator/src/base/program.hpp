// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/console.hpp"
#include "base/error.hpp"
#include "base/process.hpp"

/// What the mains of both programs have in common: signals, errors, a result that may not reach its reader.
namespace base {

/// The environment that the program was started with.
[[nodiscard]] std::map<std::string, std::string> whole_environment();

/// Tells an error, and what to do about it, on standard error.
void tell(const Error& error, Console& console);

/// Standard output is flushed: `status`, or `failed` where what was written did not arrive.
[[nodiscard]] int written(int status, int failed);

/// Runs `work` with the signals that ask to stop; returns its status, or `failed` where its result did not arrive.
/// Asked to stop, the program dies of the same signal, so that the caller's shell sees what happened.
[[nodiscard]] int run_program(const std::function<int(Runner&, Cancel&, Console&)>& work, int failed);

}  // namespace base
