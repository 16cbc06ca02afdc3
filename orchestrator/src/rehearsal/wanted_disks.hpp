// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "rehearsal/plan.hpp"

namespace rehearsal {

/// The disks that the command line and the image's crypttab name, the root file system's first (systemd-cryptsetup-
/// generator(8), crypttab(5), dracut.cmdline(7)); with `--disk` in `wishes` those. What no scratch disk can stand for
/// is said in `cannot`.
[[nodiscard]] std::vector<ScratchDisk> wanted_disks(const inspect::Facts& facts, const Wishes& wishes,
                                                    std::vector<std::string>& cannot);

}  // namespace rehearsal
