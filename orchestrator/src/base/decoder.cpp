// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/decoder.hpp"

#include <bzlib.h>
#include <fmt/format.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/xz_filters.hpp"

namespace base {
namespace {

constexpr unsigned kChunkLimit = 1U << 30U;  // the libraries count in unsigned int

unsigned clamped(std::size_t size) { return static_cast<unsigned>(std::min<std::size_t>(size, kChunkLimit)); }

class Gzip final : public Decoder {
 public:
  Gzip() {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw Error("gzip: no memory");
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Step feed(std::span<const char> in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = clamped(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = clamped(out.size());
    const auto had_in = stream_.avail_in;
    const auto had_out = stream_.avail_out;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      throw Error(fmt::format("gzip: {}", stream_.msg != nullptr ? stream_.msg : "broken data"));
    return {had_in - stream_.avail_in, had_out - stream_.avail_out, status == Z_STREAM_END};
  }

 private:
  z_stream stream_{};
};

class Bzip2 final : public Decoder {
 public:
  Bzip2() {
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw Error("bzip2: no memory");
  }
  ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }
  Bzip2(const Bzip2&) = delete;
  Bzip2& operator=(const Bzip2&) = delete;

  Step feed(std::span<const char> in, std::span<char> out) override {
    stream_.next_in = const_cast<char*>(in.data());
    stream_.avail_in = clamped(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = clamped(out.size());
    const auto had_in = stream_.avail_in;
    const auto had_out = stream_.avail_out;
    const int status = BZ2_bzDecompress(&stream_);
    if (status != BZ_OK && status != BZ_STREAM_END) throw Error(fmt::format("bzip2: broken data ({})", status));
    return {had_in - stream_.avail_in, had_out - stream_.avail_out, status == BZ_STREAM_END};
  }

 private:
  bz_stream stream_{};
};

/// xz and its older form lzma. The kernel's xz knows no integrity check but CRC32 (Documentation/staging/xz.rst).
class Xz final : public Decoder {
 public:
  Xz(bool alone, std::uint64_t memory) {
    const auto status = alone ? lzma_alone_decoder(&stream_, memory + kOverhead)
                              : lzma_stream_decoder(&stream_, memory + kOverhead, LZMA_TELL_ANY_CHECK);
    if (status != LZMA_OK) throw Error("xz: no memory");
    alone_ = alone;
  }
  ~Xz() override { lzma_end(&stream_); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;

  Step feed(std::span<const char> in, std::span<char> out) override {
    if (!alone_ && head_.size() < kXzHead) head_.append(in.data(), std::min(in.size(), kXzHead - head_.size()));
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    if (status == LZMA_GET_CHECK) {
      check_ = lzma_get_check(&stream_);
      status = LZMA_OK;
    }
    if (status == LZMA_MEMLIMIT_ERROR)
      throw Error(fmt::format("{}: asks for {} MiB of memory", name(), lzma_memusage(&stream_) >> 20U));
    if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR)
      throw Error(fmt::format("{}: {}", name(), status == LZMA_OPTIONS_ERROR ? "unknown settings" : "broken data"));
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out, status == LZMA_STREAM_END};
  }
  [[nodiscard]] std::string_view kernel_refuses() const override {
    return check_ == LZMA_CHECK_NONE || check_ == LZMA_CHECK_CRC32
               ? xz_filters_refused(head_)
               : "its integrity check is none that the kernel's xz decoder knows; xz --check=crc32 makes one that it "
                 "does";
  }

 private:
  static constexpr std::uint64_t kOverhead = 4U << 20U;  // what liblzma takes beside the dictionary
  [[nodiscard]] const char* name() const { return alone_ ? "lzma" : "xz"; }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_check check_ = LZMA_CHECK_NONE;
  std::string head_;
  bool alone_ = false;
};

class Zstd final : public Decoder {
 public:
  explicit Zstd(std::uint64_t memory) : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw Error("zstd: no memory");
    int log = 10;
    while (log < 31 && (std::uint64_t{2} << static_cast<unsigned>(log)) <= memory) ++log;
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, log);
  }
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Step feed(std::span<const char> in, std::span<char> out) override {
    note_window(in);
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const auto status = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(status) != 0U) throw Error(fmt::format("zstd: {}", ZSTD_getErrorName(status)));
    return {input.pos, output.pos, status == 0};
  }
  [[nodiscard]] std::uint64_t window() const override { return window_; }

 private:
  /// The frame's header says it (RFC 8878, 3.1.1.1.2): magic, descriptor, window descriptor, or the content's size
  /// instead.
  void note_window(std::span<const char> in) {
    if (window_ != 0) return;
    for (std::size_t index = 0; head_size_ < head_.size() && index < in.size(); ++index)
      head_[head_size_++] = static_cast<unsigned char>(in[index]);
    if (head_size_ < 6) return;
    const unsigned descriptor = head_[4];
    if ((descriptor & 0x20U) == 0) {
      const unsigned exponent = head_[5] >> 3U;
      const std::uint64_t base = std::uint64_t{1} << (10 + exponent);
      window_ = base + (base / 8) * (head_[5] & 7U);
      return;
    }
    const unsigned dictionary = (descriptor & 3U) == 0 ? 0 : 1U << ((descriptor & 3U) - 1);
    const unsigned field = descriptor >> 6U;
    const unsigned bytes = 1U << field;
    if (head_size_ < 5 + dictionary + bytes) return;
    for (unsigned index = bytes; index-- > 0;) window_ = window_ << 8U | head_[5 + dictionary + index];
    if (field == 1) window_ += 256;
  }

  ZSTD_DCtx* context_;
  std::array<unsigned char, 18> head_{};
  std::size_t head_size_ = 0;
  std::uint64_t window_ = 0;
};

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

std::string_view name_of(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::gzip:
      return "gzip";
    case Compression::bzip2:
      return "bzip2";
    case Compression::lzma:
      return "lzma";
    case Compression::xz:
      return "xz";
    case Compression::lzo:
      return "lzo";
    case Compression::lz4:
      return "lz4";
    case Compression::zstd:
      return "zstd";
  }
  return "unknown";
}

std::optional<Compression> compression_of(std::string_view head) {
  if (head.size() < 2) return std::nullopt;
  const auto first = static_cast<unsigned char>(head[0]);
  const auto second = static_cast<unsigned char>(head[1]);
  if (first == 0x1f && (second == 0x8b || second == 0x9e)) return Compression::gzip;
  if (first == 0x42 && second == 0x5a) return Compression::bzip2;
  if (first == 0x5d && second == 0x00) return Compression::lzma;
  if (first == 0xfd && second == 0x37) return Compression::xz;
  if (first == 0x89 && second == 0x4c) return Compression::lzo;
  if (first == 0x02 && second == 0x21) return Compression::lz4;
  if (first == 0x28 && second == 0xb5) return Compression::zstd;
  return std::nullopt;
}

std::unique_ptr<Decoder> make_decoder(Compression compression, std::uint64_t memory) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<Gzip>();
    case Compression::bzip2:
      return std::make_unique<Bzip2>();
    case Compression::lzma:
      return std::make_unique<Xz>(true, memory);
    case Compression::xz:
      return std::make_unique<Xz>(false, memory);
    case Compression::lz4:
      return std::make_unique<Lz4>();
    case Compression::zstd:
      return std::make_unique<Zstd>(memory);
    case Compression::none:
    case Compression::lzo:
      break;
  }
  throw Error(fmt::format("there is no decoder for {}", name_of(compression)));
}

}  // namespace base
