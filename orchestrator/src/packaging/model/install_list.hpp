// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace model {

enum class InstallKind { file, man, doc, changelog, license, directory };

/// The ways in which a system says that a kernel's image was built, for which the module has a file each:
/// kernel-install(8), the scripts of /etc/kernel/postinst.d, alpm-hooks(5).
inline constexpr std::array<std::string_view, 3> kHooks{"kernel-install", "kernel-postinst", "alpm"};

/// One line of module/install.list with its destination resolved for a distribution.
struct InstallItem {
  InstallKind kind = InstallKind::file;
  unsigned mode = 0644;
  std::string source;       // below the source tarball's top folder; "" for a directory
  std::string destination;  // absolute; "" for a licence (each format decides)
  std::string hook = {};    // one of kHooks: installed where the profile has it; "": everywhere
  bool operator==(const InstallItem&) const = default;
};

using InstallList = std::vector<InstallItem>;  // in the order of the file

}  // namespace model
