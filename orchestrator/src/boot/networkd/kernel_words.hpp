// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace networkd {

/// What systemd-network-generator(8) makes of ip=, vlan=, bond=, bridge=, rd.route= and the like (dracut.cmdline(7))
/// on the kernel's command line.
struct GeneratedFiles {
  std::vector<std::pair<std::string, std::string>> files;  // name in /run/systemd/network, text
  std::string fault;                                       // the word that it cannot read; it makes no file at all then
};

/// `words` are those of /proc/cmdline: it reads no /etc/cmdline.d.
[[nodiscard]] GeneratedFiles files_of_kernel_words(const std::vector<std::string>& words);

}  // namespace networkd
