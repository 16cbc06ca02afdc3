// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/image_files.hpp"

/// What a program takes with it when it starts: its libraries, as the dynamic loader of glibc (ld.so(8), elf/dl-load.c)
/// or of musl (ldso/dynlink.c) finds them. What only the environment could say (LD_LIBRARY_PATH, LD_PRELOAD), the
/// processor's own copies (glibc-hwcaps), /etc/ld.so.preload and DF_1_NODEFLIB are left out.
namespace initramfs {

struct Missing {
  std::string wanted_by;  // canonical path
  std::string soname;
  std::string found_at;  // "", or where a fitting file lies that the loader does not look at (on every processor)
  bool operator==(const Missing&) const = default;
};

struct Closure {
  std::vector<std::string> libraries;  // canonical paths, the loader among them, in the order in which they are loaded
  std::vector<Missing> missing;
  std::string interpreter;             // as the program has it; for a library, the one that is there; "" if none
  bool interpreter_found = false;      // it is there, and of the program's kind
  bool interpreter_static_ok = false;  // none is needed: the program is static
  std::string fault;                   // why it is not the whole truth, or ""
};

struct LoaderState;

/// For many programs of one tree: what was learnt for one serves the next.
class Loader {
 public:
  explicit Loader(const Files& files);  // which must outlive it
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  /// `program` is any path of a program, or of a library that is loaded by dlopen(3).
  [[nodiscard]] Closure closure_of(const std::string& program);

 private:
  std::unique_ptr<LoaderState> state_;
};

/// For one program. What the loader reads (etc/ld.so.cache, etc/ld-musl-ARCH.path, and for Missing::found_at
/// etc/ld.so.conf with its includes) must have been kept; where a cache was not, the fault says so.
[[nodiscard]] Closure closure_of(const Image& image, const std::string& program);

}  // namespace initramfs
