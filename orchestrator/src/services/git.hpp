// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "services/service.hpp"

/// What the services that take a git push share.
namespace services {

/// base::Error (usage) when it is no address or folder that git clones.
void check_remote(const std::string& remote);
/// A commit in the folder `repository`, by the packager, whoever git takes the user for.
[[nodiscard]] Call commit(const model::Packager& packager, const std::string& message,
                          const std::vector<std::string>& options);

}  // namespace services
