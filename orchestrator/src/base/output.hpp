// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

/// Results, on standard output. Talk is the console's.
namespace base {

/// The one way of texts to standard output: what could steer a terminal, or change the order of what it shows, is
/// escaped (printable_text), wherever in the text it comes from. Where standard output is a terminal, colours that
/// `coloured` made stay.
void print(std::string_view text);

/// `text` in a colour: the parameters of ECMA-48's SGR, one of "32", "33", "35", "1;31". As it is where standard output
/// is no terminal, TERM is dumb, or NO_COLOR is set.
[[nodiscard]] std::string coloured(std::string_view colour, const std::string& text);

/// What `print` prints for this text; `colours`: whether those of `coloured` stay.
[[nodiscard]] std::string printed(std::string_view text, bool colours);

/// Bytes of a file in pieces, as text: no piece's end cuts a character. `finish` once, at the end.
class PrintablePieces {
 public:
  explicit PrintablePieces(std::function<void(const std::string&)> write) : write_(std::move(write)) {}
  void add(std::string_view bytes);
  void finish();

 private:
  std::function<void(const std::string&)> write_;
  std::string held_;
};

}  // namespace base
