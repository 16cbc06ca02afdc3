// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/calls.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace remote {
namespace {

constexpr int kKilled = 128;  // and more: ssh died of a signal, and no command's status came
constexpr std::size_t kLongestAnswer = 64U << 10U;

bool ran(const base::Outcome& outcome) { return !outcome.timed_out && !outcome.too_long && outcome.status < kKilled; }

}  // namespace

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

Call Calls::run(const Target& target, System system, const std::string& command, base::Command more) const {
  Call out;
  const auto record = scratch_ / "offered";
  std::filesystem::remove(record);
  Watch watch;
  if (records_) watch.offered = record.string();
  auto ssh = ssh_command(target, system, command, nullptr, context_.environment, watch);
  more.argv = std::move(ssh.argv);
  more.env = std::move(ssh.env);
  out.outcome = context_.runner.run(more, context_.cancel);
  out.offered = offered_key(record);
  out.ran = ran(out.outcome);
  return out;
}

Call Calls::ask(const Target& target, System system, const std::string& command, std::chrono::seconds patience,
                const Secret* secret) const {
  base::Command more;
  more.deadline = patience;
  base::Fd input;
  if (secret != nullptr) {
    input = as_pipe(*secret);
    more.passed[0] = input.get();
  }
  return run(target, system, command, std::move(more));
}

Call Calls::read(const Target& target, System system, const std::string& command, std::chrono::seconds patience) const {
  base::Command more;
  more.deadline = patience;
  more.capture = kLongestAnswer;
  return run(target, system, command, std::move(more));
}

bool Calls::proves(const Target& target, System system, std::chrono::seconds patience) const {
  const auto socket = scratch_ / "agent";
  Tripwire wire(socket, context_.cancel);
  Watch watch;
  watch.agent = socket.string();
  auto run = ssh_command(target, system, "true", nullptr, context_.environment, watch);
  run.deadline = patience;
  base::Outcome outcome;
  outcome.status = kSshFailed;
  try {
    outcome = context_.runner.run(run, wire.stop());
  } catch (const base::Interrupted&) {
    context_.cancel.throw_if_requested();
  }
  return wire.touched() || ran(outcome);
}

}  // namespace remote
