// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.hpp"
#include "base/process.hpp"

namespace remote {

/// The longest that systemd's ask-password protocol carries, with its "+" and its end (dracut-sshd-unlock(8)).
inline constexpr std::size_t kLongestPassphrase = 2046;

/// A passphrase, in memory of its own that is kept out of swap, of core dumps and of child processes, and is
/// overwritten at the end. Never printed, never an argument.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string&& bytes);  // which are overwritten; an Error above kLongestPassphrase
  ~Secret() { cleanse(); }
  Secret(Secret&& other) noexcept { swap(other); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// False if it has kLongestPassphrase bytes already.
  [[nodiscard]] bool add(char byte);
  [[nodiscard]] std::string_view view() const { return {page_, size_}; }
  /// Another one with the same bytes.
  [[nodiscard]] Secret clone() const;
  /// A copy that nobody overwrites: for passphrases that open nothing but scratch disks.
  [[nodiscard]] std::string bytes() const { return std::string(view()); }
  /// Whether the kernel keeps it out of swap: RLIMIT_MEMLOCK may not allow it.
  [[nodiscard]] bool locked() const { return locked_; }

 private:
  void allocate();
  void cleanse() noexcept;
  void swap(Secret& other) noexcept;
  char* page_ = nullptr;
  std::size_t size_ = 0;
  bool locked_ = false;
};

/// From now on this process leaves no core dump, and nobody but root can read its memory. Before a passphrase is read.
void forbid_core_dumps();

/// A pipe that holds the passphrase and the end of its line: its reading end, the writing one is closed.
[[nodiscard]] base::Fd as_pipe(const Secret& secret);

/// Up to the end of the line, byte by byte: what follows belongs to others. `from` names the source in errors.
/// base::Interrupted as soon as `cancel` is asked; an Error after `patience`, unless that is 0.
[[nodiscard]] Secret read_line(int fd, const std::string& from, const base::Cancel& cancel,
                               std::chrono::seconds patience = std::chrono::seconds(0));
/// The first line of what can be read from a descriptor.
[[nodiscard]] Secret from_descriptor(int fd, const base::Cancel& cancel);
/// The first line that `/bin/sh -c COMMAND` prints, with `more` in its environment; the command may use the terminal.
/// An Error if it fails, or has printed no line after `patience` (0: it may take as long as it likes).
[[nodiscard]] Secret from_command(const std::string& command, const std::map<std::string, std::string>& more,
                                  std::chrono::seconds patience, const base::Cancel& cancel);

}  // namespace remote
