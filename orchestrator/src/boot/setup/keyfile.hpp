// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "setup/networkd_files.hpp"

namespace setup {

/// The same for NetworkManager: nm-settings-keyfile(5).
[[nodiscard]] FilesResult keyfiles(const FilesRequest& request);

}  // namespace setup
