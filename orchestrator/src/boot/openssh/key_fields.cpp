// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/key_fields.hpp"

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <array>
#include <memory>

namespace openssh {

namespace {

// sshkey.h and sshkey.c: SSH_RSA_MINIMUM_MODULUS_SIZE and OPENSSL_RSA_MAX_MODULUS_BITS.
constexpr unsigned kRsaMinimum = 1024;
constexpr unsigned kRsaMaximum = 16384;
constexpr std::size_t kEd25519Size = 32;
// ML-DSA-44 (FIPS 204, table 2) and Ed25519, one behind the other (draft-miller-sshm-mldsa44-ed25519-composite-sigs).
constexpr std::size_t kMldsa44Ed25519Size = 1312 + kEd25519Size;
constexpr std::size_t kApplicationLimit = 1024;

constexpr std::array<KeyType, 18> kTypes{{
    {"ssh-ed25519", "ssh-ed25519", Family::ed25519, ""},
    {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", Family::ed25519, "", false, true},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", Family::ed25519, "", true},
    {"sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com", Family::ed25519, "", true, true},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", Family::ecdsa, "nistp256"},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", Family::ecdsa, "nistp256", false, true},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", Family::ecdsa, "nistp384"},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", Family::ecdsa, "nistp384", false, true},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", Family::ecdsa, "nistp521"},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", Family::ecdsa, "nistp521", false, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", Family::ecdsa, "nistp256", true},
    {"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", Family::ecdsa, "nistp256",
     true, true},
    {"ssh-rsa", "ssh-rsa", Family::rsa, ""},
    {"ssh-rsa-cert-v01@openssh.com", "ssh-rsa", Family::rsa, "", false, true},
    {"ssh-dss", "ssh-dss", Family::dsa, ""},
    {"ssh-dss-cert-v01@openssh.com", "ssh-dss", Family::dsa, "", false, true},
    {"ssh-mldsa44-ed25519", "ssh-mldsa44-ed25519", Family::mldsa44_ed25519, ""},
    {"ssh-mldsa44-ed25519-cert", "ssh-mldsa44-ed25519", Family::mldsa44_ed25519, "", false, true},
}};

struct Curve {
  std::string_view name;
  int nid;
  unsigned bits;
};

constexpr std::array<Curve, 3> kCurves{{
    {"nistp256", NID_X9_62_prime256v1, 256},
    {"nistp384", NID_secp384r1, 384},
    {"nistp521", NID_secp521r1, 521},
}};

bool is_on_curve(std::string_view point, int nid) {
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(EC_GROUP_new_by_curve_name(nid), EC_GROUP_free);
  if (!group) return false;
  const std::unique_ptr<EC_POINT, decltype(&EC_POINT_free)> made(EC_POINT_new(group.get()), EC_POINT_free);
  const bool good =
      made && EC_POINT_oct2point(group.get(), made.get(), reinterpret_cast<const unsigned char*>(point.data()),
                                 point.size(), nullptr) == 1;
  ERR_clear_error();
  return good;
}

std::string read_ecdsa(Reader& reader, std::string_view curve, unsigned& bits) {
  const auto named = reader.string();
  const auto point = reader.string();
  if (!named || !point) return "is cut off";
  if (*named != curve) return fmt::format("is said to be of curve {} and is not", curve);
  for (const auto& one : kCurves) {
    if (one.name != curve) continue;
    const std::size_t size = 1 + 2 * ((one.bits + 7) / 8);
    if (point->size() != size || point->front() != '\x04' || !is_on_curve(*point, one.nid))
      return fmt::format("is not a point of curve {}", curve);
    bits = one.bits;
  }
  return {};
}

std::string read_rsa(Reader& reader, unsigned& bits) {
  const auto exponent = reader.string();
  const auto modulus = reader.string();
  if (!exponent || !modulus) return "is cut off";
  const auto found = mpint_bits(*modulus);
  if (!mpint_bits(*exponent) || !found) return "is not an RSA key: one of its numbers is invalid";
  if (*found < kRsaMinimum) return fmt::format("has {} bits, and sshd takes none below {}", *found, kRsaMinimum);
  if (*found > kRsaMaximum) return fmt::format("has {} bits, and sshd takes none above {}", *found, kRsaMaximum);
  bits = *found;
  return {};
}

std::string read_dsa(Reader& reader, unsigned& bits) {
  std::array<unsigned, 4> sizes{};  // p, q, g, y
  for (auto& size : sizes) {
    const auto number = reader.string();
    if (!number) return "is cut off";
    const auto found = mpint_bits(*number);
    if (!found) return "is not a DSA key: one of its numbers is invalid";
    size = *found;
  }
  if (sizes[0] != 1024 || sizes[1] != 160) return "is not a DSA key of 1024 bits, the only size that sshd ever took";
  bits = sizes[0];
  return {};
}

std::string read_ed25519(Reader& reader, unsigned& bits) {
  const auto point = reader.string();
  if (!point) return "is cut off";
  if (point->size() != kEd25519Size) return "has the wrong length for Ed25519";
  bits = 256;
  return {};
}

std::string read_mldsa44_ed25519(Reader& reader, unsigned& bits) {
  const auto pair = reader.string();
  if (!pair) return "is cut off";
  if (pair->size() != kMldsa44Ed25519Size) return "has the wrong length for ML-DSA-44 with Ed25519";
  bits = 512;  // as ssh-keygen -l has it
  return {};
}

std::string read_family(Reader& reader, const KeyType& type, unsigned& bits) {
  switch (type.family) {
    case Family::rsa:
      return read_rsa(reader, bits);
    case Family::dsa:
      return read_dsa(reader, bits);
    case Family::ecdsa:
      return read_ecdsa(reader, type.curve, bits);
    case Family::ed25519:
      return read_ed25519(reader, bits);
    case Family::mldsa44_ed25519:
      return read_mldsa44_ed25519(reader, bits);
  }
  return "has an unknown type";
}

}  // namespace

const KeyType* find_type(std::string_view name) {
  for (const auto& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

std::string read_fields(Reader& reader, const KeyType& type, unsigned& bits) {
  if (auto why = read_family(reader, type, bits); !why.empty()) return why;
  if (!type.security_key) return {};
  const auto application = reader.string();
  if (!application) return "is cut off";
  return application->size() > kApplicationLimit ? "names an application that is longer than any" : "";
}

}  // namespace openssh
