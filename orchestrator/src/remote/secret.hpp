// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace remote {

/// A passphrase. Overwritten when its life ends; never printed, never an argument.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string&& bytes) : bytes_(std::move(bytes)) {}
  ~Secret() { cleanse(); }
  Secret(Secret&& other) noexcept {
    bytes_.swap(other.bytes_);
    other.cleanse();
  }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void cleanse() noexcept;
  std::string bytes_;
};

/// The longest that systemd's ask-password protocol carries, with its "+" and its end (dracut-sshd-unlock(8)).
inline constexpr std::size_t kLongestPassphrase = 2046;

/// Asks at the terminal, without echo; an Error where there is none.
[[nodiscard]] Secret from_terminal(const std::string& question);
/// The first line of what can be read from a descriptor.
[[nodiscard]] Secret from_descriptor(int fd);
/// The first line that `/bin/sh -c COMMAND` prints; the command may use the terminal. An Error if it fails.
[[nodiscard]] Secret from_command(const std::string& command);

}  // namespace remote
