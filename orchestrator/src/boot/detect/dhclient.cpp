// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/dhclient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "host/small_file.hpp"

namespace detect {
namespace {

constexpr std::string_view kDuidLabel = "default-duid \"";
constexpr std::size_t kShortestDuid = 4;   // octets: its type, and something
constexpr std::size_t kLongestDuid = 130;  // RFC 8415, 11.1

std::string file_text(const Source& source, const std::string& path) {
  return host::read_small(source.root / path).value_or("");
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

/// Up to the quote that ends it; "" if none does.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') return out;
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (++at == text.size()) break;
    if (at + 2 < text.size() && is_octal(text[at]) && is_octal(text[at + 1]) && is_octal(text[at + 2])) {
      out += static_cast<char>((text[at] - '0') * 64 + (text[at + 1] - '0') * 8 + (text[at + 2] - '0'));
      at += 2;
    } else {
      out += text[at];
    }
  }
  return "";
}

/// The arguments of the process that the file names; none if it runs no more.
std::vector<std::string> arguments_of(const Source& source, const std::string& pid_file) {
  const std::string pid(base::trim(file_text(source, pid_file)));
  const bool number =
      !pid.empty() && pid.size() <= 10 && std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; });
  auto words = number ? base::split(file_text(source, "proc/" + pid + "/cmdline"), '\0') : std::vector<std::string>{};
  const bool own = !words.empty() && (words[0] == "dhclient" || words[0].ends_with("/dhclient"));
  return own ? words : std::vector<std::string>{};
}

}  // namespace

std::string default_duid(const std::string& leases) {
  std::string out;
  for (const auto& line : base::lines(leases)) {
    const auto text = base::trim(line);
    if (!text.starts_with(kDuidLabel)) continue;
    const auto octets = unescaped(text.substr(kDuidLabel.size()));
    if (octets.size() < kShortestDuid || octets.size() > kLongestDuid) continue;
    out.clear();
    for (const char c : octets) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

DhclientIdentity read_dhclient(const Source& source, const std::string& device, const std::string& mac) {
  DhclientIdentity out;
  const auto words = arguments_of(source, fmt::format("run/dhclient.{}.pid", device));
  if (words.empty()) return out;
  out.runs = true;
  out.by_duid = std::ranges::find(words, "-i") != words.end() || std::ranges::find(words, "-D") != words.end();
  const auto digits = base::replace_all(mac, ":", "");
  const auto* const end = digits.data() + digits.size();
  if (!out.by_duid || digits.size() != 12 || std::from_chars(digits.data() + 4, end, out.iaid, 16).ptr != end)
    return out;
  std::string leases = "var/lib/dhcp/dhclient.leases";
  const auto option = std::ranges::find(words, "-lf");
  if (option != words.end() && option + 1 != words.end() && (option + 1)->starts_with("/var/lib/") &&
      (option + 1)->find("..") == std::string::npos)
    leases = (option + 1)->substr(1);
  out.duid = default_duid(file_text(source, leases));
  return out;
}

}  // namespace detect
