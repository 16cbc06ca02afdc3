// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "initramfs/image_files.hpp"

/// Where a dynamic loader looks: parts of loader.cpp that need no state.
namespace initramfs {

/// The same class, byte order and machine.
[[nodiscard]] bool same_kind(const ElfFacts& a, const ElfFacts& b);

/// An absolute path as one of Files: without leading, trailing and double slashes.
[[nodiscard]] std::string rootless(std::string_view path);
/// What is before the last slash, and what is behind it.
[[nodiscard]] std::string folder_of(std::string_view path);
[[nodiscard]] std::string name_of_path(std::string_view path);

/// What $ORIGIN, $LIB and $PLATFORM stand for (ld.so(8), "Dynamic string tokens").
struct Tokens {
  std::string origin;  // without leading slash
  std::string lib;
  std::string platform;
  bool musl = false;  // musl knows $ORIGIN alone
};

/// A folder or path with its tokens replaced, at most 4096 bytes; "" if it gets longer, or has an unknown token that
/// the loader refuses. glibc leaves unknown ones as they are.
[[nodiscard]] std::string expand(std::string_view text, const Tokens& tokens);

/// "x86_64" and the like, as glibc's $PLATFORM is on the least processor of its kind.
[[nodiscard]] std::string platform_of(const ElfFacts& program);

/// What a library's loader would be in this tree, for a library names none: an absolute path, or "".
[[nodiscard]] std::string usual_interpreter(const Files& files, const ElfFacts& library);

/// The folders that glibc was built to look in, by where its loader really lies: /lib64 and /usr/lib64 for one in
/// usr/lib64; /lib/TRIPLET, /usr/lib/TRIPLET, /lib and /usr/lib for one in usr/lib/TRIPLET.
[[nodiscard]] std::vector<std::string> built_in_folders(const Files& files, const std::string& interpreter,
                                                        const ElfFacts& program);

}  // namespace initramfs
