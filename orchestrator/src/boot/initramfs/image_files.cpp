// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/image_files.hpp"

#include <algorithm>

namespace initramfs {

ImageFiles::ImageFiles(const Image& image) : image_(&image) {
  image.each([this](const std::string& path, const Node& node) {
    if (!node.elf && !node.is_link()) return;
    const auto name = path.substr(path.rfind('/') + 1);
    if (name.find(".so") != std::string::npos) by_name_.emplace(name, path);
  });
}

std::optional<std::string> ImageFiles::resolve(std::string_view path) const { return image_->resolve(path); }

const ElfFacts* ImageFiles::elf(std::string_view path) const {
  const auto* node = image_->find(path);
  return node != nullptr && node->is_file() && node->elf ? &*node->elf : nullptr;
}

std::optional<std::string_view> ImageFiles::content(std::string_view path) const { return image_->content(path); }

std::vector<std::string> ImageFiles::list(std::string_view folder) const { return image_->list(folder); }

std::vector<std::string> ImageFiles::named(std::string_view name) const {
  std::vector<std::string> paths;
  const auto [begin, end] = by_name_.equal_range(name);
  for (auto at = begin; at != end; ++at) paths.push_back(at->second);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace initramfs
