// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "openssh/revoked.hpp"
#include "openssh/wire.hpp"
#include "openssh_samples.hpp"

namespace {

openssh::PublicKey key(const std::string& line) { return *openssh::parse_public_key(line).key; }

std::string number(unsigned size, unsigned value) {
  std::string out(size, '\0');
  out.back() = static_cast<char>(value);
  return out;
}

/// As `ssh-keygen -k` writes it (PROTOCOL.krl, sections 1 to 3).
std::string list(char section, const std::string& entry) {
  std::string data;
  openssh::put_string(data, entry);
  std::string out("SSHKRL\n\0", 8);
  out += number(4, 1) + number(8, 0) + number(8, 0) + number(8, 0) + number(4, 0) + number(4, 0) + section;
  openssh::put_string(out, data);
  return out;
}

TEST(RevokedKeys, ATextHasAKeyALine) {
  const openssh::RevokedKeys revoked("# old\n\n" + samples::kRsa + " somebody\n");
  EXPECT_FALSE(revoked.is_broken());
  EXPECT_TRUE(revoked.revokes(key(samples::kRsa)));
  EXPECT_FALSE(revoked.revokes(key(samples::kEd25519)));
  EXPECT_FALSE(openssh::RevokedKeys("").revokes(key(samples::kRsa)));
}

// sshd: "Error checking authentication key", and refuses it.
TEST(RevokedKeys, ALineThatIsNoKeyRevokesAll) {
  const openssh::RevokedKeys revoked("this is no key\n");
  EXPECT_TRUE(revoked.is_broken());
  EXPECT_TRUE(revoked.revokes(key(samples::kRsa)));
}

TEST(RevokedKeys, AListNamesKeysAndTheirHashes) {
  const openssh::RevokedKeys by_key(list(2, key(samples::kRsa).blob));
  EXPECT_FALSE(by_key.is_broken());
  EXPECT_TRUE(by_key.revokes(key(samples::kRsa)));
  EXPECT_FALSE(by_key.revokes(key(samples::kEd25519)));
  const auto hash = openssh::base64_decode(samples::kRsaFingerprint.substr(7) + "=");
  const openssh::RevokedKeys by_hash(list(5, *hash));
  EXPECT_TRUE(by_hash.revokes(key(samples::kRsa)));
  EXPECT_FALSE(by_hash.revokes(key(samples::kEd25519)));
  EXPECT_TRUE(openssh::RevokedKeys(list(3, "a hash of SHA-1")).is_partly_read());
}

TEST(RevokedKeys, AListThatIsCutOffRevokesAll) {
  const auto whole = list(2, key(samples::kRsa).blob);
  for (std::size_t size = 9; size < whole.size(); size += 7)
    EXPECT_TRUE(size == 44 || openssh::RevokedKeys(whole.substr(0, size)).is_broken()) << size;
}

}  // namespace
