// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace remote {

/// What became of a machine that was to be unlocked.
enum class Outcome {
  unlocked,        // every disk is open; the real system was seen, where it was to be waited for
  already_up,      // the real system answers, and is not going down: nothing was sent
  going_down,      // the real system was still going down, or up, at the deadline: nothing was sent
  not_rebooted,    // it was to be rebooted, and was not: nothing was sent
  wrong_key,       // who answered last has another host key: nothing was sent
  unsealed,        // it has proven its unsealed host key, which was not to be accepted: nothing was sent
  unknown_key,     // known_hosts has no key for the initramfs: nothing was sent
  no_login,        // it takes none of our keys; nothing was sent
  no_passphrase,   // its passphrase was not to be had: nothing was sent
  refused,         // it did not take the passphrase
  not_asked,       // it asks for nothing
  no_answer,       // not within the deadline
  no_outcome,      // the passphrase may have been sent; what became of it is not known
  not_seen_again,  // unlocked, and then not seen within the deadline
  not_ready,       // unlocked, its real system is up, and what is to be waited for there has not succeeded
  skipped,         // not begun, because too many others had failed
  local_fault,     // ssh itself cannot work
};

/// For people.
[[nodiscard]] std::string name_of(Outcome outcome);
/// For machines, and stable: "unlocked", "already-up", "wrong-host-key".
[[nodiscard]] std::string id_of(Outcome outcome);

struct Unlocked {
  Outcome outcome = Outcome::no_answer;
  std::string detail;  // what was said, printable; "" if the outcome says it all
  double seconds = 0;
};

}  // namespace remote
