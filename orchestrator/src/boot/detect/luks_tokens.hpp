// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

/// What opens a LUKS device without a passphrase, by the tokens in its header: "tpm2", "tpm2 with a PIN", "fido2",
/// "pkcs11", "clevis". From `cryptsetup luksDump --dump-json-metadata` (cryptsetup 2.4 and later), else from luksDump's
/// text; of LUKS1 by clevis(1). What could not be asked is a fault.
[[nodiscard]] std::vector<std::string> luks_tokens(const Source& source, const std::string& device,
                                                   const std::string& format, std::vector<std::string>& faults);

}  // namespace detect
