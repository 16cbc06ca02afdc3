// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "initramfs/image.hpp"

namespace inspect {

/// What glob(3) without flags finds in an image, sorted: '*', '?' and "[...]" in every part of the path, a backslash
/// before what is meant as it stands; no braces. Paths without the leading slash.
[[nodiscard]] std::vector<std::string> glob(const initramfs::Image& image, const std::string& pattern);

/// More names than this are not looked for.
inline constexpr std::size_t kGlobbed = 4096;

}  // namespace inspect
