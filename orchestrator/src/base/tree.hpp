// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

/// Trees of files as values: what is to be built, and what a package was found to hold.
namespace base {

enum class Kind { file, directory, symlink };

/// A file with its bytes. Only regular files: a source tree of this project has nothing else.
struct SourceFile {
  unsigned mode = 0644;
  std::string content;
  bool operator==(const SourceFile&) const = default;
};

/// Path relative to the tree's root ("46sshd/sshd.service") -> file. Sorted, so that all that is made of it is too.
using SourceTree = std::map<std::string, SourceFile>;

/// One entry as a package's own reader listed it.
struct ListedEntry {
  Kind kind = Kind::file;
  unsigned mode = 0644;  // permission bits, with setuid, setgid, sticky
  std::string owner = "root";
  std::string group = "root";
  std::string content;  // a file's bytes, a link's target
  bool operator==(const ListedEntry&) const = default;
};

/// Absolute path without a trailing slash ("/etc/dracut-sshd") -> entry.
using ListedTree = std::map<std::string, ListedEntry>;

}  // namespace base
