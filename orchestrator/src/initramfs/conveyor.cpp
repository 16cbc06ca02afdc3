// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/conveyor.hpp"

#include <system_error>
#include <utility>

namespace initramfs {
namespace {

constexpr std::size_t kPiece = 128U << 10U;  // a block of zstd's; a core's own cache holds it

}  // namespace

Conveyor::~Conveyor() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::span<char> Conveyor::room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return fault_ || handed_ - taken_ < pieces_.size(); });
  if (fault_) std::rethrow_exception(fault_);
  auto& bytes = pieces_[handed_ % pieces_.size()].bytes;
  if (bytes.empty()) bytes.resize(kPiece);
  return bytes;
}

void Conveyor::hand_over(std::size_t size, std::uint64_t mark) {
  if (size == 0) return;
  auto& piece = pieces_[handed_ % pieces_.size()];
  piece.size = size;
  piece.mark = mark;
  // Most of what tests and small images unpack is one piece, or pieces that come one by one: no thread for these.
  const bool whole = size == piece.bytes.size();
  if (whole && !thread_.joinable() && handed_ != 0) start();
  {
    const std::lock_guard lock(mutex_);
    ++handed_;
  }
  if (thread_.joinable()) return changed_.notify_all();
  take(piece);
  if (fault_) std::rethrow_exception(fault_);
}

void Conveyor::start() {
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {  // no more threads are to be had: then one does both
    return;
  }
}

/// Without a lock: nobody else has this piece.
void Conveyor::take(const Piece& piece) {
  std::exception_ptr fault;
  mark_ = piece.mark;
  try {
    sink_({piece.bytes.data(), piece.size});
  } catch (...) {
    fault = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    ++taken_;
    fault_ = fault;
  }
  changed_.notify_all();
}

void Conveyor::work() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ends_ || handed_ != taken_; });
      if (ends_ || fault_) return;
    }
    take(pieces_[taken_ % pieces_.size()]);
    if (fault_) return;
  }
}

void Conveyor::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return fault_ || handed_ == taken_; });
  if (fault_) std::rethrow_exception(fault_);
}

}  // namespace initramfs
