// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace admin {

/// The program `dracut-sshd`: reads the command line, runs one verb, returns the exit status of dracut-sshd(1).
int dracut_sshd(int argc, char** argv);

}  // namespace admin
