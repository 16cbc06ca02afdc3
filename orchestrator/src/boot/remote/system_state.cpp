// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/system_state.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/text.hpp"

namespace remote {
namespace {

constexpr std::string_view kMark = "dracut-sshd-state ";
constexpr std::array<std::string_view, 5> kStays{"initializing", "starting", "running", "degraded", "maintenance"};

/// A number of seconds; -1 for anything else.
double seconds_of(const std::string& word) {
  if (word.empty() || word.size() > 20 || word.find_first_not_of("0123456789.") != std::string::npos) return -1;
  return std::strtod(word.c_str(), nullptr);
}

}  // namespace

const std::string& state_question() {
  // No single quote and no exclamation mark but at "[ !": the login shell may be any. What a system does not have is
  // left out by a dash. The times are the host's own: clocks differ.
  static const std::string text =
      "exec /bin/sh -c '"
      "boot=- up=- manager=- usec=- mode=- now=-; "
      "read -r boot </proc/sys/kernel/random/boot_id; read -r up rest </proc/uptime; "
      "if [ -e /etc/initrd-release ]; then echo \"dracut-sshd-state $boot $up - - - -\"; exit 0; fi; "
      "if [ -d /run/systemd/system ]; then manager=$(systemctl is-system-running 2>/dev/null); "
      "[ \"$manager\" ] || manager=unknown; fi; "
      "if [ -r /run/systemd/shutdown/scheduled ]; then "
      "while IFS== read -r key value; do case $key in USEC) usec=$value ;; MODE) mode=$value ;; esac; done "
      "</run/systemd/shutdown/scheduled; now=$(date +%s); fi; "
      "echo \"dracut-sshd-state $boot $up $manager ${usec:--} ${mode:--} ${now:--}\"; exit 97'";
  return text;
}

bool SystemState::going_down(double within) const {
  return manager == "stopping" || (shutdown >= 0 && shutdown <= within);
}

bool SystemState::surely_stays() const { return std::ranges::find(kStays, manager) != kStays.end(); }

SystemState state_of(const std::string& printed) {
  SystemState out;
  for (const auto& line : base::lines(printed)) {
    if (!line.starts_with(kMark)) continue;
    const auto words = base::split(line.substr(kMark.size()), ' ');
    if (words.size() != 6) continue;
    const auto is_plain = [](unsigned char byte) {
      return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
    };
    out = {};
    if (words[0].size() == 36 && std::ranges::all_of(words[0], is_plain)) out.boot = words[0];
    out.up = seconds_of(words[1]);
    if (words[2] != "-") out.manager = base::printable(words[2], 20);
    // Microseconds since 1970.
    const auto at = seconds_of(words[3]);
    const auto now = seconds_of(words[5]);
    if (at >= 0 && now >= 0 && !words[4].starts_with("dry")) out.shutdown = std::max(0.0, at / 1e6 - now);
  }
  return out;
}

}  // namespace remote
