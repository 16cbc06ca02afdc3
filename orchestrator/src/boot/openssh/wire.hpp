// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The bytes that keys and certificates are made of (RFC 4251, section 5), and base64 as OpenSSH reads it. For this
/// room's own files.
namespace openssh {

/// Reads from the front of `bytes`, which must outlive it. What is not there is nothing, and all that follows, too.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::optional<std::uint32_t> u32();
  [[nodiscard]] std::optional<std::uint64_t> u64();
  [[nodiscard]] std::optional<std::string_view> string();  // a length of four bytes, then as many bytes
  [[nodiscard]] bool skip(std::string_view expected);      // these bytes exactly
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::optional<std::string_view> take(std::size_t size);
  std::string_view rest_;
};

void put_string(std::string& out, std::string_view bytes);

/// A positive integer's bits; nothing if it is negative, zero, or longer than need be (RFC 4251: mpint).
[[nodiscard]] std::optional<unsigned> mpint_bits(std::string_view mpint);

/// Standard alphabet, with its padding; line ends within it are skipped. Nothing for anything else, as sshd has it.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::string base64_encode(std::string_view bytes, bool padding);
[[nodiscard]] bool is_base64(std::string_view text);  // not empty, and of its alphabet alone

/// Overwrites what the string holds, and empties it.
void cleanse(std::string& secret);

/// Cleanses a string at the end of its own life.
class Cleansed {
 public:
  explicit Cleansed(std::string& secret) : secret_(secret) {}
  ~Cleansed() { cleanse(secret_); }
  Cleansed(const Cleansed&) = delete;
  Cleansed& operator=(const Cleansed&) = delete;

 private:
  std::string& secret_;
};

}  // namespace openssh
