// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"

namespace watch {

/// The addresses of a name, in digits, best first; those of an address: itself. Asks getent(1), because a statically
/// linked program cannot load name service modules (docs/static-program.md). It may take as long as the name service;
/// for a thread that may wait. base::Error where there is no getent, base::Interrupted when asked to stop; no address
/// where the name has none.
[[nodiscard]] std::vector<std::string> resolve(const std::string& name, const base::Context& context);

/// What `getent ahosts` prints: "ADDRESS  STREAM NAME", each address three times. At most 8 addresses; whatever does
/// not read so is left out.
[[nodiscard]] std::vector<std::string> parse_ahosts(std::string_view printed);

}  // namespace watch
