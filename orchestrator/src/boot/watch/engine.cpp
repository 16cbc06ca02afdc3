// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/engine.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <map>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "remote/ssh_settings.hpp"

namespace watch {
namespace {

constexpr std::size_t kKeyLookThreads = 2;
constexpr std::size_t kKeysAtOnce = 64;     // hosts of one ssh-keyscan
constexpr std::size_t kMostApprovals = 32;  // that people think about at one time
constexpr std::size_t kBeaconsAtOnce = 64;  // read in one turn
constexpr double kResolveRound = 30;        // between two looks whether a host's name is to be resolved again
constexpr double kResolveAgain = 300;       // the name of a host that is down

std::string key_id(std::size_t host) { return fmt::format("h{}", host); }

}  // namespace

Engine::Engine(std::vector<std::string> names, const EngineOptions& options, Jobs jobs, const base::Context& context)
    : names_(std::move(names)),
      options_(options),
      jobs_(std::move(jobs)),
      context_(context),
      poller_(options.pace, options.seed),
      watcher_(options.pace, options.seed + 1, !jobs_.approve),
      gate_(names_),
      known_(names_.size()),
      preparers_(1),
      key_lookers_(kKeyLookThreads),
      approvers_(jobs_.approve ? std::min(kMostApprovals, names_.size()) : 0),
      unlockers_(options.parallel) {
  const auto start = now();
  for (const auto& name : names_) {
    (void)poller_.add(start);
    (void)watcher_.add({name, true, true}, start);
  }
  for (std::size_t host = 0; host < names_.size(); ++host) prepare(host);
  tick_due_ = start;
  resolve_due_ = start + kResolveRound;
}

Engine::~Engine() = default;

void Engine::prepare(std::size_t host) {
  if (std::exchange(known_[host].preparing, true)) return;
  preparers_.add([this, host] {
    try {
      auto prepared = jobs_.prepare(host);
      std::vector<std::string> addresses;
      if (prepared.direct) addresses = jobs_.resolve(prepared.host_name);
      inbox_.post([this, host, prepared = std::move(prepared), addresses = std::move(addresses)]() mutable {
        this->prepared(host, std::move(prepared), std::move(addresses));
      });
    } catch (const base::Interrupted&) {
      throw;
    } catch (const std::exception& fault) {
      inbox_.post([this, host, why = std::string(fault.what())] { broken(host, why); });
    }
  });
}

void Engine::prepared(std::size_t host, remote::Prepared prepared, std::vector<std::string> addresses) {
  auto& known = known_[host];
  known.preparing = false;
  known.addresses = std::move(addresses);
  std::vector<Address> parsed;
  for (const auto& address : known.addresses) {
    if (const auto one = address_of(address, prepared.port)) parsed.push_back(*one);
  }
  const bool is_known = prepared.initramfs.any() || prepared.unsealed.any();
  // Without a known key for the initramfs there is nothing to compare, and ssh says what is missing.
  watcher_.set_kind(host, prepared.direct, prepared.comparable && is_known, now());
  if (prepared.direct && parsed.empty()) watcher_.broken(host, "its name has no address", now());
  gate_.add_name(prepared.machine.target.alias, host);
  known.prepared = std::move(prepared);
  known.resolve_due = now() + kResolveAgain;
  poller_.set_addresses(host, std::move(parsed), now());
  if (std::exchange(known.look_wanted, false)) start_key_looks({host});
}

void Engine::broken(std::size_t host, const std::string& why) {
  auto& known = known_[host];
  known.preparing = false;
  known.resolve_due = now() + kResolveAgain;
  watcher_.broken(host, base::printable(why, 300), now());
  if (std::exchange(known.look_wanted, false)) poller_.resume(host, now());
}

/// A host that is down may have got another address; one that could not be prepared may be by now.
void Engine::resolve_again() {
  if (now() < resolve_due_) return;
  resolve_due_ = now() + kResolveRound;
  for (std::size_t host = 0; host < names_.size(); ++host) {
    auto& known = known_[host];
    const bool has_name = !known.prepared || !address_of(known.prepared->host_name, 1);
    const bool is_lost = !known.prepared || (known.prepared->direct && known.addresses.empty()) ||
                         watcher_.status(host).state == State::down;
    if (has_name && is_lost && now() >= known.resolve_due) prepare(host);
  }
}

void Engine::start_looks() {
  if (key_jobs_ < kKeyLookThreads) {
    // Hosts that showed nothing last time take ssh-keyscan its whole patience, and would keep the others waiting.
    std::map<bool, std::vector<std::size_t>> groups;
    for (const auto host : watcher_.take_key_looks(kKeysAtOnce, now()))
      groups[known_[host].shows_nothing].push_back(host);
    for (const auto& [slow, hosts] : groups) start_key_looks(hosts);
  }
  const auto room = options_.parallel - std::min(options_.parallel, ssh_jobs_);
  for (const auto host : watcher_.take_ssh_looks(room, now())) start_ssh_look(host);
}

void Engine::start_key_looks(const std::vector<std::size_t>& hosts) {
  std::vector<remote::KeyQuestion> questions;
  std::vector<std::size_t> asked;
  for (const auto host : hosts) {
    auto& known = known_[host];
    poller_.pause(host);
    if (!known.prepared || known.prepared->is_stale()) {
      known.look_wanted = true;
      prepare(host);
      continue;
    }
    asked.push_back(host);
    if (known.addresses.empty()) continue;
    questions.push_back({key_id(host), known.addresses.front(), known.prepared->port, known.prepared->types()});
  }
  if (asked.empty()) return;
  ++key_jobs_;
  key_lookers_.add([this, questions = std::move(questions), asked = std::move(asked)] {
    remote::Shown shown;
    try {
      shown = jobs_.look_at_keys(questions);
    } catch (const base::Error& error) {
      // No ssh-keyscan: ssh itself has to look.
      inbox_.post([this, asked, why = std::string(error.what())] {
        --key_jobs_;
        for (const auto host : asked) {
          watcher_.broken(host, base::printable(why, 300), now());
          watcher_.set_kind(host, true, false, now());
          poller_.resume(host, now());
        }
      });
      return;
    }
    inbox_.post([this, asked, shown = std::move(shown)] {
      --key_jobs_;
      for (const auto host : asked) {
        const auto found = shown.find(key_id(host));
        auto& known = known_[host];
        known.shows_nothing = found == shown.end();
        watcher_.shown(
            host, known.shows_nothing ? remote::Shows::nothing : remote::what_it_shows(*known.prepared, found->second),
            now());
        poller_.resume(host, now());
      }
    });
  });
}

void Engine::start_ssh_look(std::size_t host) {
  if (jobs_.approve && !known_[host].approved && watcher_.status(host).waiting_since > 0) {
    approvers_.add([this, host] {
      std::optional<std::string> why;
      try {
        why = jobs_.approve(host);
      } catch (const base::Error& error) {
        why = error.what();
      }
      inbox_.post([this, host, why = std::move(why)] {
        if (why) return watcher_.denied(host, base::printable(*why, 300), now());
        known_[host].approved = true;
        start_ssh_look(host);
      });
    });
    return;
  }
  poller_.pause(host);
  ++ssh_jobs_;
  UnlockJob job{host, known_[host].prepared, watcher_.status(host).state == State::waiting, known_[host].approved};
  unlockers_.add([this, host, job = std::move(job)]() mutable {
    remote::Unlocked result;
    try {
      if (job.prepared && job.prepared->is_stale()) job.prepared.reset();
      result = jobs_.unlock(job, [this, host](State state, const std::string& text) {
        inbox_.post([this, host, state, text] { watcher_.progressed(host, state, base::printable(text, 300), now()); });
      });
    } catch (const base::Interrupted&) {
      throw;
    } catch (const std::exception& fault) {
      result = {remote::Outcome::local_fault, base::printable(fault.what(), 300), 0};
    }
    inbox_.post([this, host, result = std::move(result)] { finished(host, result); });
  });
}

void Engine::finished(std::size_t host, const remote::Unlocked& result) {
  --ssh_jobs_;
  watcher_.finished(host, result, now());
  poller_.resume(host, now());
}

void Engine::take_beacons() {
  for (std::size_t count = 0; count < kBeaconsAtOnce; ++count) {
    std::array<char, kLongestBeacon + 1> buffer{};
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const auto got = recvfrom(options_.beacons, buffer.data(), buffer.size(), MSG_DONTWAIT,
                              reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return;
    const auto taken = gate_.take({buffer.data(), static_cast<std::size_t>(got)}, source_of(from), now());
    if (!taken || !known_[taken->host].prepared) continue;
    preparers_.add([this, host = taken->host, beacon = taken->beacon, prepared = *known_[taken->host].prepared] {
      try {
        if (!jobs_.is_signed(prepared, beacon)) return;
      } catch (const base::Error&) {
        return;  // it cannot be verified: as if it had not come
      }
      inbox_.post([this, host, beacon] {
        if (gate_.is_news(host, beacon)) watcher_.beacon(host, now());
      });
    });
  }
}

void Engine::report() {
  for (const auto& change : watcher_.take_changes()) {
    if (change.to != State::waiting && change.to != State::unlocking) known_[change.host].approved = false;
    if (jobs_.changed) jobs_.changed(change);
  }
  if (now() < tick_due_) return;
  tick_due_ = now() + options_.tick;
  if (jobs_.tick) jobs_.tick(statuses());
}

int Engine::wait_ms(double longest) const {
  auto due = std::min({poller_.next_due(), tick_due_, resolve_due_, now() + longest});
  // Otherwise the end of a job makes room, and wakes the loop.
  if (key_jobs_ < kKeyLookThreads) due = std::min(due, watcher_.next_key_look());
  if (ssh_jobs_ < options_.parallel) due = std::min(due, watcher_.next_ssh_look());
  return static_cast<int>(std::ceil(std::clamp(due - now(), 0.0, longest) * 1000));
}

void Engine::turn(double longest) {
  std::array<pollfd, 4> watched{{{poller_.fd(), POLLIN, 0},
                                 {inbox_.fd(), POLLIN, 0},
                                 {context_.cancel.fd(), POLLIN, 0},
                                 {options_.beacons, POLLIN, 0}}};
  (void)poll(watched.data(), watched.size(), wait_ms(longest));
  context_.cancel.throw_if_requested();
  if (watched[1].revents != 0) inbox_.handle();
  if (watched[3].revents != 0) take_beacons();
  for (const auto& look : poller_.step(now())) watcher_.looked(look, now());
  resolve_again();
  start_looks();
  report();
}

void Engine::run() {
  for (;;) turn(60);
}

std::vector<HostStatus> Engine::statuses() const {
  std::vector<HostStatus> out;
  for (std::size_t host = 0; host < watcher_.size(); ++host) out.push_back(watcher_.status(host));
  return out;
}

}  // namespace watch
