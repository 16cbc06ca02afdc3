// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/node.hpp"

/// Paths in a tree of names, as the kernel walks them (path_resolution(7)): links are followed, ".." of the root is the
/// root. For this room's own files.
namespace initramfs {

using Names = std::map<std::string, std::uint32_t, std::less<>>;

class Walk {
 public:
  Walk(const Names& names, const std::vector<Node>& nodes) : names_(&names), nodes_(&nodes) {}

  /// Where the last name of `path` lies: the folder that holds it exists; it itself need not. With `follow`, a link
  /// there is followed, too. Nothing if a folder is missing, is none, or after 40 links.
  [[nodiscard]] std::optional<std::string> to(std::string_view path, bool follow);
  [[nodiscard]] std::uint64_t steps() const { return steps_; }  // names looked up, a measure of the work

 private:
  const Names* names_;
  const std::vector<Node>* nodes_;
  std::uint64_t steps_ = 0;
};

}  // namespace initramfs
