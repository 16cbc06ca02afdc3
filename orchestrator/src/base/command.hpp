// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// A child process that is to be started. Never a shell string, never an inherited environment, standard input is
/// /dev/null (or bytes from memory), umask 022.
namespace base {

struct Command {
  std::vector<std::string> argv;           // argv[0] is looked up in env["PATH"] if it has no slash
  std::map<std::string, std::string> env;  // the whole environment; nothing else is passed on
  std::filesystem::path cwd;               // empty: the caller's
  std::filesystem::path log;               // stdout and stderr are appended here; empty: kept in memory only
  std::filesystem::path stdout_to;         // stdout alone goes here instead (truncated first); empty: with stderr
  std::size_t capture = 0;                 // stdout alone is kept in Outcome::out, up to this many bytes; 0: it is not
  std::chrono::seconds deadline{0};        // 0: none
  std::map<int, std::string> data;         // descriptor (0, or 3 to 31) -> bytes that the child can read from it
  std::map<int, int> passed;               // descriptor (0, or 3 to 31) -> one of ours that the child gets, too
  bool dies_with_parent = false;           // killed when the thread that started it ends, however it ends
};

}  // namespace base
