// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"

namespace inspect {

/// Why a .network file of systemd-networkd (systemd.network(5), [MATCH]) or a keyfile of NetworkManager is for none of
/// these nics; "" if it is for one, or that cannot be told. `made` are the names of devices that .netdev files make.
[[nodiscard]] std::string why_for_no_nic(std::string_view text, const std::vector<host::Nic>& nics,
                                         const std::set<std::string>& made);

}  // namespace inspect
