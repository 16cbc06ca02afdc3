// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/watcher.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.hpp"

namespace watch {
namespace {

constexpr double kAfterUnlock = 5;         // a look, whether the real system is there
constexpr double kUnlockedForLong = 300;   // and then it should be
constexpr double kAnotherPrompt = 45;      // still in the initramfs so long after it was unlocked: it asks again
constexpr unsigned kMissesUntilDown = 2;   // where packets vanish, which one lost packet does, too
constexpr unsigned kMostKeyTries = 5;      // of a host that answers, and shows no key; then the slow round
constexpr unsigned kMissesUntilFault = 3;  // of a host that answers, and is no SSH server

const char* text_of(Answer answer) {
  switch (answer) {
    case Answer::identified:
      return "";
    case Answer::refused:
      return "connection refused";
    case Answer::timeout:
      return "no answer";
    case Answer::silent:
      return "it takes connections and says nothing";
    case Answer::closed:
      return "it takes connections and closes them";
    case Answer::garbage:
      return "what it sends is not an SSH server's identification";
  }
  return "";
}

bool is_down(Answer answer) { return answer == Answer::refused || answer == Answer::timeout; }

}  // namespace

std::string name_of(State state) {
  switch (state) {
    case State::unknown:
      return "unknown";
    case State::down:
      return "down";
    case State::up:
      return "up";
    case State::waiting:
      return "waiting";
    case State::unlocking:
      return "unlocking";
    case State::unlocked:
      return "unlocked";
    case State::wrong_key:
      return "wrong-key";
    case State::fault:
      return "fault";
  }
  return "unknown";
}

Watcher::Watcher(const Pace& pace, std::uint32_t seed, bool straight)
    : pace_(pace), random_(seed), straight_(straight) {}

std::size_t Watcher::add(const WatchedHost& what, double now) {
  Host host;
  host.what = what;
  host.since = now;
  host.key_due = kNever;  // once it answers
  host.ssh_due = what.direct ? kNever : now;
  hosts_.push_back(std::move(host));
  return hosts_.size() - 1;
}

void Watcher::set_kind(std::size_t number, bool direct, bool comparable, double now) {
  auto& host = hosts_[number];
  const bool changed = host.what.direct != direct || host.what.comparable != comparable;
  host.what.direct = direct;
  host.what.comparable = comparable;
  if (!changed || (std::isinf(host.key_due) && std::isinf(host.ssh_due) && direct)) return;
  host.key_due = kNever;
  host.ssh_due = kNever;
  ask(host, now);
}

void Watcher::set(std::size_t number, State state, const std::string& text, double now) {
  auto& host = hosts_[number];
  if (state == State::waiting || state == State::unlocking) {
    if (host.waiting_since == 0) host.waiting_since = now;
  } else if (state != State::fault && state != State::wrong_key) {
    host.waiting_since = 0;
  }
  // The same fault with another explanation is news; a host that stays as it is, none.
  if (state == host.state && (state != State::fault || text == host.text)) return;
  changes_.push_back({number, host.what.name, host.state, state, now - host.since, text});
  host.state = state;
  host.since = now;
  host.text = text;
}

void Watcher::ask(Host& host, double now) {
  if (host.what.direct && host.what.comparable) {
    host.key_due = now;
  } else {
    host.ssh_due = std::max(now, host.not_before);
  }
}

void Watcher::rest_until_slow_round(Host& host, double now) {
  host.ssh_due = kNever;
  host.key_due = kNever;
  const bool cheap = host.what.direct && host.what.comparable;
  const auto slow = std::max(pace_.slow_round, static_cast<double>(hosts_.size()) / pace_.key_looks);
  auto pause = host.what.direct ? slow : pace_.by_ssh_alone;
  // The first round is spread over its whole length: hosts that were looked at together at the start are not again.
  std::uniform_real_distribution<double> share(0.1, 1);
  if (host.what.direct && host.looks <= 1) pause *= share(random_);
  (cheap ? host.key_due : host.ssh_due) = std::max(now + jittered(pace_, pause, random_), host.not_before);
}

void Watcher::looked(const Look& look, double now) {
  auto& host = hosts_[look.host];
  if (look.answer != Answer::identified) return not_there(look.host, look, now);
  const bool was_away = host.down_since >= 0;
  const bool straight = was_away && goes_straight(host);
  const bool was_odd = host.misses > 0;
  if (was_away && now - host.down_since >= kRebootSeconds) host.held_back = false;
  host.down_since = -1;
  host.misses = 0;
  if (!was_away && !was_odd && !look.changed && !look.lost && host.state != State::unknown) return;
  host.no_key = 0;
  if (was_away || look.lost) host.not_before = std::min(host.not_before, now);
  if (host.busy) return;
  if (straight && !host.held_back) {
    host.ssh_due = std::max(now, host.not_before);
  } else {
    ask(host, now);
  }
}

bool Watcher::goes_straight(const Host& host) const {
  if (!straight_ || host.state != State::down) return false;
  const auto down = std::ranges::count_if(hosts_, [](const Host& each) { return each.down_since >= 0; });
  return static_cast<std::size_t>(down) <= kMostRebooting;
}

void Watcher::not_there(std::size_t number, const Look& look, double now) {
  auto& host = hosts_[number];
  ++host.misses;
  if (host.busy) return;
  if (!is_down(look.answer)) {
    if (host.misses >= kMissesUntilFault) set(number, State::fault, text_of(look.answer), now);
    return;
  }
  if (host.down_since < 0) host.down_since = now;
  if (look.answer == Answer::timeout && host.misses < kMissesUntilDown) return;
  host.key_due = kNever;
  host.ssh_due = kNever;
  // Between the initramfs and its real system nobody listens.
  if (host.state == State::unlocked && now - host.since < kUnlockedForLong) return;
  const bool vanished = host.state == State::unlocked;
  set(number, State::down, vanished ? "unlocked, and not seen since" : text_of(look.answer), now);
}

void Watcher::shown(std::size_t number, remote::Shows shows, double now) {
  auto& host = hosts_[number];
  host.busy = false;
  ++host.looks;
  rest_until_slow_round(host, now);
  if (std::exchange(host.asked_again, false)) ask(host, now);
  if (shows != remote::Shows::nothing) host.no_key = 0;
  switch (shows) {
    case remote::Shows::nothing:
      if (++host.no_key <= kMostKeyTries) host.key_due = now + std::exp2(host.no_key);
      if (host.no_key == kMostKeyTries) set(number, State::fault, "it answers, and shows no host key", now);
      return;
    case remote::Shows::real:
      return seen_up(number, "it shows its real system's key", now);
    case remote::Shows::initramfs:
      return wants_unlock(number, "it shows its initramfs's key", now);
    case remote::Shows::unsealed:
      return wants_unlock(number, "it shows its initramfs's unsealed key", now);
    case remote::Shows::both:
      host.ssh_due = std::max(now, host.not_before);
      return;
    case remote::Shows::stranger:
      set(number, State::wrong_key, "it shows another host key than known_hosts has (not proven); nothing is sent",
          now);
      return;
  }
}

void Watcher::wants_unlock(std::size_t number, const std::string& text, double now) {
  auto& host = hosts_[number];
  if (host.held_back) return;
  if (host.state == State::unlocked && now - host.since < kAnotherPrompt) {
    host.key_due = now + kAfterUnlock;
    return;
  }
  if (host.state != State::fault) set(number, State::waiting, text, now);
  host.ssh_due = std::max(now, host.not_before);
  host.key_due = kNever;
}

void Watcher::seen_up(std::size_t number, const std::string& text, double now) {
  auto& host = hosts_[number];
  host.held_back = false;
  host.in_a_row = 0;
  host.not_before = 0;
  set(number, State::up, text, now);
}

void Watcher::progressed(std::size_t number, State state, const std::string& text, double now) {
  set(number, state, text, now);
}

void Watcher::failed(std::size_t number, State state, const std::string& text, double now) {
  auto& host = hosts_[number];
  ++host.failures;
  const auto pause = std::min(kFirstPause * std::exp2(std::min(host.in_a_row, 16U)), kLongestPause);
  ++host.in_a_row;
  host.not_before = now + jittered(pace_, pause, random_);
  set(number, state, text, now);
  if (!host.held_back) {
    rest_until_slow_round(host, now);
    auto& due = host.what.direct && host.what.comparable ? host.key_due : host.ssh_due;
    due = std::min(due, host.not_before);
  }
}

void Watcher::finished(std::size_t number, const remote::Unlocked& result, double now) {
  using remote::Outcome;
  auto& host = hosts_[number];
  host.busy = false;
  ++host.looks;
  rest_until_slow_round(host, now);
  const auto text = remote::name_of(result.outcome) + (result.detail.empty() ? "" : ": " + result.detail);
  switch (result.outcome) {
    case Outcome::unlocked:
    case Outcome::not_seen_again:
    case Outcome::not_ready:
      host.in_a_row = 0;
      host.not_before = 0;
      set(number, State::unlocked, result.detail, now);
      host.key_due = host.what.direct && host.what.comparable ? now + kAfterUnlock : kNever;
      break;
    case Outcome::already_up:
      seen_up(number, result.detail, now);
      break;
    case Outcome::going_down:
      set(number, State::up, "it is going down", now);
      host.not_before = now + kFirstPause;
      ask(host, host.not_before);
      break;
    case Outcome::no_answer:
      if (!host.what.direct) {
        failed(number, State::down, result.detail, now);
      } else {
        failed(number, host.state == State::unlocking ? State::waiting : host.state, result.detail, now);
      }
      break;
    case Outcome::refused:
      host.held_back = true;
      failed(number, State::fault, text, now);
      break;
    case Outcome::wrong_key:
      failed(number, State::wrong_key, text, now);
      break;
    case Outcome::not_asked:
      failed(number, State::waiting, text, now);
      break;
    case Outcome::unsealed:
    case Outcome::unknown_key:
    case Outcome::no_login:
    case Outcome::no_outcome:
    case Outcome::no_passphrase:
    case Outcome::not_rebooted:  // neither is what a watcher asks for
    case Outcome::skipped:
    case Outcome::local_fault:
      failed(number, State::fault, text, now);
      break;
  }
  if (std::exchange(host.asked_again, false)) ask(host, now);
}

void Watcher::denied(std::size_t number, const std::string& why, double now) {
  auto& host = hosts_[number];
  host.busy = false;
  host.held_back = true;
  failed(number, State::fault, why, now);
  rest_until_slow_round(host, now);
}

void Watcher::broken(std::size_t number, const std::string& why, double now) {
  auto& host = hosts_[number];
  host.busy = false;
  failed(number, State::fault, why, now);
}

void Watcher::beacon(std::size_t number, double now) {
  auto& host = hosts_[number];
  if (host.busy) {
    host.asked_again = true;
  } else {
    ask(host, now);
  }
}

std::vector<std::size_t> Watcher::take_key_looks(std::size_t room, double now) {
  std::vector<std::size_t> out;
  for (std::size_t number = 0; number < hosts_.size(); ++number) {
    if (!hosts_[number].busy && hosts_[number].key_due <= now) out.push_back(number);
  }
  std::ranges::sort(out, {}, [this](std::size_t number) { return hosts_[number].key_due; });
  if (out.size() > room) out.resize(room);
  for (const auto number : out) {
    hosts_[number].busy = true;
    hosts_[number].key_due = kNever;
  }
  return out;
}

std::vector<std::size_t> Watcher::take_ssh_looks(std::size_t room, double now) {
  std::vector<std::size_t> out;
  for (std::size_t number = 0; number < hosts_.size(); ++number) {
    if (!hosts_[number].busy && hosts_[number].ssh_due <= now) out.push_back(number);
  }
  std::ranges::sort(out, {}, [this](std::size_t number) {
    const auto& host = hosts_[number];
    return std::pair(host.waiting_since == 0, host.waiting_since == 0 ? host.ssh_due : host.waiting_since);
  });
  if (out.size() > room) out.resize(room);
  for (const auto number : out) {
    hosts_[number].busy = true;
    hosts_[number].ssh_due = kNever;
  }
  return out;
}

double Watcher::next_key_look() const {
  double out = kNever;
  for (const auto& host : hosts_) {
    if (!host.busy) out = std::min(out, host.key_due);
  }
  return out;
}

double Watcher::next_ssh_look() const {
  double out = kNever;
  for (const auto& host : hosts_) {
    if (!host.busy) out = std::min(out, host.ssh_due);
  }
  return out;
}

std::vector<Change> Watcher::take_changes() { return std::exchange(changes_, {}); }

HostStatus Watcher::status(std::size_t number) const {
  const auto& host = hosts_[number];
  return {host.what.name, host.state, host.since, host.waiting_since, host.looks, host.failures, host.text};
}

}  // namespace watch
