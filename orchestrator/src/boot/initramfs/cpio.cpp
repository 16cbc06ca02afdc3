// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/cpio.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kHeader = 110;    // six characters, thirteen numbers of eight
constexpr std::size_t kPathMax = 4096;  // PATH_MAX, with the zero

constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kLink = 0120000;
constexpr std::uint32_t kFile = 0100000;

/// A header is not a multiple of four long; with the name behind it, it is.
std::size_t padded_name(std::size_t size) { return ((size + 1) & ~std::size_t{3}) + 2; }

std::uint32_t number(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char digit : digits) {
    unsigned nibble = 0;
    if (digit >= '0' && digit <= '9')
      nibble = static_cast<unsigned>(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
      nibble = static_cast<unsigned>(digit - 'a') + 10;
    else if (digit >= 'A' && digit <= 'F')
      nibble = static_cast<unsigned>(digit - 'A') + 10;
    else
      throw base::Error(fmt::format("a cpio header holds \"{}\" where a number should be", base::printable(digits)));
    value = value << 4U | nibble;
  }
  return value;
}

}  // namespace

void CpioReader::take(std::string_view& bytes, std::size_t count) {
  bytes.remove_prefix(count);
  position_ += count;
}

/// Keeps bytes until `wanted` are there.
bool CpioReader::collect(std::string_view& bytes, std::size_t wanted) {
  const auto count = std::min(wanted - kept_.size(), bytes.size());
  kept_.append(bytes.substr(0, count));
  take(bytes, count);
  return kept_.size() == wanted;
}

void CpioReader::restart(std::uint64_t position) {
  state_ = State::header;
  kept_.clear();
  position_ = position;
}

std::size_t CpioReader::feed(std::string_view bytes) {
  const auto before = bytes.size();
  while (state_ != State::ended && !bytes.empty()) {
    switch (state_) {
      case State::header:
        if (kept_.empty()) begin_ = position_;
        if (collect(bytes, kHeader)) parse_header();
        break;
      case State::name: {
        const auto link = (header_.mode & kTypeMask) == kLink;
        if (collect(bytes, padded_name(name_size_) + (link ? header_.size : 0))) parse_name();
        break;
      }
      case State::data:
        copy(bytes);
        break;
      case State::padding: {
        const auto count = std::min<std::uint64_t>(next_ - position_, bytes.size());
        take(bytes, static_cast<std::size_t>(count));
        if (position_ == next_) state_ = after_padding_;
        break;
      }
      case State::gap: {
        // Zeros between entries are passed over; what is no entry then is the next part (do_reset of the kernel).
        const auto zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
        take(bytes, zeros);
        if (bytes.empty()) break;
        if (position_ % 4 != 0) throw base::Error("an entry does not begin at a multiple of four");
        state_ = bytes.front() == '0' ? State::header : State::ended;
        break;
      }
      case State::ended:
        break;
    }
  }
  return before - bytes.size();
}

void CpioReader::parse_header() {
  const std::string_view text(kept_);
  const auto magic = text.substr(0, 6);
  if (magic == "070707")
    throw base::Error("a cpio archive of the old format: the kernel reads newc alone (cpio -H newc)");
  if (magic != "070701" && magic != "070702") throw base::Error("no cpio header where one should be");
  has_sum_ = magic == "070702";
  const auto field = [&](std::size_t index) { return number(text.substr(6 + index * 8, 8)); };
  header_ = {.ino = field(0),
             .mode = field(1),
             .uid = field(2),
             .gid = field(3),
             .nlink = field(4),
             .mtime = field(5),
             .size = field(6),
             .major = field(7),
             .minor = field(8),
             .rdev_major = field(9),
             .rdev_minor = field(10),
             .check = field(12)};
  name_size_ = field(11);
  kept_.clear();
  next_ = begin_ + kHeader + padded_name(name_size_) + header_.size;
  next_ = (next_ + 3) & ~std::uint64_t{3};
  state_ = State::padding;
  after_padding_ = State::gap;
  const auto type = header_.mode & kTypeMask;
  if (name_size_ == 0 || name_size_ > kPathMax) {
    sink_->dropped(fmt::format("a name of {} bytes", name_size_), begin_);
  } else if (type == kLink && header_.size > kPathMax) {
    sink_->dropped(fmt::format("a symbolic link whose target has {} bytes", header_.size), begin_);
  } else if (type != kLink && type != kFile && header_.size != 0) {
    sink_->dropped("an entry with bytes that is not a file", begin_);
  } else {
    state_ = State::name;
  }
}

void CpioReader::parse_name() {
  const std::string kept = std::move(kept_);
  kept_.clear();
  std::string_view name(kept.data(), name_size_);
  if (name.back() != '\0') throw base::Error(fmt::format("the name \"{}\" does not end", base::printable(name)));
  name = name.substr(0, name.find('\0'));
  state_ = State::padding;
  if (name == "TRAILER!!!") {
    after_padding_ = State::ended;
    sink_->end_of_archive();
    if (position_ == next_) state_ = State::ended;
    return;
  }
  const auto type = header_.mode & kTypeMask;
  std::string_view target;
  if (type == kLink) {
    target = std::string_view(kept).substr(padded_name(name_size_), header_.size);
    target = target.substr(0, target.find('\0'));
  }
  sink_->entry(header_, name, target, begin_);
  if (type == kFile) {
    rest_ = header_.size;
    sum_ = 0;
    state_ = State::data;
    if (rest_ == 0) {
      sink_->end_of_file();
      state_ = State::padding;
    }
  }
  if (state_ == State::padding && position_ == next_) state_ = after_padding_;
}

void CpioReader::copy(std::string_view& bytes) {
  const auto piece = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(rest_, bytes.size())));
  if (has_sum_) {
    for (const char byte : piece) sum_ += static_cast<unsigned char>(byte);
  }
  sink_->data(piece);
  rest_ -= piece.size();
  take(bytes, piece.size());
  if (rest_ != 0) return;
  if (has_sum_ && sum_ != header_.check) throw base::Error("a file's bytes do not have the sum that its header says");
  sink_->end_of_file();
  state_ = position_ == next_ ? after_padding_ : State::padding;
}

}  // namespace initramfs
