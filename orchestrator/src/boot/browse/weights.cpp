// SPDX-License-Identifier: GPL-3.0-or-later
#include "browse/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"

namespace browse {
namespace {

void sort(Weight& weight) {
  for (auto& child : weight.below) sort(child);
  std::ranges::stable_sort(weight.below,
                           [](const Weight& left, const Weight& right) { return left.bytes > right.bytes; });
}

/// While it is put together: a folder's children by their names.
struct Sum {
  std::uint64_t bytes = 0;
  std::size_t files = 0;
  std::map<std::string, Sum, std::less<>> below;
};

void add(Sum& root, std::string_view path, std::uint64_t bytes) {
  auto* at = &root;
  for (;;) {
    at->bytes += bytes;
    ++at->files;
    if (path.empty()) return;
    const auto name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    at = &at->below[std::string(name)];
  }
}

Weight weight_of(const std::string& name, const Sum& sum) {
  Weight out{name, sum.bytes, sum.files, {}};
  for (const auto& [child, below] : sum.below) out.below.push_back(weight_of(child, below));
  return out;
}

void text_of(const Weight& weight, std::uint64_t whole, double share, const std::string& indent, std::string& out) {
  std::uint64_t rest = 0;
  std::size_t files = 0;
  for (const auto& child : weight.below) {
    if (static_cast<double>(child.bytes) < share * static_cast<double>(whole)) {
      rest += child.bytes;
      files += child.files;
      continue;
    }
    // A folder that holds nothing but one other is shown with it.
    const auto* last = &child;
    std::string name = child.name;
    while (last->below.size() == 1) {
      last = &last->below.front();
      name += "/" + last->name;
    }
    const auto percent = whole == 0 ? 0.0 : 100.0 * static_cast<double>(child.bytes) / static_cast<double>(whole);
    const auto bar = std::string(static_cast<std::size_t>(percent / 4.0), '#');
    out += fmt::format("{:>10} {:>5.1f} %  {:<25} {}{}\n", base::human_size(child.bytes), percent, bar, indent,
                       base::printable(name, 200));
    text_of(*last, whole, share, indent + "  ", out);
  }
  if (files != 0 && !weight.below.empty() && rest != weight.bytes)
    out += fmt::format("{:>10} {:>5.1f} %  {:<25} {}({} more)\n", base::human_size(rest),
                       100.0 * static_cast<double>(rest) / static_cast<double>(std::max<std::uint64_t>(whole, 1)), "",
                       indent, files);
}

}  // namespace

Weight weigh(const initramfs::Image& image) {
  Sum sum;
  std::set<const initramfs::Node*> seen;
  image.each([&](const std::string& path, const initramfs::Node& node) {
    if (node.is_directory()) return;
    if (node.links > 1 && !seen.insert(&node).second) return;
    add(sum, path, node.size);
  });
  auto root = weight_of("", sum);
  sort(root);
  return root;
}

std::string_view area_of(std::string_view path) {
  const auto under = [&](std::string_view folder) { return path.starts_with(folder); };
  const auto name = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  if (under("kernel/")) return "microcode and tables";
  if (under("usr/lib/modules/") || under("lib/modules/")) return "kernel modules";
  if (under("usr/lib/firmware/") || under("lib/firmware/")) return "firmware";
  if (name.starts_with("sshd") || under("etc/ssh/") || under("root/") || under("usr/lib/dracut-sshd/")) return "sshd";
  if (under("usr/lib/dracut/") || under("var/lib/dracut/") || name.starts_with("dracut-")) return "dracut";
  if (under("usr/lib/udev/") || under("lib/udev/") || under("etc/udev/")) return "udev";
  if (under("usr/lib/systemd/") || under("lib/systemd/") || under("etc/systemd/") || name.starts_with("systemd"))
    return "systemd";
  if (name.find(".so") != std::string_view::npos) return "libraries";
  if (under("usr/bin/") || under("usr/sbin/") || under("bin/") || under("sbin/") || under("usr/libexec/"))
    return "programs";
  if (under("etc/")) return "configuration";
  return "other";
}

std::string tree_text(const Weight& root, double share) {
  std::string out = fmt::format("{:>10} {:>5.1f} %  {:<25} /  ({} files)\n", base::human_size(root.bytes), 100.0,
                                std::string(25, '#'), root.files);
  text_of(root, root.bytes, share, "  ", out);
  return out;
}

}  // namespace browse
