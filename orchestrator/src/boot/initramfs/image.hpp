// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decoder.hpp"
#include "initramfs/node.hpp"
#include "initramfs/pe_signature.hpp"

/// An initramfs as the kernel would have it after unpacking
/// (Documentation/driver-api/early-userspace/buffer-format.rst, init/initramfs.c): one tree, made of all parts, later
/// files over earlier ones.
namespace initramfs {

/// One stretch of the file: a plain cpio archive, or a compressed stream that holds archives.
struct Part {
  base::Compression compression = base::Compression::none;
  std::uint64_t offset = 0;    // in the file
  std::uint64_t packed = 0;    // bytes in the file
  std::uint64_t unpacked = 0;  // bytes of cpio
  std::uint64_t window = 0;    // bytes of history that it declares; 0: none, or fixed by the format
  std::size_t entries = 0;
  bool microcode =
      false;  // holds nothing but kernel/x86/microcode and the like, which the kernel reads before it unpacks
};

/// What is wrong with the image itself, and where.
struct Fault {
  enum class Kind {
    broken,      // the kernel stops here, and boots with what it has unpacked until then
    trailing,    // something that is no part, behind whole ones: the kernel stops here, and has all that was before
    lost,        // an entry that the kernel drops without a word: its folder is not there, its name is too long
    limit,       // more than this program reads
    window,      // the kernel's decoder has less memory than the stream asks for
    unreadable,  // a compression that this program cannot read
  };
  Kind kind = Kind::broken;
  std::uint64_t offset = 0;  // in the file, of the part or the byte where it was noticed
  std::string message;
};

class Image {
 public:
  std::vector<Part> parts;
  std::vector<Fault> faults;
  std::uint64_t size = 0;  // of what was read: the file, or a UKI's section
  std::size_t entries = 0;
  // Of a UKI: ".cmdline", ".uname", ".osrel", ".sdmagic", without trailing zeros.
  std::map<std::string, std::string> sections;
  bool is_uki = false;
  std::vector<PeSignature> signatures;  // of a UKI, where ReadOptions asks for them

  /// Paths have no leading slash: "usr/sbin/sshd". "" is the root. Both functions follow symbolic links in what leads
  /// to the last name; `find` also follows the last one. Nothing for what is not there, or for a loop.
  [[nodiscard]] const Node* find(std::string_view path) const;
  [[nodiscard]] const Node* find_link(std::string_view path) const;
  /// Where `path` really is, all links followed: "bin/sh" -> "usr/bin/dash".
  [[nodiscard]] std::optional<std::string> resolve(std::string_view path) const;
  /// The bytes of a regular file; nothing if it is not there, or its content was not kept.
  [[nodiscard]] std::optional<std::string_view> content(std::string_view path) const;
  /// Names in a folder, sorted; empty for what is none.
  [[nodiscard]] std::vector<std::string> list(std::string_view folder) const;
  /// Every name in the tree, sorted, with its inode.
  void each(const std::function<void(const std::string& path, const Node& node)>& visit) const;

  /// So many links had to be followed for the questions above that they are no longer answered: a hostile image.
  [[nodiscard]] bool is_exhausted() const { return steps_ > kSteps; }

 private:
  friend class Builder;
  [[nodiscard]] std::optional<std::string> walk(std::string_view path, bool follow) const;

  static constexpr std::uint64_t kSteps = 4U
                                          << 20U;  // names looked up; the checks of a real image need some ten thousand
  mutable std::uint64_t steps_ = 0;
  std::map<std::string, std::uint32_t, std::less<>> tree_;  // canonical path -> inode
  std::vector<Node> nodes_;
};

}  // namespace initramfs
