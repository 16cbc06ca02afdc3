// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// How sshd takes a file of sshd_config(5) apart: into lines, keyword and arguments. For this room's own files.
namespace openssh {

struct ConfigLine {
  unsigned number = 0;
  std::string text;
};

/// Lines as sshd numbers them, without what it strips. A NUL ends what it reads of a line, and its line end is lost:
/// the next line goes on there. No more than `limit` lines.
[[nodiscard]] std::vector<ConfigLine> config_lines(std::string_view text, std::size_t limit);

struct Tokens {
  std::string keyword;  // as it stands there; empty: nothing on this line
  std::string rest;     // the line behind it, as it stands
  std::vector<std::string> arguments;
  bool bad_quotes = false;
};

/// Keyword, blank or one '=', and arguments: quotes of both kinds, backslashes before quotes, backslashes and blanks,
/// and a '#' that begins an argument and ends the line (misc.c: since OpenSSH 8.7; earlier ones know double quotes
/// alone).
[[nodiscard]] Tokens tokens_of(std::string_view line);

}  // namespace openssh
