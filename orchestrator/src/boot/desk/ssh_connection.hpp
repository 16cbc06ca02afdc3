// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/background.hpp"
#include "base/context.hpp"
#include "base/fd.hpp"
#include "base/streamed.hpp"
#include "desk/host_login.hpp"

namespace desk {

inline constexpr int kSshFailed = 255;  // ssh(1), EXIT STATUS: ssh itself failed

/// One login that all calls share (ssh_config(5), ControlMaster). ssh verifies the host's key and asks for passwords as
/// the user has configured it. Ends with its object; where that was killed, a minute later.
class Connection {
 public:
  /// `scratch` is a private folder in which the connection's socket will be; `lacks` as in client_settings().
  Connection(Login login, const std::filesystem::path& scratch, std::set<std::string> lacks,
             const base::Context& context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Logs in, and runs a script of sh(1) that prints at most `limit` bytes: what it printed. Throws base::Error if ssh
  /// cannot log in (it has told why on standard error), or the script fails.
  [[nodiscard]] std::string open(const std::string& script, std::size_t limit);

  /// Runs a script of sh(1), or else a command that every login shell reads alike, over the login. The exit status;
  /// base::Error where the connection is gone.
  int run_script(const std::string& script, const base::TakeBytes& out, const base::TakeBytes& err) const;
  int run(const std::string& command, const base::TakeBytes& out, const base::TakeBytes& err) const;
  /// A command that reads `input` to its end.
  int send(const std::string& command, int input, const base::TakeBytes& err) const;
  /// A command with the user's terminal at both ends.
  [[nodiscard]] int session(const std::string& command) const;
  /// A script that goes on meanwhile. It reads the end of its input when `input`'s other end is closed.
  [[nodiscard]] std::unique_ptr<base::Background> start(const std::string& command, int input,
                                                        const std::filesystem::path& log) const;

  [[nodiscard]] const Login& login() const { return login_; }

 private:
  enum class Role { master, member, terminal };
  [[nodiscard]] base::Command command(Role role, const std::string& remote_command) const;
  [[nodiscard]] int checked(int status) const;
  Login login_;
  std::filesystem::path control_;
  std::set<std::string> lacks_;
  base::Context context_;
  bool open_ = false;
};

}  // namespace desk
