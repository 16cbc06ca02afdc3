// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/profile.hpp"

namespace profile {

/// The last place that sees JSON. `merged` has passed check_shape and check_complete; {name} and {version} in folders
/// stay for later.
[[nodiscard]] model::Profile typed(const nlohmann::json& merged);

}  // namespace profile
