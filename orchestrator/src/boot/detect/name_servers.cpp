// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/name_servers.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "host/small_file.hpp"
#include "networkd/ip_prefix.hpp"

namespace detect {
namespace {

constexpr std::size_t kMostServers = 3;  // MAXNS of resolv.conf(5)

}  // namespace

std::vector<std::string> name_servers(const Source& source) {
  std::vector<std::string> out;
  // Where systemd-resolved runs, /etc/resolv.conf names itself.
  for (const auto* file : {"run/systemd/resolve/resolv.conf", "etc/resolv.conf"}) {
    for (const auto& line : base::lines(host::read_small(source.root / file).value_or(""))) {
      if (!line.starts_with("nameserver") || line.size() < 12 || (line[10] != ' ' && line[10] != '\t')) continue;
      const auto address = networkd::address_of(base::trim(std::string_view(line).substr(10)));
      if (!address || !address->is_reachable()) continue;
      const auto text = networkd::address_text(*address);
      if (out.size() < kMostServers && std::ranges::find(out, text) == out.end()) out.push_back(text);
    }
    if (!out.empty()) break;
  }
  return out;
}

}  // namespace detect
