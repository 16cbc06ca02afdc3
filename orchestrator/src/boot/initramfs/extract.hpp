// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/image.hpp"
#include "initramfs/source.hpp"

/// Files of an image, written out. Both read it a second time.
namespace initramfs {

/// The bytes of the regular file that `path` leads to; base::Error if there is none.
void cat(initramfs::Source& source, const initramfs::Image& image, const std::string& path,
         const std::function<void(std::string_view)>& write);

struct Extracted {
  std::size_t files = 0;
  std::size_t folders = 0;
  std::size_t links = 0;
  std::vector<std::string> left_out;  // device nodes and the like, unless they were asked for
};

/// The whole tree below `folder`, which is not there, or is empty, the caller's own and not writable by others; they
/// get in when all is written. Every path is that of a name in the image with all
/// links of its folders followed, so that none leaves the folder, and links are made last. Owners and device nodes are
/// root's to give; setuid and setgid bits are left away for everybody else. base::Error stops in the middle, and says
/// where.
Extracted extract(initramfs::Source& source, const initramfs::Image& image, const std::filesystem::path& folder,
                  bool devices);

}  // namespace initramfs
