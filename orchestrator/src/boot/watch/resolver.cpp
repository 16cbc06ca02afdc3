// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/resolver.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "remote/ssh.hpp"
#include "watch/poller.hpp"

namespace watch {
namespace {

constexpr std::size_t kMostAddresses = 8;
constexpr std::size_t kLongestAnswer = 16384;
constexpr std::chrono::seconds kPatience{20};

}  // namespace

std::vector<std::string> parse_ahosts(std::string_view printed) {
  std::vector<std::string> out;
  for (const auto& line : base::lines(printed)) {
    const auto address = line.substr(0, line.find(' '));
    if (!address_of(address, 1) || std::ranges::find(out, address) != out.end()) continue;
    out.push_back(address);
    if (out.size() == kMostAddresses) break;
  }
  return out;
}

std::vector<std::string> resolve(const std::string& name, const base::Context& context) {
  if (address_of(name, 1)) return {name};
  if (name.empty() || name.starts_with('-')) return {};
  base::Command command;
  command.argv = {"getent", "ahosts", name};
  command.env = remote::ssh_environment(context.environment);
  command.capture = kLongestAnswer;
  command.deadline = kPatience;
  return parse_ahosts(context.runner.run(command, context.cancel).out);
}

}  // namespace watch
