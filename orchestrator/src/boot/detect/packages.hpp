// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/source.hpp"
#include "detect/system.hpp"

namespace detect {

/// What the image needs and the system lacks.
struct MissingPackage {
  std::string purpose;     // what lacks, as a key of the data file: "module", "dracut", "cryptsetup-generator",
                           // "networkd", "rehearse"
  std::string name;        // the package's, by the system's package manager; "": not known
  bool required = false;   // without it nobody could unlock the machine
  bool available = false;  // the package manager has it in a configured repository
};

struct Packages {
  bool module_there = false;  // dracut's modules.d/46sshd
  bool dracut_there = false;
  std::vector<MissingPackage> missing;  // required ones first
  std::vector<std::string>
      install;  // the command that installs the required ones, without those that nothing has; empty: nothing to do
  std::vector<std::string> replaced;  // packages that this command would remove: another initramfs generator
  std::vector<std::string> faults;
};

/// Which packages, by package manager, is data: setup/packages.json, compiled in.
[[nodiscard]] Packages read_packages(const Source& source, const System& system);

}  // namespace detect
