// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/host_source.hpp"
#include "detect/network_state.hpp"

namespace detect {

/// The state of the interface that this ssh session uses, else of the default route's.
[[nodiscard]] Network read_network(const Source& source);

}  // namespace detect
