// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"
#include "inspect/facts.hpp"

/// Which wired network interfaces a machine has, and which of them an image can drive.
namespace inspect {

/// The record that the module writes into an image that is built on the running machine.
inline constexpr std::string_view kNicRecord = "usr/lib/dracut-sshd/nics";

struct Nics {
  std::vector<host::Nic> all;
  std::string source;  // where they are known from, for people; "": they are not known
  std::string fault;   // why the record could not be used
};

/// Reads that record: lines "nic NAME DRIVER BUS-ID ADDRESS PATH NAMES" with tabs between, after "version 1"; older
/// modules wrote the first four fields. DRIVER is the kernel module, ADDRESS the hardware's own, PATH udev's ID_PATH,
/// NAMES those that udev gives it beside NAME, with commas; "-" for what is not known. The text is untrusted: what is
/// wrong with it becomes Nics::fault.
[[nodiscard]] Nics read_nic_record(std::string_view text);

/// The machine's own, where it is at hand, else those that the image records.
[[nodiscard]] Nics nics_of(const Facts& facts);

/// Whether the image can drive it, as far as is known: a driver without a module is built into the kernel.
[[nodiscard]] bool is_driven(const Facts& facts, const host::Nic& nic);

/// The drivers of real network interfaces that an image has, as modules or built into its kernel; without those of
/// bridges, tunnels and the like.
[[nodiscard]] std::set<std::string> nic_drivers(const Facts& facts);

}  // namespace inspect
