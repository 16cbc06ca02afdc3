// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "remote/known_hosts.hpp"
#include "remote/ssh.hpp"

namespace remote {

/// What this side knows of a machine before anything is connected to: by the user's configuration (ssh -G) and by
/// known_hosts. To find it out takes some ten processes; it stays right until one of those files changes.
struct KnownMachine {
  Target target;                   // complete: alias, real_user, real_alias and lacks are filled in
  std::vector<std::string> names;  // under which known_hosts may have the initramfs; target.alias is one of them
  std::vector<std::string> lists;  // the known_hosts files for the initramfs, as `ssh -G` prints them
  std::vector<std::string> files;  // those of both systems that are there
  std::string first_file;          // that a line for it belongs into; "" if there is none
  KnownKeys initramfs;             // of target.alias
  std::string unsealed_alias;      // the name of the key that it shows where its TPM does not open the sealed one
  KnownKeys unsealed;              // of that name
  std::string real_name;           // of the real system
  KnownKeys real;                  // of that name
  std::string early_host;          // what ssh connects to, as far as `ssh -G` tells
  std::string early_port;
  std::string real_host;
  std::string real_port;
  bool proxied = false;   // by a ProxyJump or a ProxyCommand: nothing else reaches it
  bool can_tell = false;  // what known_hosts has: otherwise an empty KnownKeys means nothing
  bool records = false;   // the client tells which keys it is shown (host_proof.hpp)

  /// Both systems listen at one address and port.
  [[nodiscard]] bool same_door() const { return early_host == real_host && early_port == real_port; }
  /// The proof of the real system's key tells it from the initramfs.
  [[nodiscard]] bool distinct() const;
};

/// `target.alias` may be empty: then it is looked for in known_hosts, under the names of initramfs_names(). So may
/// `target.real_user`: then it is the User of ssh_config, and without one `target.user`. `scratch` is a folder for
/// answers. LocalFault if ssh cannot work as it must.
[[nodiscard]] KnownMachine look_up(Target target, const std::filesystem::path& scratch, const base::Context& context);

/// The keys of target.alias anew: ssh may have written one into known_hosts.
void look_up_again(KnownMachine& machine, const std::filesystem::path& scratch, const base::Context& context);

/// A folder whose name ssh, a shell and a socket take as it is: for scratch folders.
[[nodiscard]] std::filesystem::path scratch_parent();

}  // namespace remote
