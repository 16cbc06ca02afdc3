// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/boot_chain.hpp"
#include "detect/host_source.hpp"

namespace detect {

/// What firmware, boot loader and stub left behind in EFI variables (efivarfs, systemd's Boot Loader Interface), and
/// what their files say. Sets loader, uki, uki_signer and secure_boot, and of a UKI image and image_why.
void read_firmware(const Source& source, BootChain& out);

}  // namespace detect
