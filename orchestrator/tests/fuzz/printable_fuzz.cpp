// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/output.hpp"
#include "base/text.hpp"

/// Whatever the bytes are, what is printed is well-formed UTF-8 without anything that a terminal obeys, and shows the
/// same in pieces as in one; and JSON as dracut-sshd writes it is ASCII.
namespace {

/// Bytes of controls, C1 (c2 80 to c2 9f) and of the marks that change a text's order.
bool is_harmless(std::string_view text) {
  if (base::utf8_fault(text)) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) return false;
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if (byte == 0xC2 && next < 0xA0) return false;
    for (const std::string_view mark : {"\xD8\x9C", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xAA",
                                        "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA9"}) {
      if (text.substr(at).starts_with(mark)) return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = base::printable_text(bytes);
  if (!is_harmless(whole)) __builtin_trap();
  if (const auto line = base::printable(bytes, 200); !is_harmless(line) || line.find('\n') != std::string::npos)
    __builtin_trap();
  if (base::printed(bytes, false) != whole) __builtin_trap();
  // Its own colours are the only sequences that stay.
  auto coloured = base::printed(bytes, true);
  for (const auto* each : {"\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[1;31m", "\x1b[0m"})
    coloured = base::replace_all(coloured, each, ".");
  if (!is_harmless(coloured)) __builtin_trap();
  std::string out;
  base::PrintablePieces pieces([&](const std::string& piece) { out += piece; });
  for (std::size_t at = 0; at < size; at += 1 + size % 5) pieces.add(bytes.substr(at, 1 + size % 5));
  pieces.finish();
  if (out != whole) __builtin_trap();
  const auto json =
      nlohmann::ordered_json{{"text", std::string(bytes)}}.dump(2, ' ', true, nlohmann::json::error_handler_t::replace);
  for (const auto c : json) {
    if (static_cast<unsigned char>(c) >= 0x7F || (static_cast<unsigned char>(c) < 0x20 && c != '\n')) __builtin_trap();
  }
  return 0;
}
