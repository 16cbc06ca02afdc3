// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/unlock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "remote/calls.hpp"
#include "remote/sending.hpp"
#include "remote/ssh_settings.hpp"
#include "remote/system_state.hpp"

namespace remote {
namespace {

constexpr unsigned kMostSends = 3;             // of the passphrase, where the connection was cut
constexpr unsigned kMostRefusals = 3;          // in a row, of a host that has proven its key
constexpr unsigned kSteadyLooks = 3;           // at a real system that does not say whether it is going down
constexpr double kSteadySeconds = 10;          // between the first and the last of them
constexpr std::chrono::seconds kSeenPause{5};  // between two looks at a real system that may be going down

/// By whoever may: root, or a user whom sudo does not ask.
constexpr const char* kReboot =
    "sh -c 'r=reboot; ! command -v systemctl >/dev/null || r=\"systemctl reboot\"; "
    "[ \"$(id -u)\" -eq 0 ] || r=\"sudo -n $r\"; exec $r'";

std::string unverified(const std::string& words) { return words.empty() ? "" : "unverified: " + words; }

class Machine {
 public:
  Machine(KnownMachine known, PassphraseSource& source, const Wait& wait, const std::filesystem::path& scratch,
          const base::Context& context, const Tell& tell)
      : known_(std::move(known)),
        wait_(wait),
        context_(context),
        tell_(tell),
        scratch_(scratch),
        calls_(scratch, known_.records, context),
        sender_(
            calls_, source, wait, context, tell, [this](const Call& call) { return may_have_reached(call); },
            [this] { return left(); }),
        begin_(context.clock.now()),
        distinct_(known_.distinct()),
        asks_on_(source.by_question() && !wait.pin),
        after_reboot_(wait.after_reboot) {}

  Unlocked run() {
    if (wait_.reboot) {
      if (auto verdict = reboot()) return *verdict;
    }
    auto out = to_the_end();
    const bool rebooted = out.outcome == Outcome::already_up && after_reboot_;  // its disks have opened by themselves
    if (wait_.reboot && out.outcome == Outcome::already_up && !rebooted)
      out = {Outcome::not_rebooted, "its real system is up, and was not there to be rebooted before", 0};
    if ((out.outcome == Outcome::unlocked || rebooted) && wait_.for_system && !wait_.ready.empty())
      return until_ready(out);
    return out;
  }

 private:
  using Verdict = std::optional<Unlocked>;  // nothing: go on

  /// What was sent of the passphrase.
  enum class Sent { no, maybe, opened };
  /// Who answered last.
  enum class Last { nobody, stranger, real, initramfs };

  /// Asks the real system to reboot; nothing: go on to wait for the initramfs.
  Verdict reboot() {
    const auto refuse = [](const std::string& why) { return Unlocked{Outcome::not_rebooted, why, 0}; };
    // What could not be unlocked again is not rebooted.
    if (!known_.initramfs.any() && !(known_.target.accept_unsealed && known_.unsealed.any()))
      return Unlocked{Outcome::unknown_key, unknown_detail() + "; not rebooted", 0};
    if (known_.can_tell && !known_.real.any())
      return refuse("known_hosts has no key for " + base::printable(known_.real_name) + "; log in to it once by ssh");
    const auto found = ask(System::real, state_question());
    if (!found.ran || found.outcome.status != kRealSystem) {
      if (found.ran && distinct_) return refuse("it runs none of our commands: " + last_line(found.outcome));
      const auto words = unverified(last_line(found.outcome));
      tell_once(State::waiting,
                "its real system does not answer, and is not rebooted" + (words.empty() ? "" : " (" + words + ")"));
      return std::nullopt;
    }
    first_boot_ = state_of(found.outcome.tail).boot;
    tell_once(State::up, "rebooting it");
    const auto& command = wait_.reboot_command.empty() ? std::string(kReboot) : wait_.reboot_command;
    const auto told = ask(System::real, command);
    // The connection may well end with the system.
    if (told.ran && told.outcome.status != 0) {
      const auto detail = last_line(told.outcome);
      return refuse(detail.empty() ? fmt::format("the command ended with {}", told.outcome.status) : detail);
    }
    after_reboot_ = true;
    return std::nullopt;
  }

