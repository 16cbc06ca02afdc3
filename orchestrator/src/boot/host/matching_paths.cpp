// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/matching_paths.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/text.hpp"

namespace host {
namespace {

namespace fs = std::filesystem;

/// The part without its backslashes.
std::string literal_part(std::string_view part) {
  std::string out;
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (part[at] == '\\' && at + 1 < part.size()) ++at;
    out += part[at];
  }
  return out;
}

std::vector<std::string> names_that_match(const fs::path& folder, const std::string& part) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator each(folder, error); !error && each != fs::directory_iterator(); each.increment(error)) {
    auto name = each->path().filename().string();
    if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

std::vector<std::string> matching_paths(const fs::path& root, const std::string& pattern, std::size_t most) {
  std::vector<std::string> found{""};
  for (const auto& part : base::split(pattern, '/')) {
    if (part.empty()) continue;
    std::vector<std::string> next;
    for (const auto& folder : found) {
      const auto below = root / fs::path(folder).relative_path();
      if (part.find_first_of("*?[") != std::string::npos) {
        for (const auto& name : names_that_match(below, part)) {
          if (next.size() < most) next.push_back(folder + "/" + name);
        }
        continue;
      }
      const auto name = literal_part(part);
      std::error_code error;
      if (fs::exists(below / name, error) && next.size() < most) next.push_back(folder + "/" + name);
    }
    found = std::move(next);
  }
  std::erase(found, "");
  return found;
}

}  // namespace host
