// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "base/fd.hpp"
#include "remote/known_hosts.hpp"

/// What an initramfs says by UDP when a prompt waits: "look at me". One datagram: a JSON object on one line, and the
/// armoured SSH signature (ssh-keygen(1), -Y) of exactly that line with its newline, made with the initramfs's host key
/// in the namespace kBeaconNamespace:
///
///     {"dracut-sshd-beacon":1,"name":"db1-initramfs","boot":"<boot_id>","number":1,"up":12.3,"waiting":["passphrase"]}
///     -----BEGIN SSH SIGNATURE-----
///     ...
///     -----END SSH SIGNATURE-----
///
/// Untrusted, also when it is verified: it may be a copy. All that follows is one look, at an address that the watcher
/// knows by itself.
namespace watch {

inline constexpr std::size_t kLongestBeacon = 1400;  // one packet on any way
inline constexpr const char* kBeaconNamespace = "dracut-sshd-beacon";

struct Beacon {
  std::string name;                  // letters, digits and ". _ - :"
  std::string boot;                  // /proc/sys/kernel/random/boot_id
  std::uint32_t number = 0;          // from 1, in this boot
  double up = 0;                     // seconds since the kernel started
  std::vector<std::string> waiting;  // what for: "passphrase", "pin"
  std::string signed_line;           // with its newline
  std::string signature;             // armoured
};

/// Nothing for whatever deviates, unknown and repeated fields included.
[[nodiscard]] std::optional<Beacon> parse_beacon(std::string_view datagram);

/// Whether one of these keys has signed it. Costs two small files and a process. base::Error without ssh-keygen.
[[nodiscard]] bool is_signed_by(const Beacon& beacon, const remote::KnownKeys& keys, const base::Context& context);

/// A sender's address without its port, of IPv6 its /64: what is counted.
[[nodiscard]] std::string source_of(const sockaddr_storage& from);

/// A bound, non-blocking UDP socket for "ADDRESS:PORT" or "[ADDRESS]:PORT". base::Error.
[[nodiscard]] base::Fd beacon_socket(const std::string& where);

/// So many at once, and then so many a second.
class TokenBucket {
 public:
  TokenBucket(double burst, double per_second, double now);
  [[nodiscard]] bool take(double now);

 private:
  double burst_;
  double per_second_;
  double tokens_;
  double last_;
};

/// Which datagrams are worth a verification. Limits all of them together, those of a source, and those of a name; the
/// sources' table has a fixed size. Whoever forges senders and names can make it drop genuine beacons: polling goes on
/// without them.
class BeaconGate {
 public:
  struct Taken {
    std::size_t host;
    Beacon beacon;
  };

  /// Hosts are numbers, as in `names`; a host is also known by the name of its initramfs (NAME-initramfs).
  explicit BeaconGate(const std::vector<std::string>& names);
  /// Another name for a host: its initramfs's in known_hosts.
  void add_name(const std::string& name, std::size_t host);
  [[nodiscard]] std::optional<Taken> take(std::string_view datagram, const std::string& source, double now);
  /// Of a verified one: whether it is no copy of an earlier one. Remembers it.
  [[nodiscard]] bool is_news(std::size_t host, const Beacon& beacon);
  [[nodiscard]] unsigned long dropped() const { return dropped_; }

 private:
  [[nodiscard]] bool has_room_for(const std::string& source, double now);
  struct Heard {
    std::string boot;
    std::uint32_t number;
  };
  std::map<std::string, std::size_t> names_;
  std::map<std::string, TokenBucket> sources_;
  std::map<std::size_t, TokenBucket> hosts_;
  std::map<std::size_t, std::deque<Heard>> heard_;  // the latest boot last
  TokenBucket all_;
  unsigned long dropped_ = 0;
};

}  // namespace watch
