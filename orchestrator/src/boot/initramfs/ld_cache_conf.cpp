// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstddef>

#include "base/text.hpp"
#include "initramfs/ld_cache.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kFiles = 64;
constexpr std::size_t kFolders = 256;
constexpr std::size_t kWords = 128;  // of include lines
constexpr int kDepth = 8;            // of files that include files

struct Reading {
  const Files& files;
  std::size_t read = 0;
  std::size_t words = 0;
  std::vector<std::string> folders;
};

std::string without_slashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

void read_conf(Reading& reading, const std::string& path, int depth);

/// "include ld.so.conf.d/*.conf": relative to the file's own folder, sorted as glob(3) does. Patterns in a folder's
/// name are not looked at.
void include(Reading& reading, const std::string& from, std::string_view pattern, int depth) {
  auto whole = std::string(pattern);
  if (!pattern.starts_with('/')) {
    const auto slash = from.rfind('/');
    whole = (slash == std::string::npos ? "" : from.substr(0, slash + 1)) + whole;
  }
  whole = without_slashes(whole);
  const auto slash = whole.rfind('/');
  const auto folder = slash == std::string::npos ? std::string() : whole.substr(0, slash);
  const auto name = whole.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.find_first_of("*?") == std::string::npos) return read_conf(reading, whole, depth + 1);
  for (const auto& entry : reading.files.list(folder)) {
    if (reading.read >= kFiles) return;
    if (entry.starts_with('.') || !matches_pattern(name, entry)) continue;
    read_conf(reading, folder.empty() ? entry : folder + '/' + entry, depth + 1);
  }
}

void read_line(Reading& reading, const std::string& path, std::string_view line, int depth) {
  constexpr std::string_view kInclude = "include";
  line = base::trim(line.substr(0, line.find('#')));
  if (line.starts_with(kInclude) && line.size() > kInclude.size() && (line[7] == ' ' || line[7] == '\t')) {
    line.remove_prefix(kInclude.size());
    while (!(line = base::trim(line)).empty() && ++reading.words <= kWords) {
      const auto end = std::min(line.find_first_of(" \t"), line.size());
      include(reading, path, line.substr(0, end), depth);
      line.remove_prefix(end);
    }
    return;
  }
  if (line.starts_with("hwcap ")) return;
  line = base::trim(line.substr(0, line.find('=')));  // "/opt/lib=libc6"
  if (!line.starts_with('/') || reading.folders.size() >= kFolders) return;
  reading.folders.push_back(without_slashes(line));
}

void read_conf(Reading& reading, const std::string& path, int depth) {
  if (depth > kDepth || reading.read >= kFiles) return;
  ++reading.read;
  auto text = reading.files.content(path);
  while (text && !text->empty()) {
    const auto end = std::min(text->find('\n'), text->size());
    read_line(reading, path, text->substr(0, end), depth);
    text->remove_prefix(std::min(end + 1, text->size()));
  }
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last one, and what it has taken
  std::size_t taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::vector<std::string> ld_conf_folders(const Files& files) {
  Reading reading{files, 0, 0, {}};
  read_conf(reading, "etc/ld.so.conf", 0);
  return std::move(reading.folders);
}

}  // namespace initramfs
