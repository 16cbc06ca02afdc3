// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/image.hpp"

/// Where an image's megabytes are.
namespace browse {

struct Weight {
  std::string name;         // the last part of the path; "" for the root
  std::uint64_t bytes = 0;  // unpacked, of all that is below; a file with several names counts at the first
  std::size_t files = 0;
  std::vector<Weight> below;  // the heaviest first
};

[[nodiscard]] Weight weigh(const initramfs::Image& image);

/// What kind of thing a path is: "kernel modules", "firmware", "libraries", "systemd", ...
[[nodiscard]] std::string_view area_of(std::string_view path);

/// As a tree on a terminal: what is lighter than `share` of the whole is summed up.
[[nodiscard]] std::string tree_text(const Weight& root, double share);

/// A page of its own, with the same as a treemap (squarified; Bruls, Huizing and van Wijk 2000). No script, nothing
/// fetched.
[[nodiscard]] std::string tree_page(const Weight& root, std::string_view title);

}  // namespace browse
