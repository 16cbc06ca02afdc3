// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/decoder.hpp"
#include "base/error.hpp"

/// Whatever the bytes are, a stream ends, is broken, or waits for more; it never claims more than it was given, and the
/// same bytes in other pieces give as many.
namespace {

constexpr std::size_t kMost = 8U << 20U;

struct End {
  std::size_t produced = 0;
  bool broken = false;
  bool operator==(const End&) const = default;
};

End decoded(std::string_view bytes, std::size_t piece) {
  const auto compression = base::compression_of(bytes);
  if (!compression || *compression == base::Compression::lzo) return {};
  const auto decoder = base::make_decoder(*compression, 1U << 20U);
  std::array<char, 4096> out{};
  End end;
  std::size_t given = 0;
  try {
    while (end.produced < kMost) {
      const auto in = bytes.substr(given, piece);
      const auto step = decoder->feed({in.data(), in.size()}, out);
      if (step.consumed > in.size() || step.produced > out.size()) __builtin_trap();
      given += step.consumed;
      end.produced += step.produced;
      if (step.ended || (in.empty() && step.produced == 0)) break;
      if (step.consumed == 0 && step.produced == 0 && given + piece >= bytes.size()) break;
    }
  } catch (const base::Error&) {
    end.broken = true;
  }
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = decoded(bytes, size + 1);
  const auto pieces = decoded(bytes, 13);
  // A broken stream may be noticed later or earlier; one that is whole is the same.
  if (!whole.broken && !pieces.broken && whole.produced < kMost && whole.produced != pieces.produced) __builtin_trap();
  return 0;
}
