// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/signature_list.hpp"

#include <openssl/evp.h>

#include "initramfs/der.hpp"

namespace initramfs {
namespace {

// EFI_CERT_X509_GUID, a5c059a1-94e4-4aa7-87b5-ab155c2bf072; GUIDs stand with their first three parts little-endian.
constexpr std::string_view kX509("\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72", 16);
// Whose the entry is: this program's, 9f8d8a7e-0c3a-4d5e-9d6b-6f2f3c1d7a41, which nobody looks at.
constexpr std::string_view kOwner("\x7e\x8a\x8d\x9f\x3a\x0c\x5e\x4d\x9d\x6b\x6f\x2f\x3c\x1d\x7a\x41", 16);
constexpr std::size_t kListHead = 28;  // type, SignatureListSize, SignatureHeaderSize, SignatureSize

std::size_t number_at(std::string_view bytes, std::size_t at) {
  std::size_t out = 0;
  for (std::size_t i = 4; i-- > 0;) out = out << 8U | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

void put_number(std::string& out, std::size_t value) {
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}

/// One list after the other: its type, and its entries, each with its owner before it. False where one is broken.
template <typename Take>
bool each_list(std::string_view bytes, const Take& take) {
  while (!bytes.empty()) {
    if (bytes.size() < kListHead) return false;
    const auto size = number_at(bytes, 16);
    const auto header = number_at(bytes, 20);
    const auto entry = number_at(bytes, 24);
    if (size < kListHead || size > bytes.size() || header > size - kListHead || entry < kOwner.size()) return false;
    auto rest = bytes.substr(kListHead + header, size - kListHead - header);
    if (rest.size() % entry != 0) return false;
    for (; !rest.empty(); rest.remove_prefix(entry)) take(bytes.substr(0, 16), rest.substr(0, entry));
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace

bool is_signature_list(std::string_view bytes) {
  return each_list(bytes, [](std::string_view /*type*/, std::string_view /*entry*/) {});
}

std::vector<std::string> certificates_in(std::string_view list) {
  std::vector<std::string> out;
  (void)each_list(list, [&](std::string_view type, std::string_view entry) {
    if (type == kX509) out.emplace_back(entry.substr(kOwner.size()));
  });
  return out;
}

std::string signature_list(std::string_view certificate) {
  std::string out(kX509);
  put_number(out, kListHead + kOwner.size() + certificate.size());
  put_number(out, 0);
  put_number(out, kOwner.size() + certificate.size());
  out += kOwner;
  out += certificate;
  return out;
}

std::vector<std::string> certificates_of_file(std::string_view bytes) {
  std::vector<std::string> out;
  if (certificate_of(bytes)) return {std::string(der_of(bytes)->whole)};
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  for (auto at = bytes.find(kBegin); at != std::string_view::npos; at = bytes.find(kBegin, at)) {
    at += kBegin.size();
    const auto end = bytes.find(kEnd, at);
    if (end == std::string_view::npos) break;
    std::string text;
    for (const char c : bytes.substr(at, end - at)) {
      if (c != '\n' && c != '\r' && c != ' ') text += c;
    }
    std::string der(text.size() / 4 * 3 + 3, '\0');
    const auto size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(der.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size > 0) {
      // What "=" stands for is counted, too: the certificate says itself how long it is.
      if (certificate_of(der)) out.emplace_back(der_of(der)->whole);
    }
    at = end;
  }
  return out;
}

}  // namespace initramfs
