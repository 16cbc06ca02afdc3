// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/pem.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "openssh/wire.hpp"

namespace openssh {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;

int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

bool put_number(std::string& out, const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return false;
  const Number number(raw, BN_clear_free);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())) + 1, '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data() + 1));
  // RFC 4251: no more zeros at the front than the sign asks for
  if (bytes.size() > 1 && (static_cast<unsigned char>(bytes[1]) & 0x80) == 0) bytes.erase(0, 1);
  put_string(out, bytes);
  return true;
}

std::string rsa_blob(const EVP_PKEY* key) {
  std::string out;
  put_string(out, "ssh-rsa");
  if (!put_number(out, key, OSSL_PKEY_PARAM_RSA_E) || !put_number(out, key, OSSL_PKEY_PARAM_RSA_N)) return {};
  return out;
}

std::string ec_blob(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) return {};
  const std::string_view name(group.data(), length);
  const std::string curve = name == "prime256v1"  ? "nistp256"
                            : name == "secp384r1" ? "nistp384"
                            : name == "secp521r1" ? "nistp521"
                                                  : "";
  if (curve.empty()) return {};
  std::array<unsigned char, 256> raw{};
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, raw.data(), raw.size(), &length) != 1) return {};
  std::string point(reinterpret_cast<const char*>(raw.data()), length);
  const std::size_t field = curve == "nistp256" ? 32 : curve == "nistp384" ? 48 : 66;
  if (point.size() != 1 + 2 * field) return {};  // compressed, which ssh knows not (RFC 5656, section 3.1)
  std::string out;
  put_string(out, "ecdsa-sha2-" + curve);
  put_string(out, curve);
  put_string(out, point);
  return out;
}

std::string ed25519_blob(const EVP_PKEY* key) {
  std::array<unsigned char, 32> raw{};
  std::size_t length = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &length) != 1) return {};
  std::string out;
  put_string(out, "ssh-ed25519");
  put_string(out, {reinterpret_cast<const char*>(raw.data()), length});
  return out;
}

}  // namespace

ParsedKey public_part_of_pem(std::string_view text) {
  ERR_clear_error();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                      BIO_free);
  const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr, EVP_PKEY_free);
  ERR_clear_error();
  if (!key) return {std::nullopt, "is cut off or broken inside"};
  std::string blob;
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      blob = rsa_blob(key.get());
      break;
    case EVP_PKEY_EC:
      blob = ec_blob(key.get());
      break;
    case EVP_PKEY_ED25519:
      blob = ed25519_blob(key.get());
      break;
    default:
      return {std::nullopt, "is of a type that sshd has none for"};
  }
  ERR_clear_error();
  if (blob.empty()) return {std::nullopt, "is of a curve or a size that sshd has no type for"};
  return parse_blob(blob);
}

}  // namespace openssh
