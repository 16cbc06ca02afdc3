// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/context.hpp"
#include "remote/event.hpp"
#include "remote/known_machine.hpp"
#include "remote/passphrase_source.hpp"
#include "remote/unlock_outcome.hpp"
#include "remote/wait.hpp"

/// A machine, from the moment at which it is down until its real system answers.
///
/// Until a host has proven its key it may be anybody, and chooses what ssh prints. So nothing is concluded from words:
/// - ssh ended with another status than 255: a command ran, on a host that has proven its key.
/// - Tripwire (host_proof.hpp): the host has proven its key, and does not let us in.
/// - offered_key(): which key the peer shows, proven or not.
/// - ssh -G and ssh-keygen -F (known_machine.hpp): what is so on this side.
/// Everything else is "no answer yet", until the deadline.
namespace remote {

/// `tell` hears of each step, as it happens; what a peer has said is escaped, and called unverified where it is.
/// base::Interrupted when asked to stop.
[[nodiscard]] Unlocked unlock(const KnownMachine& machine, PassphraseSource& source, const Wait& wait,
                              const base::Context& context, const Tell& tell);

/// The same of a machine that is to be looked up first.
[[nodiscard]] Unlocked unlock(const Target& target, PassphraseSource& source, const Wait& wait,
                              const base::Context& context, const Tell& tell);

}  // namespace remote
