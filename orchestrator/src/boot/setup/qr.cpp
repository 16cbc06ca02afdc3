// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/qr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"

namespace setup {
namespace {

constexpr std::size_t kMostModules = 177 + 2 * 16;  // of version 40, and a wide quiet zone
constexpr std::size_t kLongestAnswer = (2 * kMostModules + 1) * kMostModules;

}  // namespace

std::string qr_text(const ClientFacts& facts) {
  const auto lines = client_lines(facts);
  if (lines.known_hosts.empty()) return "";
  // "    HostName ADDRESS": the one that was checked
  const auto words = base::split(base::lines(lines.ssh_config).at(1), ' ');
  const auto host = base::replace_all(words.back(), "%%", "%");
  const auto port = facts.port == "22" ? std::string() : fmt::format(" -p {}", facts.port);
  std::string out = fmt::format("ssh{} root@{}\n", port, host);
  if (!facts.fingerprints.empty()) out += facts.fingerprints.front() + "\n";
  return out + lines.known_hosts.front();
}

std::optional<Qr> parse_qr(std::string_view ascii) {
  Qr out;
  for (const auto& line : base::lines(ascii)) {
    if (line.size() % 2 != 0 || line.size() > 2 * kMostModules) return std::nullopt;
    std::string row;
    for (std::size_t at = 0; at < line.size(); at += 2) {
      if (line[at] != line[at + 1] || (line[at] != '#' && line[at] != ' ')) return std::nullopt;
      row += line[at];
    }
    out.rows.push_back(row);
  }
  const auto size = out.rows.size();
  if (size < 21 || size > kMostModules) return std::nullopt;
  if (!std::ranges::all_of(out.rows, [&](const std::string& row) { return row.size() == size; })) return std::nullopt;
  return out;
}

std::optional<Qr> make_qr(const std::string& text, const base::Context& context) {
  const auto path = context.environment.find("PATH");
  const std::string folders = path == context.environment.end() ? "/usr/bin:/bin" : path->second;
  if (text.empty() || !base::find_program("qrencode", folders)) return std::nullopt;
  try {
    base::Command command;
    command.argv = {"qrencode", "--type=ASCII", "--level=M", "--margin=4", "--output=-"};
    command.env = {{"PATH", folders}, {"LC_ALL", "C"}};
    command.data[0] = text;
    command.capture = kLongestAnswer;
    command.deadline = std::chrono::seconds(10);
    const auto outcome = context.runner.run(command, context.cancel);
    if (outcome.status != 0 || outcome.timed_out || outcome.too_long) return std::nullopt;
    return parse_qr(outcome.out);
  } catch (const base::Error&) {
    return std::nullopt;  // a page without it is as good
  }
}

std::string qr_svg(const Qr& code) {
  std::string path;
  for (std::size_t y = 0; y < code.rows.size(); ++y) {
    const auto& row = code.rows[y];
    for (std::size_t x = row.find('#'); x != std::string::npos;) {
      const auto end = std::min(row.find(' ', x), row.size());
      path += fmt::format("M{} {}h{}v1h-{}z", x, y, end - x, end - x);
      x = row.find('#', end);
    }
  }
  const auto size = code.rows.size();
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="{1}" height="{1}" role="img" )"
      R"(aria-label="QR code" shape-rendering="crispEdges"><rect width="{0}" height="{0}" fill="#fff"/>)"
      R"(<path d="{2}" fill="#000"/></svg>)",
      size, size * 4, path);
}

std::string qr_terminal(const Qr& code) {
  std::string out;
  for (std::size_t y = 0; y < code.rows.size(); y += 2) {
    const auto& upper = code.rows[y];
    for (std::size_t x = 0; x < upper.size(); ++x) {
      const bool up = upper[x] == ' ';
      const bool down = y + 1 < code.rows.size() && code.rows[y + 1][x] == ' ';
      out += up && down ? "\u2588" : up ? "\u2580" : down ? "\u2584" : " ";
    }
    out += "\n";
  }
  return out;
}

}  // namespace setup
