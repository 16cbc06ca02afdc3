// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/render/template.hpp"

/// A template is filled or refused; a value is never looked at again: what @VALUE@ became stands in the result as it
/// was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto middle = text.find('\0');
  const std::string value(middle == std::string_view::npos ? "@NAME@" : text.substr(middle + 1));
  const auto body = text.substr(0, middle);
  try {
    const auto filled = render::fill(body, {{"VALUE", value}, {"NAME", "n"}}, "fuzz");
    const auto alone = render::fill("[@VALUE@]", {{"VALUE", value}}, "fuzz");
    if (alone != "[" + value + "]") __builtin_trap();
    if (body.find('@') == std::string_view::npos && filled != body) __builtin_trap();
  } catch (const base::Error&) {
    return 0;
  }
  return 0;
}
