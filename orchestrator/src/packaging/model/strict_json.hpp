// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "model/finding.hpp"

namespace model {

/// JSON (RFC 8259) that a person wrote and that may be hostile: well-formed UTF-8, at most 16 levels deep, no key twice
/// in an object (the library alone would silently keep the last). `where` names the text in findings, with line and
/// column. Returns a discarded value (json::is_discarded) when there were errors.
[[nodiscard]] nlohmann::json parse_strict(std::string_view text, std::string_view where, Findings& findings);

inline constexpr std::size_t kMaxJsonBytes = 1024 * 1024;
inline constexpr int kMaxJsonDepth = 16;

}  // namespace model
