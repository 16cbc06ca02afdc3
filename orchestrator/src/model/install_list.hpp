// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace model {

enum class InstallKind { file, man, doc, changelog, license, directory };

/// One line of module/install.list with its destination resolved for a distribution.
struct InstallItem {
  InstallKind kind = InstallKind::file;
  unsigned mode = 0644;
  std::string source;       // below the source tarball's top folder; "" for a directory
  std::string destination;  // absolute; "" for a licence (each format decides)
  bool operator==(const InstallItem&) const = default;
};

using InstallList = std::vector<InstallItem>;  // in the order of the file

}  // namespace model
