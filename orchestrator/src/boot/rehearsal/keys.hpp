// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "inspect/facts.hpp"
#include "rehearsal/overlay.hpp"

namespace rehearsal {

/// Whether the image has a file of authorized keys that a further one can be put into.
[[nodiscard]] bool takes_throw_away_key(const inspect::Facts& facts);

/// Makes a key for this rehearsal alone, of a kind that the image's keys are of, and puts its public half behind them,
/// into the same file with the same mode and owner: what is wrong with that file stays wrong. Returns the private key's
/// file; base::Error if the image has no file of keys that it could be put into.
[[nodiscard]] std::string add_throw_away_key(Overlay& overlay, const inspect::Facts& facts,
                                             const std::filesystem::path& folder, const base::Context& context);

/// A host key for an image whose only one is sealed, in its place: the virtual machine has another TPM, or none. Its
/// public half, as known_hosts has it.
[[nodiscard]] std::string add_throw_away_host_key(Overlay& overlay, const std::filesystem::path& folder,
                                                  const base::Context& context);

}  // namespace rehearsal
