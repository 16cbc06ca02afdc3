// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "inspect/facts.hpp"

/// What a client needs, so that it knows this initramfs, and does not take it for the system itself.
namespace inspect {

struct Client {
  std::string alias;                     // under which known_hosts has its keys
  std::string clear_alias;               // and those that are in the image in the clear: another one if one is sealed
  std::vector<std::string> known_hosts;  // lines of ~/.ssh/known_hosts, under an alias
  std::string ssh_config;                // a stanza for ~/.ssh/config
};

[[nodiscard]] Client client_of(const Facts& facts);
[[nodiscard]] std::string client_text(const Client& client);

}  // namespace inspect
