// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace setup {

/// What the desk needs to know of the initramfs.
struct ClientFacts {
  std::vector<std::string> names;          // of the machine, the best one first; checked: letters, digits, "-._"
  std::vector<std::string> addresses;      // at which the initramfs answers, the session's own first
  std::string port = "22";                 // of the initramfs's sshd, as the client reaches it
  std::vector<std::string> host_keys;      // "ssh-ed25519 AAAA...", without comment
  std::vector<std::string> unsealed_keys;  // shown where the TPM does not open the sealed host key; empty: not sealed
  std::vector<std::string> fingerprints;   // of the host keys, "SHA256:..."
  bool own_keys = true;                    // the initramfs has host keys of its own; false: the system's
  std::string login_port = "22";           // of the running system's sshd, as the client reaches it
  std::string host_name;                   // of the stanza; "": the first address, or else the first name
  std::vector<std::string> ssh_options;    // more lines of the stanza, the client's own settings: "ProxyJump gate"
};

struct ClientLines {
  std::vector<std::string>
      known_hosts;                 // sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: for NAME-initramfs, and its unsealed key
  std::string ssh_config;          // a stanza of ssh_config(5) for Host NAME-initramfs, ends with a newline
  std::vector<std::string> sshfp;  // RFC 4255, 6594, 7479: resource records for NAME-initramfs
  std::string unlock;              // the command that unlocks it
};

/// The lines for each name and address that a client may type. What is no such name, address or key is left out; with
/// neither a name nor an address, or without a host key, nothing is known that a client could use: all is empty.
///
/// known_hosts has the alias alone, never "[alias]:port": with HostKeyAlias, which the stanza and `dracut-sshd unlock`
/// both set, ssh looks up the alias without its port (ssh_config(5); sshconnect.c, get_hostfile_hostname_ipaddr()).
[[nodiscard]] ClientLines client_lines(const ClientFacts& facts);

/// A host name or a Host of ssh_config, as far as it may stand in known_hosts and ssh_config: letters, digits, "-._",
/// not "-" at the beginning, at most 253 bytes.
[[nodiscard]] bool is_host_name(std::string_view text);

/// One SSHFP record with SHA-256 (RFC 6594, section 4.2), as `ssh-keygen -r OWNER` prints it; "" if it is no host key
/// that DNS has a number for.
[[nodiscard]] std::string sshfp_record(const std::string& owner, std::string_view host_key);

}  // namespace setup
