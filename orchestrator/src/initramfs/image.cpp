// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/image.hpp"

#include <utility>

namespace initramfs {
namespace {

constexpr int kLinks = 40;  // as many as the kernel follows (include/linux/namei.h, MAXSYMLINKS)

}  // namespace

}  // namespace initramfs