  /// Until the command succeeds that the user waits for.
  Unlocked until_ready(const Unlocked& before) {
    tell_once(State::readying, "its real system is up; waiting for: " + base::printable(wait_.ready, 200));
    pause_ = wait_.first_pause;
    std::string detail;
    do {
      const auto call = ask(System::real, wait_.ready);
      if (call.ran && call.outcome.status == 0) return before;
      const auto words = last_line(call.outcome);
      detail = words.empty() ? fmt::format("status {}", call.outcome.status) : words;
      pause_ = std::min(pause_ * 2, wait_.longest_pause);
    } while (rest(pause_));
    return {Outcome::not_ready, detail, 0};
  }

  /// With --trust-new-host-key ssh may just have written a key into known_hosts.
  void see_what_was_taken() {
    look_up_again(known_, scratch_, context_);
    trusted_now_ = known_.initramfs.any();
    distinct_ = known_.distinct();
  }

  /// Whether the host may be the initramfs with its unsealed key. Only a proof tells.
  [[nodiscard]] bool may_be_unsealed(const Call& call) const {
    if (call.ran || as_unsealed_) return false;
    if (!known_.can_tell) return call.offered.has_value() || heard_from(call);
    if (!known_.unsealed.any()) return false;
    if (!call.offered) return heard_from(call);
    return could_be(known_.unsealed, call) && !could_be(known_.initramfs, call);
  }

  /// From now on, or until it is called again, the initramfs is the one that has the other key.
  void swap_keys() {
    std::swap(known_.target.alias, known_.unsealed_alias);
    std::swap(known_.initramfs, known_.unsealed);
    std::swap(known_.target.trust_new, other_trust_new_);
    as_unsealed_ = !as_unsealed_;
  }

  /// Looks at the initramfs by the name of its unsealed key; whether that led to a login, or a proof.
  bool look_as_unsealed(std::optional<Call>& call) {
    swap_keys();
    if (!known_.target.accept_unsealed) {
      const bool proven = proves(System::initramfs);
      swap_keys();
      return proven;
    }
    auto other = ask(System::initramfs, state_question());
    if (!other.ran && !proves(System::initramfs)) {
      swap_keys();
      return false;
    }
    tell_once(State::initramfs, fmt::format("it has proven the unsealed host key, {}; going on (--accept-unsealed)",
                                            base::printable(known_.target.alias)));
    call = std::move(other);
    return true;
  }

  [[nodiscard]] Unlocked refused_unsealed() const {
    return {Outcome::unsealed,
            fmt::format("it has proven the key of {}, not that of {}: its TPM did not open the sealed host key, or "
                        "this is somebody who has read its initramfs; nothing was sent. If you know why (new firmware, "
                        "another TPM): --accept-unsealed, and then dracut-sshd seal --reseal on that machine",
                        base::printable(known_.unsealed_alias), base::printable(known_.target.alias)),
            0};
  }

  Unlocked to_the_end() {
    const bool unsealed_will_do = known_.target.accept_unsealed && known_.unsealed.any();
    if (known_.can_tell && !known_.initramfs.any() && !known_.target.trust_new && !unsealed_will_do) {
      if (known_.real.any()) {
        if (auto verdict = look_at_real(); verdict && verdict->outcome == Outcome::already_up) return *verdict;
      }
      return {Outcome::unknown_key, unknown_detail(), 0};
    }
    pause_ = wait_.first_pause;
    // Only where no real system could take it: there the key is another one.
    if (wait_.straight && distinct_ && known_.initramfs.any()) {
      if (auto verdict = send()) return *verdict;
    }
    while (true) {
      const auto before = last_;
      last_ = Last::nobody;
      real_looked_at_ = false;
      std::optional<Call> call;
      if (as_unsealed_) swap_keys();  // it may have booted anew
      if (sent_ != Sent::opened || asks_on_) {
        if (auto verdict = look_for_initramfs(call)) return *verdict;
      }
      if (!real_looked_at_ && is_to_be_asked(call)) {
        if (auto verdict = look_at_real()) return *verdict;
      }
      if (last_ != Last::real) {
        steady_looks_ = 0;
        missed_ = true;
        if (call) tell_no_answer(*call);
      }
      if (before == Last::real && last_ != Last::real) pause_ = wait_.first_pause;
      if (!rest(last_ == Last::real ? std::max(kSeenPause, wait_.first_pause) : pause_)) return gave_up();
      pause_ = std::min(pause_ * 2, wait_.longest_pause);
    }
  }

