// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/ssh_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "host/small_file.hpp"
#include "networkd/config_text.hpp"
#include "networkd/ip_prefix.hpp"

namespace detect {
namespace {

constexpr int kMostAncestors = 32;
constexpr std::string_view kVariable = "SSH_CONNECTION=";

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// PPid: of /proc/PID/status, proc_pid_status(5); "" if there is none.
std::string parent_of(const Source& source, const std::string& process) {
  const auto status = host::read_small(source.root / "proc" / process / "status").value_or("");
  for (const auto& line : base::lines(status)) {
    if (!line.starts_with("PPid:")) continue;
    const std::string parent(base::trim(std::string_view(line).substr(5)));
    return is_number(parent) && parent != "0" ? parent : "";
  }
  return "";
}

/// The variable's value in the environment of this process, else of those above it (proc_pid_environ(5)).
std::string connection_of(const Source& source) {
  if (const auto found = source.environment.find("SSH_CONNECTION"); found != source.environment.end())
    return found->second;
  auto process = parent_of(source, "self");
  for (int count = 0; count < kMostAncestors && !process.empty(); ++count) {
    const auto environ = host::read_small(source.root / "proc" / process / "environ").value_or("");
    for (const auto& each : base::split(environ, '\0')) {
      if (each.starts_with(kVariable)) return each.substr(kVariable.size());
    }
    process = parent_of(source, process);
  }
  return "";
}

/// "fe80::1%eth0" without its zone, "::ffff:192.0.2.1" as the IPv4 address that it is; "" if it is none.
std::string plain_address(std::string_view text) {
  text = text.substr(0, text.find('%'));
  if (const auto colon = text.rfind(':'); text.starts_with("::ffff:") && text.find('.') != std::string_view::npos)
    text = text.substr(colon + 1);
  const auto address = networkd::address_of(text);
  return address ? networkd::address_text(*address) : "";
}

}  // namespace

Session session_of(const Source& source, std::vector<std::string>& faults) {
  const auto text = connection_of(source);
  if (text.empty()) {
    faults.emplace_back(
        "SSH_CONNECTION is not set, neither here nor in the processes above this one: no ssh session is known");
    return {};
  }
  const auto words = base::split(text.size() <= 300 ? text : "", ' ');
  Session out;
  if (words.size() == 4) {
    out.client = plain_address(words[0]);
    out.server = plain_address(words[2]);
    unsigned port = 0;
    if (is_number(words[3])) std::from_chars(words[3].data(), words[3].data() + words[3].size(), port);
    if (port > 0 && port < 65536) out.port = std::to_string(port);
    const auto zone = words[0].find('%');
    if (zone != std::string::npos && networkd::is_interface_name(std::string_view(words[0]).substr(zone + 1)))
      out.zone = words[0].substr(zone + 1);
  }
  if (out.client.empty() || out.server.empty() || out.port.empty()) {
    faults.push_back(
        fmt::format("SSH_CONNECTION is \"{}\"; expected ADDRESS PORT ADDRESS PORT", base::printable(text)));
    return {};
  }
  return out;
}

}  // namespace detect
