// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/finding.hpp"
#include "profile/fields.hpp"

namespace profile {

/// Holds one level of a profile (the distribution's, without its releases, or one release) against the table of fields:
/// unknown keys, wrong types, texts that do not fit. `where` is what findings begin with ("distros/rhel.json"), `base`
/// the pointer of this level in the file.
void check_shape(const nlohmann::json& level, Scope scope, const std::string& where, const std::string& base,
                 model::Findings& findings);

}  // namespace profile
