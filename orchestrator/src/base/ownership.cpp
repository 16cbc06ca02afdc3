// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ownership.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace base {
namespace {

/// Of one place. A folder above the place that matters may be sticky: what lies in it is renamed by its owner alone.
void refuse(const Path& path, const struct stat& status, bool above, std::string_view why) {
  const std::string shown = printable(path.string(), 4096);
  const uid_t self = ::geteuid();
  if (status.st_uid != self && status.st_uid != 0) {
    throw Error(fmt::format("{}: belongs to user {}; expected {}: {}", shown, status.st_uid,
                            self == 0 ? "root" : fmt::format("root or user {}", self), why),
                Exit::usage)
        .with_hint(fmt::format("chown -R {} {}", self, shell_quote(path.string())));
  }
  const bool sticky = above && (status.st_mode & S_ISVTX) != 0;
  if (S_ISLNK(status.st_mode) || (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || sticky) return;
  const bool all = (status.st_mode & S_IWOTH) != 0;
  throw Error(fmt::format("{}: {} may write there (mode {:04o}); expected nobody but its owner: {}", shown,
                          all ? "every user" : fmt::format("group {}", status.st_gid), status.st_mode & 07777U, why),
              Exit::usage)
      .with_hint(
          fmt::format("chmod {}go-w {}", S_ISDIR(status.st_mode) && !above ? "-R " : "", shell_quote(path.string())));
}

bool look_at(const Path& path, struct stat& status) {
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw system_error("reading " + printable(path.string(), 4096));
}

/// Every folder of a path that has no link in it, and what it names, which is `above` what matters or that itself.
void refuse_each(const Path& real, bool above, std::string_view why) {
  Path place;
  struct stat status {};
  std::vector<std::pair<Path, struct stat>> chain;
  for (const auto& part : real) {
    if (part.empty()) continue;  // a slash at its end
    place /= part;
    if (!look_at(place, status)) break;
    chain.emplace_back(place, status);
  }
  // The place itself first: that is the one to mend.
  for (auto at = chain.rbegin(); at != chain.rend(); ++at)
    refuse(at->first, at->second, above || at->first != real, why);
}

Path without_links(const Path& path) {
  std::error_code code;
  auto real = std::filesystem::weakly_canonical(path, code);
  if (code) throw Error(fmt::format("reading {}: {}", printable(path.string(), 4096), code.message()));
  return real;
}

}  // namespace

void refuse_writable_by_others(const Path& path, std::string_view why) {
  Path place;
  struct stat status {};
  for (const auto& part : std::filesystem::absolute(path).lexically_normal()) {
    if (part.empty()) continue;
    place /= part;
    if (!look_at(place, status)) break;
    if (!S_ISLNK(status.st_mode)) continue;
    // Whoever can exchange the link decides what is behind it.
    refuse(place, status, false, why);
    refuse_each(without_links(place.parent_path()), true, why);
  }
  refuse_each(without_links(path), false, why);
}

void refuse_tree_writable_by_others(const Path& folder) {
  constexpr std::string_view kWhy = "what another user can change is not signed";
  refuse_writable_by_others(folder, kWhy);
  struct stat status {};
  if (!look_at(folder, status)) return;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (look_at(entry.path(), status)) refuse(entry.path(), status, false, kWhy);
  }
}

}  // namespace base
