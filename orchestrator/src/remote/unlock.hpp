// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "base/process.hpp"
#include "remote/secret.hpp"
#include "remote/ssh.hpp"

/// A machine, from the moment at which it is down until its real system answers.
namespace remote {

enum class Outcome {
  unlocked,        // every disk is open; the real system was seen, where it was to be waited for
  already_up,      // the real system answers: nothing was sent
  wrong_key,       // nothing was sent to it
  unknown_key,     // nothing was sent to it
  no_login,        // it takes none of our keys; nothing was sent
  refused,         // it did not take the passphrase
  not_asked,       // it asks for nothing
  no_answer,       // not within the deadline
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
  bool for_system = true;  // wait for the real system, too
};

/// Time and sleep; tests have their own. Sleep ends early when the program is asked to stop.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual double now() const = 0;  // seconds
  virtual void sleep(std::chrono::milliseconds pause, const base::Cancel& cancel) = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] double now() const override;
  void sleep(std::chrono::milliseconds pause, const base::Cancel& cancel) override;
};

/// `tell` hears of each step, as it happens. base::Interrupted when asked to stop.
[[nodiscard]] Unlocked unlock(const Target& target, const Secret& passphrase, const Wait& wait,
                              const std::map<std::string, std::string>& environment, base::Runner& runner,
                              const base::Cancel& cancel, Clock& clock,
                              const std::function<void(const std::string&)>& tell);

}  // namespace remote
