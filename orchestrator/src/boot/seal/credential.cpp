// SPDX-License-Identifier: GPL-3.0-or-later
#include "seal/credential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "openssh/wire.hpp"

namespace seal {
namespace {

constexpr unsigned kPcrs = 24;                            // of the PC Client profile; systemd takes no others
constexpr std::size_t kLongestField = 16U * 1024U;        // CREDENTIAL_FIELD_SIZE_MAX
constexpr std::size_t kLongestPublicKey = 1024U * 1024U;  // PUBLIC_KEY_MAX
constexpr std::size_t kAesKey = 32;
constexpr std::size_t kTag = 16;
constexpr std::size_t kMetadata = 24;  // the encrypted header behind all these, without a name

/// The first 16 bytes say what it was encrypted with (creds-util.h, CRED_AES256_GCM_BY_...).
struct Kind {
  std::array<unsigned char, 16> id;
  bool tpm;
  bool host;
  bool signed_policy;
  bool scoped;
};

constexpr std::array kKinds{
    Kind{{0x5a, 0x1c, 0x6a, 0x86, 0xdf, 0x9d, 0x40, 0x96, 0xb1, 0xd5, 0xa6, 0x5e, 0x08, 0x62, 0xf1, 0x9a},
         false,
         true,
         false,
         false},
    Kind{{0x55, 0xb9, 0xed, 0x1d, 0x38, 0x59, 0x4d, 0x43, 0xa8, 0x31, 0x9d, 0x2e, 0xbb, 0x33, 0x2a, 0xc6},
         false,
         true,
         false,
         true},
    Kind{{0x0c, 0x7c, 0xc0, 0x7b, 0x11, 0x76, 0x45, 0x91, 0x9c, 0x4b, 0x0b, 0xea, 0x08, 0xbc, 0x20, 0xfe},
         true,
         false,
         false,
         false},
    Kind{{0xfa, 0xf7, 0xeb, 0x93, 0x41, 0xe3, 0x41, 0x2c, 0xa1, 0xa4, 0x36, 0xf9, 0x5a, 0x29, 0x36, 0x2f},
         true,
         false,
         true,
         false},
    Kind{{0x93, 0xa8, 0x94, 0x09, 0x48, 0x74, 0x44, 0x90, 0x90, 0xca, 0xf2, 0xfc, 0x93, 0xca, 0xb5, 0x53},
         true,
         true,
         false,
         false},
    Kind{{0xef, 0x4a, 0xc1, 0x36, 0x79, 0xa9, 0x48, 0x0e, 0xa7, 0xdb, 0x68, 0x89, 0x7f, 0x9f, 0x16, 0x5d},
         true,
         true,
         false,
         true},
    Kind{{0xaf, 0x49, 0x50, 0xa8, 0x49, 0x13, 0x4e, 0xb1, 0xa7, 0x38, 0x46, 0x30, 0x4f, 0xf3, 0x0c, 0x05},
         true,
         true,
         true,
         false},
    Kind{{0xad, 0xbc, 0x4c, 0xa3, 0xef, 0xb6, 0x42, 0x01, 0xba, 0x88, 0x1b, 0x6f, 0x2e, 0x40, 0x95, 0xea},
         true,
         true,
         true,
         true},
    Kind{{0x05, 0x84, 0x69, 0xda, 0xf6, 0xf5, 0x43, 0x24, 0x80, 0x05, 0x49, 0xda, 0x0f, 0x8e, 0xa2, 0xfb},
         false,
         false,
         false,
         false},
};

/// Reads little-endian numbers and runs of bytes; once something is missing, nothing follows.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : all_(all) {}

  std::optional<std::uint64_t> number(std::size_t size) {
    const auto bytes = take(size);
    if (!bytes) return std::nullopt;
    std::uint64_t out = 0;
    for (std::size_t at = size; at > 0; --at) out = out << 8U | static_cast<unsigned char>((*bytes)[at - 1]);
    return out;
  }

  std::optional<std::string_view> take(std::size_t size) {
    if (size > left()) {
      at_ = all_.size();
      return std::nullopt;
    }
    const auto out = all_.substr(at_, size);
    at_ += size;
    return out;
  }

  /// Each structure begins at a multiple of 8.
  bool align() { return take((8 - at_ % 8) % 8).has_value(); }
  [[nodiscard]] std::size_t left() const { return all_.size() - at_; }

