// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "base/context.hpp"
#include "seal/new_seal.hpp"

namespace admin {

/// Whether there is a sealed host key; also where it cannot be read.
[[nodiscard]] bool is_sealed_already();

/// Why no host key can be sealed to this machine's TPM; "" if one can.
[[nodiscard]] std::string why_not_to_seal(const base::Context& context);

/// A new sealed host key as a part of setup, to PCR 7, with an unsealed and a recovery key: before the images are
/// built. The folder is what it was before unless this is committed.
class SealStep {
 public:
  explicit SealStep(const base::Context& context);
  void commit();

 private:
  std::optional<seal::Replacement> replacement_;
};

}  // namespace admin
