// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/loader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "initramfs/loader_start.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kMissing = 1024;   // that are told
constexpr std::size_t kCandidates = 64;  // files of one name that are looked at for Missing::found_at
constexpr std::string_view kMusl = "ld-musl-";

}  // namespace

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
  if (facts == nullptr) return fault(fmt::format("{} is no ELF file", base::printable(*where, 200)));
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
