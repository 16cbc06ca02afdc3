// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/elf.hpp"
#include "initramfs/image.hpp"

namespace initramfs {

/// What a dynamic loader would ask of a tree of files. Paths are those of Image: no leading slash, "" is the root.
class Files {
 public:
  virtual ~Files() = default;
  /// Where `path` really is, all links followed; nothing for what is not there, a dangling link, or a loop.
  [[nodiscard]] virtual std::optional<std::string> resolve(std::string_view path) const = 0;
  /// Of the file at a path that `resolve` gave; nullptr where that is no ELF file.
  [[nodiscard]] virtual const ElfFacts* elf(std::string_view path) const = 0;
  /// Nothing if it is not there, or was not kept.
  [[nodiscard]] virtual std::optional<std::string_view> content(std::string_view path) const = 0;
  [[nodiscard]] virtual std::vector<std::string> list(std::string_view folder) const = 0;
  /// All paths whose last name is `name`, sorted.
  [[nodiscard]] virtual std::vector<std::string> named(std::string_view name) const = 0;
};

/// The files of an image, which must outlive it.
class ImageFiles final : public Files {
 public:
  explicit ImageFiles(const Image& image);
  [[nodiscard]] std::optional<std::string> resolve(std::string_view path) const override;
  [[nodiscard]] const ElfFacts* elf(std::string_view path) const override;
  [[nodiscard]] std::optional<std::string_view> content(std::string_view path) const override;
  [[nodiscard]] std::vector<std::string> list(std::string_view folder) const override;
  [[nodiscard]] std::vector<std::string> named(std::string_view name) const override;

 private:
  const Image* image_;
  std::multimap<std::string, std::string, std::less<>> by_name_;  // of libraries and links: last name -> path
};

}  // namespace initramfs
