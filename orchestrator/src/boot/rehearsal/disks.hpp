// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "rehearsal/plan.hpp"
#include "remote/secret.hpp"
#include "vm/machine.hpp"

namespace rehearsal {

/// Makes the scratch disks in `folder`, in user space: no loop device, no device-mapper, no root. The first bears what
/// lies below `marker`. mkfs.ext4 and cryptsetup are run; the passphrase goes to cryptsetup by a descriptor.
/// base::Error where one fails or is not installed, or the file system has no room.
[[nodiscard]] std::vector<vm::Disk> make_disks(const Plan& plan, const std::filesystem::path& folder,
                                               const std::filesystem::path& marker, const remote::Secret& passphrase,
                                               const std::string& seed, const base::Context& context);

}  // namespace rehearsal
