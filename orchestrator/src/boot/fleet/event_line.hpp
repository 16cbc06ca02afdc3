// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "fleet/preflight.hpp"
#include "remote/unlock.hpp"

/// Events for machines: one JSON object a line, at most some KiB. dracut-sshd(1), EVENTS, documents the fields, which
/// stay; further ones may come.
namespace fleet {

/// `time`: seconds since 1970. `seconds`: since the work on that host began.
[[nodiscard]] std::string state_line(double time, const std::string& host, double seconds, const remote::Event& event);
[[nodiscard]] std::string result_line(double time, const std::string& host, const remote::Unlocked& result);
[[nodiscard]] std::string preflight_line(double time, const std::string& host, const Preflight& check);
/// Of `watch`: a machine's state has changed; `seconds` it was in the one before.
[[nodiscard]] std::string change_line(double time, const std::string& host, const std::string& from,
                                      const std::string& to, double seconds, const std::string& text);
/// The last line: how many of each outcome, and the exit status.
[[nodiscard]] std::string end_line(double time, const std::vector<remote::Unlocked>& results, int status);

/// Now, in seconds since 1970.
[[nodiscard]] double wall_clock();

}  // namespace fleet