  Verdict look_for_initramfs(std::optional<Call>& call) {
    // Neither the real system's key nor the unsealed one must be taken for the initramfs's.
    const bool may_take_any = known_.target.trust_new && !known_.initramfs.any();
    if (may_take_any && known_.real.any()) {
      if (auto verdict = look_at_real()) return verdict;
    }
    if (last_ == Last::real) return std::nullopt;
    bool is_unsealed = may_take_any && known_.unsealed.any() && look_as_unsealed(call);
    if (!is_unsealed) {
      call = ask(System::initramfs, state_question());
      if (may_take_any) see_what_was_taken();
      is_unsealed = may_be_unsealed(*call) && look_as_unsealed(call);
    }
    if (is_unsealed && !as_unsealed_ && sent_ == Sent::no) return refused_unsealed();
    return call ? look_at_initramfs(*call) : std::nullopt;
  }

  Verdict look_at_initramfs(const Call& call) {
    if (call.ran) {
      refusals_ = 0;
      if (call.outcome.status == kRealSystem) return seen_real(state_of(call.outcome.tail));
      last_ = Last::initramfs;
      return sends_ >= kMostSends ? std::nullopt : send();
    }
    if (!could_be(known_.initramfs, call)) {
      if (call.offered && !could_be(known_.real, call)) last_ = Last::stranger;
      return std::nullopt;
    }
    if (!call.offered && !heard_from(call)) return std::nullopt;
    if (!proves(System::initramfs)) return std::nullopt;
    // It is the right one: its own word may end the waiting.
    last_ = Last::initramfs;
    if (sent_ == Sent::no && ++refusals_ == kMostRefusals)
      return Unlocked{Outcome::no_login, last_line(call.outcome), 0};
    return std::nullopt;
  }

  Verdict send() {
    if (!asks_on_) ++sends_;
    const auto result = sender_.send(known_.target);
    switch (result.end) {
      case SendResult::End::unseen:
        if (!asks_on_) --sends_;
        return std::nullopt;
      case SendResult::End::cut:
        sent_ = Sent::maybe;
        return std::nullopt;
      case SendResult::End::opened:
        return opened();
      case SendResult::End::refused:
        return Unlocked{Outcome::refused, result.detail, 0};
      case SendResult::End::no_passphrase:
        return Unlocked{Outcome::no_passphrase, result.detail, 0};
      case SendResult::End::nothing:
        if (sent_ == Sent::no) return Unlocked{Outcome::not_asked, result.detail, 0};
        if (!asks_on_) sends_ = kMostSends;  // what was sent before the connection was cut has served
        return std::nullopt;
      case SendResult::End::no_outcome:
        sent_ = Sent::maybe;
        sends_ = kMostSends;
        if (!wait_.for_system) return Unlocked{Outcome::no_outcome, result.detail, 0};
        tell_once(State::starting, "no outcome yet; waiting for the real system");
        return std::nullopt;
    }
    return std::nullopt;
  }

  Verdict opened() {
    sent_ = Sent::opened;
    if (!wait_.for_system) return Unlocked{Outcome::unlocked, {}, 0};
    if (known_.can_tell && !known_.real.any())
      return Unlocked{Outcome::not_seen_again,
                      fmt::format("its real system cannot be told: known_hosts has no key for {}",
                                  base::printable(known_.real_name)),
                      0};
    tell_once(State::starting, "unlocked; waiting for the real system");
    pause_ = wait_.first_pause;
    return std::nullopt;
  }

  /// Whether a look at the real system may show something that the look at the initramfs, if there was one, did not.
  [[nodiscard]] bool is_to_be_asked(const std::optional<Call>& call) const {
    if (last_ == Last::real || (known_.can_tell && !known_.real.any())) return false;
    if (!call || !known_.same_door()) return true;
    if (call->ran) return false;
    return call->offered ? could_be(known_.real, *call) : heard_from(*call);
  }

