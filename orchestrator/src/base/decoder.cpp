// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/decoder.hpp"

#include <bzlib.h>
#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "base/decoder_lz4.hpp"
#include "base/error.hpp"

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
               ? std::string_view{}
               : "its integrity check is none that the kernel's xz decoder knows; xz --check=crc32 makes one that it "
                 "does";
  }

 private:
  static constexpr std::uint64_t kOverhead = 4U << 20U;  // what liblzma takes beside the dictionary
  [[nodiscard]] const char* name() const { return alone_ ? "lzma" : "xz"; }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_check check_ = LZMA_CHECK_NONE;
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
      return make_lz4_decoder();
    case Compression::zstd:
      return std::make_unique<Zstd>(memory);
    case Compression::none:
    case Compression::lzo:
      break;
  }
  throw Error(fmt::format("there is no decoder for {}", name_of(compression)));
}

}  // namespace base
