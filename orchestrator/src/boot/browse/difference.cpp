// SPDX-License-Identifier: GPL-3.0-or-later
#include "browse/difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/text.hpp"
#include "browse/weights.hpp"

namespace browse {
namespace {

std::int64_t bytes_of(const initramfs::Node& node) {
  return node.is_directory() ? 0 : static_cast<std::int64_t>(node.size);
}

std::string what_changed(const initramfs::Node& before, const initramfs::Node& after) {
  std::vector<std::string> out;
  if ((before.mode & 0170000U) != (after.mode & 0170000U)) return "another kind of file";
  if (before.is_link() && before.target != after.target)
    out.push_back(fmt::format("target {} -> {}", base::printable(before.target), base::printable(after.target)));
  if (before.is_file() && (before.size != after.size || before.digest != after.digest)) out.emplace_back("contents");
  if (before.mode != after.mode)
    out.push_back(fmt::format("mode {:04o} -> {:04o}", before.mode & 07777U, after.mode & 07777U));
  if (before.uid != after.uid || before.gid != after.gid)
    out.push_back(fmt::format("owner {}:{} -> {}:{}", before.uid, before.gid, after.uid, after.gid));
  return base::join(out, ", ");
}

std::vector<std::string> modules_of(const initramfs::Image& image) {
  auto out = base::lines(image.content("usr/lib/dracut/modules.txt").value_or(""));
  std::ranges::sort(out);
  return out;
}

}  // namespace

Difference compare(const initramfs::Image& before, const initramfs::Image& after) {
  Difference out;
  const auto note = [&](Change change) {
    out.bytes += change.bytes;
    if (change.bytes != 0) out.areas[std::string(area_of(change.path))] += change.bytes;
    out.changes.push_back(std::move(change));
  };
  before.each([&](const std::string& path, const initramfs::Node& node) {
    const auto* now = after.find_link(path);
    if (now == nullptr || now->implied) return note({Change::Kind::went, path, -bytes_of(node), ""});
    if (auto what = what_changed(node, *now); !what.empty())
      note({Change::Kind::changed, path, bytes_of(*now) - bytes_of(node), std::move(what)});
  });
  after.each([&](const std::string& path, const initramfs::Node& node) {
    const auto* then = before.find_link(path);
    if (then == nullptr || then->implied) note({Change::Kind::came, path, bytes_of(node), ""});
  });
  std::ranges::stable_sort(out.changes, [](const Change& left, const Change& right) {
    return std::abs(left.bytes) > std::abs(right.bytes);
  });
  const auto old_modules = modules_of(before);
  const auto new_modules = modules_of(after);
  std::ranges::set_difference(new_modules, old_modules, std::back_inserter(out.modules_came));
  std::ranges::set_difference(old_modules, new_modules, std::back_inserter(out.modules_went));
  return out;
}

}  // namespace browse
