// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/ld_search.hpp"

#include <elf.h>

#include <algorithm>
#include <array>

namespace initramfs {
namespace {

constexpr std::size_t kPath = 4096;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool has_libc(const Files& files, const std::string& folder, const ElfFacts& program) {
  const auto where = files.resolve(folder + "/libc.so.6");
  const auto* facts = where ? files.elf(*where) : nullptr;
  return facts != nullptr && same_kind(*facts, program);
}

/// A token at the beginning of `text`, which begins with '$': its name, and how long it is; an empty name if it is
/// none.
std::pair<std::string_view, std::size_t> token_at(std::string_view text) {
  const bool brace = text.size() > 1 && text[1] == '{';
  const std::size_t begin = brace ? 2 : 1;
  std::size_t end = begin;
  while (end < text.size() && is_word(text[end])) ++end;
  const auto name = text.substr(begin, end - begin);
  if (!brace) return {name, end};
  if (end >= text.size() || text[end] != '}') return {{}, 1};
  return {name, end + 1};
}

}  // namespace

bool same_kind(const ElfFacts& a, const ElfFacts& b) {
  return a.bits == b.bits && a.big_endian == b.big_endian && a.machine == b.machine;
}

std::string rootless(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c != '/' || (!out.empty() && out.back() != '/')) out += c;
  }
  if (out.ends_with('/')) out.pop_back();
  return out;
}

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash));
}

std::string name_of_path(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::string expand(std::string_view text, const Tokens& tokens) {
  std::string out;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    const auto [name, length] = token_at(text);
    if (name == "ORIGIN") {
      out += '/' + tokens.origin;
    } else if (tokens.musl) {
      return "";
    } else if (name == "LIB") {
      out += tokens.lib;
    } else if (name == "PLATFORM") {
      out += tokens.platform;
    } else {
      out += text.substr(0, length);
    }
    if (out.size() > kPath) return "";
    text.remove_prefix(length);
  }
  return out.size() > kPath ? "" : out;
}

std::string platform_of(const ElfFacts& program) {
  switch (program.machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_386:
      return "i686";
    case EM_AARCH64:
      return "aarch64";
    case EM_PPC64:
      return "power8";
    default:
      return "";
  }
}

std::string usual_interpreter(const Files& files, const ElfFacts& library) {
  for (const std::string_view start : {"ld-linux", "ld64.so.", "ld.so.", "ld-musl-"}) {
    for (const std::string folder : {"lib64", "lib", "usr/lib64", "usr/lib"}) {
      for (const auto& name : files.list(folder)) {
        if (!name.starts_with(start) || name.find(".so.") == std::string::npos) continue;
        const auto where = files.resolve(folder + '/' + name);
        const auto* facts = where ? files.elf(*where) : nullptr;
        if (facts != nullptr && same_kind(*facts, library)) return '/' + folder + '/' + name;
      }
    }
  }
  return "";
}

std::vector<std::string> built_in_folders(const Files& files, const std::string& interpreter, const ElfFacts& program) {
  auto own = folder_of(interpreter);
  if (own.starts_with("usr/")) own.erase(0, 4);
  const auto multiarch = [](const std::string& folder) {
    return std::vector<std::string>{folder, "usr/" + folder, "lib", "usr/lib"};
  };
  // glibc's slibdir and libdir, which are what it has built in; a multiarch system's adds the plain ones.
  if (own.starts_with("lib/") && own.find('/', 4) == std::string::npos) return multiarch(own);
  // The loader may be a copy in the place that programs name; the libc then tells.
  if ((own == "lib" || own == "lib64") && !has_libc(files, own, program) && !has_libc(files, "usr/" + own, program)) {
    for (const std::string lib : {"lib", "usr/lib"}) {
      for (const auto& name : files.list(lib)) {
        if (name.find("-linux-") == std::string::npos) continue;
        if (has_libc(files, lib + '/' + name, program)) return multiarch("lib/" + name);
      }
    }
  }
  if (own == "lib" || own == "lib64" || own == "lib32" || own == "libx32") return {own, "usr/" + own};
  if (interpreter.empty()) return {"lib64", "usr/lib64", "lib", "usr/lib"};  // nobody knows
  return {folder_of(interpreter), "lib", "usr/lib"};                         // a system with folders of its own
}

}  // namespace initramfs
