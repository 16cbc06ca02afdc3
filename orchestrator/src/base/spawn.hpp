// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/command.hpp"
#include "base/fd.hpp"

/// The start of a child process, and its end. For process.cpp and background.cpp.
namespace base {

/// Where the command's program lies; Error (Exit::missing_tool) if it is in none of the folders of its PATH.
[[nodiscard]] std::filesystem::path located(const Command& command);
/// A file that a child writes into; `how` is O_APPEND or O_TRUNC.
[[nodiscard]] Fd open_output(const std::filesystem::path& path, int how);

/// A child in a process group of its own. Its object's end is the group's end: nothing outlives it.
class Child {
 public:
  /// Starts `program` (what argv[0] was found to be) with standard output and standard error as given.
  Child(const Command& command, const std::filesystem::path& program, int out, int err);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] int pidfd() const {
    return pidfd_.get();
  }                                  // readable when the leader has ended; -1 where the kernel has none
  [[nodiscard]] bool ended() const;  // the leader; it stays a zombie, so that the group's id stays its own
  void signal_group(int signal) const noexcept;
  /// Kills what is left of the group, reaps the leader: its exit status, or 128 + its signal.
  int finish();

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
};

}  // namespace base