  Verdict look_at_real() {
    real_looked_at_ = true;
    const auto call = ask(System::real, state_question());
    if (call.ran) {
      // With a key of its own it is no initramfs, whatever a forced command or a restricted shell makes of the
      // question.
      if (call.outcome.status != kRealSystem && !(distinct_ && call.outcome.status != 0)) return std::nullopt;
      return seen_real(state_of(call.outcome.tail));
    }
    if (!distinct_ || !could_be(known_.real, call) || (!call.offered && !heard_from(call))) return std::nullopt;
    if (!proves(System::real)) return std::nullopt;
    return seen_real({});
  }

  /// A system that has proven the real system's key, or answered as one.
  Verdict seen_real(const SystemState& state) {
    last_ = Last::real;
    if (sent_ != Sent::no) return Unlocked{Outcome::unlocked, {}, 0};
    if (trusted_now_)
      return Unlocked{Outcome::already_up,
                      fmt::format("the key that known_hosts has for {} now is the real system's: ssh-keygen -R {}",
                                  known_.target.alias, base::shell_quote(known_.target.alias)),
                      0};
    if (state.going_down(left())) {
      tell_once(State::going_down, "the real system is going down; waiting for the initramfs");
      why_waiting_ = "the real system was still going down";
      steady_looks_ = 0;
      return std::nullopt;
    }
    if (after_reboot_ && !has_rebooted(state)) {
      tell_once(State::going_down, "the real system is up; waiting until it has rebooted");
      why_waiting_ = "the real system has not rebooted";
      return std::nullopt;
    }
    const auto since = state.up >= 0 ? "for " + base::human_time(state.up) : "";
    if (state.surely_stays()) return Unlocked{Outcome::already_up, since, 0};
    // It may be on its way down, without a manager that says so.
    if (steady_looks_ == 0) first_look_ = context_.clock.now();
    why_waiting_ = "the real system answers, and does not say whether it is going down";
    if (++steady_looks_ >= kSteadyLooks && context_.clock.now() - first_look_ >= kSteadySeconds)
      return Unlocked{Outcome::already_up, since, 0};
    tell_once(State::up, "the real system answers; looking whether it stays");
    return std::nullopt;
  }

  /// Since this program began: by the boot's id, and where nobody is let in to read it, by a while without an answer.
  bool has_rebooted(const SystemState& state) {
    if (state.boot.empty()) return first_boot_.empty() && missed_;
    if (first_boot_.empty()) {
      if (missed_) return true;
      first_boot_ = state.boot;
    }
    return state.boot != first_boot_;
  }

  Call ask(System system, const std::string& command) {
    auto out = calls_.ask(known_.target, system, command, patience());
    auto& addresses = known_.target.addresses;
    if (!out.ran && !out.offered && addresses.size() > 1)
      std::rotate(addresses.begin(), addresses.begin() + 1, addresses.end());
    return out;
  }

  bool proves(System system) { return calls_.proves(known_.target, system, patience()); }

  /// Whether the passphrase may have gone to it.
  [[nodiscard]] bool may_have_reached(const Call& call) const {
    return !known_.records || (call.offered && could_be(known_.initramfs, call));
  }

  [[nodiscard]] bool could_be(const KnownKeys& known, const Call& call) const {
    if (!known_.can_tell || !call.offered) return true;
    return known.keys.contains(call.offered->blob) || (known.authority && call.offered->is_certificate());
  }

  /// Where the client does not record keys: whether it is worth a further connection. Wrong answers cost time alone.
  [[nodiscard]] bool heard_from(const Call& call) const {
    return !known_.records && !last_line(call.outcome).starts_with("ssh: connect to host");
  }

  void tell_no_answer(const Call& call) {
    if (call.ran || last_ == Last::initramfs) return;
    if (last_ == Last::stranger) {
      stranger_ =
          fmt::format("it shows another host key than known_hosts has for {} ({}, not proven); nothing was sent",
                      base::printable(known_.target.alias), call.offered->fingerprint());
      tell_once(State::stranger, stranger_ + "; waiting on");
      return;
    }
    words_ = unverified(last_line(call.outcome));
    if (words_.empty() && call.offered) words_ = "it shows a known host key, and does not prove it";
    const auto state = sent_ == Sent::no ? State::waiting : State::starting;
    tell_once(state, "no answer yet" + (words_.empty() ? "" : " (" + words_ + ")"));
  }

