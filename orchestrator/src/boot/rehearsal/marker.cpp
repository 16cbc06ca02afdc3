// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/marker.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/folder_writer.hpp"
#include "base/text.hpp"
#include "rehearsal/overlay.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMost = 32U << 20U;  // a shell with its libraries has 2 to 4 MB

// Builtins of a POSIX shell alone: there is no other program. Threads of the kernel have no command line.
constexpr std::string_view kInit = R"(#!/bin/sh
exec </dev/console >/dev/console 2>&1
echo
echo "@MARK@ root"
for each in /proc/[0-9]*; do
  [ "${each#/proc/}" != 1 ] || continue
  read -r name <"$each/comm" || continue
  words=
  read -r words <"$each/cmdline" || [ -n "$words" ] || continue
  [ -z "$words" ] || echo "@MARK@ process $name"
done 2>/dev/null
last=
while read -r one two three rest; do
  case $one in '|--' | '+--') last=$two ;; esac
  case "$one $two $three" in '/32 host LOCAL') case $last in 127.*) ;; *) echo "@MARK@ address $last" ;; esac ;; esac
done </proc/net/fib_trie 2>/dev/null
for each in /run/systemd/ask-password/ask.*; do
  [ ! -e "$each" ] || echo "@MARK@ file $each"
done
echo "@MARK@ end"
# What is said here goes out character by character, while the kernel speaks at once, also in the midst of it.
count=0
while [ "$count" -lt 200 ]; do
  read -r last </proc/uptime
  count=$((count + 1))
done
echo o >/proc/sysrq-trigger
while :; do read -r last || exec /bin/sh -c 'while :; do :; done'; done
)";

/// The marker's tree. Links at its top lead to folders of it (lib64 -> usr/lib64), as the image has them: what is to be
/// below one of them is written where it really is.
class Tree {
 public:
  explicit Tree(const fs::path& folder) : to_(folder) {}

  void link_folder(const std::string& name, const std::string& real) {
    to_.make_dirs(real);
    if (to_.has(name)) return;
    to_.link(name, real);
    links_[name] = real;
  }
  void make_dirs(const std::string& path) { to_.make_dirs(real(path)); }
  void put(const std::string& path, std::string_view content, unsigned mode) {
    if (const auto where = real(path); !to_.has(where)) to_.write_file(where, content, mode);
  }
  void link(const std::string& path, const std::string& target) {
    if (const auto where = real(path); !to_.has(where)) to_.link(where, target);
  }

 private:
  [[nodiscard]] std::string real(const std::string& path) const {
    const auto slash = std::min(path.find('/'), path.size());
    const auto found = links_.find(path.substr(0, slash));
    return found == links_.end() ? path : found->second + path.substr(slash);
  }

  base::FolderWriter to_;
  std::map<std::string, std::string> links_;
};

}  // namespace

std::string marker_line(const std::string& token, const std::string& text) {
  return "rehearsal-" + token + ": " + text;
}

std::string without_kernel(std::string_view console) {
  std::string out;
  out.reserve(console.size());
  for (std::size_t at = 0; at < console.size();) {
    const auto begin = std::min(console.find('[', at), console.size());
    out += console.substr(at, begin - at);
    const auto digits = std::min(console.find_first_not_of(" 0123456789.", begin + 1), console.size());
    const bool stamp = digits < console.size() && console[digits] == ']' && digits >= begin + 13 &&
                       console[digits - 7] == '.' && console.substr(digits + 1, 1) == " ";
    const auto end =
        stamp ? std::min(console.find('\n', digits), console.size() - 1) + 1 : std::min(begin + 1, console.size());
    if (!stamp) out += console.substr(begin, end - begin);
    at = end;
  }
  return out;
}

void write_marker(const fs::path& folder, const std::string& token, const inspect::Facts& facts,
                  initramfs::Source& source, const initramfs::Inner& inner) {
  const auto& image = facts.image;
  const auto shell = image.resolve("bin/sh");
  const auto* node = shell ? image.find(*shell) : nullptr;
  if (node == nullptr || !node->is_file()) throw base::Error("the image has no /bin/sh");
  const auto closure = facts.closure_of(*shell);
  if (!closure.missing.empty())
    throw base::Error("the image's shell cannot start: it lacks " + base::printable(closure.missing.front().soname));
  std::set<std::string> wanted(closure.libraries.begin(), closure.libraries.end());
  wanted.insert(*shell);
  if (!closure.interpreter.empty()) {
    if (const auto loader = image.resolve(closure.interpreter.substr(closure.interpreter.starts_with('/') ? 1 : 0)))
      wanted.insert(*loader);
  }
  base::make_dirs(folder);
  Tree tree(folder);
  // The image's own links at the top (lib64 -> usr/lib64) first: folders may hide behind them.
  for (const auto& name : image.list("")) {
    const auto* top = image.find_link(name);
    if (top == nullptr || !top->is_link() || !base::is_safe_relative(name)) continue;
    const auto real = image.resolve(name);
    if (!real || !base::is_safe_relative(*real) || image.find(*real) == nullptr || !image.find(*real)->is_directory())
      continue;
    tree.link_folder(name, *real);
  }
  // Its own files before what the image chooses, which takes no name of theirs.
  // systemd wants this before it changes over.
  tree.put("etc/os-release", "ID=rehearsal\nNAME=\"The marker of a rehearsal\"\n", 0644);
  const auto init =
      base::replace_all(std::string(kInit), "@MARK@", marker_line(token, "").substr(0, token.size() + 11));
  tree.put("usr/lib/systemd/systemd", init, 0755);
  tree.link("sbin/init", "/usr/lib/systemd/systemd");
  for (const auto* name : {"dev", "proc", "sys", "run", "tmp"}) tree.make_dirs(name);
  for (const auto& [path, bytes] : bytes_of(source, image, inner, {wanted.begin(), wanted.end()}, kMost)) {
    if (!base::is_safe_relative(path)) throw base::Error("a library is at " + base::printable(path, 300));
    tree.put(path, bytes, 0755);
  }
  // Libraries are looked for by other names than their own.
  image.each([&](const std::string& path, const initramfs::Node& each) {
    if (!each.is_link() || !base::is_safe_relative(path)) return;
    const auto real = image.resolve(path);
    if (real && wanted.contains(*real)) tree.link(path, "/" + *real);
  });
  if (const auto cache = image.content("etc/ld.so.cache")) tree.put("etc/ld.so.cache", *cache, 0644);
}

}  // namespace rehearsal
