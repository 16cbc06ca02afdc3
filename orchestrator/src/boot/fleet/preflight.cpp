// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "remote/calls.hpp"
#include "remote/known_machine.hpp"
#include "remote/ssh_settings.hpp"
#include "remote/system_state.hpp"

namespace fleet {
namespace {

using remote::System;
using Result = Preflight::Result;

constexpr std::chrono::seconds kCallPatience{30};

Preflight initramfs_key(const remote::KnownMachine& machine) {
  const auto name = base::printable(machine.target.alias);
  if (machine.initramfs.any()) return {"initramfs-key", Result::ok, "known_hosts has " + name};
  if (!machine.can_tell)
    return {"initramfs-key", Result::unknown, "what known_hosts has cannot be read; ssh decides when it connects"};
  if (machine.target.accept_unsealed && machine.unsealed.any())
    return {"initramfs-key", Result::ok, "known_hosts has " + base::printable(machine.unsealed_alias) + " alone"};
  return {"initramfs-key", Result::bad,
          fmt::format("known_hosts has no key for {}; add the line that dracut-sshd inspect prints on that machine",
                      base::printable(base::join(machine.names, ", "), 300))};
}

Preflight real_key(const remote::KnownMachine& machine) {
  const auto name = base::printable(machine.real_name);
  if (!machine.can_tell) return {"real-key", Result::unknown, "what known_hosts has cannot be read"};
  if (!machine.real.any())
    return {"real-key", Result::bad, fmt::format("known_hosts has no key for {}; log in to it once by ssh", name)};
  if (!machine.distinct() && machine.initramfs.any())
    return {"real-key", Result::unknown,
            name + " has a key of the initramfs, too: only a login tells which of the two answers"};
  return {"real-key", Result::ok, "known_hosts has " + name};
}

Preflight passphrase(remote::PassphraseSource* source, const base::Context& context) {
  if (source == nullptr) return {"passphrase", Result::unknown, "it is asked for at the terminal"};
  try {
    const auto secret = source->passphrase(nullptr, context.cancel);
    return {"passphrase", Result::ok,
            secret.locked() ? "obtained, and forgotten" : "obtained; RLIMIT_MEMLOCK does not keep it out of swap"};
  } catch (const base::Error& error) {
    return {"passphrase", Result::bad, base::printable(error.what(), 300)};
  }
}

Preflight answers(const remote::KnownMachine& machine, const remote::Calls& calls) {
  auto target = machine.target;
  target.trust_new = false;
  for (std::size_t round = 0; round < std::max<std::size_t>(target.addresses.size(), 1); ++round) {
    const auto real = calls.ask(target, System::real, remote::state_question(), kCallPatience);
    if (real.ran) {
      const bool is_real = real.outcome.status == remote::kRealSystem || machine.distinct();
      return {"answers", Result::ok,
              is_real ? "its real system, which has proven its key" : "it is in its initramfs, and lets you in"};
    }
    const auto early = calls.ask(target, System::initramfs, remote::state_question(), kCallPatience);
    if (early.ran) return {"answers", Result::ok, "it is in its initramfs, and lets you in"};
    if (machine.distinct() && calls.proves(target, System::real, kCallPatience))
      return {"answers", Result::ok, "its real system, which has proven its key and does not let you in"};
    if (!target.addresses.empty())
      std::rotate(target.addresses.begin(), target.addresses.begin() + 1, target.addresses.end());
    if (round + 1 >= target.addresses.size()) {
      const auto words = remote::last_line(real.outcome);
      return {"answers", Result::bad, words.empty() ? "nothing that proves a known key" : "unverified: " + words};
    }
  }
  return {"answers", Result::bad, "nothing that proves a known key"};
}

}  // namespace

std::string name_of(Result result) {
  return result == Result::ok ? "ok" : result == Result::unknown ? "unknown" : "FAILED";
}

std::vector<Preflight> preflight(const remote::Target& target, remote::PassphraseSource* source,
                                 const base::Context& context) {
  std::vector<Preflight> out;
  const base::TempDir scratch(remote::scratch_parent(), "dracut-sshd-check.");
  try {
    const auto machine = remote::look_up(target, scratch.path(), context);
    out.push_back({"ssh", Result::ok, "as " + base::printable(machine.target.user)});
    out.push_back(initramfs_key(machine));
    out.push_back(real_key(machine));
    out.push_back(passphrase(source, context));
    out.push_back(answers(machine, remote::Calls(scratch.path(), machine.records, context)));
  } catch (const remote::LocalFault& fault) {
    out.push_back({"ssh", Result::bad, fault.what()});
  }
  return out;
}

}  // namespace fleet
