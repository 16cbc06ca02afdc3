// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace base {

/// As much of an xz stream as its header and that of its first block can have (The .xz File Format, 2.1.1 and 3.1).
inline constexpr std::size_t kXzHead = 12 + 1024;

/// Why the kernel's xz decoder (lib/xz of Linux, Documentation/staging/xz.rst) refuses the filters of a stream's first
/// block: it knows LZMA2, alone or behind one of the branch filters, which have to begin at 0. "" if it takes them, or
/// if `head` ends before they are told.
[[nodiscard]] std::string_view xz_filters_refused(std::string_view head);

}  // namespace base
