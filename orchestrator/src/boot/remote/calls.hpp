// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/context.hpp"
#include "remote/host_proof.hpp"
#include "remote/ssh.hpp"

namespace remote {

/// One call of ssh(1), and what it showed.
struct Call {
  base::Outcome outcome;
  std::optional<OfferedKey> offered;
  bool ran = false;  // a command, on a host that has proven its key: the status is that command's
};

/// The lines that ssh, the peer, or a command printed; printable, at most 300 bytes each.
[[nodiscard]] std::vector<std::string> told_lines(const base::Outcome& outcome);
[[nodiscard]] std::string last_line(const base::Outcome& outcome);

/// Calls of ssh with a scratch folder for what the client records.
class Calls {
 public:
  /// `records`: the client knows KnownHostsCommand (KnownMachine::records).
  Calls(std::filesystem::path scratch, bool records, const base::Context& context)
      : scratch_(std::move(scratch)), records_(records), context_(context) {}

  /// `secret`, if there is one, is the command's standard input.
  [[nodiscard]] Call ask(const Target& target, System system, const std::string& command, std::chrono::seconds patience,
                         const Secret* secret = nullptr) const;
  /// The same, without input; what the command writes to stdout is in Outcome::out, up to 64 KiB, not in its tail.
  [[nodiscard]] Call read(const Target& target, System system, const std::string& command,
                          std::chrono::seconds patience) const;
  /// Whether the host has the private key of one that known_hosts has. Nothing is logged in to.
  [[nodiscard]] bool proves(const Target& target, System system, std::chrono::seconds patience) const;

 private:
  [[nodiscard]] Call run(const Target& target, System system, const std::string& command, base::Command more) const;
  std::filesystem::path scratch_;
  bool records_;
  base::Context context_;
};

}  // namespace remote
