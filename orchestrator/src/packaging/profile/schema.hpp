// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace profile {

/// A JSON Schema (draft 2020-12) out of the table of fields: of a distribution's file, or of one merged profile, where
/// what is required is.
[[nodiscard]] std::string schema(bool merged);

}  // namespace profile
