// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/unlock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/host_alias.hpp"
#include "remote/host_proof.hpp"
#include "remote/known_hosts.hpp"
#include "remote/ssh_settings.hpp"
#include "remote/system_state.hpp"

namespace remote {
namespace {

// The exit statuses of unlock (dracut-sshd-unlock(8)), and the shell's for what it does not find.
constexpr int kOpen = 0;
constexpr int kRefused = 1;
constexpr int kNothing = 2;
constexpr int kNoOutcome = 3;
constexpr int kNotFound = 127;
constexpr int kKilled = 128;  // and more: ssh died of a signal, and no command's status came

constexpr unsigned kMostSends = 3;             // of the passphrase, where the connection was cut
constexpr unsigned kMostRefusals = 3;          // in a row, of a host that has proven its key
constexpr unsigned kSteadyLooks = 3;           // at a real system that does not say whether it is going down
constexpr double kSteadySeconds = 10;          // between the first and the last of them
constexpr std::chrono::seconds kSeenPause{5};  // between two looks at a real system that may be going down

/// A folder whose name ssh, a shell and a socket take as it is.
std::filesystem::path scratch_parent() {
  const auto parent = base::temp_parent();
  const auto text = parent.string();
  const bool plain = std::ranges::all_of(text, [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '/' || byte == '.' || byte == '_' || byte == '-';
  });
  return plain && text.starts_with('/') && text.size() <= 60 ? parent : std::filesystem::path("/tmp");
}

std::string value(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

std::vector<std::string> told_lines(const base::Outcome& outcome) {
  std::vector<std::string> out;
  for (const auto& line : base::lines(outcome.tail)) {
    if (const auto text = base::trim(line); !text.empty()) out.push_back(base::printable(text, 300));
  }
  return out;
}

std::string last_line(const base::Outcome& outcome) {
  const auto lines = told_lines(outcome);
  return lines.empty() ? "" : base::printable(lines.back(), 200);
}

std::string unverified(const std::string& words) { return words.empty() ? "" : "unverified: " + words; }

class Machine {
 public:
  Machine(Target target, const Secret& passphrase, const Wait& wait, const base::Context& context,
          const std::function<void(const std::string&)>& tell)
      : target_(std::move(target)),
        passphrase_(passphrase),
        wait_(wait),
        context_(context),
        tell_(tell),
        scratch_(scratch_parent(), "dracut-sshd-unlock."),
        begin_(context.clock.now()) {}

  Unlocked run() {
    Unlocked out;
    try {
      prepare();
      out = to_the_end();
    } catch (const LocalFault& fault) {
      out = {Outcome::local_fault, fault.what(), 0};
    }
    out.seconds = context_.clock.now() - begin_;
    return out;
  }

 private:
  using Verdict = std::optional<Unlocked>;  // nothing: go on

  /// What was sent of the passphrase.
  enum class Sent { no, maybe, opened };
  /// Who answered last.
  enum class Last { nobody, stranger, real, initramfs };

  struct Call {
    base::Outcome outcome;
    std::optional<OfferedKey> offered;
    bool ran = false;  // a command, on a host that has proven its key: the status is that command's
  };

  void prepare() {
    const SshQuestions questions(scratch_.path(), context_);
    target_.lacks = questions.lacking();
    records_ = !target_.lacks->contains("KnownHostsCommand");
    const auto typed = questions.of_user(target_, System::initramfs);
    const auto real = questions.of_user(target_, System::real);
    if (target_.real_user.empty()) {
      const auto user = value(real, "user");
      target_.real_user = user.empty() || user == questions.own_user() ? target_.user : user;
    }
    real_port_ = target_.same_port && !target_.port.empty() ? target_.port : value(real, "port");
    const auto early_port = target_.port.empty() ? value(typed, "port") : target_.port;
    same_door_ = early_port == real_port_ && value(typed, "hostname") == value(real, "hostname");

    const std::vector<std::string> files{value(real, "userknownhostsfile"), value(real, "globalknownhostsfile")};
    const KnownHosts of_user(files, scratch_.path(), context_);
    known_.emplace(target_.known_hosts.empty() ? files : std::vector<std::string>{target_.known_hosts}, scratch_.path(),
                   context_);
    can_tell_ = of_user.can_tell() && known_->can_tell();
    choose_alias(value(typed, "hostname"));
    find_unsealed();
    real_name_ = value(real, "hostkeyalias");
    if (real_name_.empty()) {
      real_name_ = value(real, "hostname");
      if (!real_port_.empty() && real_port_ != "22") real_name_ = fmt::format("[{}]:{}", real_name_, real_port_);
    }
    real_ = of_user.of(real_name_);
    questions.check(target_, System::initramfs);
    questions.check(target_, System::real);
    update_distinct();
  }

  /// The name of the key that the initramfs has where its TPM does not open the sealed one.
  void find_unsealed() {
    second_.alias = openssh::unsealed_alias(target_.alias);
    second_.known = known_->of(second_.alias);
    for (const auto& name : names_) {
      if (second_.known.any() || initramfs_.any()) break;
      second_.alias = openssh::unsealed_alias(name);
      second_.known = known_->of(second_.alias);
    }
  }

  void choose_alias(const std::string& resolved) {
    names_ = target_.alias.empty() ? initramfs_names(target_.host, resolved) : std::vector{target_.alias};
    target_.alias = names_.front();
    for (const auto& name : names_) {
      initramfs_ = known_->of(name);
      if (!initramfs_.any()) continue;
      target_.alias = name;
      break;
    }
    if (initramfs_.any() && target_.alias != names_.front())
      tell_("known_hosts has its initramfs as " + base::printable(target_.alias));
  }

  /// With --trust-new-host-key ssh may just have written a key into known_hosts.
  void see_what_was_taken() {
    initramfs_ = known_->of(target_.alias);
    trusted_now_ = initramfs_.any();
    update_distinct();
  }

  /// Whether the proof of the real system's key tells it from the initramfs.
  void update_distinct() {
    const auto shares = [this](const KnownKeys& other) {
      return std::ranges::any_of(real_.keys, [&](const std::string& key) { return other.keys.contains(key); }) ||
             (real_.authority && other.authority);
    };
    distinct_ = can_tell_ && real_.any() && (initramfs_.any() || second_.known.any()) && !shares(initramfs_) &&
                !shares(second_.known);
  }

  /// Whether the host may be the initramfs with its unsealed key. Only a proof tells.
  [[nodiscard]] bool may_be_unsealed(const Call& call) const {
    if (call.ran || as_unsealed_) return false;
    if (!can_tell_) return call.offered.has_value() || heard_from(call);
    if (!second_.known.any()) return false;
    if (!call.offered) return heard_from(call);
    return could_be(second_.known, call) && !could_be(initramfs_, call);
  }

  /// From now on, or until it is called again, the initramfs is the one that has the other key.
  void swap_keys() {
    std::swap(target_.alias, second_.alias);
    std::swap(initramfs_, second_.known);
    std::swap(target_.trust_new, second_.trust_new);
    as_unsealed_ = !as_unsealed_;
  }

  /// Looks at the initramfs by the name of its unsealed key; whether that led to a login, or a proof.
  bool look_as_unsealed(std::optional<Call>& call) {
    swap_keys();
    if (!target_.accept_unsealed) {
      const bool proven = proves(System::initramfs);
      swap_keys();
      return proven;
    }
    auto other = ask(System::initramfs, state_question());
    if (!other.ran && !proves(System::initramfs)) {
      swap_keys();
      return false;
    }
    tell_once(fmt::format("it has proven the unsealed host key, {}; going on (--accept-unsealed)",
                          base::printable(target_.alias)));
    call = std::move(other);
    return true;
  }

  [[nodiscard]] Unlocked refused_unsealed() const {
    return {Outcome::unsealed,
            fmt::format("it has proven the key of {}, not that of {}: its TPM did not open the sealed host key, or "
                        "this is somebody who has read its initramfs; nothing was sent. If you know why (new firmware, "
                        "another TPM): --accept-unsealed, and then dracut-sshd seal --reseal on that machine",
                        base::printable(second_.alias), base::printable(target_.alias)),
            0};
  }

  Unlocked to_the_end() {
    const bool unsealed_will_do = target_.accept_unsealed && second_.known.any();
    if (can_tell_ && !initramfs_.any() && !target_.trust_new && !unsealed_will_do) {
      if (real_.any()) {
        if (auto verdict = look_at_real(); verdict && verdict->outcome == Outcome::already_up) return *verdict;
      }
      return {Outcome::unknown_key, unknown_detail(), 0};
    }
    pause_ = wait_.first_pause;
    while (true) {
      const auto before = last_;
      last_ = Last::nobody;
      real_looked_at_ = false;
      std::optional<Call> call;
      if (as_unsealed_) swap_keys();  // it may have booted anew
      if (sent_ != Sent::opened) {
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
    const bool may_take_any = target_.trust_new && !initramfs_.any();
    if (may_take_any && real_.any()) {
      if (auto verdict = look_at_real()) return verdict;
    }
    if (last_ == Last::real) return std::nullopt;
    bool is_unsealed = may_take_any && second_.known.any() && look_as_unsealed(call);
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
      if (sends_ >= kMostSends) return std::nullopt;
      tell_(wait_.pin ? "in the initramfs; sending the PIN" : "in the initramfs; sending the passphrase");
      return send();
    }
    if (!could_be(initramfs_, call)) {
      if (call.offered && !could_be(real_, call)) last_ = Last::stranger;
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
    ++sends_;
    const auto call = ask(System::initramfs, wait_.pin ? "unlock --pin --wait 60" : "unlock --wait 60", true);
    if (!call.ran && records_ && (!call.offered || !could_be(initramfs_, call))) {
      --sends_;  // ssh has seen no key to send it to
      return std::nullopt;
    }
    if (!call.ran) {
      // The boot went on and cut us off; or somebody tripped over a cable.
      const auto words = unverified(last_line(call.outcome));
      tell_("the connection ended before an outcome came" + (words.empty() ? "" : " (" + words + ")"));
      sent_ = Sent::maybe;
      return std::nullopt;
    }
    for (const auto& line : told_lines(call.outcome)) tell_("it says: " + line);
    const auto detail = last_line(call.outcome);
    switch (call.outcome.status) {
      case kOpen:
        sent_ = Sent::opened;
        if (!wait_.for_system) return Unlocked{Outcome::unlocked, {}, 0};
        if (can_tell_ && !real_.any())
          return Unlocked{
              Outcome::not_seen_again,
              fmt::format("its real system cannot be told: known_hosts has no key for {}", base::printable(real_name_)),
              0};
        tell_("unlocked; waiting for the real system");
        pause_ = wait_.first_pause;
        return std::nullopt;
      case kRefused:
        return Unlocked{Outcome::refused, detail, 0};
      case kNothing:
        if (sent_ == Sent::no) return Unlocked{Outcome::not_asked, detail, 0};
        sends_ = kMostSends;  // what was sent before the connection was cut has served
        return std::nullopt;
      case kNoOutcome:
        sent_ = Sent::maybe;
        sends_ = kMostSends;
        if (!wait_.for_system) return Unlocked{Outcome::no_outcome, detail, 0};
        tell_("no outcome yet; waiting for the real system");
        return std::nullopt;
      case kNotFound:
        return Unlocked{Outcome::refused, "there is no unlock in that initramfs: " + detail, 0};
      default:
        return Unlocked{Outcome::refused, fmt::format("unlock ended with {}: {}", call.outcome.status, detail), 0};
    }
  }

  /// Whether a look at the real system may show something that the look at the initramfs, if there was one, did not.
  [[nodiscard]] bool is_to_be_asked(const std::optional<Call>& call) const {
    if (last_ == Last::real || (can_tell_ && !real_.any())) return false;
    if (!call || !same_door_) return true;
    if (call->ran) return false;
    return call->offered ? could_be(real_, *call) : heard_from(*call);
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
    if (!distinct_ || !could_be(real_, call) || (!call.offered && !heard_from(call))) return std::nullopt;
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
                                  target_.alias, base::shell_quote(target_.alias)),
                      0};
    if (state.going_down(left())) {
      tell_once("the real system is going down; waiting for the initramfs");
      why_waiting_ = "the real system was still going down";
      steady_looks_ = 0;
      return std::nullopt;
    }
    if (wait_.after_reboot && !has_rebooted(state)) {
      tell_once("the real system is up; waiting until it has rebooted");
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
    tell_once("the real system answers; looking whether it stays");
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

  Call ask(System system, const std::string& command, bool with_passphrase = false) {
    Call out;
    const auto record = scratch_.path() / "offered";
    std::filesystem::remove(record);
    Watch watch;
    if (records_) watch.offered = record.string();
    auto run = ssh_command(target_, system, command, nullptr, context_.environment, watch);
    base::Fd input;
    if (with_passphrase) {
      input = as_pipe(passphrase_);
      run.passed[0] = input.get();
    }
    run.deadline = with_passphrase ? std::chrono::seconds(240) : patience();
    out.outcome = context_.runner.run(run, context_.cancel);
    out.offered = offered_key(record);
    out.ran = !out.outcome.timed_out && out.outcome.status < kKilled;
    return out;
  }

  /// Whether the host has the private key of one that known_hosts has. Nothing is logged in to.
  bool proves(System system) {
    Tripwire wire(scratch_.path() / "agent", context_.cancel);
    Watch watch;
    watch.agent = (scratch_.path() / "agent").string();
    auto run = ssh_command(target_, system, "true", nullptr, context_.environment, watch);
    run.deadline = patience();
    base::Outcome outcome;
    outcome.status = kSshFailed;
    try {
      outcome = context_.runner.run(run, wire.stop());
    } catch (const base::Interrupted&) {
      context_.cancel.throw_if_requested();
    }
    return wire.touched() || (!outcome.timed_out && outcome.status < kKilled);
  }

  [[nodiscard]] bool could_be(const KnownKeys& known, const Call& call) const {
    if (!can_tell_ || !call.offered) return true;
    return known.keys.contains(call.offered->blob) || (known.authority && call.offered->is_certificate());
  }

  /// Where the client does not record keys: whether it is worth a further connection. Wrong answers cost time alone.
  [[nodiscard]] bool heard_from(const Call& call) const {
    return !records_ && !last_line(call.outcome).starts_with("ssh: connect to host");
  }

  void tell_no_answer(const Call& call) {
    if (call.ran || last_ == Last::initramfs) return;
    if (last_ == Last::stranger) {
      stranger_ =
          fmt::format("it shows another host key than known_hosts has for {} ({}, not proven); nothing was sent",
                      base::printable(target_.alias), call.offered->fingerprint());
      tell_once(stranger_ + "; waiting on");
      return;
    }
    words_ = unverified(last_line(call.outcome));
    if (words_.empty() && call.offered) words_ = "it shows a known host key, and does not prove it";
    tell_once("no answer yet" + (words_.empty() ? "" : " (" + words_ + ")"));
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
        base::printable(base::join(names_, ", "), 300), base::printable(names_.front()),
        known_->first().empty() ? "" : " to " + base::printable(known_->first(), 200));
  }

  [[nodiscard]] double left() const {
    return static_cast<double>(wait_.deadline.count()) - (context_.clock.now() - begin_);
  }

  [[nodiscard]] std::chrono::seconds patience() const {
    return std::chrono::seconds(std::clamp<long>(static_cast<long>(left()) + 1, 1, 30));
  }

  void tell_once(const std::string& text) {
    if (text == told_) return;
    told_ = text;
    tell_(text);
  }

  /// False when the deadline has come.
  bool rest(std::chrono::seconds pause) {
    const auto room = std::chrono::milliseconds(static_cast<long>(left() * 1000));
    if (room.count() <= 0) return false;
    context_.clock.sleep(std::min<std::chrono::milliseconds>(pause, room), context_.cancel);
    return true;
  }

  Target target_;
  const Secret& passphrase_;
  const Wait& wait_;
  base::Context context_;
  const std::function<void(const std::string&)>& tell_;
  base::TempDir scratch_;
  double begin_;

  std::vector<std::string> names_;   // that were looked for
  std::optional<KnownHosts> known_;  // for the initramfs
  std::string real_name_;
  std::string real_port_;
  KnownKeys initramfs_;
  KnownKeys real_;
  struct {
    std::string alias;
    KnownKeys known;
    bool trust_new = false;   // never a new one by this name
  } second_;                  // the initramfs's unsealed key; while as_unsealed_ the sealed one
  bool as_unsealed_ = false;  // target_.alias and initramfs_ are those of the unsealed key
  bool can_tell_ = false;     // what known_hosts has
  bool records_ = false;      // the client tells which keys it is shown
  bool distinct_ = false;     // no key of the one system is known for the other
  bool same_door_ = false;    // both systems listen at one address and port

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

std::string name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::unlocked:
      return "unlocked";
    case Outcome::already_up:
      return "already up";
    case Outcome::going_down:
      return "not down yet";
    case Outcome::wrong_key:
      return "WRONG HOST KEY";
    case Outcome::unsealed:
      return "UNSEALED HOST KEY";
    case Outcome::unknown_key:
      return "unknown host key";
    case Outcome::no_login:
      return "no login";
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
    case Outcome::local_fault:
      return "ssh cannot work";
  }
  return "no answer";
}

Unlocked unlock(const Target& target, const Secret& passphrase, const Wait& wait, const base::Context& context,
                const std::function<void(const std::string&)>& tell) {
  return Machine(target, passphrase, wait, context, tell).run();
}

}  // namespace remote
