// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inspect/facts.hpp"

/// Words of the kernel's command line that keep things from starting (kernel-command-line(7), bootparam(7),
/// systemd-debug-generator(8), dracut.cmdline(7)).
namespace inspect {

/// The words that the kernel, systemd and its generators see: of a UKI, and of the boot. /etc/cmdline.d is dracut's
/// own.
[[nodiscard]] std::vector<std::string> kernel_words(const Facts& facts);

/// The word that masks a unit ("rd.systemd.mask=sshd"); "" if none does.
[[nodiscard]] std::string word_that_masks(const Facts& facts, std::string_view unit);

/// The word that keeps a driver from being loaded: module_blacklist=, modprobe.blacklist=, rd.driver.blacklist=; "" if
/// none does, or if the driver is built into the kernel.
[[nodiscard]] std::string word_that_blocks(const Facts& facts, std::string_view driver);

/// The unit that systemd starts in the initramfs in place of default.target, and the word that says so; both are "" if
/// none does.
struct FirstUnit {
  std::string unit;
  std::string word;
};
[[nodiscard]] FirstUnit first_unit(const Facts& facts);

}  // namespace inspect
