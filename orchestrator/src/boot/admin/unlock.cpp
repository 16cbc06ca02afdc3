// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/unlock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "remote/prompt.hpp"
#include "remote/secret.hpp"

namespace admin {
namespace {

remote::Target target_of(const UnlockArguments& arguments, const std::string& typed) {
  const auto at = typed.rfind('@');
  const auto user = at == std::string::npos ? "" : typed.substr(0, at);
  const auto host = at == std::string::npos ? typed : typed.substr(at + 1);
  if (typed.starts_with("ssh://"))
    throw base::Error(fmt::format("\"{}\": an address of this form is not taken", base::printable(typed)),
                      base::Exit::usage)
        .with_hint("name the host alone, and its port with --port");
  // It would be an option of ssh's.
  if (host.empty() || host.starts_with('-') || typed.starts_with('-') || at == 0)
    throw base::Error(fmt::format("\"{}\" is not a host", base::printable(typed)), base::Exit::usage);
  remote::Target out;
  out.host = host;
  out.alias = arguments.alias;
  out.user = arguments.user.empty() ? "root" : arguments.user;
  out.real_user = user.empty() ? arguments.user : user;
  out.port = arguments.port;
  out.identity = arguments.identity;
  out.known_hosts = arguments.known_hosts;
  out.config = arguments.config;
  out.trust_new = arguments.trust_new;
  out.accept_unsealed = arguments.accept_unsealed;
  out.same_port = arguments.same_port;
  return out;
}

remote::Secret passphrase_of(const UnlockArguments& arguments, base::Cancel& cancel) {
  remote::forbid_core_dumps();
  if (arguments.descriptor >= 0) return remote::from_descriptor(arguments.descriptor, cancel);
  if (!arguments.command.empty()) return remote::from_command(arguments.command, cancel);
  const auto* const what = arguments.pin ? "PIN" : "Passphrase";
  return remote::from_terminal(arguments.hosts.size() == 1
                                   ? fmt::format("{} for {}: ", what, base::printable(arguments.hosts.front()))
                                   : fmt::format("{} for {} machines: ", what, arguments.hosts.size()),
                               cancel);
}

bool is_well(const remote::Unlocked& result) {
  return result.outcome == remote::Outcome::unlocked || result.outcome == remote::Outcome::already_up;
}

void print(const std::vector<remote::Target>& targets, const std::vector<remote::Unlocked>& results, bool json) {
  if (json) {
    auto document = nlohmann::ordered_json::array();
    for (std::size_t index = 0; index < targets.size(); ++index)
      document.push_back({{"host", targets[index].host},
                          {"outcome", remote::name_of(results[index].outcome)},
                          {"detail", results[index].detail},
                          {"seconds", results[index].seconds}});
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (std::size_t index = 0; index < targets.size(); ++index)
    rows.push_back({base::printable(targets[index].host), remote::name_of(results[index].outcome),
                    base::human_time(results[index].seconds), results[index].detail});
  fmt::print("{}", base::table({"host", "outcome", "time", ""}, rows, {2}));
}

}  // namespace

int unlock(const UnlockArguments& arguments, const base::Context& context, base::Cancel& cancel) {
  std::vector<remote::Target> targets;
  for (const auto& host : arguments.hosts) targets.push_back(target_of(arguments, host));
  if (!arguments.alias.empty() && targets.size() > 1) throw base::Error("--alias is for one host", base::Exit::usage);
  const auto path = context.environment.find("PATH");
  if (!base::find_program("ssh", path == context.environment.end() ? "/usr/bin:/bin" : path->second))
    throw base::Error("ssh is not installed", base::Exit::missing_tool).with_hint("install OpenSSH's client");
  const auto passphrase = passphrase_of(arguments, cancel);
  if (!passphrase.locked())
    context.console.line("note: RLIMIT_MEMLOCK does not allow keeping the passphrase out of swap");
  remote::Wait wait;
  wait.deadline = std::chrono::seconds(arguments.deadline);
  wait.for_system = !arguments.no_wait;
  wait.pin = arguments.pin;
  wait.after_reboot = arguments.after_reboot;
  std::vector<remote::Unlocked> results(targets.size());
  std::vector<std::exception_ptr> failures(targets.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t index = 0; index < targets.size(); ++index) {
      threads.emplace_back([&, index] {
        try {
          const auto begin = context.clock.now();
          results[index] = remote::unlock(targets[index], passphrase, wait, context, [&](const std::string& text) {
            context.console.line(fmt::format("{} [{:.0f} s] {}", base::printable(targets[index].host),
                                             context.clock.now() - begin, text));
          });
        } catch (...) {
          failures[index] = std::current_exception();
        }
      });
    }
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  print(targets, results, arguments.json);
  return std::ranges::all_of(results, is_well) ? 0 : 1;
}

}  // namespace admin
