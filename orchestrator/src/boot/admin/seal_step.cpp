// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/seal_step.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"
#include "seal/unsealed_setting.hpp"

namespace admin {

bool is_sealed_already() {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::path("/") / seal::kFolder / seal::kCredential, ignored);
}

std::string why_not_to_seal(const base::Context& context) {
  try {
    const auto fips = host::read_small("/proc/sys/crypto/fips_enabled");
    if (fips && base::trim(*fips) == "1") return "in FIPS mode there is no Ed25519 key, and no other kind is sealed";
    return seal::SystemdCreds("", context).why_no_tpm();
  } catch (const base::Error& error) {
    return error.what();
  }
}

SealStep::SealStep(const base::Context& context) {
  seal::recover_sealed_folder("/");
  const bool unsealed =
      !seal::is_without_unsealed_key(host::read_small(std::filesystem::path("/") / seal::kSettings).value_or(""));
  seal::make_sealed_folder({.policy = {}, .unsealed_key = unsealed, .recovery_key = true},
                           seal::SystemdCreds("", context), "/", context);
  replacement_.emplace("/");
}

void SealStep::commit() { replacement_->commit(); }

}  // namespace admin
