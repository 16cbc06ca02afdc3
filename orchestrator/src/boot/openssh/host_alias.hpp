// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace openssh {

/// NAME-initramfs: what known_hosts and ssh_config call a machine's initramfs, so that a client does not take it for
/// the system itself. A name that ends so already stays as it is.
[[nodiscard]] std::string initramfs_alias(std::string_view name);
/// ALIAS-unsealed: under which known_hosts has the key that the initramfs shows where its TPM does not open the sealed
/// one (dracut-sshd seal).
[[nodiscard]] std::string unsealed_alias(std::string_view alias);
/// And the real system's name: without that ending.
[[nodiscard]] std::string real_name_of(std::string_view name);

}  // namespace openssh
