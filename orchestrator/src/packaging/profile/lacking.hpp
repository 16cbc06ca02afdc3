// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "profile/load.hpp"

/// What a profile that can be read does not say: for its author, when they ask (orchestrator check).
namespace profile {

/// An error for each value that reaches a machine, and could lock somebody out of it, whose source nobody has said: all
/// below /sshd and /initrd, /package/sbin_dir and /package/requires. One finding an object of the file, not a release.
[[nodiscard]] model::Findings unsourced(const Loaded& loaded);

/// What is not done for a release because its profile leaves it out, one sentence each: no cell of the matrix, no build
/// service, no hook. None of it is an error.
[[nodiscard]] std::vector<std::string> left_out(const Release& release);

}  // namespace profile
