// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "initramfs/image_files.hpp"
#include "initramfs/ld_cache.hpp"
#include "initramfs/ld_search.hpp"
#include "initramfs/loader.hpp"

/// How a program starts, step by step. For loader*.cpp alone.
namespace initramfs {

/// What one program's start teaches about a tree, for the next program.
struct LoaderState {
  explicit LoaderState(const Files& tree) : files(tree) {}

  const Files& files;
  std::map<bool, std::optional<LdCache>> caches;  // by byte order
  std::string cache_fault;
  std::optional<std::vector<std::string>> conf;  // folders of ld.so.conf, resolved
  std::unordered_map<std::string, std::optional<std::string>> folders;

  const LdCache* cache_for(const ElfFacts& program) {
    auto at = caches.find(program.big_endian);
    if (at == caches.end()) {
      const auto bytes = files.content("etc/ld.so.cache");
      if (!bytes && files.resolve("etc/ld.so.cache")) cache_fault = "etc/ld.so.cache was not kept";
      at = caches.emplace(program.big_endian, bytes ? LdCache::parse(*bytes, program.big_endian) : std::nullopt).first;
    }
    return at->second ? &*at->second : nullptr;
  }
  /// Where a folder really is: asked for again and again, and most are not there.
  const std::optional<std::string>& folder(const std::string& path) {
    const auto [at, fresh] = folders.try_emplace(path);
    if (fresh) at->second = files.resolve(path);
    return at->second;
  }
  const std::vector<std::string>& conf_folders() {
    if (!conf) {
      conf.emplace();
      for (const auto& each : ld_conf_folders(files)) {
        if (const auto where = files.resolve(each)) conf->push_back(*where);
      }
    }
    return *conf;
  }
};

/// One program's start.
class Start {
 public:
  Start(LoaderState& state, Closure& closure) : state_(state), files_(state.files), closure_(closure) {}

  void run(const std::string& path);

 private:
  // What one closure may cost, in bytes of paths that are looked at; a program with a hundred libraries takes a tenth.
  static constexpr std::size_t kWork = 16U * 1024U * 1024U;
  static constexpr std::size_t kLook = 256;      // of it, for looking at all
  static constexpr std::size_t kObjects = 1024;  // programs and libraries

  struct Object {
    std::string canonical;
    std::string origin;  // the folder that it was found in, links not followed
    const ElfFacts* facts = nullptr;
    std::size_t parent = 0;                           // who wanted it first
    std::optional<std::vector<std::string>> folders;  // its RPATH or RUNPATH, expanded
  };
  enum class Look { absent, found, broken };

  bool spend(std::size_t bytes);
  void fault(const std::string& what) {
    if (closure_.fault.empty()) closure_.fault = what;
  }
  void find_interpreter();
  void load_needed(std::size_t index);
  void add(const std::string& canonical, const std::string& found, const ElfFacts* facts, std::size_t parent);
  Look look(const std::string& folder, const std::string& name, std::size_t parent);
  Look look_at(const std::string& found, const std::string& where, std::size_t parent);
  Look search_path(const std::string& path, std::size_t index);
  Look search_glibc(const std::string& name, std::size_t index);
  Look search_musl(const std::string& name, std::size_t index);
  Look search_in(const std::vector<std::string>& folders, const std::string& name, std::size_t parent);
  const std::vector<std::string>& own_folders(Object& object);
  [[nodiscard]] Tokens tokens_of(const Object& object) const;
  std::string elsewhere(const std::string& name);
  [[nodiscard]] std::vector<std::string> musl_folders();
  [[nodiscard]] bool musl_has_built_in(std::string_view name) const;

  LoaderState& state_;
  const Files& files_;
  Closure& closure_;
  std::deque<Object> objects_;  // grows while its members are looked at
  std::unordered_map<std::string, std::size_t> by_path_;
  std::unordered_map<std::string, std::size_t> by_name_;  // by what it was asked for, and by its SONAME
  std::unordered_map<std::string, std::string> elsewhere_;
  std::vector<std::string> built_in_;
  std::string lib_;
  bool musl_ = false;
  std::size_t loaded_ = 0;  // what `look` has found last
  std::size_t work_ = 0;
};

}  // namespace initramfs
