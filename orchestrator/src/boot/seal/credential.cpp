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

/// What it was encrypted with, and which structures follow for that.
enum Part : unsigned { tpm = 1, host = 2, policy = 4, srk = 8, scope = 16 };

/// The first 16 bytes say it, here in hex (creds-util.h, CRED_AES256_GCM_BY_...). The last two are of systemd 262, as
/// systemd-creds of Debian 14 writes them: behind the rest they have the handle of the TPM's storage root key.
struct Kind {
  std::string_view id;
  unsigned parts;
};

constexpr std::array kKinds{
    Kind{"5a1c6a86df9d4096b1d5a65e0862f19a", Part::host},
    Kind{"55b9ed1d38594d43a8319d2ebb332ac6", Part::host | Part::scope},
    Kind{"0c7cc07b117645919c4b0bea08bc20fe", Part::tpm},
    Kind{"faf7eb9341e3412ca1a436f95a29362f", Part::tpm | Part::policy},
    Kind{"93a894094874449090caf2fc93cab553", Part::tpm | Part::host},
    Kind{"ef4ac13679a9480ea7db68897f9f165d", Part::tpm | Part::host | Part::scope},
    Kind{"af4950a849134eb1a73846304ff30c05", Part::tpm | Part::host | Part::policy},
    Kind{"adbc4ca3efb64201ba881b6f2e4095ea", Part::tpm | Part::host | Part::policy | Part::scope},
    Kind{"058469daf6f54324800549da0f8ea2fb", 0},
    Kind{"d4062dfb71ad4c86804b40ef1180f1fc", Part::tpm | Part::srk},
    Kind{"5e2d5c7603724eaf843c6fb5f64098f5", Part::tpm | Part::policy | Part::srk},
};

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

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

ParsedCredential none(const std::string& why) { return {std::nullopt, why, false}; }

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

/// A serialized handle: nothing of it says to what the key is sealed.
std::string read_srk_header(Bytes& bytes) {
  const auto size = bytes.number(4);
  if (!size) return kCut;
  if (*size > kLongestField) return "has a field that is too long";
  return bytes.take(*size) && bytes.align() ? "" : kCut;
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
  const auto* const kind = std::ranges::find(kKinds, hex_of(*id), &Kind::id);
  if (kind == kKinds.end()) return {std::nullopt, "is of a kind that this program does not know", true};
  const auto has = [&](Part part) { return (kind->parts & part) != 0; };
  const auto key = bytes.number(4);
  const auto block = bytes.number(4);
  const auto iv = bytes.number(4);
  const auto tag = bytes.number(4);
  if (!key || !block || !iv || !tag) return none(kCut);
  if (*key != kAesKey || *block == 0 || *block > kLongestField || *iv > kLongestField || *tag != kTag)
    return none("has sizes in its header that no systemd writes");
  if (!bytes.take(*iv) || !bytes.align()) return none(kCut);
  Credential out;
  out.needs_tpm = has(Part::tpm);
  out.needs_host_secret = has(Part::host);
  if (has(Part::tpm)) {
    if (auto why = read_tpm_header(bytes, out); !why.empty()) return none(why);
  }
  if (has(Part::policy)) {
    if (auto why = read_policy_header(bytes, out); !why.empty()) return none(why);
  }
  if (has(Part::srk)) {
    if (auto why = read_srk_header(bytes); !why.empty()) return none(why);
  }
  if (has(Part::scope) && !bytes.take(8)) return none(kCut);
  if (bytes.left() < kMetadata + kTag) return none("ends before its end");
  return {out, "", false};
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
