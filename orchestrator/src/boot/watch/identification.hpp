// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace watch {

/// What an SSH server sends first (RFC 4253, section 4.2): lines of any text, then its identification, "SSH-2.0-...",
/// at most 255 bytes with CR LF. Reads it piece by piece and keeps no more than that. All of it is untrusted, and says
/// nothing about who the server is.
class Identification {
 public:
  /// What a server may send before its identification: the RFC sets no limit.
  static constexpr std::size_t kLongestPreamble = 4096;

  enum class Found { more, line, fault };

  [[nodiscard]] Found add(std::string_view bytes);
  /// Without CR LF; untrusted bytes. Empty unless it was found.
  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  Found end_of_line();
  std::string current_;
  std::string line_;
  std::size_t preamble_ = 0;
  Found found_ = Found::more;
};

}  // namespace watch
