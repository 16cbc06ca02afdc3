// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "initramfs/image.hpp"

namespace browse {

/// What each of dracut's modules weighs, unpacked, as far as it can be told: an image names its modules, and does not
/// say what came with which. A file is a module's where no other's script names it (the scripts of `root`'s dracut),
/// and a library is a module's where nothing else in the image needs it, if the image was read with `elf`. What is left
/// is under the kind of thing that it is, in parentheses: "(libraries)". Empty where that dracut, or the image's own
/// list of its modules, is not there.
[[nodiscard]] std::map<std::string, std::uint64_t> weigh_modules(const initramfs::Image& image,
                                                                 const std::filesystem::path& root);

/// And how much more each weighs in `after` than in `before`; modules that weigh the same are left out.
[[nodiscard]] std::map<std::string, std::int64_t> compare_modules(const initramfs::Image& before,
                                                                  const initramfs::Image& after,
                                                                  const std::filesystem::path& root);

}  // namespace browse
