// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/unlock.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace remote {
namespace {

// The exit statuses of unlock (dracut-sshd-unlock(8)), and the shell's for what it does not find.
constexpr int kOpen = 0;
constexpr int kRefused = 1;
constexpr int kNothing = 2;
constexpr int kNoOutcome = 3;

constexpr int kReal = 97;  // of the question below: this is no initramfs

// A key that may only unlock (command="unlock") runs that instead of the question, without a passphrase: it ends with a
// status of its own, and we are in, too.
const std::string kQuestion = "[ -e /etc/initrd-release ] || exit 97";

class Machine {
 public:
  Machine(const Target& target, const Secret& passphrase, const Wait& wait,
          const std::map<std::string, std::string>& environment, base::Runner& runner, const base::Cancel& cancel,
          Clock& clock, const std::function<void(const std::string&)>& tell)
      : target_(target),
        passphrase_(passphrase),
        wait_(wait),
        environment_(environment),
        runner_(runner),
        cancel_(cancel),
        clock_(clock),
        tell_(tell),
        begin_(clock.now()) {}

  Unlocked run() {
    auto out = to_the_end();
    out.seconds = clock_.now() - begin_;
    return out;
  }

 private:
  Unlocked to_the_end() {
    if (auto failed = wait_for_initramfs()) return *failed;
    tell_("in the initramfs; sending the passphrase");
    if (auto failed = send()) return *failed;
    if (!wait_.for_system) return {Outcome::unlocked, {}, 0};
    tell_("unlocked; waiting for the real system");
    return wait_for_system();
  }

  /// Until somebody with the right key answers; a reason to give up, or nothing.
  std::optional<Unlocked> wait_for_initramfs() {
    auto pause = wait_.first_pause;
    std::string last;
    while (true) {
      const auto outcome = ssh(System::initramfs, kQuestion, nullptr);
      switch (reached(outcome)) {
        case Reached::ran:
          if (outcome.status == kReal) return Unlocked{Outcome::already_up, {}, 0};
          return std::nullopt;
        case Reached::wrong_key:
        case Reached::unknown_key:
          // The real system, which has a key of its own, or a stranger. The passphrase is for neither.
          if (is_real_system()) return Unlocked{Outcome::already_up, {}, 0};
          return Unlocked{reached(outcome) == Reached::wrong_key ? Outcome::wrong_key : Outcome::unknown_key,
                          key_detail(reached(outcome)), 0};
        case Reached::refused:
          return Unlocked{Outcome::no_login, last_line(outcome), 0};
        case Reached::local_fault:
          return Unlocked{Outcome::local_fault, last_line(outcome), 0};
        case Reached::no_answer:
          break;
      }
      if (const auto said = last_line(outcome); said != last) {
        last = said;
        tell_("no answer yet" + (said.empty() ? "" : ": " + said));
      }
      if (!rest(pause)) return Unlocked{Outcome::no_answer, last, 0};
    }
  }

  std::optional<Unlocked> send() {
    const auto outcome = ssh(System::initramfs, "unlock --wait 60", &passphrase_);
    const auto detail = last_line(outcome);
    switch (reached(outcome)) {
      case Reached::ran:
        if (outcome.status == kOpen) return std::nullopt;
        if (outcome.status == kRefused) return Unlocked{Outcome::refused, detail, 0};
        if (outcome.status == kNothing) return Unlocked{Outcome::not_asked, detail, 0};
        if (outcome.status == kNoOutcome) return std::nullopt;  // it was sent; the system's coming up will tell
        return Unlocked{Outcome::refused, fmt::format("unlock ended with {}: {}", outcome.status, detail), 0};
      case Reached::wrong_key:
        return Unlocked{Outcome::wrong_key, key_detail(Reached::wrong_key), 0};
      case Reached::unknown_key:
        return Unlocked{Outcome::unknown_key, key_detail(Reached::unknown_key), 0};
      case Reached::refused:
        return Unlocked{Outcome::no_login, detail, 0};
      case Reached::local_fault:
        return Unlocked{Outcome::local_fault, detail, 0};
      case Reached::no_answer:
        break;
    }
    // The boot went on and cut us off; or somebody tripped over a cable. What comes up tells.
    return std::nullopt;
  }

