// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/console.hpp"
#include "build/executor.hpp"
#include "build/job.hpp"

namespace build {

/// A job and what became of it, in the order of the jobs.
struct Row {
  const Job* job = nullptr;
  Result result;
};

struct Task {
  const Job* job = nullptr;
  std::size_t row = 0;  // where its result goes
  double cost = 0;      // seconds, known or guessed
};

/// Runs tasks side by side, the longest first, `workers` at a time, and shows what runs. A failed task does not stop
/// the others; after an interrupt no further one starts, and those left count as cancelled.
void schedule(std::vector<Task> tasks, unsigned workers, Executor& executor, std::vector<Row>& rows,
              base::Console& console);

}  // namespace build
