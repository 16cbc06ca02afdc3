// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/decoder_lz4.hpp"

#include <fmt/format.h>
#include <lz4.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace base {
namespace {

/// The legacy format of `lz4 -l`: a magic number, then blocks of at most 8 MiB, each after its length. Nothing marks
/// the end: the kernel (lib/decompress_unlz4.c) stops at a length of zero, or where the input ends.
class Lz4 final : public Decoder {
 public:
  Step feed(std::span<const char> in, std::span<char> out) override {
    Step step;
    while (!step.ended) {
      const auto rest = unpacked_ - given_;
      if (rest != 0) {
        const auto count = std::min(rest, out.size() - step.produced);
        std::memcpy(out.data() + step.produced, block_.data() + given_, count);
        given_ += count;
        step.produced += count;
        if (given_ < unpacked_) return step;
        continue;
      }
      if (!take(in, step, wanted_)) return step;
      if (length_known_) {
        unpack();
      } else {
        step.ended = !begin_block(in, step);
      }
    }
    return step;
  }
  [[nodiscard]] bool may_end_here() const override {
    return unpacked_any_ && !length_known_ && packed_.find_first_not_of('\0') == std::string::npos &&
           given_ == unpacked_;
  }

 private:
  static constexpr std::uint32_t kMagic = 0x184C2102;
  static constexpr std::size_t kBlock = 8U << 20U;

  bool take(std::span<const char> in, Step& step, std::size_t wanted) {
    const auto count = std::min(wanted - packed_.size(), in.size() - step.consumed);
    packed_.append(in.data() + step.consumed, count);
    step.consumed += count;
    return packed_.size() == wanted;
  }
  /// Four bytes have been read: the magic number, or a block's length. False: they end the stream, and are not its own.
  bool begin_block(std::span<const char> /*in*/, Step& step) {
    std::uint32_t value = 0;
    for (unsigned index = 4; index-- > 0;) value = value << 8U | static_cast<unsigned char>(packed_[index]);
    packed_.clear();
    if (value == kMagic) {
      magic_seen_ = true;
      return true;
    }
    if (!magic_seen_) throw Error("lz4: not the legacy format");
    if (value == 0) {
      // Zeros are padding; where they were split between two calls, those of the earlier one are gone, which harms
      // nothing.
      step.consumed -= std::min<std::size_t>(4, step.consumed);
      return false;
    }
    if (value > static_cast<std::uint32_t>(LZ4_compressBound(static_cast<int>(kBlock))))
      throw Error(
          fmt::format("lz4: a block of {} bytes; is something else behind the stream, without zeros between?", value));
    length_known_ = true;
    wanted_ = value;
    return true;
  }
  void unpack() {
    block_.resize(kBlock);
    const int size =
        LZ4_decompress_safe(packed_.data(), block_.data(), static_cast<int>(packed_.size()), static_cast<int>(kBlock));
    if (size < 0) throw Error("lz4: broken data");
    unpacked_ = static_cast<std::size_t>(size);
    given_ = 0;
    unpacked_any_ = true;
    packed_.clear();
    length_known_ = false;
    wanted_ = 4;
  }

  std::string packed_;
  std::vector<char> block_;
  std::size_t unpacked_ = 0;  // of block_; that keeps its size, which costs as much as clearing it
  std::size_t given_ = 0;
  std::size_t wanted_ = 4;
  bool length_known_ = false;
  bool magic_seen_ = false;
  bool unpacked_any_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_lz4_decoder() { return std::make_unique<Lz4>(); }

}  // namespace base
