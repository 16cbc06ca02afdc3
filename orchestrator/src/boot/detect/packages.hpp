// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"
#include "detect/system.hpp"

namespace detect {

/// What the image needs and the system lacks.
struct MissingPackage {
  std::string purpose;           // what lacks, as in the data file: "module", "dracut", "network-modules",
                                 // "cryptsetup-generator", "cryptsetup", "openssh-server", "iproute", "networkd",
                                 // "rehearse", "qr"
  std::string what;              // the same for people: "systemd-cryptsetup, which opens disks in the initramfs"
  std::string name;              // the package's, by the system's package manager; "": not known
  bool required = false;         // without it nobody could unlock the machine
  bool available = false;        // the package manager has it in a configured repository
  bool available_known = false;  // the package manager could be asked
};

struct Packages {
  bool module_there = false;  // dracut's modules.d/46sshd
  bool dracut_there = false;
  std::vector<MissingPackage> missing;  // required ones first
  std::vector<std::string>
      install;  // the command that installs the required ones, without those that nothing has; empty: nothing to do
  std::vector<std::string> install_optional;  // the same for the others: for rehearse, the QR code
  std::vector<std::string> refresh;           // the command after which the package manager knows what there is
  bool after_reboot = false;          // what `install` installs is there after a reboot (ostree, transactional updates)
  std::vector<std::string> replaced;  // packages that `install` would remove: another initramfs generator
  std::vector<std::string> faults;
};

/// Which packages, by package manager, is data: packages.json, compiled in. In it "purposes" have what tells that
/// something is there: "program:NAME", "dracut:MODULE", "library:NAME". "managers" have commands to which names of
/// packages are appended ("install", "query" for one, "simulate", whose lines that begin with "removal" name what would
/// be removed), "probe", a package that every repository has: where that is not found, no list of packages has been
/// fetched yet, and what there is is not known; "prints_nothing_without" if a query succeeds without a word for what is
/// not there, and the "packages" of a purpose: names of which the first that is available is taken, also by
/// architecture (uname(2)); none: not known.
[[nodiscard]] Packages read_packages(const Source& source, const System& system);

}  // namespace detect
