// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/kernel_release.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace host {
namespace {

constexpr std::size_t kLongest = 64;

// Not isalnum(): a locale may have more letters.
bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool may_follow(char c) { return is_alphanumeric(c) || std::string_view("._+~:-").find(c) != std::string_view::npos; }

}  // namespace

std::optional<KernelRelease> KernelRelease::from(std::string_view text) {
  if (text.empty() || text.size() > kLongest || !is_alphanumeric(text.front())) return std::nullopt;
  if (!std::ranges::all_of(text, may_follow)) return std::nullopt;
  return KernelRelease(text);
}

std::optional<KernelRelease> KernelRelease::from_option(std::string_view text, std::string_view option) {
  if (text.empty()) return std::nullopt;
  if (auto release = from(text)) return release;
  throw base::Error(fmt::format("{}: \"{}\" is not a kernel release", option, base::printable(text)), base::Exit::usage)
      .with_hint("name it as uname -r prints it");
}

std::vector<std::string> texts_of(const std::vector<KernelRelease>& releases) {
  std::vector<std::string> out;
  out.reserve(releases.size());
  for (const auto& release : releases) out.push_back(release.text());
  return out;
}

}  // namespace host
