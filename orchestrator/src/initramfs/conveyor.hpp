// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// What has been unpacked is looked at by a second thread, while the first one unpacks what follows: that is a tenth of
/// the time.
namespace initramfs {

class Conveyor {
 public:
  /// `sink` gets the pieces in their order, in the second thread from the second piece on. What it throws ends the
  /// conveyor's work, and is thrown again by what is called next.
  explicit Conveyor(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}
  ~Conveyor();
  Conveyor(const Conveyor&) = delete;
  Conveyor& operator=(const Conveyor&) = delete;

  /// Where the next piece goes. Waits until there is room.
  [[nodiscard]] std::span<char> room();
  /// The first `size` bytes of it are the next piece. `mark` is the caller's: where the piece came from.
  void hand_over(std::size_t size, std::uint64_t mark);
  /// Waits until all that was handed over has been taken, or the sink has thrown: then throws that.
  void drain();
  /// After drain: the mark of the last piece that the sink was given, also if it threw.
  [[nodiscard]] std::uint64_t mark() const { return mark_; }

 private:
  struct Piece {
    std::vector<char> bytes;
    std::size_t size = 0;
    std::uint64_t mark = 0;
  };

  void take(const Piece& piece);
  void start();
  void work();

  std::function<void(std::string_view)> sink_;
  std::array<Piece, 4> pieces_;
  std::uint64_t mark_ = 0;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::size_t handed_ = 0;  // pieces so far; the piece with number n is pieces_[n % size]
  std::size_t taken_ = 0;
  bool ends_ = false;
  std::exception_ptr fault_;
  std::thread thread_;
};

}  // namespace initramfs
