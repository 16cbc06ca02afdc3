// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "base/context.hpp"
#include "fleet/fleet_host.hpp"
#include "fleet/passphrases.hpp"
#include "remote/unlock.hpp"

/// From what the inventory says of a machine to what remote/ takes.
namespace fleet {

[[nodiscard]] remote::Target target_of(const Host& host);

/// `wait` with what the inventory says of this machine.
[[nodiscard]] remote::Wait wait_of(const Host& host, remote::Wait wait);

/// The machine's source of passphrases as the inventory names it; null if it names none. An Error where a credential
/// cannot be.
[[nodiscard]] std::unique_ptr<remote::PassphraseSource> source_of(const Host& host, std::chrono::seconds patience,
                                                                  const base::Context& context,
                                                                  Together together = Together::no);

}  // namespace fleet