  [[nodiscard]] Unlocked gave_up() const {
    if (sent_ == Sent::opened) return {Outcome::not_seen_again, "not within the deadline", 0};
    if (sent_ == Sent::maybe) return {Outcome::no_outcome, "its real system was not seen within the deadline", 0};
    if (last_ == Last::real) return {Outcome::going_down, why_waiting_, 0};
    if (last_ == Last::stranger) return {Outcome::wrong_key, stranger_, 0};
    if (last_ == Last::initramfs) return {Outcome::no_login, "it has proven its key, and let nobody in", 0};
    return {Outcome::no_answer, words_, 0};
  }

  [[nodiscard]] std::string unknown_detail() const {
    return fmt::format(
        "known_hosts has no key for {}; add the line that dracut-sshd inspect prints on that machine ({} ssh-ed25519 "
        "AAAA...){}; nothing was sent",
        base::printable(base::join(known_.names, ", "), 300), base::printable(known_.names.front()),
        known_.first_file.empty() ? "" : " to " + base::printable(known_.first_file, 200));
  }

  [[nodiscard]] double left() const {
    return static_cast<double>(wait_.deadline.count()) - (context_.clock.now() - begin_);
  }

  [[nodiscard]] std::chrono::seconds patience() const {
    return std::chrono::seconds(std::clamp<long>(static_cast<long>(left()) + 1, 1, 30));
  }

  void tell_once(State state, const std::string& text) {
    if (text == told_) return;
    told_ = text;
    tell_({state, text});
  }

  /// False when the deadline has come.
  bool rest(std::chrono::seconds pause) {
    const auto room = std::chrono::milliseconds(static_cast<long>(left() * 1000));
    if (room.count() <= 0) return false;
    context_.clock.sleep(std::min<std::chrono::milliseconds>(pause, room), context_.cancel);
    return true;
  }

  KnownMachine known_;  // while as_unsealed_, `initramfs` and target.alias are those of the unsealed key
  const Wait& wait_;
  base::Context context_;
  const Tell& tell_;
  std::filesystem::path scratch_;
  Calls calls_;
  Sender sender_;
  double begin_;
  bool distinct_ = false;  // no key of the one system is known for the other
  bool as_unsealed_ = false;
  bool other_trust_new_ = false;  // never a new key by the unsealed name
  bool asks_on_ = false;          // each prompt has its passphrase: a disk may ask after others are open
  bool after_reboot_ = false;     // a real system counts only once it has rebooted

  Sent sent_ = Sent::no;
  unsigned sends_ = 0;
  unsigned refusals_ = 0;
  unsigned steady_looks_ = 0;
  double first_look_ = 0;
  Last last_ = Last::nobody;
  bool real_looked_at_ = false;
  bool missed_ = false;
  bool trusted_now_ = false;
  std::string first_boot_;
  std::chrono::seconds pause_{1};
  std::string told_;
  std::string words_;
  std::string stranger_;
  std::string why_waiting_;
};

}  // namespace

Unlocked unlock(const KnownMachine& machine, PassphraseSource& source, const Wait& wait, const base::Context& context,
                const Tell& tell) {
  const auto begin = context.clock.now();
  const base::TempDir scratch(scratch_parent(), "dracut-sshd-unlock.");
  auto out = Machine(machine, source, wait, scratch.path(), context, tell).run();
  out.seconds = context.clock.now() - begin;
  return out;
}

Unlocked unlock(const Target& target, PassphraseSource& source, const Wait& wait, const base::Context& context,
                const Tell& tell) {
  const auto begin = context.clock.now();
  Unlocked out;
  try {
    const base::TempDir scratch(scratch_parent(), "dracut-sshd-unlock.");
    const auto machine = look_up(target, scratch.path(), context);
    if (machine.initramfs.any() && machine.target.alias != machine.names.front())
      tell({State::waiting, "known_hosts has its initramfs as " + base::printable(machine.target.alias)});
    out = unlock(machine, source, wait, context, tell);
  } catch (const LocalFault& fault) {
    out = {Outcome::local_fault, fault.what(), 0};
  }
  out.seconds = context.clock.now() - begin;
  return out;
}

}  // namespace remote
