// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "base/text.hpp"
#include "openssh/key_fields.hpp"
#include "openssh/wire.hpp"

namespace openssh {

namespace {

constexpr std::uint32_t kUser = 1;  // ssh2.h: SSH2_CERT_TYPE_USER and _HOST
constexpr std::uint32_t kHost = 2;
constexpr std::size_t kPrincipalLimit = 256;  // SSHKEY_CERT_MAX_PRINCIPALS
constexpr std::size_t kOptionLimit = 256;
constexpr std::string_view kCut = "is cut off";

ParsedCertificate refused(std::string_view why) { return {std::nullopt, std::string(why)}; }

/// A string that holds strings; with `pairs`, every second one is data that belongs to the one before it.
bool read_list(std::string_view list, bool pairs, std::size_t limit, std::vector<std::string>& out) {
  Reader reader(list);
  while (!reader.at_end()) {
    const auto name = reader.string();
    if (!name || (pairs && !reader.string()) || out.size() == limit) return false;
    out.emplace_back(*name);
  }
  return true;
}

std::string date_of(std::uint64_t time) {
  constexpr std::uint64_t kLast = 253402300799;  // 9999-12-31
  return base::iso_date(static_cast<std::int64_t>(std::min(time, kLast)));
}

/// What follows the key's own fields.
std::string read_rest(Reader& reader, Certificate& out) {
  const auto serial = reader.u64();
  const auto kind = reader.u32();
  const auto key_id = reader.string();
  const auto principals = reader.string();
  const auto after = reader.u64();
  const auto before = reader.u64();
  const auto critical = reader.string();
  const auto extensions = reader.string();
  const bool reserved = reader.string().has_value();
  const auto authority = reader.string();
  const auto signature = reader.string();
  if (!reserved || !signature) return std::string(kCut);
  if (!reader.at_end()) return "has bytes behind it";
  if (*kind != kUser && *kind != kHost) return "is neither a user's nor a host's";
  out.host = *kind == kHost;
  out.serial = *serial;
  out.key_id = *key_id;
  out.valid_after = *after;
  out.valid_before = *before;
  std::vector<std::string> ignored;
  if (!read_list(*principals, false, kPrincipalLimit, out.principals) ||
      !read_list(*critical, true, kOptionLimit, out.critical_options) ||
      !read_list(*extensions, true, kOptionLimit, ignored))
    return "has a broken list inside";
  auto signer = parse_blob(*authority);
  if (!signer.key) return fmt::format("is signed by a key that {}", signer.why);
  if (is_certificate_type(signer.key->type)) return "is signed by another certificate, which sshd refuses";
  out.authority = std::move(*signer.key);
  return {};
}

}  // namespace

ParsedCertificate parse_certificate(std::string_view text) {
  auto parsed = parse_public_key(text);
  if (!parsed.key) return refused(parsed.why);
  const auto* type = find_type(parsed.key->type);
  if (type == nullptr || !type->certificate) return refused("is a key and no certificate");
  Reader reader(parsed.key->blob);
  Certificate out;
  if (!reader.string() || !reader.string()) return refused(kCut);  // type and nonce
  if (auto why = read_fields(reader, *type, out.key.bits); !why.empty()) return refused(why);
  out.key.type = type->plain;
  out.key.blob = plain_blob(*parsed.key);
  out.key.comment = parsed.key->comment;
  if (auto why = read_rest(reader, out); !why.empty()) return refused(why);
  return {std::move(out), ""};
}

std::string why_not_valid(const Certificate& certificate, std::uint64_t now) {
  if (now < certificate.valid_after) return "is not valid before " + date_of(certificate.valid_after);
  if (certificate.valid_before != std::numeric_limits<std::uint64_t>::max() && now >= certificate.valid_before)
    return "expired on " + date_of(certificate.valid_before);
  return {};
}

}  // namespace openssh
