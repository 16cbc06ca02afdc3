// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/background.hpp"
#include "remote/ssh.hpp"

namespace remote {

/// One login that later calls share (ssh_config(5), ControlMaster), so that a machine has to agree on keys only once:
/// an emulated one takes seconds for that. Ends with its object.
class SharedLogin {
 public:
  /// Begins to log in. `target.control` names a socket that is not there yet; `log` gets what ssh says.
  SharedLogin(const Target& target, std::filesystem::path log, const std::map<std::string, std::string>& environment);

  /// Whether calls that name the same `control` go through it. Others log in by themselves.
  [[nodiscard]] bool up() const;
  /// What became of it, once it has ended.
  [[nodiscard]] std::optional<base::Outcome> ended();

  /// ssh puts a name of some length beside it first, and sockets' names have 107 bytes at most (unix(7)).
  static bool can_be_at(const std::string& control);

 private:
  std::string control_;
  std::filesystem::path log_;
  std::unique_ptr<base::Background> ssh_;
};

}  // namespace remote
