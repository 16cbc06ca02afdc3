// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inspect/facts.hpp"
#include "inspect/report.hpp"

namespace inspect {

/// network.configuration for an image whose network is brought up by systemd-networkd: which interface of the machine
/// gets an address, by which file.
void check_networkd(const Facts& facts, Findings& out);

}  // namespace inspect
