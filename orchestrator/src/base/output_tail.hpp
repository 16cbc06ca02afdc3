// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace base {

/// The last words of a child process, for an error's text: at most 20 lines and 8 KiB, printable. Its own memory is
/// bounded as well.
class OutputTail {
 public:
  void add(std::string_view bytes);
  [[nodiscard]] std::string text() const;  // lines without a last newline

 private:
  std::string kept_;
  bool cut_ = false;  // something has been dropped from the front
};

}  // namespace base
