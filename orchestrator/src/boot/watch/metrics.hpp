// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "watch/watcher.hpp"

/// Prometheus's text exposition format (version 0.0.4), for the textfile collector of its node exporter.
namespace watch {

/// A label's value between its quotes: backslash, quote and newline are escaped; what is not UTF-8 or a terminal
/// obeys, is \xNN (base::printable()).
[[nodiscard]] std::string label_value(std::string_view text);

/// `now` is base::Clock's, `written` seconds since the epoch.
[[nodiscard]] std::string metrics_text(const std::vector<HostStatus>& hosts, double now, double written);

/// Written aside, then renamed: a collector never sees half of it. base::Error.
void write_metrics(const std::filesystem::path& path, const std::vector<HostStatus>& hosts, double now, double written);

}  // namespace watch
