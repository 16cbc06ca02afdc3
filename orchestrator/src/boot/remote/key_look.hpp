// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "remote/host_proof.hpp"
#include "remote/known_machine.hpp"

/// The cheap look at a host: which of its known keys does it show? One key exchange, by ssh-keyscan, many hosts in one
/// process. Showing is not proving: the answer decides only whether remote::unlock() is to look, which needs no word of
/// it.
namespace remote {

/// What a watcher needs of a host's configuration, asked once in idle time. ssh -G and ssh-keygen -F answer, so it is
/// what a later call of ssh will do, as long as the files stay as they are: is_stale().
struct Prepared {
  KnownMachine machine;   // what remote::unlock() takes, for as long as this is not stale
  std::string host_name;  // where ssh connects to, a name or an address
  std::uint16_t port = 22;
  bool direct = true;      // false: by ProxyJump or ProxyCommand, and only ssh gets there
  bool comparable = true;  // false: known_hosts cannot be asked, or names an authority: only ssh can tell
  KnownKeys initramfs;
  KnownKeys unsealed;
  KnownKeys real;

  /// A file that was read, and what it looked like.
  struct Stamp {
    std::string path;
    std::int64_t changed = 0;  // st_ctim, ns
    std::uint64_t size = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> files;

  /// known_hosts has changed since. (ssh_config is read again by a new process alone.)
  [[nodiscard]] bool is_stale() const;
  /// The key types to ask for: one that tells the systems apart, or more where that needs more. ssh-keyscan's names.
  [[nodiscard]] std::vector<std::string> types() const;
};

/// LocalFault (ssh_settings.hpp) where ssh cannot read its configuration.
[[nodiscard]] Prepared prepare(const Target& target, const base::Context& context);

struct KeyQuestion {
  std::string id;       // [a-z0-9]+: what the answer is found by
  std::string address;  // in digits
  std::uint16_t port = 22;
  std::vector<std::string> types;
};

/// An id -> the keys that it has shown. Hosts that showed none within `timeout` are not in it: ssh-keyscan gives each
/// that long, all at the same time.
using Shown = std::map<std::string, std::vector<OfferedKey>>;
[[nodiscard]] Shown shown_keys(const std::vector<KeyQuestion>& questions, std::chrono::seconds timeout,
                               const base::Context& context);

/// Lines of ssh-keyscan: "ID TYPE BASE64" or "[ID]:PORT TYPE BASE64". What does not read so is left out.
[[nodiscard]] Shown parse_shown(std::string_view printed, const std::set<std::string>& ids);

enum class Shows { nothing, initramfs, unsealed, real, both, stranger };
/// `both`: the initramfs and the real system have one key, so that only ssh can tell.
[[nodiscard]] Shows what_it_shows(const Prepared& prepared, const std::vector<OfferedKey>& keys);

}  // namespace remote
