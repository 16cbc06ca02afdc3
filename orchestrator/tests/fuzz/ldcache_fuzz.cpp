// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "initramfs/ld_cache.hpp"
#include "initramfs/loader.hpp"

namespace {

/// An image in which the input is whatever text the loader asks for, and every name ends in one of a few files.
class Hostile final : public initramfs::Files {
 public:
  explicit Hostile(std::string_view text) : text_(text) {
    program_.machine = 62;
    program_.dynamic = true;
    program_.interpreter = "/lib64/ld-linux-x86-64.so.2";
    program_.needed = {"libc.so.6", "l.so", "libz.so.1"};
    program_.rpath = std::string(text.substr(0, 300));
    musl_ = program_;
    musl_.interpreter = "/lib/ld-musl-x86_64.so.1";
    library_ = program_;
    library_.interpreter.clear();
    library_.runpath = std::string(text.substr(text.size() / 2, 300));
    library_.needed.assign(2, std::string(text.substr(0, 20)));
  }
  [[nodiscard]] std::optional<std::string> resolve(std::string_view path) const override {
    if (path.size() % 3 == 1) return std::nullopt;
    return std::string(path);
  }
  [[nodiscard]] const initramfs::ElfFacts* elf(std::string_view path) const override {
    if (path == "glibc") return &program_;
    if (path == "muslc") return &musl_;
    return path.size() % 5 == 1 ? nullptr : &library_;
  }
  [[nodiscard]] std::optional<std::string_view> content(std::string_view) const override { return text_; }
  [[nodiscard]] std::vector<std::string> list(std::string_view) const override { return {"a.conf", "x-linux-gnu"}; }
  [[nodiscard]] std::vector<std::string> named(std::string_view name) const override {
    return {"opt/" + std::string(name)};
  }

 private:
  std::string_view text_;
  initramfs::ElfFacts program_, musl_, library_;
};

}  // namespace

/// A cache has no more entries than its bytes have room for, each of them inside; a search ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool big : {false, true}) {
    const auto cache = initramfs::LdCache::parse(bytes, big);
    if (!cache) continue;
    if (cache->entries().size() * 12 > size) __builtin_trap();
    for (const auto& entry : cache->entries()) {
      if (entry.path.data() + entry.path.size() > bytes.data() + size) __builtin_trap();
      if (entry.name.data() < bytes.data()) __builtin_trap();
    }
  }
  const Hostile files(bytes);
  if (initramfs::ld_conf_folders(files).size() > 256) __builtin_trap();
  initramfs::Loader loader(files);
  (void)loader.closure_of("glibc");
  (void)loader.closure_of("muslc");
  return 0;
}
