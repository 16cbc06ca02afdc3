// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/unlock_outcome.hpp"

namespace remote {

std::string name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::unlocked:
      return "unlocked";
    case Outcome::already_up:
      return "already up";
    case Outcome::going_down:
      return "not down yet";
    case Outcome::not_rebooted:
      return "NOT REBOOTED";
    case Outcome::wrong_key:
      return "WRONG HOST KEY";
    case Outcome::unsealed:
      return "UNSEALED HOST KEY";
    case Outcome::unknown_key:
      return "unknown host key";
    case Outcome::no_login:
      return "no login";
    case Outcome::no_passphrase:
      return "no passphrase";
    case Outcome::refused:
      return "refused";
    case Outcome::not_asked:
      return "asks for nothing";
    case Outcome::no_answer:
      return "no answer";
    case Outcome::no_outcome:
      return "sent, no outcome";
    case Outcome::not_seen_again:
      return "unlocked, not seen again";
    case Outcome::not_ready:
      return "unlocked, not ready";
    case Outcome::skipped:
      return "not begun";
    case Outcome::local_fault:
      return "ssh cannot work";
  }
  return "no answer";
}

std::string id_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::unlocked:
      return "unlocked";
    case Outcome::already_up:
      return "already-up";
    case Outcome::going_down:
      return "not-down-yet";
    case Outcome::not_rebooted:
      return "not-rebooted";
    case Outcome::wrong_key:
      return "wrong-host-key";
    case Outcome::unsealed:
      return "unsealed-host-key";
    case Outcome::unknown_key:
      return "unknown-host-key";
    case Outcome::no_login:
      return "no-login";
    case Outcome::no_passphrase:
      return "no-passphrase";
    case Outcome::refused:
      return "refused";
    case Outcome::not_asked:
      return "asks-for-nothing";
    case Outcome::no_answer:
      return "no-answer";
    case Outcome::no_outcome:
      return "no-outcome";
    case Outcome::not_seen_again:
      return "not-seen-again";
    case Outcome::not_ready:
      return "not-ready";
    case Outcome::skipped:
      return "not-begun";
    case Outcome::local_fault:
      return "ssh-cannot-work";
  }
  return "no-answer";
}

}  // namespace remote
