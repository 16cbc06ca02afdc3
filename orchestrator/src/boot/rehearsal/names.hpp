// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace rehearsal {

/// Whether a text of the image or its command line may become a name of a volume or a partition, a label, or a word of
/// a tool's command line: letters, digits and "-_.+", and no dash at its beginning.
[[nodiscard]] inline bool is_name(std::string_view text, std::size_t longest = 64) {
  return !text.empty() && text.size() <= longest && text.front() != '-' &&
         std::ranges::all_of(text, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '+';
         });
}

}  // namespace rehearsal
