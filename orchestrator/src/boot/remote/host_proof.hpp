// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.hpp"
#include "base/process.hpp"

/// What a peer that never logged us in has shown, told by the client in ways that no text of the peer's can reach.
namespace remote {

/// A host key as a peer shows it. Showing is not proving: anybody can show a public key.
struct OfferedKey {
  std::string type;  // "ssh-ed25519"
  std::string blob;  // base64

  [[nodiscard]] bool is_certificate() const;
  [[nodiscard]] std::string fingerprint() const;  // "SHA256:...", as ssh prints it
};

/// The last key in a file that KnownHostsCommand has written (ssh_command()); nothing if none was shown. ssh_config(5),
/// KnownHostsCommand: the client puts the key into the arguments of a command, before it looks into known_hosts.
[[nodiscard]] std::optional<OfferedKey> offered_key(const std::filesystem::path& record);

/// A socket in the place of ssh's agent. The client connects to it when it has to choose a key to log in with, and that
/// is after the host has signed the key exchange with a key that known_hosts has. Nothing that is sent before can bring
/// that about. It never answers: the client that connects is to be ended, and so no key is tried.
class Tripwire {
 public:
  /// Listens at `path`, which has less than 108 bytes, in a folder of ours.
  Tripwire(const std::filesystem::path& path, const base::Cancel& cancel);
  ~Tripwire();
  Tripwire(const Tripwire&) = delete;
  Tripwire& operator=(const Tripwire&) = delete;

  /// Asked to stop when it was touched, or when `cancel` is: for the runner of the client.
  [[nodiscard]] const base::Cancel& stop() const { return stop_; }
  /// Whether a child of this process has connected. A child's child does not count: ssh's ProxyCommand may be another
  /// ssh, which logs in elsewhere. To be asked when the client has ended.
  [[nodiscard]] bool touched();

 private:
  void watch(const base::Cancel& cancel);
  bool take();
  base::Fd listener_;
  base::Fd end_;
  base::Fd client_;
  base::Cancel stop_;
  std::filesystem::path path_;
  std::jthread thread_;
};

}  // namespace remote
