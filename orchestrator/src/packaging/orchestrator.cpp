// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/app.hpp"

int main(int argc, char** argv) { return cli::orchestrator(argc, argv); }
