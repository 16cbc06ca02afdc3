// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/key.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>

#include "base/error.hpp"
#include "base/text.hpp"
#include "openssh/key_fields.hpp"
#include "openssh/wire.hpp"

namespace openssh {

namespace {

constexpr std::size_t kCommentLimit = 4096;     // what is behind that is not kept; sshd has no limit
constexpr std::size_t kTextLimit = 128 * 1024;  // an RSA certificate of 16384 bits is a tenth of it

ParsedKey refused(std::string why) { return {std::nullopt, std::move(why)}; }

std::string_view word(std::string_view& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  const auto end = std::min(text.find_first_of(" \t", begin), text.size());
  const auto out = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return out;
}

}  // namespace

ParsedKey parse_blob(std::string_view blob, std::string_view type) {
  Reader reader(blob);
  const auto inner = reader.string();
  if (!inner) return refused("is cut off: its bytes do not even name a type");
  if (!type.empty() && *inner != type)
    return refused(fmt::format("says {} and holds {}", base::printable(type, 60), base::printable(*inner, 60)));
  const auto* known = find_type(*inner);
  if (known == nullptr) return refused(fmt::format("has an unknown type, {}", base::printable(*inner, 60)));
  if (known->certificate && !reader.string()) return refused("is cut off");
  PublicKey key{std::string(*inner), std::string(blob), "", 0};
  if (auto why = read_fields(reader, *known, key.bits); !why.empty()) return refused(std::move(why));
  if (known->certificate ? reader.at_end() : !reader.at_end())
    return refused(known->certificate ? "is cut off: a certificate without what it certifies" : "has bytes behind it");
  return {std::move(key), ""};
}

ParsedKey parse_public_key(std::string_view text) {
  text = base::trim(text);
  const auto type = word(text);
  if (!is_key_type(type)) return refused(fmt::format("has an unknown type, {}", base::printable(type, 60)));
  const auto encoded = word(text);
  if (encoded.empty()) return refused("has a type and nothing behind it");
  if (encoded.size() > kTextLimit) return refused("is longer than any key");
  const auto blob = base64_decode(encoded);
  if (!blob) return refused("is no whole base64: characters are missing or foreign");
  auto out = parse_blob(*blob, type);
  if (out.key) out.key->comment = base::trim(text.substr(0, kCommentLimit));
  return out;
}

bool is_key_type(std::string_view word) { return find_type(word) != nullptr; }

bool is_certificate_type(std::string_view type) {
  const auto* known = find_type(type);
  return known != nullptr && known->certificate;
}

std::string plain_type(std::string_view type) {
  const auto* known = find_type(type);
  return std::string(known == nullptr ? type : known->plain);
}

std::vector<std::string> signature_algorithms(std::string_view type) {
  if (type == "ssh-rsa") return {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"};
  if (type == "ssh-rsa-cert-v01@openssh.com")
    return {"rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com"};
  if (type == "sk-ecdsa-sha2-nistp256@openssh.com")
    return {std::string(type), "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"};
  if (type == "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com")
    return {std::string(type), "webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"};
  return {std::string(type)};
}

std::string plain_blob(const PublicKey& key) {
  const auto* type = find_type(key.type);
  if (type == nullptr || !type->certificate) return key.blob;
  Reader reader(key.blob);
  unsigned bits = 0;
  if (!reader.string() || !reader.string()) return {};
  const auto before = reader.rest();
  if (!read_fields(reader, *type, bits).empty()) return {};
  std::string out;
  put_string(out, type->plain);
  out += before.substr(0, before.size() - reader.rest().size());
  return out;
}

std::string line_of(const PublicKey& key) { return key.type + " " + base64_encode(key.blob, true); }

std::string fingerprint(const PublicKey& key) {
  const auto plain = plain_blob(key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(plain.data(), plain.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw base::Error("OpenSSL cannot compute SHA-256");
  return "SHA256:" + base64_encode({reinterpret_cast<const char*>(digest.data()), size}, false);
}

}  // namespace openssh
