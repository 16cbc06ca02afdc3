// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/boot_chain.hpp"
#include "detect/host_source.hpp"

namespace detect {

/// What makes the image of the next kernel that is installed, by the hooks that run it; and what of the system's
/// configuration only that program reads. Sets generator, generator_why, dracut and tied_to_generator.
void read_generator(const Source& source, BootChain& out);

}  // namespace detect
