// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/background.hpp"
#include "base/context.hpp"
#include "base/fd.hpp"
#include "desk/ssh_connection.hpp"

namespace desk {

/// A private folder (0700) on the host, in which programs may run. The host itself removes it as soon as the
/// connection, or this program, ends, however that happens: a script there waits for the end of its input.
class HostFolder {
 public:
  /// `scratch` is a folder here. base::Error if the host has no place for it.
  HostFolder(const Connection& connection, const std::filesystem::path& scratch, const base::Context& context);
  /// Waits until it is removed, for some seconds at most.
  ~HostFolder();
  HostFolder(const HostFolder&) = delete;
  HostFolder& operator=(const HostFolder&) = delete;

  /// Letters, digits and "/._-" alone.
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Writes a file of it: the bytes that `input` has. `name` has no slash.
  void put(const std::string& name, int input) const;
  void put(const std::string& name, const std::string& content) const;
  /// A file's content; base::Error if it is longer than `limit`. "" if there is none.
  [[nodiscard]] std::string get(const std::string& name, std::size_t limit) const;

 private:
  const Connection& connection_;
  base::Fd hold_;  // while it is open, the folder is there
  std::unique_ptr<base::Background> keeper_;
  std::string path_;
};

/// The folder that the script has named in what it printed; "" as long as it has not. base::Error for a path that it
/// would never name. For unit tests.
[[nodiscard]] std::string folder_in(const std::string& text);

}  // namespace desk
