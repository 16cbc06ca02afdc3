// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/cancel.hpp"
#include "base/command.hpp"
#include "base/find_program.hpp"

/// Child processes, run to their end.
namespace base {

struct Outcome {
  int status = 0;  // exit status; 128+N when killed by signal N
  bool timed_out = false;
  std::string tail;       // the last lines of its output (at most 20 lines or 8 KiB), printable
  double seconds = 0;     // wall clock
  bool too_long = false;  // it printed more than Command::capture, and was ended as at its deadline
  std::string out = {};   // what Command::capture kept: bytes as they came
};

/// The seam between the programs and the machine; unit tests put a fake here.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Runs the command in a process group of its own and waits. Throws Interrupted after having ended the group (TERM,
  /// one second, KILL) when `cancel` is asked, and Error (Exit::missing_tool) when argv[0] cannot be found. A failure
  /// is an Outcome. What the command left running in its group is killed when it has ended. The calling thread waits:
  /// bwrap lives as long as it does.
  virtual Outcome run(const Command& command, const Cancel& cancel) = 0;
};

class SystemRunner final : public Runner {
 public:
  Outcome run(const Command& command, const Cancel& cancel) override;
};

}  // namespace base
