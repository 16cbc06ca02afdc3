// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"

namespace inspect {

/// Why a keyfile of NetworkManager (nm-settings-keyfile(5)) is for none of these NICs; "" if it is for one, or that
/// cannot be told.
[[nodiscard]] std::string why_for_no_nic(std::string_view text, const std::vector<host::Nic>& nics);

}  // namespace inspect
