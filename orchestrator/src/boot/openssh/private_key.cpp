// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/private_key.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "base/text.hpp"
#include "openssh/pem.hpp"
#include "openssh/wire.hpp"

namespace openssh {

namespace {

constexpr std::size_t kTextLimit = 256 * 1024;
constexpr std::string_view kOpensshBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kOpensshEnd = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr std::string_view kBroken = "is cut off or broken inside";

/// The section of PROTOCOL.key that may be encrypted, as far as it tells whether it is whole: two equal numbers, then
/// the keys and the padding up to a block of 8.
bool is_whole_section(std::string_view section) {
  Reader reader(section);
  const auto first = reader.u32();
  const auto second = reader.u32();
  return first && second && *first == *second && section.size() % 8 == 0 && !reader.at_end();
}

PrivateKey read_openssh(std::string_view text) {
  PrivateKey out{"OpenSSH", false, std::nullopt, ""};
  const auto broken = [&out](std::string_view why) {
    out.why = why;
    return out;
  };
  const auto begin = text.find(kOpensshBegin) + kOpensshBegin.size();
  const auto end = text.find(kOpensshEnd, begin);
  if (end == std::string_view::npos) return broken("is cut off: its last line is missing");
  auto decoded = base64_decode(text.substr(begin, end - begin));
  if (!decoded) return broken("is no whole base64: characters are missing or foreign");
  const Cleansed guard(*decoded);
  Reader reader(*decoded);
  if (!reader.skip(kMagic)) return broken(kBroken);
  const auto cipher = reader.string();
  const auto kdf = reader.string();
  const auto kdf_options = reader.string();
  const auto count = reader.u32();
  const auto public_blob = reader.string();
  const auto section = reader.string();
  if (!cipher || !kdf || !kdf_options || !count) return broken(kBroken);
  out.encrypted = *kdf != "none" || *cipher != "none";
  if (*count != 1) return broken("holds more or fewer keys than one, and sshd reads none of such a file");
  if (!public_blob) return broken(kBroken);
  auto parsed = parse_blob(*public_blob);
  if (!parsed.key) return broken(parsed.why);
  if (!section || section->empty()) return broken(kBroken);
  if (!out.encrypted && (!is_whole_section(*section) || !reader.at_end())) return broken(kBroken);
  out.public_part = std::move(parsed.key);
  if (out.encrypted) out.why = "has a passphrase, and nobody is there to type it";
  return out;
}

struct Label {
  std::string_view begin;
  std::string_view format;
  bool readable;  // what OpenSSL is asked about
};

constexpr std::array<Label, 9> kLabels{{
    {"-----BEGIN RSA PRIVATE KEY-----", "RSA", true},
    {"-----BEGIN EC PRIVATE KEY-----", "EC", true},
    {"-----BEGIN PRIVATE KEY-----", "PKCS#8", true},
    {"-----BEGIN ENCRYPTED PRIVATE KEY-----", "PKCS#8", false},
    {"-----BEGIN DSA PRIVATE KEY-----", "DSA", false},
    {"-----BEGIN SSH2 ENCRYPTED PRIVATE KEY-----", "SSH2", false},
    {"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "SSH2", false},
    {"PuTTY-User-Key-File-", "PuTTY", false},
    {"SSH PRIVATE KEY FILE FORMAT 1.1", "SSH 1", false},
}};

PrivateKey read_labelled(std::string_view text, const Label& label) {
  PrivateKey out{std::string(label.format), false, std::nullopt, ""};
  // RFC 1421 and what OpenSSL makes of it: the header of an encrypted key in the older formats.
  const bool header = text.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
  out.encrypted = header || label.begin.find("ENCRYPTED") != std::string_view::npos;
  if (out.encrypted) {
    out.why = "has a passphrase, and nobody is there to type it";
  } else if (label.readable) {
    auto parsed = public_part_of_pem(text);
    out.public_part = std::move(parsed.key);
    out.why = std::move(parsed.why);
  } else {
    out.why = fmt::format("is in the format of {}, which sshd does not read", label.format);
  }
  return out;
}

}  // namespace

PrivateKey read_private(std::string_view text) {
  if (text.size() > kTextLimit) return {"", false, std::nullopt, "is longer than any key"};
  if (text.find(kOpensshBegin) != std::string_view::npos) return read_openssh(text);
  for (const auto& label : kLabels)
    if (text.find(label.begin) != std::string_view::npos) return read_labelled(text, label);
  if (base::trim(text).empty()) return {"", false, std::nullopt, "is empty"};
  return {"", false, std::nullopt, "is not a private key"};
}

}  // namespace openssh
