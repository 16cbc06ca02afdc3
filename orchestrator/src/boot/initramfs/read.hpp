// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "initramfs/builder.hpp"
#include "initramfs/image.hpp"
#include "initramfs/source.hpp"

namespace initramfs {

/// The whole image, in one pass: an initramfs, or the one in a UKI. What is wrong with it is in Image::faults;
/// base::Error is for what cannot be read at all. `between` is called for each piece that was read, and may throw.
[[nodiscard]] Image read(Source& source, const ReadOptions& wanted, const Limits& limits = {},
                         const std::function<void()>& between = {});

/// A second pass, for the bytes of single entries. `begin` is asked for each entry by its running
/// number whether its bytes are wanted; `data` gets them. Both are called in their order; what they throw
/// is thrown here.
void read_again(Source& source, const std::function<bool(std::uint32_t entry)>& begin,
                const std::function<void(std::string_view bytes)>& data);

}  // namespace initramfs
