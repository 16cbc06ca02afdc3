// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

enum class NetworkStack { networkd, network_manager, legacy, none };

/// What makes and starts the initramfs.
struct BootChain {
  std::string generator;      // that makes the initramfs now: "dracut", "initramfs-tools", "mkinitcpio", "booster",
                              // "genkernel", ...; "": not known
  std::string generator_why;  // the file that tells
  std::string dracut;         // its version; "": not there
  std::string loader;         // "grub", "systemd-boot", "bls" (GRUB with BLS entries), "uki", "extlinux", "zipl"; "":
                              // not known
  bool uki = false;           // the next boot is a unified kernel image
  std::string uki_signer;     // what signs it: "sbctl", "ukify", "systemd-sbsign", "pesign", "sbsign"; "": not known
  std::string secure_boot;    // "enabled", "disabled", "setup mode"; "": not known or no UEFI
  std::string image;          // of the next boot; "": not found
  std::string image_why;      // what tells that it is this one
  std::string kernel;         // its release
  std::string cmdline;        // as far as it is known
  bool cmdline_known = false;
  std::vector<std::string> network_words;  // of the command line: ip=, vlan=, bond=, ... which win over files
  std::uint64_t image_bytes = 0;
  std::string boot_folder;      // where the images lie
  std::uint64_t boot_free = 0;  // bytes free there
  bool boot_free_known = false;
  bool boot_on_fat = false;
  std::string not_mounted;  // a folder of the boot that fstab has a file system for, and that is not mounted; "": none
  NetworkStack stack = NetworkStack::none;  // what the module brings the image's network up with
  std::string stack_why;                    // why it is this one, or none
  bool stack_assumed = false;               // dracut's modules for networks are not installed yet: as if they were
  std::string network_setting;              // NETWORK= of initrd.conf; "": not set
  std::vector<std::string> network_files;   // below /etc/dracut-sshd/network: *.network, *.netdev, *.link,
                                            // *.nmconnection
  std::vector<std::string>
      tied_to_generator;  // what works with another generator alone: its hooks, keyscripts, resume files
  std::vector<std::string> faults;
};

[[nodiscard]] BootChain read_boot_chain(const Source& source);

}  // namespace detect
