// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/elf.hpp"

#include <elf.h>

#include <algorithm>
#include <utility>

/// What goes by, and what of it is kept. elf_parse.cpp says what it means.
namespace initramfs {
namespace {

constexpr std::size_t kReserved = 4U << 20U;  // address space; what is never written to costs nothing

}  // namespace

void ElfProbe::begin(std::uint64_t size) {
  size_ = size;
  position_ = 0;
  facts_ = ElfFacts{};
  named_ = 0;
  table_ = table_size_ = 0;
  dynamic_ = interpreter_ = strings_ = Range{};
  segments_.clear();
  wanted_.clear();
  next_wanted_ = 0;
  held_.clear();
  kept_.clear();
  kept_.reserve(kReserved);  // once: growing would touch the same memory again and again
  wanted_.push_back({0, EI_NIDENT, 0});
  go_on(Stage::magic, SELFMAG);
}

void ElfProbe::feed(std::string_view bytes) {
  while (wants_more() && !bytes.empty()) {
    const auto piece =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), goal_ - position_)));
    keep(piece);
    position_ += piece.size();
    bytes.remove_prefix(piece.size());
    while (wants_more() && position_ >= goal_) advance();
  }
}

std::optional<ElfFacts> ElfProbe::finish() {
  if (stage_ == Stage::magic || stage_ == Stage::foreign) {
    stage_ = Stage::foreign;
    return std::nullopt;
  }
  if (stage_ == Stage::ident || stage_ == Stage::header) fault("the file ends within its ELF header");
  if (stage_ != Stage::done) fault("the file is shorter than it is said to be");
  return std::exchange(facts_, ElfFacts{});
}

void ElfProbe::fault(std::string_view what) {
  if (facts_.fault.empty()) facts_.fault = what;
  stage_ = Stage::done;
}

void ElfProbe::go_on(Stage stage, std::uint64_t goal) {
  stage_ = stage;
  goal_ = std::max(goal, position_);
}

void ElfProbe::want(std::uint64_t begin, std::uint64_t length) {
  const auto end = std::min(begin > UINT64_MAX - length ? UINT64_MAX : begin + length, size_);
  begin = std::max(begin, position_);
  if (begin < end) wanted_.push_back({begin, end, 0});
}

/// One order, no overlap.
void ElfProbe::order_wanted() {
  std::sort(wanted_.begin(), wanted_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < wanted_.size(); ++i) {
    if (wanted_[i].begin <= wanted_[last].end) {
      wanted_[last].end = std::max(wanted_[last].end, wanted_[i].end);
    } else {
      wanted_[++last] = wanted_[i];
    }
  }
  if (!wanted_.empty()) wanted_.resize(last + 1);
  next_wanted_ = 0;
}

void ElfProbe::keep(std::string_view bytes) {
  const auto end = position_ + bytes.size();
  while (next_wanted_ < wanted_.size()) {
    const auto& range = wanted_[next_wanted_];
    const auto from = std::max(range.begin, position_);
    const auto to = std::min(range.end, end);
    if (from < to) {
      if (held_.empty() || held_.back().end != from) held_.push_back({from, from, kept_.size()});
      kept_.append(bytes.substr(static_cast<std::size_t>(from - position_), static_cast<std::size_t>(to - from)));
      held_.back().end = to;
    }
    if (range.end > end) return;
    ++next_wanted_;
  }
}

std::string_view ElfProbe::held(std::uint64_t begin, std::uint64_t length) const {
  const auto after = std::upper_bound(held_.begin(), held_.end(), begin,
                                      [](std::uint64_t value, const Range& range) { return value < range.begin; });
  if (after == held_.begin()) return {};
  const auto& range = *std::prev(after);
  if (begin >= range.end) return {};
  const auto count = std::min(length, range.end - begin);
  return std::string_view(kept_).substr(range.at + static_cast<std::size_t>(begin - range.begin),
                                        static_cast<std::size_t>(count));
}

void ElfProbe::advance() {
  switch (stage_) {
    case Stage::magic:
      if (held(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG)) {
        stage_ = Stage::foreign;
      } else {
        go_on(Stage::ident, EI_NIDENT);
      }
      return;
    case Stage::ident:
      return read_ident();
    case Stage::header:
      return read_header();
    case Stage::table:
      return read_segments();
    case Stage::dynamic:
      return read_string_range();
    case Stage::strings:
      return read_strings();
    case Stage::done:
    case Stage::foreign:
      return;
  }
}

}  // namespace initramfs
