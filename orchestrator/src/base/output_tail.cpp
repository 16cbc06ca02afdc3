// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/output_tail.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace base {
namespace {

constexpr std::size_t kBytes = 8192;
constexpr std::size_t kLines = 20;

}  // namespace

void OutputTail::add(std::string_view bytes) {
  if (bytes.size() > kBytes) {
    bytes.remove_prefix(bytes.size() - kBytes);
    kept_.clear();
    cut_ = true;
  }
  kept_ += bytes;
  if (kept_.size() <= 2 * kBytes) return;  // not at every byte
  kept_.erase(0, kept_.size() - kBytes);
  cut_ = true;
}

std::string OutputTail::text() const {
  std::string_view last = kept_;
  bool partial = cut_;
  if (last.size() > kBytes) {
    last.remove_prefix(last.size() - kBytes);
    partial = true;
  }
  auto all = lines(last);
  if (partial && all.size() > 1) all.erase(all.begin());  // begins in the middle
  if (all.size() > kLines) all.erase(all.begin(), all.end() - kLines);

  std::vector<std::string> shown;
  std::size_t room = kBytes;
  for (auto line = all.rbegin(); line != all.rend(); ++line) {
    if (line->ends_with('\r')) line->pop_back();
    const std::string text = printable(replace_all(*line, "\t", "    "), room);
    if (text.size() + 1 > room && !shown.empty()) break;
    room -= std::min(room, text.size() + 1);
    shown.push_back(text);
  }
  std::reverse(shown.begin(), shown.end());
  return join(shown, "\n");
}

}  // namespace base
