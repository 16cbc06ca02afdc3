// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "initramfs/pe_signature.hpp"
#include "initramfs/source.hpp"

/// PE files with a signature for Secure Boot, made here from the formats' descriptions; ci/e2e has those that sbsign
/// makes.
namespace signed_pe {

inline void number(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}

/// A key, and a certificate of it in DER.
class Signer {
 public:
  explicit Signer(const std::string& name)
      : key_(EVP_RSA_gen(2048), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    X509_set_version(certificate_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 77);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3600);
    X509_set_pubkey(certificate_.get(), key_.get());
    auto* subject = X509_get_subject_name(certificate_.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(certificate_.get(), subject);
    if (X509_sign(certificate_.get(), key_.get(), EVP_sha256()) == 0) throw std::runtime_error("X509_sign");
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate_.get(), &bytes);
    der.assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    unsigned char* names = nullptr;
    const int length = i2d_X509_NAME(subject, &names);
    name_der.assign(reinterpret_cast<const char*>(names), static_cast<std::size_t>(length));
    OPENSSL_free(names);
  }

  [[nodiscard]] std::string sign(const std::string& bytes) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size());
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, bytes.size()) != 1)
      throw std::runtime_error("EVP_DigestSign");
    return out;
  }

  std::string der;
  std::string name_der;

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

inline std::string tlv(unsigned char tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    out += '\x82';
    out += static_cast<char>(content.size() >> 8U);
    out += static_cast<char>(content.size() & 0xffU);
  }
  return out + content;
}
inline std::string unhex(std::string_view hex) {
  std::string out;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  return out;
}

/// With sections .cmdline and .initrd, unsigned.
inline std::string plain(const std::string& initrd = "the initramfs") {
  std::string out("MZ");
  out.resize(0x3c, '\0');
  number(out, 0x40, 4);
  out += std::string_view("PE\0\0", 4);
  number(out, 0x8664, 2);
  number(out, 2, 2);
  out.append(12, '\0');
  number(out, 240, 2);
  number(out, 0x206, 2);
  std::string optional;
  number(optional, 0x20b, 2);
  optional.resize(60, '\0');
  number(optional, 1024, 4);  // SizeOfHeaders
  optional.resize(108, '\0');
  number(optional, 16, 4);
  optional.resize(240, '\0');
  out += optional;
  const auto section = [&](std::string name, std::size_t size, std::size_t offset) {
    name.resize(8, '\0');
    out += name;
    number(out, size, 4);
    number(out, 0x1000, 4);
    number(out, 512, 4);
    number(out, offset, 4);
    out.append(16, '\0');
  };
  section(".cmdline", 5, 1024);
  section(".initrd", initrd.size(), 1536);
  out.resize(1024, '\0');
  out += "quiet";
  out.resize(1536, '\0');
  out += initrd;
  out.resize(2048, '\0');
  return out;
}

constexpr std::size_t kCertificateEntry = 0x40 + 24 + 112 + 4 * 8;

inline std::string digest_of(const std::string& file) {
  const base::TempDir work(base::temp_parent(), "dracut-sshd-test.");
  base::write_file(work.path() / "pe", file);
  initramfs::Source source(work.path() / "pe");
  return initramfs::pe_digest(source, "SHA256");
}

/// The same, signed.
inline std::string with_signature(std::string file, const Signer& signer) {
  const auto sha256 = tlv(0x30, tlv(0x06, unhex("608648016503040201")) + tlv(0x05, ""));
  const auto indirect =
      tlv(0x30, tlv(0x06, unhex("2b06010401823702010f"))) + tlv(0x30, sha256 + tlv(0x04, unhex(digest_of(file))));
  const auto attributes =
      tlv(0x30, tlv(0x06, unhex("2a864886f70d010904")) + tlv(0x31, tlv(0x04, unhex(base::sha256(indirect)))));
  const auto info =
      tlv(0x30, tlv(0x02, "\1") + tlv(0x30, signer.name_der + tlv(0x02, "\x4d")) + sha256 + tlv(0xa0, attributes) +
                    tlv(0x30, tlv(0x06, unhex("2a864886f70d010101")) + tlv(0x05, "")) +
                    tlv(0x04, signer.sign(tlv(0x31, attributes))));
  const auto data = tlv(0x30, tlv(0x02, "\1") + tlv(0x31, sha256) +
                                  tlv(0x30, tlv(0x06, unhex("2b060104018237020104")) + tlv(0xa0, tlv(0x30, indirect))) +
                                  tlv(0xa0, signer.der) + tlv(0x31, info));
  const auto pkcs = tlv(0x30, tlv(0x06, unhex("2a864886f70d010702")) + tlv(0xa0, data));
  std::string entry;
  number(entry, 8 + pkcs.size(), 4);
  number(entry, 0x200, 2);
  number(entry, 2, 2);
  entry += pkcs;
  entry.resize((entry.size() + 7) / 8 * 8, '\0');
  std::string directory;
  number(directory, file.size(), 4);
  number(directory, entry.size(), 4);
  file.replace(kCertificateEntry, 8, directory);
  return file + entry;
}

inline std::vector<initramfs::PeSignature> signatures_of(const std::string& file) {
  const base::TempDir work(base::temp_parent(), "dracut-sshd-test.");
  base::write_file(work.path() / "pe", file);
  initramfs::Source source(work.path() / "pe");
  return initramfs::pe_signatures(source);
}

}  // namespace signed_pe
