// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bzlib.h>
#include <fmt/format.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/decoder.hpp"

/// Archives and streams as tests need them, by the compressors' own libraries.
namespace archives {

struct Entry {
  std::string name;
  std::string body;
  std::uint32_t mode = 0100644;
  std::uint32_t ino = 0;
  std::uint32_t nlink = 1;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

inline std::string header(std::string_view magic, const Entry& entry, std::size_t size, std::size_t name_size,
                          std::uint32_t sum = 0) {
  return fmt::format("{}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", magic,
                     entry.ino, entry.mode, entry.uid, entry.gid, entry.nlink, 1700000000, size, 8, 1, 0, 0, name_size,
                     sum);
}

inline void fill(std::string& out) { out.resize((out.size() + 3) / 4 * 4, '\0'); }

inline std::string cpio(const std::vector<Entry>& entries, bool with_sum = false, bool trailer = true) {
  std::string out;
  auto all = entries;
  if (trailer) all.push_back({"TRAILER!!!", "", 0, 0, 1, 0});
  for (const auto& entry : all) {
    std::uint32_t sum = 0;
    for (const char byte : entry.body) sum += static_cast<unsigned char>(byte);
    out += header(with_sum ? "070702" : "070701", entry, entry.body.size(), entry.name.size() + 1, with_sum ? sum : 0);
    out += entry.name + '\0';
    fill(out);
    out += entry.body;
    fill(out);
  }
  return out;
}

inline std::string lz4(std::string_view bytes) {
  std::string out("\x02\x21\x4c\x18", 4);
  constexpr std::size_t kBlock = 8U << 20U;
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    const auto block = bytes.substr(at, kBlock);
    std::string packed(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(block.size()))), '\0');
    const int size = LZ4_compress_default(block.data(), packed.data(), static_cast<int>(block.size()),
                                          static_cast<int>(packed.size()));
    for (unsigned index = 0; index < 4; ++index)
      out += static_cast<char>(static_cast<unsigned>(size) >> (8 * index) & 0xffU);
    out += packed.substr(0, static_cast<std::size_t>(size));
  }
  return out;
}

inline std::string xz(std::string_view bytes, bool alone, lzma_check check = LZMA_CHECK_CRC32) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 1);
  auto status = alone ? lzma_alone_encoder(&stream, &options) : lzma_easy_encoder(&stream, 1, check);
  std::string out(bytes.size() + 65536, '\0');
  stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  if (status == LZMA_OK) status = lzma_code(&stream, LZMA_FINISH);
  if (status != LZMA_STREAM_END) throw std::runtime_error("liblzma");
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  return out;
}

inline std::string gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 65536, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

inline std::string packed(std::string_view bytes, base::Compression compression) {
  switch (compression) {
    case base::Compression::gzip:
      return gzip(bytes);
    case base::Compression::bzip2: {
      std::string out(bytes.size() * 2 + 65536, '\0');
      auto size = static_cast<unsigned>(out.size());
      BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()),
                               1, 0, 0);
      out.resize(size);
      return out;
    }
    case base::Compression::lzma:
      return xz(bytes, true);
    case base::Compression::xz:
      return xz(bytes, false);
    case base::Compression::lz4:
      return lz4(bytes);
    case base::Compression::zstd: {
      std::string out(ZSTD_compressBound(bytes.size()), '\0');
      out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
      return out;
    }
    case base::Compression::none:
    case base::Compression::lzo:
      break;
  }
  return std::string(bytes);
}

inline const std::vector<base::Compression>& all() {
  static const std::vector<base::Compression> kAll{
      base::Compression::none, base::Compression::gzip, base::Compression::bzip2, base::Compression::lzma,
      base::Compression::xz,   base::Compression::lz4,  base::Compression::zstd};
  return kAll;
}

}  // namespace archives
