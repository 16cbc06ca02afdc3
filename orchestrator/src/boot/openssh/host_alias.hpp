// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace openssh {

/// NAME-initramfs: what known_hosts and ssh_config call a machine's initramfs, so that a client does not take it for
/// the system itself. A name that ends so already stays as it is.
[[nodiscard]] std::string initramfs_alias(std::string_view name);
/// And the real system's name: without that ending.
[[nodiscard]] std::string real_name_of(std::string_view name);

}  // namespace openssh
