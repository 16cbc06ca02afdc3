// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "openssh/key.hpp"

/// The one place where OpenSSL parses a private key. For private_key.cpp.
namespace openssh {

/// The public key of an unencrypted RSA, EC or PKCS#8 key in PEM, as ssh has it. OpenSSL overwrites what it decoded.
[[nodiscard]] ParsedKey public_part_of_pem(std::string_view text);

}  // namespace openssh