  Unlocked wait_for_system() {
    auto pause = wait_.first_pause;
    while (true) {
      if (is_real_system()) return {Outcome::unlocked, {}, 0};
      if (!rest(pause)) return {Outcome::not_seen_again, "not within the deadline", 0};
    }
  }

  /// Whether what answers has the real system's own key, as the user's known_hosts has it, and is no initramfs.
  bool is_real_system() {
    const auto outcome = ssh(System::real, kQuestion, nullptr);
    const auto how = reached(outcome);
    if (how == Reached::ran) return outcome.status == kReal;
    // The right host key, and no login there for us: up all the same, unless the initramfs has the same key.
    return how == Reached::refused;
  }

  base::Outcome ssh(System system, const std::string& command, const Secret* passphrase) {
    auto run = ssh_command(target_, system, command, passphrase, environment_);
    run.deadline = std::chrono::seconds(passphrase == nullptr ? 30 : 240);
    auto outcome = runner_.run(run, cancel_);
    for (auto& [fd, bytes] : run.data) std::fill(bytes.begin(), bytes.end(), '\0');
    return outcome;
  }

  /// Sleeps, longer each time; false when the deadline has come.
  bool rest(std::chrono::seconds& pause) {
    if (clock_.now() - begin_ + static_cast<double>(pause.count()) > static_cast<double>(wait_.deadline.count()))
      return false;
    clock_.sleep(pause, cancel_);
    cancel_.throw_if_requested();
    pause = std::min(pause * 2, wait_.longest_pause);
    return true;
  }

  [[nodiscard]] std::string key_detail(Reached how) const {
    return how == Reached::wrong_key
               ? fmt::format("it has another host key than known_hosts has for {}; nothing was sent", target_.alias)
               : fmt::format(
                     "known_hosts has no key for {}; dracut-sshd inspect, on that machine, prints the line; nothing "
                     "was sent",
                     target_.alias);
  }

  static std::string last_line(const base::Outcome& outcome) {
    const auto lines = base::lines(outcome.tail);
    for (auto each = lines.rbegin(); each != lines.rend(); ++each) {
      if (!base::trim(*each).empty()) return base::printable(base::trim(*each), 200);
    }
    return {};
  }

  const Target& target_;
  const Secret& passphrase_;
  const Wait& wait_;
  const std::map<std::string, std::string>& environment_;
  base::Runner& runner_;
  const base::Cancel& cancel_;
  Clock& clock_;
  const std::function<void(const std::string&)>& tell_;
  double begin_;
};

}  // namespace

std::string name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::unlocked:
      return "unlocked";
    case Outcome::already_up:
      return "already up";
    case Outcome::wrong_key:
      return "WRONG HOST KEY";
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
    case Outcome::not_seen_again:
      return "unlocked, not seen again";
    case Outcome::local_fault:
      return "ssh cannot work";
  }
  return "no answer";
}

double SystemClock::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void SystemClock::sleep(std::chrono::milliseconds pause, const base::Cancel& cancel) {
  pollfd watched{cancel.fd(), POLLIN, 0};
  (void)poll(&watched, 1, static_cast<int>(pause.count()));
}

Unlocked unlock(const Target& target, const Secret& passphrase, const Wait& wait,
                const std::map<std::string, std::string>& environment, base::Runner& runner, const base::Cancel& cancel,
                Clock& clock, const std::function<void(const std::string&)>& tell) {
  return Machine(target, passphrase, wait, environment, runner, cancel, clock, tell).run();
}

}  // namespace remote