 private:
  std::string_view all_;
  std::size_t at_ = 0;
};

/// TPM 2.0 Library, part 2, TPM_ALG_ID.
std::string name_of_bank(std::uint64_t algorithm) {
  switch (algorithm) {
    case 0x0004:
      return "sha1";
    case 0x000b:
      return "sha256";
    case 0x000c:
      return "sha384";
    case 0x000d:
      return "sha512";
    default:
      return "";
  }
}

ParsedCredential none(const std::string& why) { return {std::nullopt, why}; }

const char* const kCut = "ends within its header";

std::string read_tpm_header(Bytes& bytes, Credential& out) {
  const auto mask = bytes.number(8);
  const auto bank = bytes.number(2);
  const auto primary = bytes.number(2);
  const auto blob = bytes.number(4);
  const auto hash = bytes.number(4);
  if (!mask || !bank || !primary || !blob || !hash) return kCut;
  if (*mask >> kPcrs != 0) return "names a PCR that no PC has";
  out.bank = name_of_bank(*bank);
  // Without PCRs there is no bank: UINT16_MAX.
  if (out.bank.empty() && (*mask != 0 || *bank != 0xffff))
    return fmt::format("names an unknown bank of PCRs, {:#06x}", *bank);
  if (*blob > kLongestField || *hash > kLongestField) return "has a field that is too long";
  if (!bytes.take(*blob + *hash) || !bytes.align()) return kCut;
  out.pcrs = static_cast<PcrMask>(*mask);
  return "";
}

std::string read_policy_header(Bytes& bytes, Credential& out) {
  const auto mask = bytes.number(8);
  const auto size = bytes.number(4);
  if (!mask || !size) return kCut;
  if (*mask == 0 || *mask >> kPcrs != 0) return "names a signed PCR that no PC has";
  if (*size > kLongestPublicKey) return "has a public key that is too long";
  const auto key = bytes.take(*size);
  if (!key || !bytes.align()) return kCut;
  out.signed_pcrs = static_cast<PcrMask>(*mask);
  out.signer = base::sha256(*key);
  return "";
}

}  // namespace

std::string Credential::policy() const {
  if (!needs_tpm) return needs_host_secret ? "no TPM: the host's secret" : "nothing: anybody opens it";
  std::vector<std::string> parts;
  if (pcrs != 0) parts.push_back(fmt::format("PCR {} ({})", text_of(pcrs), bank));
  if (signed_pcrs != 0)
    parts.push_back(fmt::format("PCR {} ({}) signed by the key {}", text_of(signed_pcrs), bank, signer.substr(0, 16)));
  if (parts.empty()) parts.emplace_back("this TPM, whatever was booted");
  return base::join(parts, " and ");
}

ParsedCredential parse_credential(std::string_view text) {
  if (text.size() > kLongestCredential) return none("is too long");
  const auto decoded = openssh::base64_decode(base::trim(text));
  if (!decoded || decoded->empty()) return none("is not base64, as systemd-creds writes it");
  Bytes bytes(*decoded);
  const auto id = bytes.take(16);
  if (!id) return none(kCut);
  const auto* const kind = std::ranges::find_if(kKinds, [&](const Kind& each) {
    return std::ranges::equal(each.id, *id, {}, {}, [](char byte) { return static_cast<unsigned char>(byte); });
  });
  if (kind == kKinds.end()) return none("is of a kind that this program does not know");
  const auto key = bytes.number(4);
  const auto block = bytes.number(4);
  const auto iv = bytes.number(4);
  const auto tag = bytes.number(4);
  if (!key || !block || !iv || !tag) return none(kCut);
  if (*key != kAesKey || *block == 0 || *block > kLongestField || *iv > kLongestField || *tag != kTag)
    return none("has sizes in its header that no systemd writes");
  if (!bytes.take(*iv) || !bytes.align()) return none(kCut);
  Credential out;
  out.needs_tpm = kind->tpm;
  out.needs_host_secret = kind->host;
  if (kind->tpm) {
    if (auto why = read_tpm_header(bytes, out); !why.empty()) return none(why);
  }
  if (kind->signed_policy) {
    if (auto why = read_policy_header(bytes, out); !why.empty()) return none(why);
  }
  if (kind->scoped && !bytes.take(8)) return none(kCut);
  if (bytes.left() < kMetadata + kTag) return none("ends before its end");
  return {out, ""};
}

std::string text_of(PcrMask pcrs) {
  std::string out;
  for (unsigned pcr = 0; pcr < kPcrs; ++pcr) {
    if ((pcrs >> pcr & 1U) != 0) out += fmt::format("{}{}", out.empty() ? "" : "+", pcr);
  }
  return out;
}

std::optional<PcrMask> parse_pcrs(std::string_view text) {
  PcrMask out = 0;
  for (const auto& word : base::split(base::replace_all(std::string(text), ",", "+"), '+')) {
    unsigned pcr = 0;
    const auto* const end = word.data() + word.size();
    const auto [stopped, fault] = std::from_chars(word.data(), end, pcr);
    if (fault != std::errc() || stopped != end || pcr >= kPcrs) return std::nullopt;
    out |= PcrMask{1} << pcr;
  }
  if (out == 0) return std::nullopt;
  return out;
}

}  // namespace seal
