// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "base/process.hpp"
#include "rehearsal/offered_keys.hpp"
#include "rehearsal/step.hpp"
#include "remote/secret.hpp"
#include "remote/shared_login.hpp"
#include "remote/ssh.hpp"
#include "remote/unlock.hpp"
#include "vm/guest.hpp"
#include "vm/packets.hpp"

namespace rehearsal {

struct BootSessionOptions {
  remote::Target target;
  const remote::Secret* passphrase = nullptr;
  const remote::Secret* wrong = nullptr;  // to be refused first; nullptr: not tried
  vm::UserNetwork network;
  std::string token;                  // of the marker system
  std::size_t disks = 0;              // that ask for a passphrase
  std::vector<std::string> unopened;  // disks that are needed, and that nothing in the image opens
  bool breaks = false;                // rd.break was said
  bool firmware = false;              // a firmware starts the kernel
  std::string firmware_words;         // how: for people
  std::vector<OfferedKey> offered;    // to be offered without their private halves
  bool throw_away = false;            // the key that logs in is none of the image's: there has to be one of those
  std::string offer_log;              // a file for ssh's words about them
  std::string login_log;  // and one for its words about the login that is shared, if target.control is named
  std::chrono::seconds patience{60};  // for each step, with a machine that says nothing new
  std::chrono::seconds early{60};     // the same before its initramfs is up
  std::function<void()> between;      // called while waiting
  double begin = 0;                   // when qemu was started, by the clock
};

/// Plays the steps of a rehearsal with a guest that was just started; ends at the first that fails. `wait` is called
/// when the prompts are there, and may do the rest by hand: then nothing is unlocked here.
class BootSession {
 public:
  BootSession(vm::Guest& guest, BootSessionOptions part, const base::Context& context, OnStep tell);

  /// The firmware's part alone; false where it refuses.
  bool until_started();
  /// Up to the prompts; false where a step failed.
  bool until_prompt();
  /// From the passphrase on.
  bool after_prompt();
  /// The last step: the marker system's root, hand-over, and off. Also for those who unlock by hand.
  bool until_off();

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

 private:
  struct Seen {
    bool done = false;
    bool failed = false;
    std::string detail;
  };

  bool step(const std::string& id, const std::function<Seen()>& look);
  bool end(const std::string& id, bool done, const std::string& detail);
  [[nodiscard]] vm::GuestTraffic heard() const;
  [[nodiscard]] Seen firmware() const;
  Seen network();
  Seen banner();
  Seen login();
  std::optional<base::Outcome> try_login();
  Seen offer();
  Seen prompts();
  Seen send(const remote::Secret& passphrase, bool wrong);
  Seen emergency();
  Seen root();
  Seen handover();
  base::Outcome ssh(const std::string& command, const remote::Secret* passphrase, std::chrono::seconds deadline);
  [[nodiscard]] std::string console_line(std::string_view sign) const;
  [[nodiscard]] std::string console_after(std::string_view sign) const;

  vm::Guest& guest_;
  BootSessionOptions part_;
  base::Context context_;
  OnStep tell_;
  std::vector<Step> steps_;
  std::unique_ptr<remote::SharedLogin> login_;
  double begin_;
  double last_ = 0;
  double first_prompt_ = -1;
  unsigned denied_ = 0;
};

/// The line in which systemd says that a device did not come in time; "" if it says none.
[[nodiscard]] std::string device_timeout(std::string_view console);

}  // namespace rehearsal
