// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "remote/passphrase_source.hpp"
#include "remote/ssh.hpp"

namespace fleet {

/// One thing that unlocking a machine needs, and whether it is so now.
struct Preflight {
  std::string name;  // "ssh", "initramfs-key", "real-key", "passphrase", "answers"
  enum class Result { ok, unknown, bad } result = Result::ok;
  std::string detail;  // printable
};

[[nodiscard]] std::string name_of(Preflight::Result result);

/// All that can be verified without sending a passphrase: ssh can work, known_hosts has the initramfs's key and the
/// real system's, the passphrase is obtainable (`source`, if there is one; it is asked without a question), and
/// something that proves either key answers now.
[[nodiscard]] std::vector<Preflight> preflight(const remote::Target& target, remote::PassphraseSource* source,
                                               const base::Context& context);

}  // namespace fleet
