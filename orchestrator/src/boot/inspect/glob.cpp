// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/glob.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/text.hpp"

namespace inspect {
namespace {

/// A part without anything that stands for something else, as it is meant.
bool is_plain(const std::string& part, std::string& name) {
  name.clear();
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (part[at] == '*' || part[at] == '?' || part[at] == '[') return false;
    if (part[at] == '\\' && at + 1 < part.size()) ++at;
    name += part[at];
  }
  return true;
}

}  // namespace

std::vector<std::string> glob(const initramfs::Image& image, const std::string& pattern) {
  std::vector<std::string> found{""};
  for (const auto& part : base::split(pattern, '/')) {
    if (part.empty()) continue;
    std::string plain;
    const bool as_it_is = is_plain(part, plain);
    std::vector<std::string> next;
    for (const auto& folder : found) {
      const auto below = folder.empty() ? "" : folder + "/";
      if (as_it_is) {
        if (image.find(below + plain) != nullptr) next.push_back(below + plain);
        continue;
      }
      for (const auto& name : image.list(folder)) {
        if (next.size() < kGlobbed && fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0)
          next.push_back(below + name);
      }
    }
    found = std::move(next);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace inspect
