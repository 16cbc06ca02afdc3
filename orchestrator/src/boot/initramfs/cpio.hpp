// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The cpio formats that the kernel reads, "newc" (070701) and "crc" (070702), by the kernel's own rules
/// (init/initramfs.c): what it drops is dropped here, what it stops at is an error here.
namespace initramfs {

struct CpioHeader {
  std::uint32_t ino = 0;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t nlink = 0;
  std::uint32_t mtime = 0;
  std::uint32_t size = 0;  // of the body: a file's bytes, a link's target
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t rdev_major = 0;
  std::uint32_t rdev_minor = 0;
  std::uint32_t check = 0;  // the sum of the bytes, in "crc"
};

/// Is told of every entry that the kernel would look at, in the order of the archive.
class CpioSink {
 public:
  virtual ~CpioSink() = default;
  /// `target` is a symbolic link's; `offset` is of the entry's header in the unpacked bytes.
  virtual void entry(const CpioHeader& header, std::string_view name, std::string_view target,
                     std::uint64_t offset) = 0;
  virtual void data(std::string_view bytes) = 0;                           // of the regular file that was told last
  virtual void end_of_file() = 0;                                          // all its bytes were given
  virtual void dropped(const std::string& why, std::uint64_t offset) = 0;  // an entry that the kernel passes over
  virtual void end_of_archive() = 0;                                       // TRAILER!!!: inode numbers start anew
};

/// Bytes in any pieces. Throws base::Error where the kernel would stop.
class CpioReader {
 public:
  explicit CpioReader(CpioSink& sink) : sink_(&sink) {}

  /// Takes bytes until the archive ends (its trailer and what fills it up) or there are no more; returns how many.
  std::size_t feed(std::string_view bytes);
  /// The archive has ended; another may begin with the next feed.
  [[nodiscard]] bool has_ended() const { return state_ == State::ended; }
  /// Nothing of an entry has been read yet.
  [[nodiscard]] bool is_between_entries() const {
    return state_ == State::ended || state_ == State::gap || (state_ == State::header && kept_.empty());
  }
  [[nodiscard]] std::uint64_t position() const { return position_; }  // bytes taken so far
  /// The next archive begins here, at a position that is a multiple of four by the kernel's count.
  void restart(std::uint64_t position);

 private:
  enum class State { header, name, data, padding, gap, ended };

  bool collect(std::string_view& bytes, std::size_t wanted);
  void take(std::string_view& bytes, std::size_t count);
  void parse_header();
  void parse_name();
  void copy(std::string_view& bytes);

  CpioSink* sink_;
  State state_ = State::header;
  State after_padding_ = State::header;
  CpioHeader header_;
  bool has_sum_ = false;
  std::uint32_t sum_ = 0;
  std::uint32_t name_size_ = 0;
  std::uint64_t begin_ = 0;  // of the entry
  std::uint64_t next_ = 0;   // of the next one
  std::uint64_t rest_ = 0;   // of the file's bytes
  std::uint64_t position_ = 0;
  std::string kept_;
};

}  // namespace initramfs
