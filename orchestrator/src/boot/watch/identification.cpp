// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/identification.hpp"

namespace watch {
namespace {

constexpr std::size_t kLongestLine = 255;  // with CR LF
constexpr std::string_view kBegin = "SSH-";

}  // namespace

Identification::Found Identification::end_of_line() {
  if (current_.ends_with('\r')) current_.pop_back();
  if (current_.starts_with(kBegin)) {
    line_ = std::move(current_);
    return Found::line;
  }
  preamble_ += current_.size() + 1;
  current_.clear();
  return preamble_ > kLongestPreamble ? Found::fault : Found::more;
}

Identification::Found Identification::add(std::string_view bytes) {
  for (const auto byte : bytes) {
    if (found_ != Found::more) break;
    if (byte == '\n') {
      found_ = end_of_line();
      continue;
    }
    current_.push_back(byte);
    // A line before the identification may have any length; it counts against the whole.
    const bool too_long = current_.starts_with(kBegin) ? current_.size() + 1 > kLongestLine
                                                       : preamble_ + current_.size() > kLongestPreamble;
    if (too_long || byte == '\0') found_ = Found::fault;
  }
  return found_;
}

}  // namespace watch
