// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "initramfs/image.hpp"
#include "initramfs/inner.hpp"
#include "initramfs/source.hpp"

/// A further archive behind an image: the kernel lays it over what was unpacked before.
namespace rehearsal {

struct OverlayFile {
  std::uint32_t mode = 0100644;  // type and permissions; of a link, its target is the content
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string content;
};

/// By canonical path in the image, without a leading slash.
using Overlay = std::map<std::string, OverlayFile>;

/// A cpio archive ("newc": Documentation/driver-api/early-userspace/buffer-format.rst). Folders that `image` lacks come
/// before what is in them; those that it has are left as they are.
[[nodiscard]] std::string archive_of(const Overlay& overlay, const initramfs::Image& image);

/// The bytes of several regular files of an image, in one pass, those of its inner file system among them; by canonical
/// path. base::Error where one is missing, or
/// all together are longer than `limit`.
[[nodiscard]] std::map<std::string, std::string> bytes_of(initramfs::Source& source, const initramfs::Image& image,
                                                          const initramfs::Inner& inner,
                                                          const std::vector<std::string>& paths, std::uint64_t limit);

}  // namespace rehearsal
