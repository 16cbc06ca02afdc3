// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "remote/unlock.hpp"

/// What became of all machines.
namespace fleet {

/// The exit statuses of `unlock`, besides 2 and 3 (base::Exit).
inline constexpr int kAllOpen = 0;       // all are unlocked, or were up already
inline constexpr int kSomeFailed = 1;    // at least one is not
inline constexpr int kNoneAnswered = 4;  // not one has answered as the machine that was meant
inline constexpr int kWrongKey = 5;      // at least one has shown another host key, or proven its unsealed one
inline constexpr int kNoneNeeded = 6;    // with --detailed-exit-status: all were up already

[[nodiscard]] bool is_well(remote::Outcome outcome);

/// A wrong key comes before all else. `detailed`: tell apart whether anything had to be unlocked.
[[nodiscard]] int exit_status(const std::vector<remote::Unlocked>& results, bool detailed);

}  // namespace fleet
