// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/files.hpp"
#include "base/text.hpp"

namespace watch {
namespace {

constexpr std::size_t kLongestLabel = 300;

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP dracut_sshd_watch_{} {}\n# TYPE dracut_sshd_watch_{} {}\n", name,
                 help, name, type);
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string out;
  for (const auto byte : base::printable(text, kLongestLabel)) {
    if (byte == '\n') {
      out += "\\n";
      continue;
    }
    if (byte == '\\' || byte == '"') out += '\\';
    out += byte;
  }
  return out;
}

std::string metrics_text(const std::vector<HostStatus>& hosts, double now, double written) {
  std::vector<std::string> labels;
  for (const auto& host : hosts) labels.push_back(label_value(host.name));
  std::string out;
  head(out, "state", "gauge", "1 for the state that the host is in, 0 for the others");
  for (std::size_t at = 0; at < hosts.size(); ++at) {
    for (const auto state : kStates)
      fmt::format_to(std::back_inserter(out), "dracut_sshd_watch_state{{host=\"{}\",state=\"{}\"}} {}\n", labels[at],
                     name_of(state), state == hosts[at].state ? 1 : 0);
  }
  head(out, "waiting_seconds", "gauge", "For how long the host has been waiting to be unlocked; 0 if it is not");
  for (std::size_t at = 0; at < hosts.size(); ++at) {
    const auto since = hosts[at].waiting_since;
    fmt::format_to(std::back_inserter(out), "dracut_sshd_watch_waiting_seconds{{host=\"{}\"}} {:.3f}\n", labels[at],
                   since > 0 ? std::max(0.0, now - since) : 0.0);
  }
  head(out, "looks_total", "counter", "Looks at the host's key, and by ssh");
  for (std::size_t at = 0; at < hosts.size(); ++at)
    fmt::format_to(std::back_inserter(out), "dracut_sshd_watch_looks_total{{host=\"{}\"}} {}\n", labels[at],
                   hosts[at].looks);
  head(out, "failures_total", "counter", "Looks by ssh that failed");
  for (std::size_t at = 0; at < hosts.size(); ++at)
    fmt::format_to(std::back_inserter(out), "dracut_sshd_watch_failures_total{{host=\"{}\"}} {}\n", labels[at],
                   hosts[at].failures);
  head(out, "written_timestamp_seconds", "gauge", "When this was written: old, when nobody watches any more");
  fmt::format_to(std::back_inserter(out), "dracut_sshd_watch_written_timestamp_seconds {:.3f}\n", written);
  return out;
}

void write_metrics(const std::filesystem::path& path, const std::vector<HostStatus>& hosts, double now,
                   double written) {
  base::write_file(path, metrics_text(hosts, now, written));
}

}  // namespace watch
