// SPDX-License-Identifier: GPL-3.0-or-later
#include "seal/sealed_folder.hpp"

#include "base/files.hpp"
#include "base/text.hpp"

namespace seal {
namespace {

constexpr std::uint64_t kLongestKey = 64U << 10U;

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

std::optional<openssh::PublicKey> public_key_in(const std::filesystem::path& path) {
  if (!is_there(path)) return std::nullopt;
  return openssh::parse_public_key(base::trim(base::read_file(path, kLongestKey))).key;
}

}  // namespace

std::optional<SealedFolder> read_sealed_folder(const std::filesystem::path& root) {
  const auto folder = root / kFolder;
  if (!is_there(folder / kCredential)) return std::nullopt;
  SealedFolder out;
  out.credential = base::read_file(folder / kCredential, kLongestCredential);
  out.parsed = parse_credential(out.credential);
  out.sealed = public_key_in(folder / kPublic);
  if (is_there(folder / kUnsealed)) out.unsealed = public_key_in(folder / kUnsealedPublic);
  out.has_recovery = is_there(folder / kRecovery);
  out.has_signer = is_there(folder / kSigner);
  return out;
}

}  // namespace seal
