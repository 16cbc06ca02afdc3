// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/unpack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"

namespace initramfs {
namespace {

/// The largest window that the kernel's own zstd has memory for (lib/decompress_unzstd.c, ZSTD_WINDOWSIZE_MAX).
constexpr std::uint64_t kWindow = 128U << 20U;
constexpr std::size_t kPiece = 128U << 10U;  // a block of zstd's; a core's own cache holds it

}  // namespace

Unpacker::Unpacker(CpioSink& sink, Image& image, Builder* builder, const Limits& limits)
    : cpio_(sink), image_(&image), builder_(builder), limits_(limits) {}

void Unpacker::stop(Fault::Kind kind, const std::string& message) {
  image_->faults.push_back({kind, state_ == State::stream ? part_.offset : position_, message});
  if (state_ == State::stream || state_ == State::plain) end_part();
  state_ = State::stopped;
}

bool Unpacker::feed(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::stopped) {
    guarded([&] { step(bytes); });
  }
  return state_ != State::stopped;
}

void Unpacker::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const LimitReached& limit) {
    stop(Fault::Kind::limit, limit.what());
  } catch (const base::Error& error) {
    stop(Fault::Kind::broken, error.what());
  }
}

void Unpacker::step(std::string_view& bytes) {
  switch (state_) {
    case State::between:
      return between(bytes);
    case State::plain:
      return plain(bytes);
    case State::stream:
      return stream(bytes);
    case State::stopped:
      return;
  }
}

void Unpacker::begin(base::Compression compression) {
  part_ = {};
  part_.compression = compression;
  part_.offset = position_;
  if (builder_ != nullptr) builder_->begin_part();
}

void Unpacker::end_part() {
  part_.packed = position_ - part_.offset;
  if (builder_ != nullptr) {
    part_.entries = builder_->entries_in_part();
    part_.microcode = builder_->only_early();
  }
  if (decoder_) part_.window = decoder_->window();
  image_->parts.push_back(part_);
  decoder_.reset();
  after_plain_ = state_ == State::plain;
  state_ = State::between;
}

/// Zeros are passed over; then an archive begins, or a stream, which two bytes tell.
void Unpacker::between(std::string_view& bytes) {
  if (!has_pending_) {
    const auto zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
    bytes.remove_prefix(zeros);
    position_ += zeros;
    if (bytes.empty()) return;
    if (after_plain_ && position_ % 4 != 0)
      return stop(Fault::Kind::trailing, "behind an archive something begins that is not at a multiple of four");
    if (bytes.front() == '0' && position_ % 4 == 0) {
      begin(base::Compression::none);
      cpio_.restart(position_);
      state_ = State::plain;
      return;
    }
    pending_ = bytes.front();
    has_pending_ = true;
    bytes.remove_prefix(1);
    if (bytes.empty()) return;
  }
  const std::array<char, 2> head{pending_, bytes.front()};
  const auto compression = base::compression_of({head.data(), head.size()});
  has_pending_ = false;
  if (!compression)
    return stop(image_->parts.empty() ? Fault::Kind::broken : Fault::Kind::trailing,
                fmt::format("{} bytes that are neither an archive nor compressed ({:02x} {:02x})",
                            image_->parts.empty() ? "it begins with" : "behind its last part are",
                            static_cast<unsigned char>(head[0]), static_cast<unsigned char>(head[1])));
  begin(*compression);
  if (*compression == base::Compression::lzo)
    return stop(Fault::Kind::unreadable, "it is compressed with lzo, which this program does not read");
  decoder_ = base::make_decoder(*compression, kWindow);
  cpio_.restart(0);
  zeros_in_stream_ = 0;
  state_ = State::stream;
  std::string_view first(head.data(), 1);
  stream(first);
}

void Unpacker::plain(std::string_view& bytes) {
  const auto taken = cpio_.feed(bytes);
  bytes.remove_prefix(taken);
  position_ += taken;
  part_.unpacked += taken;
  if (cpio_.has_ended()) end_part();
}

/// One thread does both: to hand pieces over to another costs a virtual machine more than they take.
void Unpacker::stream(std::string_view& bytes) {
  room_.resize(kPiece);
  const std::span<char> room(room_);
  for (;;) {
    const auto step = decoder_->feed({bytes.data(), bytes.size()}, room);
    bytes.remove_prefix(step.consumed);
    position_ += step.consumed;
    if (const auto why = decoder_->kernel_refuses(); !why.empty()) throw base::Error(std::string(why));
    if (decoder_->window() > kWindow)
      return stop(Fault::Kind::window, fmt::format("its stream asks for a window of {}; the kernel has 128 MiB for it",
                                                   base::human_size(decoder_->window())));
    unpacked({room.data(), step.produced});
    if (step.ended) {
      if (!cpio_.is_between_entries()) throw base::Error("the compressed archive ends in the middle of an entry");
      return end_part();
    }
    if (step.produced < room.size() && bytes.empty()) return;
    if (step.produced == 0 && step.consumed == 0) throw base::Error("the stream does not go on");
  }
}

/// Archives follow each other within a stream, too, with zeros between (flush_buffer of the kernel).
void Unpacker::unpacked(std::string_view bytes) {
  unpacked_ += bytes.size();
  part_.unpacked += bytes.size();
  if (unpacked_ > limits_.unpacked)
    throw LimitReached(fmt::format("it unpacks to more than {}", base::human_size(limits_.unpacked)));
  while (!bytes.empty()) {
    if (cpio_.has_ended()) {
      const auto zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
      bytes.remove_prefix(zeros);
      zeros_in_stream_ += zeros;
      if (bytes.empty()) return;
      if (bytes.front() != '0') throw base::Error("something else than an archive is in the compressed stream");
      const auto at = cpio_.position() + zeros_in_stream_;
      if (at % 4 != 0) throw base::Error("an archive in the compressed stream does not begin at a multiple of four");
      zeros_in_stream_ = 0;
      cpio_.restart(at);
    }
    bytes.remove_prefix(cpio_.feed(bytes));
  }
}

void Unpacker::finish() {
  if (state_ != State::stopped) guarded([&] { end(); });
}

void Unpacker::end() {
  if (has_pending_)
    return stop(image_->parts.empty() ? Fault::Kind::broken : Fault::Kind::trailing,
                "a single byte is left at its end");
  if (state_ == State::plain) {
    if (!cpio_.is_between_entries()) return stop(Fault::Kind::broken, "it ends in the middle of an entry");
    return end_part();
  }
  if (state_ != State::stream) return;
  if (!decoder_->may_end_here()) return stop(Fault::Kind::broken, "it ends in the middle of its compressed stream");
  if (!cpio_.is_between_entries()) return stop(Fault::Kind::broken, "it ends in the middle of an entry");
  end_part();
}

}  // namespace initramfs
