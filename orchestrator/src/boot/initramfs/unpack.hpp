// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/decoder.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/cpio.hpp"
#include "initramfs/image.hpp"

/// What lies between a file's bytes and its entries: archives one after the other, each plain or compressed, zeros
/// between (unpack_to_rootfs of init/initramfs.c).
namespace initramfs {

class Unpacker {
 public:
  /// `sink` gets the entries; `image` the parts and what is wrong with them, through `builder` if there is one.
  Unpacker(CpioSink& sink, Image& image, Builder* builder, const Limits& limits);

  /// False: the kernel would stop here, or this program does; image.faults says why.
  bool feed(std::string_view bytes);
  /// There are no more bytes.
  void finish();
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  enum class State { between, plain, stream, stopped };

  void step(std::string_view& bytes);
  void between(std::string_view& bytes);
  void plain(std::string_view& bytes);
  void stream(std::string_view& bytes);
  void unpacked(std::string_view bytes);
  void guarded(const std::function<void()>& work);
  void end();
  void begin(base::Compression compression);
  void end_part();
  void stop(Fault::Kind kind, const std::string& message);

  CpioReader cpio_;
  Image* image_;
  Builder* builder_;
  Limits limits_;
  State state_ = State::between;
  Part part_;
  std::unique_ptr<base::Decoder> decoder_;
  std::uint64_t position_ = 0;
  std::uint64_t unpacked_ = 0;         // of all streams
  std::uint64_t zeros_in_stream_ = 0;  // behind its last archive
  bool after_plain_ = false;           // what came last was a plain archive
  char pending_ = 0;
  bool has_pending_ = false;
  std::vector<char> room_;  // for what a stream unpacks to, piece by piece
};

}  // namespace initramfs
