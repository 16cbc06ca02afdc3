// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "base/context.hpp"
#include "base/error.hpp"

/// What the mains of both programs have in common: signals, errors, a result that may not reach its reader.
namespace base {

/// Tells an error, and what to do about it, on standard error.
void tell(const Error& error, Console& console);

/// Standard output is flushed: `status`, or `failed` where what was written did not arrive.
[[nodiscard]] int written(int status, int failed);

/// Runs `work` with the signals that ask to stop; returns its status, or `failed` where its result did not arrive. The
/// Cancel is the context's, for whoever has further reasons to ask.
/// Asked to stop, the program dies of the same signal, so that the caller's shell sees what happened.
[[nodiscard]] int run_program(const std::function<int(const Context&, Cancel&)>& work, int failed);

}  // namespace base
