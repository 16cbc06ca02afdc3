// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <unordered_map>

#include "base/text.hpp"
#include "initramfs/ld_cache.hpp"
#include "initramfs/ld_search.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kMissing = 1024;   // that are told
constexpr std::size_t kCandidates = 64;  // files of one name that are looked at for Missing::found_at
constexpr std::string_view kMusl = "ld-musl-";

}  // namespace

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

bool Start::spend(std::size_t bytes) {
  work_ += bytes;
  if (work_ <= kWork) return true;
  fault("its libraries lead to more places than this program looks at");
  return false;
}

/// Names that musl's loader answers itself, for all of them are in it.
bool Start::musl_has_built_in(std::string_view name) const {
  if (!name.starts_with("lib")) return false;
  name.remove_prefix(3);
  for (const std::string_view part : {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."}) {
    if (name.starts_with(part)) return true;
  }
  return false;
}

Tokens Start::tokens_of(const Object& object) const {
  return {object.origin, lib_, platform_of(*objects_[0].facts), musl_};
}

const std::vector<std::string>& Start::own_folders(Object& object) {
  if (object.folders) return *object.folders;
  object.folders.emplace();
  const auto& text = object.facts->runpath.empty() ? object.facts->rpath : object.facts->runpath;
  const auto tokens = tokens_of(object);
  for (const auto& each : base::split(text, ':')) {
    const auto path = expand(each, tokens);
    if (!spend(path.size() + kLook)) break;
    if (path.empty() && !each.empty()) continue;  // a token that cannot be told
    object.folders->push_back(rootless(path));    // a relative one is of the working folder, which is / for init
  }
  return *object.folders;
}

auto Start::look_at(const std::string& found, const std::string& where, std::size_t parent) -> Look {
  if (const auto known = by_path_.find(where); known != by_path_.end()) {
    loaded_ = known->second;
    return Look::found;
  }
  const auto* facts = files_.elf(where);
  if (facts == nullptr) return Look::broken;  // "invalid ELF header" ends the search
  // glibc passes over another machine's; musl takes the first that it can open.
  if (!same_kind(*facts, *objects_[0].facts)) return musl_ ? Look::broken : Look::absent;
  if (objects_.size() >= kObjects) {
    fault("it needs more libraries than this program looks at");
    return Look::broken;
  }
  add(where, found, facts, parent);
  return Look::found;
}

auto Start::look(const std::string& folder, const std::string& name, std::size_t parent) -> Look {
  if (!spend(folder.size() + name.size() + kLook)) return Look::broken;
  const auto& real = state_.folder(folder);
  if (!real) return Look::absent;
  const auto where = files_.resolve(real->empty() ? name : *real + '/' + name);
  if (!where) return Look::absent;
  return look_at(folder.empty() ? name : folder + '/' + name, *where, parent);
}

auto Start::search_in(const std::vector<std::string>& folders, const std::string& name, std::size_t parent) -> Look {
  for (const auto& folder : folders) {
    const auto seen = look(folder, name, parent);
    if (seen != Look::absent) return seen;
  }
  return Look::absent;
}

/// A NEEDED with a slash in it is a path and is searched for nowhere.
auto Start::search_path(const std::string& path, std::size_t index) -> Look {
  const auto expanded = rootless(expand(path, tokens_of(objects_[index])));
  if (expanded.empty() || !spend(expanded.size() + kLook)) return Look::absent;
  const auto where = files_.resolve(expanded);
  return where ? look_at(expanded, *where, index) : Look::absent;
}

/// _dl_map_object in elf/dl-load.c. It never reads /etc/ld.so.conf: that is ldconfig's, which makes the cache from it.
auto Start::search_glibc(const std::string& name, std::size_t index) -> Look {
  // DT_RPATH, its own and then of those that brought it in; one who has a DT_RUNPATH has no DT_RPATH.
  if (objects_[index].facts->runpath.empty()) {
    for (auto at = index;; at = objects_[at].parent) {
      if (!spend(1)) return Look::broken;
      if (objects_[at].facts->runpath.empty() && !objects_[at].facts->rpath.empty()) {
        const auto seen = search_in(own_folders(objects_[at]), name, index);
        if (seen != Look::absent) return seen;
      }
      if (at == 0) break;
    }
  } else {
    const auto seen = search_in(own_folders(objects_[index]), name, index);
    if (seen != Look::absent) return seen;
  }
  // The cache has one answer. Where no file is at that path, the search goes on with the folders that are built in.
  if (const auto* cache = state_.cache_for(*objects_[0].facts)) {
    const auto* entry = cache->find(name, *objects_[0].facts);
    if (entry != nullptr) {
      const auto path = rootless(entry->path);
      const auto seen = look(folder_of(path), name_of_path(path), index);
      if (seen != Look::absent) return seen;
    }
  } else if (!state_.cache_fault.empty()) {
    fault(state_.cache_fault);
  }
  return search_in(built_in_, name, index);
}

/// load_library in ldso/dynlink.c: DT_RUNPATH, or else DT_RPATH, of all those that brought it in.
auto Start::search_musl(const std::string& name, std::size_t index) -> Look {
  for (auto at = index;; at = objects_[at].parent) {
    if (!spend(1)) return Look::broken;
    const auto seen = search_in(own_folders(objects_[at]), name, index);
    if (seen != Look::absent) return seen;
    if (at == 0) break;
  }
  return search_in(built_in_, name, index);
}

void Start::add(const std::string& canonical, const std::string& found, const ElfFacts* facts, std::size_t parent) {
  loaded_ = objects_.size();
  by_path_.emplace(canonical, loaded_);
  if (!musl_ && !facts->soname.empty()) by_name_.emplace(facts->soname, loaded_);
  if (!facts->fault.empty()) fault(fmt::format("{}: {}", base::printable(canonical, 200), facts->fault));
  objects_.push_back({canonical, folder_of(found), facts, parent, std::nullopt});
  if (loaded_ > 0) closure_.libraries.push_back(canonical);
}

void Start::find_interpreter() {
  const auto& program = *objects_[0].facts;
  closure_.interpreter = program.interpreter;
  if (program.interpreter.empty()) {
    closure_.interpreter_static_ok = program.needed.empty();
    if (closure_.interpreter_static_ok) return;
    closure_.interpreter = usual_interpreter(files_, program);
  }
  const auto path = rootless(closure_.interpreter);
  musl_ = name_of_path(path).starts_with(kMusl);
  const auto where = path.empty() ? std::nullopt : files_.resolve(path);
  const auto* facts = where ? files_.elf(*where) : nullptr;
  closure_.interpreter_found = facts != nullptr && same_kind(*facts, program);
  if (closure_.interpreter_found) add(*where, path, facts, 0);
  if (musl_) {
    built_in_ = musl_folders();
  } else {
    built_in_ = built_in_folders(files_, closure_.interpreter_found ? *where : std::string(), program);
    lib_ = built_in_.front();
  }
}

/// The file of its own that musl's loader reads instead of what it has built in.
std::vector<std::string> Start::musl_folders() {
  auto arch = name_of_path(closure_.interpreter).substr(kMusl.size());
  arch = arch.substr(0, arch.find(".so"));
  const auto file = "etc/ld-musl-" + arch + ".path";
  const auto text = files_.content(file);
  if (!text) {
    if (files_.resolve(file)) fault(base::printable(file, 200) + " was not kept");
    return {"lib", "usr/local/lib", "usr/lib"};
  }
  std::vector<std::string> folders;
  for (const auto& line : base::lines(*text)) {
    for (const auto& folder : base::split(line, ':')) {
      if (!folder.empty() && folders.size() < 256) folders.push_back(rootless(folder));
    }
  }
  return folders;
}

/// A copy for some processors only (glibc-hwcaps) lies elsewhere, too: on others the program does not start.
std::string Start::elsewhere(const std::string& name) {
  const auto [at, fresh] = elsewhere_.try_emplace(name);
  if (!fresh) return at->second;
  std::size_t seen = 0;
  bool in_conf = false;  // where ldconfig would look
  for (const auto& path : files_.named(name_of_path(name))) {
    if (++seen > kCandidates || in_conf) break;
    const auto where = files_.resolve(path);
    const auto* facts = where ? files_.elf(*where) : nullptr;
    if (facts == nullptr || !same_kind(*facts, *objects_[0].facts)) continue;
    const auto& conf = state_.conf_folders();
    in_conf = std::find(conf.begin(), conf.end(), folder_of(path)) != conf.end();
    if (in_conf || at->second.empty()) at->second = path;
  }
  return at->second;
}

void Start::load_needed(std::size_t index) {
  for (const auto& name : objects_[index].facts->needed) {
    if (!spend(name.size() + 1)) return;
    if (by_name_.contains(name) || (musl_ && musl_has_built_in(name))) continue;
    const bool path = name.find('/') != std::string::npos;
    const auto seen = path ? search_path(name, index) : musl_ ? search_musl(name, index) : search_glibc(name, index);
    if (work_ > kWork) return;
    if (seen == Look::found) {
      by_name_.emplace(name, loaded_);
    } else if (closure_.missing.size() < kMissing) {
      closure_.missing.push_back({objects_[index].canonical, name, elsewhere(name)});
    } else {
      fault("more libraries are missing than this program tells");
    }
  }
}

void Start::run(const std::string& path) {
  const auto where = files_.resolve(path);
  if (!where) return fault(fmt::format("{} is not there", base::printable(path, 200)));
  const auto* facts = files_.elf(*where);
  if (facts == nullptr) return fault(fmt::format("{} is not an ELF file", base::printable(*where, 200)));
  add(*where, *where, facts, 0);
  find_interpreter();
  if (closure_.interpreter_static_ok) return;
  for (std::size_t index = 0; index < objects_.size(); ++index) load_needed(index);  // breadth first, as they do
}

Loader::Loader(const Files& files) : state_(std::make_unique<LoaderState>(files)) {}
Loader::~Loader() = default;

Closure Loader::closure_of(const std::string& program) {
  Closure closure;
  Start(*state_, closure).run(program);
  return closure;
}

Closure closure_of(const Image& image, const std::string& program) {
  const ImageFiles files(image);
  return Loader(files).closure_of(program);
}

}  // namespace initramfs
