// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The two kinds of edit that a distribution's difference is made of. There is no third.
namespace source {

/// A systemd unit (systemd.syntax(7)), line by line: comments, order and everything that is not asked for stay as they
/// are. The unit of this project continues no line with '\', which is refused.
class Unit {
 public:
  explicit Unit(std::string_view text);

  /// Every value of a key in a section, in order.
  [[nodiscard]] std::vector<std::string> values(std::string_view section, std::string_view key) const;
  /// Replaces the value of a key that stands there exactly once; anything else is a base::Error.
  void set(std::string_view section, std::string_view key, const std::string& value);
  /// Puts one more "key=value" behind the last line of that key in the section; a base::Error when there is none.
  void append(std::string_view section, std::string_view key, const std::string& value);
  [[nodiscard]] std::string text() const;

 private:
  struct Line {
    std::string section, key, raw;
  };
  std::vector<Line> lines_;
  bool whole_ = true;  // the last line ends
};

/// Sets NAME=VALUE in a file of such assignments; NAME must stand there exactly once. VALUE has no character that a
/// shell would read.
[[nodiscard]] std::string assign(std::string_view text, std::string_view name, const std::string& value);

}  // namespace source
