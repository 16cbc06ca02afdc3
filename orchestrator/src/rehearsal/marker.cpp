// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/marker.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/error.hpp"
#include "base/files.hpp"
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

void put(const fs::path& folder, const std::string& path, std::string_view content, unsigned mode) {
  base::make_dirs((folder / path).parent_path());
  base::write_file(folder / path, content, mode);
}

void link(const fs::path& folder, const std::string& path, const std::string& target) {
  std::error_code failed;
  if (fs::exists(fs::symlink_status(folder / path))) return;
  base::make_dirs((folder / path).parent_path());
  fs::create_symlink(target, folder / path, failed);
  if (failed) throw base::Error((folder / path).string() + ": " + failed.message());
}

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
                  initramfs::Source& source, const inspect::Inner& inner) {
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
  // The image's own links at the top (lib64 -> usr/lib64) first: folders may hide behind them.
  for (const auto& name : image.list("")) {
    const auto* top = image.find_link(name);
    if (top == nullptr || !top->is_link()) continue;
    const auto real = image.resolve(name);
    if (!real || !base::is_safe_relative(*real) || image.find(*real) == nullptr || !image.find(*real)->is_directory())
      continue;
    base::make_dirs(folder / *real);
    link(folder, name, *real);
  }
  for (const auto& [path, bytes] : bytes_of(source, image, inner, {wanted.begin(), wanted.end()}, kMost)) {
    if (!base::is_safe_relative(path)) throw base::Error("a library is at " + base::printable(path, 300));
    put(folder, path, bytes, 0755);
  }
  // Libraries are looked for by other names than their own.
  image.each([&](const std::string& path, const initramfs::Node& each) {
    if (!each.is_link() || !base::is_safe_relative(path)) return;
    const auto real = image.resolve(path);
    if (real && wanted.contains(*real)) link(folder, path, "/" + *real);
  });
  if (const auto cache = image.content("etc/ld.so.cache")) put(folder, "etc/ld.so.cache", *cache, 0644);
  for (const auto* name : {"dev", "proc", "sys", "run", "tmp"}) base::make_dirs(folder / name);
  // systemd wants this before it changes over.
  put(folder, "etc/os-release", "ID=rehearsal\nNAME=\"The marker of a rehearsal\"\n", 0644);
  const auto init =
      base::replace_all(std::string(kInit), "@MARK@", marker_line(token, "").substr(0, token.size() + 11));
  put(folder, "usr/lib/systemd/systemd", init, 0755);
  link(folder, "sbin/init", "/usr/lib/systemd/systemd");
}

}  // namespace rehearsal
