// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"

namespace base {
namespace {

/// "/build" and "/build/x", also after '=' or ':' ("--topdir=/build"), but not "/build-id" and not "/usr/build".
std::string outside(const std::string& text, const std::string& job) {
  const std::string_view inside(kInside);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = at == 0 || std::string_view("=: \"'").find(text[at - 1]) != std::string_view::npos;
    const auto after = at + inside.size();
    if (begins && text.compare(at, inside.size(), inside) == 0 &&
        (after == text.size() || std::string_view("/: \"'").find(text[after]) != std::string_view::npos)) {
      result += job;
      at = after;
    } else {
      result += text[at++];
    }
  }
  return result;
}

}  // namespace

Command unwrapped(const Command& command, const Sandbox& sandbox) {
  if (sandbox.job.empty()) throw Error("a build without a folder");
  const auto job = sandbox.job.string();
  Command plain = command;
  for (auto& word : plain.argv) word = outside(word, job);
  for (auto& [name, value] : plain.env) value = outside(value, job);
  plain.cwd = command.cwd.empty() ? sandbox.job : std::filesystem::path(outside(command.cwd.string(), job));
  plain.env["HOME"] = job;
  return plain;
}

}  // namespace base
