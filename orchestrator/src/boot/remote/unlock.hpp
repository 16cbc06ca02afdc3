// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/context.hpp"
#include "remote/secret.hpp"
#include "remote/ssh.hpp"

/// A machine, from the moment at which it is down until its real system answers.
///
/// Until a host has proven its key it may be anybody, and chooses what ssh prints. So nothing is concluded from words:
/// - ssh ended with another status than 255: a command ran, on a host that has proven its key.
/// - Tripwire (host_proof.hpp): the host has proven its key, and does not let us in.
/// - offered_key(): which key the peer shows, proven or not.
/// - ssh -G and ssh-keygen -F (ssh_settings.hpp, known_hosts.hpp): what is so on this side.
/// Everything else is "no answer yet", until the deadline.
namespace remote {

enum class Outcome {
  unlocked,        // every disk is open; the real system was seen, where it was to be waited for
  already_up,      // the real system answers, and is not going down: nothing was sent
  going_down,      // the real system was still going down, or up, at the deadline: nothing was sent
  wrong_key,       // who answered last has another host key: nothing was sent
  unsealed,        // it has proven its unsealed host key, which was not to be accepted: nothing was sent
  unknown_key,     // known_hosts has no key for the initramfs: nothing was sent
  no_login,        // it takes none of our keys; nothing was sent
  refused,         // it did not take the passphrase
  not_asked,       // it asks for nothing
  no_answer,       // not within the deadline
  no_outcome,      // the passphrase may have been sent; what became of it is not known
  not_seen_again,  // unlocked, and then not seen within the deadline
  local_fault,     // ssh itself cannot work
};

[[nodiscard]] std::string name_of(Outcome outcome);

struct Unlocked {
  Outcome outcome = Outcome::no_answer;
  std::string detail;  // what was said, printable; "" if the outcome says it all
  double seconds = 0;
};

struct Wait {
  std::chrono::seconds deadline{600};   // for each machine, all in all
  std::chrono::seconds first_pause{1};  // between two tries; it doubles up to `longest_pause`
  std::chrono::seconds longest_pause{15};
  bool for_system = true;     // wait for the real system, too
  bool pin = false;           // what is sent is the PIN of a token, for its prompt alone
  bool after_reboot = false;  // a real system counts only once it has rebooted
};

/// `target.alias` may be empty: then it is looked for in known_hosts, under the names of initramfs_names(). So may
/// `target.real_user`: then it is the User of ssh_config, and without one `target.user`. `tell` hears of each step, as
/// it happens; what a peer has said is escaped, and called unverified where it is. base::Interrupted when asked to
/// stop.
[[nodiscard]] Unlocked unlock(const Target& target, const Secret& passphrase, const Wait& wait,
                              const base::Context& context, const std::function<void(const std::string&)>& tell);

}  // namespace remote
