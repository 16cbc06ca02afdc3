// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/tree.hpp"

/// Archives by libarchive.
namespace base {

/// A pax-free ustar archive, gzip-compressed without name and time: entries sorted, all below `top`/, folders 0755
/// before what they hold, owner 0:0 root, every time `epoch`. Equal trees give equal tar bytes; gzip's bytes depend on
/// the zlib in use. No `top`: paths as they are.
[[nodiscard]] std::string tar_gz(const SourceTree& tree, std::string_view top, std::int64_t epoch);

/// What such a tarball holds: below one single top folder, regular files only; anything else, a path that escapes, or
/// more than `limit` bytes unpacked is an Error. Returns paths without the top folder; `top` receives its name.
[[nodiscard]] SourceTree read_tar_gz(std::string_view bytes, std::string& top, std::uint64_t limit);

/// Every entry of an archive file (tar or cpio, any compression libarchive knows) as absolute paths; "./" stripped;
/// names "." skipped. Hard links carry their content. Device nodes, escaping paths, a path twice, rights that an entry
/// does not show (extended attributes, access control lists, file flags), or more than `limit` bytes are an Error.
[[nodiscard]] ListedTree list_archive(const std::filesystem::path& file, std::uint64_t limit);

/// A gzip member's bytes unpacked; Error when broken or longer than `limit`.
[[nodiscard]] std::string gunzip(std::string_view bytes, std::uint64_t limit);

}  // namespace base
