// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The distinguished encoding rules of ASN.1 (ITU-T X.690), as far as certificates (RFC 5280) and signatures (RFC 2315)
/// use them. Bytes are foreign: what is none of it ends a list, and is never read beyond.
namespace initramfs {

struct Der {
  unsigned char tag = 0;
  std::string_view whole;    // with tag and length
  std::string_view content;  // without
};

inline constexpr unsigned char kDerInteger = 0x02;
inline constexpr unsigned char kDerOctets = 0x04;
inline constexpr unsigned char kDerName = 0x06;  // an object identifier
inline constexpr unsigned char kDerSequence = 0x30;
inline constexpr unsigned char kDerSet = 0x31;
inline constexpr unsigned char kDerFirst = 0xa0;  // context-specific, constructed, [0]

/// The first element of `bytes`; nothing where there is no whole one.
[[nodiscard]] std::optional<Der> der_of(std::string_view bytes);
/// All elements, one after the other.
[[nodiscard]] std::vector<Der> der_list(std::string_view bytes);

/// What is shown of an X.509 certificate, and what it is compared by.
struct Certificate {
  std::string_view whole;
  std::string_view signed_part;  // tbsCertificate
  std::string_view serial;       // elements, as they stand
  std::string_view issuer;
  std::string_view subject;
  std::string_view key;  // SubjectPublicKeyInfo
};

[[nodiscard]] std::optional<Certificate> certificate_of(std::string_view der);
/// Of an X.501 name its common name, else its organisation, else ""; printable.
[[nodiscard]] std::string name_in(std::string_view name);

}  // namespace initramfs
