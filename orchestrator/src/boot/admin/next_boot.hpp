// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "inspect/report.hpp"
#include "openssh/key.hpp"

namespace admin {

/// What `inspect` says of the image that this machine boots next.
struct NextBootJudgement {
  std::string image;  // "": none was found
  std::string why;    // why there is none, or why it could not be read
  inspect::Findings findings;
  inspect::Answer answer = inspect::Answer::cannot_tell;
  std::vector<openssh::PublicKey> host_keys;      // that its sshd has; a sealed one is the only one
  bool is_sealed = false;                         // the image has a sealed host key
  std::vector<openssh::PublicKey> unsealed_keys;  // that it has where the TPM does not open the sealed one
};

/// Throws for nothing that an image or the machine says.
[[nodiscard]] NextBootJudgement judge_next_boot(const std::filesystem::path& root, const base::Context& context);

}  // namespace admin
