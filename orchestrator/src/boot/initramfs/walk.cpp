// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/walk.hpp"

#include <utility>

namespace initramfs {
namespace {

constexpr int kLinks = 40;              // MAXSYMLINKS of include/linux/namei.h
constexpr std::uint64_t kSteps = 4096;  // for one path: no real one has a hundred
constexpr std::size_t kLongest = 8192;  // of what is still to be walked: hostile links would let it grow

/// The first name of `rest`, which loses it; "" when there is none.
std::string_view next_name(std::string_view& rest) {
  const auto begin = rest.find_first_not_of('/');
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(begin);
  const auto name = rest.substr(0, rest.find('/'));
  rest.remove_prefix(name.size());
  return name;
}

void go_up(std::string& where) {
  const auto slash = where.rfind('/');
  where.resize(slash == std::string::npos ? 0 : slash);
}

}  // namespace

std::optional<std::string> Walk::to(std::string_view path, bool follow) {
  std::string where;
  std::string holder;  // of a link's target, and what was to come after it
  std::string_view rest = path;
  int links = 0;
  for (auto name = next_name(rest); !name.empty(); name = next_name(rest)) {
    if (++steps_ > kSteps) return std::nullopt;
    if (name == ".") continue;
    if (name == "..") {
      go_up(where);
      continue;
    }
    const auto before = where.size();
    if (!where.empty()) where += '/';
    where += name;
    const bool last = rest.find_first_not_of('/') == std::string_view::npos;
    const auto found = names_->find(where);
    if (found == names_->end()) return last ? std::optional(std::move(where)) : std::nullopt;
    const auto& node = (*nodes_)[found->second];
    if (node.is_link() && (!last || follow)) {
      if (++links > kLinks || node.target.empty()) return std::nullopt;
      std::string next = node.target + std::string(rest);
      if (next.size() > kLongest) return std::nullopt;
      where.resize(node.target.front() == '/' ? 0 : before);
      holder = std::move(next);
      rest = holder;
    } else if (!last && !node.is_directory()) {
      return std::nullopt;
    }
  }
  return where;
}

}  // namespace initramfs
