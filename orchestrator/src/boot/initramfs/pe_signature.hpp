// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Who signed a PE file for Secure Boot (Microsoft, "Windows Authenticode Portable Executable Signature Format"; UEFI
/// specification, "Secure Boot and Driver Signing"). The signature is checked with the key of the certificate that
/// comes with it: whether anybody trusts that certificate is not said here.
namespace initramfs {

class Source;

struct PeSignature {
  std::string subject{};      // of the certificate that signed it, its common name
  std::string issuer{};       // the same of who issued that
  std::string fingerprint{};  // SHA-256 of the certificate, hexadecimal
  std::string certificate{};  // DER
  std::string issuer_name{};  // DER, to be compared with a certificate's subject
  std::string fault;          // why it is no signature of this file; "": it is one
};

/// All of them; none of a file that is not signed. base::Error where it is no whole PE file.
[[nodiscard]] std::vector<PeSignature> pe_signatures(Source& source);

/// SHA-256 and the like of all that a signature is about, hexadecimal. For pe_signatures() and tests.
[[nodiscard]] std::string pe_digest(Source& source, const char* algorithm);

}  // namespace initramfs
