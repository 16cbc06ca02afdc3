// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "openssh/access.hpp"
#include "openssh/connection.hpp"
#include "openssh/sshd_config.hpp"

/// Root's login from everywhere: the configuration and the keys may tell addresses apart.
namespace openssh {

/// Where from is tried beside a connection's own address.
enum class Elsewhere {
  named,
  anywhere
};  // what the configuration and keys name; some addresses more that nobody names

/// An address of each network and pattern that Match, AllowUsers, DenyUsers and from= name; to which of the machine's
/// addresses and ports, the same.
[[nodiscard]] std::vector<Connection> connections_of(const Config& config, const std::vector<LoginKey>& keys,
                                                     const Connection& base, Elsewhere elsewhere = Elsewhere::anywhere);

/// More ways than this are not tried; the answer then depends on the rest.
inline constexpr std::size_t kConnections = 128;

/// `address`: where root will come from, if that is known; "" for everywhere. What holds for every connection refuses;
/// what holds for some depends, and says for which.
[[nodiscard]] std::vector<Objection> judge_root_login(const Config& config, const Connection& base,
                                                      const LoginFacts& facts, const std::string& address = {});

}  // namespace openssh
