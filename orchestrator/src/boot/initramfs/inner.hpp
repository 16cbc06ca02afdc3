// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

#include "base/context.hpp"
#include "base/files.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/image.hpp"
#include "initramfs/source.hpp"

namespace initramfs {

/// dracut may put most of an image into a file system of its own in it (its modules squash, squash-squashfs and
/// squash-erofs), which covers what lies around it as soon as init mounts it. Where there is one, it is unpacked by the
/// file system's own tool into a private folder, and its files take their places in `image`. A missing tool is
/// base::Error, with the package's name; so is one that holds more than a GiB.
struct Inner {
  std::optional<base::TempDir> folder;                   // goes with this
  std::map<std::uint32_t, std::filesystem::path> files;  // by Node::entry: where their bytes are
};
[[nodiscard]] Inner add_inner(initramfs::Source& source, initramfs::Image& image, const initramfs::ReadOptions& wanted,
                              const base::Context& context);

}  // namespace initramfs
