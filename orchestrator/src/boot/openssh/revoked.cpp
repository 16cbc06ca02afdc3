// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/revoked.hpp"

#include <algorithm>
#include <cstddef>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "openssh/wire.hpp"

namespace openssh {

namespace {

using namespace std::string_view_literals;
constexpr std::string_view kMagic = "SSHKRL\n\0"sv;
constexpr std::size_t kLimit = 100'000;  // keys and hashes; more are not looked at
// PROTOCOL.krl, section 3
constexpr char kCertificates = 1;
constexpr char kExplicit = 2;
constexpr char kSha1 = 3;
constexpr char kSignature = 4;
constexpr char kSha256 = 5;
constexpr char kExtension = '\xff';

}  // namespace

RevokedKeys::RevokedKeys(std::string_view file) {
  if (file.starts_with(kMagic))
    broken_ = !read_list(file.substr(kMagic.size()));
  else
    read_text(file);
}

/// sshd ends at a line that is no key (sshkey_in_file of authfile.c), and takes what it was asked for as revoked.
void RevokedKeys::read_text(std::string_view text) {
  for (const auto& raw : base::lines(text)) {
    const auto line = base::trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const auto parsed = parse_public_key(line);
    if (!parsed.key || blobs_.size() == kLimit) {
      broken_ = true;
      return;
    }
    blobs_.push_back(plain_blob(*parsed.key));
  }
}

bool RevokedKeys::read_list(std::string_view list) {
  Reader head(list);
  const auto format = head.u32();
  const bool whole = head.u64() && head.u64() && head.u64() && head.string() && head.string();
  if (format.value_or(0) != 1 || !whole) return false;
  for (auto rest = head.rest(); !rest.empty();) {
    Reader section(rest.substr(1));
    const auto data = section.string();
    if (!data || !read_section(rest.front(), *data)) return false;
    rest = section.rest();
  }
  return true;
}

bool RevokedKeys::read_section(char type, std::string_view data) {
  // Certificates are named by serial or id: which ones an authority has signed is not known here.
  if (type == kCertificates || type == kExtension) return true;
  if (type == kSha1 || type == kSignature) return partly_ = true;
  if (type != kExplicit && type != kSha256) return false;
  auto& all = type == kExplicit ? blobs_ : hashes_;
  for (Reader reader(data); !reader.at_end();) {
    const auto one = reader.string();
    if (!one || all.size() == kLimit) return false;
    all.emplace_back(*one);
  }
  return true;
}

bool RevokedKeys::revokes(const PublicKey& key) const {
  if (broken_) return true;
  const auto blob = plain_blob(key);
  if (std::ranges::find(blobs_, blob) != blobs_.end()) return true;
  if (hashes_.empty()) return false;
  const auto raw = base64_decode(fingerprint(key).substr(7) + "=");  // "SHA256:", and the padding that it leaves out
  return raw && std::ranges::find(hashes_, *raw) != hashes_.end();
}

}  // namespace openssh
