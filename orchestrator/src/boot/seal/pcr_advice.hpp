// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "seal/credential.hpp"

namespace seal {

/// Why a key in an initramfs cannot be sealed to the values that these PCRs have in the running system; "" if it can.
/// Source: systemd-cryptenroll(1), the table of PCRs.
[[nodiscard]] std::string why_unfit(PcrMask pcrs);

/// What to know of these: which updates change them, and which the firmware has measured nothing into
/// (/sys/class/tpm/tpm0 below `root`).
[[nodiscard]] std::vector<std::string> notes_on(PcrMask pcrs, const std::filesystem::path& root);

}  // namespace seal
