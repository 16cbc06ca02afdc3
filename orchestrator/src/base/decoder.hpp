// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

/// Decompression that is pushed: bytes in, bytes out, and where exactly a stream ended. libarchive loses what follows a
/// finished stream, and an initramfs is several of them, one after the other.
namespace base {

/// What the kernel may be configured to read (lib/decompress.c). There is no decoder for lzo.
enum class Compression { none, gzip, bzip2, lzma, xz, lzo, lz4, zstd };

/// As the tools are called: "gzip", "zstd", ...
[[nodiscard]] std::string_view name_of(Compression compression);

/// By the two bytes that the kernel looks at; nothing if it knows no such method.
[[nodiscard]] std::optional<Compression> compression_of(std::string_view head);

class Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool ended = false;  // the stream is complete; nothing behind it was consumed
  };

  virtual ~Decoder() = default;
  /// Takes from `in` and fills `out`, as far as either reaches. With nothing consumed, nothing produced and no end, it
  /// waits for more input. base::Error says what is broken.
  virtual Step feed(std::span<const char> in, std::span<char> out) = 0;
  /// Whether the stream could end here if no more input comes: the kernel's lz4 has no mark of its end.
  [[nodiscard]] virtual bool may_end_here() const { return false; }
  /// Bytes of history that the stream says it needs; 0 as long as that is not known, or where the format has a small
  /// fixed one.
  [[nodiscard]] virtual std::uint64_t window() const { return 0; }
  /// What is odd with a stream that this library reads, and that the kernel's own decoder does not; "" if nothing.
  [[nodiscard]] virtual std::string_view kernel_refuses() const { return {}; }
};

/// A decoder that never takes more than `memory` bytes for a stream's window: a stream that asks for more is an Error.
/// Error for lzo and none.
[[nodiscard]] std::unique_ptr<Decoder> make_decoder(Compression compression, std::uint64_t memory);

}  // namespace base
