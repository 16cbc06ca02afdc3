// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openssh/version.hpp"

/// The keywords of sshd_config(5), as a table: from servconf.c of OpenSSH 10.0, and the release notes for the versions.
namespace openssh {

/// What may stand behind a keyword.
enum class Shape {
  flag,           // yes or no
  choice,         // one of `choices`, in any case
  number,         // an integer
  time,           // sshd_config(5), TIME FORMATS
  time_or_none,   //
  port,           //
  word,           // exactly one
  words,          // one or more
  words_or_none,  // any number, none at all, too
  rest,           // the whole rest of the line, as it stands
  command,        // the same, and an absolute path or "none"
  several,        // a known keyword whose arguments are not looked at any closer
};

/// What a second line with the same keyword does.
enum class Merge {
  first,      // nothing: the first one is in force
  last,       // it is in force (servconf.c does not look whether there was one)
  append,     // it adds to the first
  subsystem,  // it adds, if its first argument is another one
};

enum class Status {
  known,
  deprecated,  // sshd warns, and goes on
  ignored,     // sshd says nothing, and goes on
  vendor,      // of a patched sshd (Debian, Fedora, RHEL); OpenSSH's own ends at it
};

struct Keyword {
  std::string_view name;       // lower case
  std::string_view canonical;  // under which name its value is kept: the same, but for an alias
  Shape shape = Shape::several;
  Merge merge = Merge::first;
  bool in_match = false;  // allowed in a Match block
  Status status = Status::known;
  Version since{};  // {}: OpenSSH 8.0 had it
  std::vector<std::string_view> choices{};
};

[[nodiscard]] const Keyword* find_keyword(std::string_view name);  // in any case; nullptr: unknown to sshd
[[nodiscard]] const std::vector<Keyword>& all_keywords();

}  // namespace openssh
