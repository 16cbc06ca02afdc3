// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

/// The addresses of the name servers that the machine asks, without itself: of systemd-resolved's resolv.conf(5), else
/// of /etc/resolv.conf. At most three, as the resolver takes.
[[nodiscard]] std::vector<std::string> name_servers(const Source& source);

}  // namespace detect
