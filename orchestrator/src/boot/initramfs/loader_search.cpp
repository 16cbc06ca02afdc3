// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hpp"
#include "initramfs/loader_start.hpp"

/// Where a library is looked for.
namespace initramfs {

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

}  // namespace initramfs
