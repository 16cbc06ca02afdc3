// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"

namespace submit {

/// base::Error (usage) when `place`, which packages are to be pushed to, is the project's own repository: a folder of
/// it, or what its git has for a remote. Without git, or outside of a clone, nothing is known, and nothing is refused.
void refuse_own_repository(const std::filesystem::path& root, const std::string& place, const base::Context& context);

/// What is the same for all ways to write one repository's address: "HOST/PATH", without a scheme, a user, a port, a
/// slash or ".git" at the end.
[[nodiscard]] std::string repository_name(std::string_view address);

}  // namespace submit
