// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "base/error.hpp"
#include "initramfs/cpio.hpp"
#include "initramfs/elf.hpp"
#include "initramfs/image.hpp"

namespace initramfs {

/// What of an image is wanted beside its names, sizes and modes.
struct ReadOptions {
  /// Of which files the bytes are kept: at most how many, by canonical path; 0 for none. A longer file's are not kept.
  std::function<std::uint64_t(std::string_view path)> content;
  bool elf = true;          // what the dynamic loader asks of programs and libraries
  bool digests = false;     // SHA-256 of every file
  bool signatures = false;  // of a UKI: who signed it
};

/// What an image may cost. Real ones stay far below: a generic one of Debian has 3,000 entries and 70 MB.
struct Limits {
  std::size_t entries = 131072;
  std::uint64_t names = 16U << 20U;      // bytes of names and of links' targets
  std::uint64_t content = 24U << 20U;    // bytes of files that are kept
  std::uint64_t steps = 16U << 20U;      // names looked up while paths are walked
  std::uint64_t unpacked = 2ULL << 30U;  // bytes of cpio
  std::size_t faults = 32;               // the rest of them are counted
};

/// One of the limits is reached: nothing is wrong with the image as far as the kernel is concerned.
class LimitReached final : public base::Error {
 public:
  using base::Error::Error;
};

/// Puts a tree together from entries, as init/initramfs.c does with the root file system.
class Builder final : public CpioSink {
 public:
  Builder(Image& image, ReadOptions wanted, Limits limits);
  ~Builder() override;
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  void entry(const CpioHeader& header, std::string_view name, std::string_view target, std::uint64_t offset) override;
  void data(std::string_view bytes) override;
  void end_of_file() override;
  void dropped(const std::string& why, std::uint64_t offset) override;
  void end_of_archive() override { links_.clear(); }

  void fault(Fault::Kind kind, std::uint64_t offset, std::string message);
  /// Whether all files so far are what the kernel reads before it unpacks anything.
  [[nodiscard]] bool only_early() const { return early_ && entries_in_part_ > 0; }
  void begin_part();
  [[nodiscard]] std::size_t entries_in_part() const { return entries_in_part_; }

 private:
  struct Digest;
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;  // major, minor, inode, type

  [[nodiscard]] std::string place(std::string_view name);
  void count(std::string_view name, std::string_view target, std::uint64_t offset);
  [[nodiscard]] std::uint32_t add(const std::string& where, std::uint32_t mode);
  [[nodiscard]] bool clear(const std::string& where, std::uint32_t type);
  void put_file(const CpioHeader& header, const std::string& where);
  void put_other(const CpioHeader& header, const std::string& where, std::string_view target);
  [[nodiscard]] bool link_to_known(const CpioHeader& header, const std::string& where);
  void own(Node& node, const CpioHeader& header) const;
  void begin_file(std::uint32_t index, const std::string& where, std::uint64_t size);
  void forget_content(Node& node);

  Image* image_;
  ReadOptions wanted_;
  Limits limits_;
  std::map<Key, std::string> links_;  // of the archive that is being read: where an inode was first seen
  std::string folder_;                // as the last entry named it
  std::string folder_at_;             // and where that is
  bool folder_known_ = false;
  std::uint32_t file_ = 0;  // whose bytes are coming
  bool has_file_ = false;
  bool probing_ = false;
  bool keeping_ = false;
  ElfProbe probe_;
  std::unique_ptr<Digest> digest_;
  std::uint64_t name_bytes_ = 0;
  std::uint64_t content_bytes_ = 0;
  std::uint64_t steps_ = 0;
  std::size_t lost_ = 0;
  std::size_t entries_in_part_ = 0;
  bool early_ = true;
};

}  // namespace initramfs
