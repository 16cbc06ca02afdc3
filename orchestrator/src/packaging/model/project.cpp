// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/project.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace model {

std::string download_folder(const Project& project, std::string_view version) {
  auto folder =
      base::replace_all(project.downloads.empty() ? project.url : project.downloads, "{version}", std::string(version));
  while (folder.ends_with('/')) folder.pop_back();
  return folder;
}

std::string download_address(const Project& project) {
  return fmt::format("{}/{}-{}.tar.gz", download_folder(project, project.version()), project.name, project.version());
}

bool is_placeholder(std::string_view address) {
  static constexpr std::array<std::string_view, 8> kReserved{
      ".example.com", ".example.net", ".example.org", ".example.edu", ".example", ".invalid", ".test", ".localhost"};
  if (const auto scheme = address.find("://"); scheme != std::string_view::npos) address.remove_prefix(scheme + 3);
  address = address.substr(0, address.find('/'));
  if (const auto at = address.rfind('@'); at != std::string_view::npos) address.remove_prefix(at + 1);
  address = address.substr(0, address.find(':'));
  auto host = "." + std::string(address);
  if (host.ends_with('.')) host.pop_back();
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return std::ranges::any_of(kReserved, [&](std::string_view name) { return host.ends_with(name); });
}

}  // namespace model
