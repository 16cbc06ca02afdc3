// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/image.hpp"

#include "initramfs/walk.hpp"

namespace initramfs {

std::optional<std::string> Image::walk(std::string_view path, bool follow) const {
  if (is_exhausted()) return std::nullopt;
  Walk walk(tree_, nodes_);
  auto where = walk.to(path, follow);
  steps_ += walk.steps();
  return where;
}

const Node* Image::find_link(std::string_view path) const {
  const auto where = walk(path, false);
  if (!where) return nullptr;
  const auto found = tree_.find(*where);
  return found == tree_.end() ? nullptr : &nodes_[found->second];
}

const Node* Image::find(std::string_view path) const {
  const auto where = resolve(path);
  return where ? &nodes_[tree_.find(*where)->second] : nullptr;
}

std::optional<std::string> Image::resolve(std::string_view path) const {
  auto where = walk(path, true);
  if (where && !tree_.contains(*where)) return std::nullopt;
  return where;
}

std::optional<std::string_view> Image::content(std::string_view path) const {
  const auto* node = find(path);
  if (node == nullptr || !node->is_file() || !node->content) return std::nullopt;
  return *node->content;
}

std::vector<std::string> Image::list(std::string_view folder) const {
  std::vector<std::string> out;
  const auto where = resolve(folder);
  if (!where) return out;
  const auto prefix = where->empty() ? std::string() : *where + "/";
  for (auto each = tree_.upper_bound(prefix); each != tree_.end() && each->first.starts_with(prefix);) {
    const std::string_view rest = std::string_view(each->first).substr(prefix.size());
    const auto slash = rest.find('/');
    if (slash != std::string_view::npos) {
      // What lies deeper is passed over as a whole; '0' follows '/'.
      each = tree_.lower_bound(prefix + std::string(rest.substr(0, slash)) + '0');
      continue;
    }
    if (!nodes_[each->second].implied) out.emplace_back(rest);
    ++each;
  }
  return out;
}

void Image::each(const std::function<void(const std::string& path, const Node& node)>& visit) const {
  for (const auto& [path, index] : tree_) {
    if (!nodes_[index].implied) visit(path, nodes_[index]);
  }
}

}  // namespace initramfs
