// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/boot_chain.hpp"
#include "detect/host_source.hpp"

namespace detect {

/// Which network stack the module brings an image's network up with: the same decision as sshd_network_modules() of
/// module/46sshd/network.sh makes when it is built. What somebody chose in dracut.conf(5) or NETWORK= wins; then
/// systemd-networkd, NetworkManager, dracut's network-legacy, each where its programs and dracut's module are there.
/// Where none of these modules is installed, all of them are taken to be: they come with dracut's packages. Sets stack,
/// stack_why, network_setting and network_files.
void choose_network_stack(const Source& source, BootChain& out);

}  // namespace detect
