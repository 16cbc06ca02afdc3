// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/process.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/image.hpp"
#include "initramfs/source.hpp"

namespace inspect {

/// dracut may put most of an image into a file system of its own in it (its modules squash, squash-squashfs and
/// squash-erofs), which covers what lies around it as soon as init mounts it. Where there is one, it is unpacked by the
/// file system's own tool into a private folder, and its files take their places in `image`. A missing tool is
/// base::Error, with the package's name.
void add_inner(initramfs::Source& source, initramfs::Image& image, const initramfs::Wanted& wanted,
               base::Runner& runner, const base::Cancel& cancel);

}  // namespace inspect
