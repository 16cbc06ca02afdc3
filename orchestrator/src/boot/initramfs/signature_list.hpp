// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The content of the firmware's variables PK, KEK, db and dbx: rows of EFI_SIGNATURE_LIST (UEFI specification,
/// "Signature Database").
namespace initramfs {

/// Whether `bytes` are such rows, from the first to the last byte.
[[nodiscard]] bool is_signature_list(std::string_view bytes);

/// The X.509 certificates in them, DER; of what is broken, those before it.
[[nodiscard]] std::vector<std::string> certificates_in(std::string_view list);

/// A list of one certificate.
[[nodiscard]] std::string signature_list(std::string_view certificate);

/// The certificates of a file: DER, or PEM with one or more. None where it is neither.
[[nodiscard]] std::vector<std::string> certificates_of_file(std::string_view bytes);

}  // namespace initramfs
