// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/finding.hpp"
#include "model/project.hpp"

namespace source {

/// /next_steps of project.json: an array of objects with "text", "command" and, where the command is another package's,
/// "package". What is wrong becomes findings; `file` is their place.
[[nodiscard]] std::vector<model::NextStep> next_steps(const nlohmann::json& array, const std::string& file,
                                                      model::Findings& findings);

}  // namespace source
