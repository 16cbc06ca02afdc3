// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace cli {

/// The program `orchestrator`: reads the command line, runs one verb, returns the exit status of orchestrator(1).
int orchestrator(int argc, char** argv);

}  // namespace cli
