// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/wire.hpp"

#include <openssl/crypto.h>

#include <bit>
#include <cstddef>

namespace openssh {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

bool is_line_space(char c) { return c == '\r' || c == '\n' || c == '\v' || c == '\f' || c == ' ' || c == '\t'; }

}  // namespace

std::optional<std::string_view> Reader::take(std::size_t size) {
  if (rest_.size() < size) {
    rest_ = {};
    return std::nullopt;
  }
  const auto out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

std::optional<std::uint32_t> Reader::u32() {
  const auto bytes = take(4);
  if (!bytes) return std::nullopt;
  std::uint32_t out = 0;
  for (const char c : *bytes) out = (out << 8) | static_cast<unsigned char>(c);
  return out;
}

std::optional<std::uint64_t> Reader::u64() {
  const auto bytes = take(8);
  if (!bytes) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : *bytes) out = (out << 8) | static_cast<unsigned char>(c);
  return out;
}

std::optional<std::string_view> Reader::string() {
  const auto size = u32();
  return size ? take(*size) : std::nullopt;
}

bool Reader::skip(std::string_view expected) {
  const auto bytes = take(expected.size());
  return bytes && *bytes == expected;
}

void put_string(std::string& out, std::string_view bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((bytes.size() >> shift) & 0xff);
  out += bytes;
}

std::optional<unsigned> mpint_bits(std::string_view mpint) {
  if (mpint.empty() || (static_cast<unsigned char>(mpint[0]) & 0x80) != 0) return std::nullopt;
  if (mpint[0] == '\0') {
    if (mpint.size() == 1 || (static_cast<unsigned char>(mpint[1]) & 0x80) == 0) return std::nullopt;
    mpint.remove_prefix(1);
  }
  const auto first = static_cast<unsigned>(std::bit_width(static_cast<unsigned>(static_cast<unsigned char>(mpint[0]))));
  return static_cast<unsigned>(mpint.size() - 1) * 8 + first;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  unsigned buffer = 0;
  unsigned held = 0;  // bits of `buffer` that are not out yet
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_line_space(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = value_of(c);
    if (value < 0 || padding != 0) {
      cleanse(out);
      return std::nullopt;
    }
    buffer = ((buffer << 6) | static_cast<unsigned>(value)) & 0xffffff;
    held += 6;
    ++digits;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((buffer >> held) & 0xff);
  }
  const bool whole = padding < 3 && (digits + padding) % 4 == 0;
  if (!whole || (buffer & ((1U << held) - 1)) != 0) {
    cleanse(out);
    return std::nullopt;
  }
  return out;
}

std::string base64_encode(std::string_view bytes, bool padding) {
  std::string out;
  unsigned buffer = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    buffer = ((buffer << 8) | static_cast<unsigned char>(c)) & 0xffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += kAlphabet[(buffer >> held) & 63];
    }
  }
  if (held > 0) out += kAlphabet[(buffer << (6 - held)) & 63];
  while (padding && out.size() % 4 != 0) out += '=';
  return out;
}

bool is_base64(std::string_view text) {
  for (const char c : text)
    if (value_of(c) < 0 && c != '=') return false;
  return !text.empty();
}

void cleanse(std::string& secret) {
  if (!secret.empty()) OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace openssh
