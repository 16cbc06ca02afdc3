// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/pe_signature.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "initramfs/der.hpp"
#include "initramfs/pe.hpp"
#include "initramfs/source.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kPiece = 1U << 20U;
constexpr std::uint64_t kMostCertificates = 1U << 20U;  // bytes of a certificate table
constexpr std::size_t kHead = 8;                        // of a WIN_CERTIFICATE
constexpr unsigned kPkcs = 2;                           // its wCertificateType for a PKCS#7 SignedData

// Object identifiers, as DER has them.
constexpr std::string_view kSignedData("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 9);
constexpr std::string_view kIndirectData("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04", 10);
constexpr std::string_view kMessageDigest("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04", 9);
struct Algorithm {
  std::string_view name;
  const char* openssl;
};
constexpr std::array kAlgorithms{
    Algorithm{{"\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9}, "SHA256"},
    Algorithm{{"\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9}, "SHA384"},
    Algorithm{{"\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9}, "SHA512"},
    Algorithm{{"\x2b\x0e\x03\x02\x1a", 5}, "SHA1"},
};

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

std::uint32_t little(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint32_t out = 0;
  for (std::size_t i = width; i-- > 0;) out = out << 8U | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

/// Of an AlgorithmIdentifier; nullptr where it is not known here.
const char* algorithm_of(const Der& identifier) {
  const auto name = der_of(identifier.content);
  if (!name || name->tag != kDerName) return nullptr;
  const auto* const found = std::ranges::find(kAlgorithms, name->content, &Algorithm::name);
  return found == kAlgorithms.end() ? nullptr : found->openssl;
}

bool is_signed_by(std::string_view key, const char* algorithm, std::string_view bytes, std::string_view signature) {
  const auto* at = reinterpret_cast<const unsigned char*>(key.data());
  const Key opened(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.size())), EVP_PKEY_free);
  const Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool good =
      opened != nullptr && digest != nullptr &&
      EVP_DigestVerifyInit(digest.get(), nullptr, EVP_get_digestbyname(algorithm), nullptr, opened.get()) == 1 &&
      EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

void hash(Source& source, base::RunningDigest& digest, std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    const auto piece = source.read(from, static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, to - from)));
    if (piece.empty()) throw base::Error(source.name() + ": it has become shorter");
    digest.add(piece);
    from += piece.size();
  }
}

/// What SignedData (RFC 2315, 9.1) of this kind is made of.
struct SignedData {
  std::string_view content;  // of SpcIndirectDataContent, without tag and length
  const char* algorithm = nullptr;
  std::string_view digest;
  std::vector<Certificate> certificates;
  std::vector<Der> signers;
};

std::optional<SignedData> signed_data(std::string_view bytes) {
  const auto outer = der_of(bytes);
  const auto info = outer ? der_list(outer->content) : std::vector<Der>();
  if (info.size() < 2 || info[0].content != kSignedData) return std::nullopt;
  const auto inner = der_of(info[1].content);
  auto parts = inner ? der_list(inner->content) : std::vector<Der>();
  if (parts.size() < 4) return std::nullopt;
  SignedData out;
  const auto content = der_list(parts[2].content);
  if (content.size() < 2 || content[0].content != kIndirectData) return std::nullopt;
  const auto indirect = der_of(content[1].content);
  const auto fields = indirect ? der_list(indirect->content) : std::vector<Der>();
  const auto digest = fields.size() > 1 ? der_list(fields[1].content) : std::vector<Der>();
  if (digest.size() < 2 || digest[1].tag != kDerOctets) return std::nullopt;
  out.content = indirect->content;
  out.algorithm = algorithm_of(digest[0]);
  out.digest = digest[1].content;
  for (std::size_t index = 3; index < parts.size(); ++index) {
    if (parts[index].tag == kDerFirst) {
      for (const auto& one : der_list(parts[index].content)) {
        if (const auto certificate = certificate_of(one.whole)) out.certificates.push_back(*certificate);
      }
    }
    if (parts[index].tag == kDerSet) out.signers = der_list(parts[index].content);
  }
  return out;
}

/// Why this SignerInfo (RFC 2315, 9.2) does not sign `data` by `certificate`.
std::string why_not_signed(const std::vector<Der>& signer, const SignedData& data, const Certificate& certificate) {
  const auto* const algorithm = algorithm_of(signer[2]);
  if (algorithm == nullptr) return "it is made with a digest that is not known here";
  std::string attributes;
  std::size_t next = 3;
  if (signer[next].tag == kDerFirst) {
    attributes = signer[next].whole;
    attributes[0] = static_cast<char>(kDerSet);  // it is signed as what it is, a SET
    std::string_view said;
    for (const auto& attribute : der_list(signer[next].content)) {
      const auto pair = der_list(attribute.content);
      if (pair.size() != 2 || pair[0].content != kMessageDigest) continue;
      if (const auto value = der_of(pair[1].content)) said = value->content;
    }
    if (hex(said) != base::digest(algorithm, data.content)) return "it is about something else";
    ++next;
  }
  if (signer.size() < next + 2 || signer[next + 1].tag != kDerOctets) return "it is cut off";
  const auto bytes = attributes.empty() ? data.content : std::string_view(attributes);
  if (!is_signed_by(certificate.key, algorithm, bytes, signer[next + 1].content))
    return "the key of its certificate has not made it";
  return {};
}

/// The digests of one file: a table of signatures may name many, and a file is large.
class FileDigests {
 public:
  explicit FileDigests(Source& source) : source_(source) {}
  const std::string& of(const char* algorithm) {
    auto& digest = known_[algorithm];
    if (digest.empty()) digest = pe_digest(source_, algorithm);
    return digest;
  }

 private:
  Source& source_;
  std::map<std::string_view, std::string> known_;
};

void add_signers(FileDigests& digests, std::string_view bytes, std::vector<PeSignature>& out) {
  const auto data = signed_data(bytes);
  if (!data || data->signers.empty()) {
    out.push_back({.fault = "it cannot be read"});
    return;
  }
  for (const auto& each : data->signers) {
    PeSignature one;
    const auto signer = der_list(each.content);
    const auto who = signer.size() > 4 ? der_list(signer[1].content) : std::vector<Der>();
    const auto certificate = std::ranges::find_if(data->certificates, [&](const Certificate& candidate) {
      return who.size() == 2 && candidate.issuer == who[0].whole && candidate.serial == who[1].whole;
    });
    if (certificate == data->certificates.end()) {
      one.fault = "the certificate that made it is not with it";
    } else {
      one.subject = name_in(certificate->subject);
      one.issuer = name_in(certificate->issuer);
      one.issuer_name = certificate->issuer;
      one.certificate = certificate->whole;
      one.fingerprint = base::sha256(certificate->whole);
      if (data->algorithm == nullptr)
        one.fault = "it is made with a digest that is not known here";
      else if (hex(data->digest) != digests.of(data->algorithm))
        one.fault = "the file was changed after it was signed";
      else
        one.fault = why_not_signed(signer, *data, *certificate);
    }
    out.push_back(std::move(one));
  }
}

}  // namespace

std::string pe_digest(Source& source, const char* algorithm) {
  const auto layout = pe_layout(std::string(source.read(0, kPeHead)), source.size());
  base::RunningDigest digest(algorithm);
  hash(source, digest, 0, layout.checksum);
  if (layout.entry == 0) {
    hash(source, digest, layout.checksum + 4, layout.headers);
  } else {
    hash(source, digest, layout.checksum + 4, layout.entry);
    hash(source, digest, layout.entry + 8, layout.headers);
  }
  std::uint64_t hashed = layout.headers;
  for (const auto& section : layout.sections) {
    hash(source, digest, section.offset, section.offset + section.size);
    hashed += section.size;
  }
  // What lies behind the sections, but for the signatures at the end.
  const auto end = source.size() - layout.certificates.size;
  if (end > hashed) hash(source, digest, hashed, end);
  return digest.hex();
}

std::vector<PeSignature> pe_signatures(Source& source) {
  const auto layout = pe_layout(std::string(source.read(0, kPeHead)), source.size());
  std::vector<PeSignature> out;
  if (layout.certificates.size == 0) return out;
  if (layout.certificates.size > kMostCertificates) throw base::Error("its certificate table is larger than any is");
  const std::string table(source.read(layout.certificates.offset, static_cast<std::size_t>(layout.certificates.size)));
  FileDigests digests(source);
  for (std::size_t at = 0; at + kHead <= table.size();) {
    const std::size_t length = little(table, at, 4);
    if (length < kHead || length > table.size() - at) {
      out.push_back({.fault = "its certificate table is broken"});
      break;
    }
    if (little(table, at + 6, 2) == kPkcs)
      add_signers(digests, std::string_view(table).substr(at + kHead, length - kHead), out);
    at += (length + 7) / 8 * 8;
  }
  return out;
}

}  // namespace initramfs
