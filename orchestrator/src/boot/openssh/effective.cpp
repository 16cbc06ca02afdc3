// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/effective.hpp"

#include <algorithm>
#include <cstddef>

#include "openssh/address.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

bool holds(const Criterion& criterion, const Connection& connection) {
  const auto& argument = criterion.argument;
  if (criterion.name == "all") return true;
  if (criterion.name == "user") return match_list(connection.user, argument) == ListMatch::matched;
  if (criterion.name == "group") return match_groups(connection.groups, argument);
  if (criterion.name == "host") return match_list(lower(connection.name()), lower(argument)) == ListMatch::matched;
  if (criterion.name == "address") return match_addresses(connection.address, argument) == AddressMatch::matched;
  if (criterion.name == "localaddress")
    return match_addresses(connection.local_address, argument) == AddressMatch::matched;
  if (criterion.name == "localport") return argument == std::to_string(connection.local_port);
  if (criterion.name == "version") return match_list(connection.release, argument) == ListMatch::matched;
  if (criterion.name == "rdomain") return match_list("", argument) == ListMatch::matched;  // there is none
  return false;  // invalid-user: this one is valid; and a line that was none
}

std::vector<bool> blocks_in_force(const Config& config, const Connection& connection) {
  std::vector<bool> out;
  for (const auto& block : config.blocks)
    out.push_back((block.parent < 0 || out[static_cast<std::size_t>(block.parent)]) &&
                  std::all_of(block.criteria.begin(), block.criteria.end(),
                              [&](const Criterion& criterion) { return holds(criterion, connection); }));
  return out;
}

/// For each block: sshd's first round reads it as if it stood outside, since "all" needs no connection.
std::vector<bool> globals_of(const Config& config) {
  std::vector<bool> out;
  for (const auto& block : config.blocks)
    out.push_back((block.parent < 0 || out[static_cast<std::size_t>(block.parent)]) &&
                  block.criteria.front().name == "all");
  return out;
}

/// Adds a line to those that are in force already, as its keyword has it.
void apply(const Directive& directive, Values& values) {
  auto& lines = values[std::string(directive.keyword->canonical)];
  Value value{directive.arguments, directive.rest, directive.origin};
  switch (directive.keyword->merge) {
    case Merge::first:
      if (lines.empty()) lines.push_back(std::move(value));
      break;
    case Merge::last:
      lines.assign(1, value);
      break;
    case Merge::append:
      lines.push_back(std::move(value));
      break;
    case Merge::subsystem:
      if (std::none_of(lines.begin(), lines.end(),
                       [&](const Value& line) { return line.arguments.front() == value.arguments.front(); }))
        lines.push_back(std::move(value));
      break;
  }
}

Values values_of(const Config& config, const std::vector<bool>& in_force, const std::vector<bool>& globals) {
  Values values;
  Values matched;
  for (const auto& directive : config.directives) {
    const auto block = static_cast<std::size_t>(directive.block);
    if (directive.block < 0 || globals[block]) apply(directive, values);
    if (directive.block >= 0 && directive.keyword->in_match && in_force[block]) apply(directive, matched);
  }
  // What matched takes the place of what stands outside.
  for (auto& [keyword, lines] : matched) values[keyword] = std::move(lines);
  return values;
}

}  // namespace

Effective effective(const Config& config, const Connection& connection) {
  return {connection, values_of(config, blocks_in_force(config, connection), globals_of(config))};
}

const Value* find_value(const Values& values, std::string_view keyword) {
  const auto found = values.find(keyword);
  return found == values.end() || found->second.empty() ? nullptr : &found->second.front();
}

std::string argument_of(const Values& values, std::string_view keyword, std::string_view fallback) {
  const auto* value = find_value(values, keyword);
  return value == nullptr || value->arguments.empty() ? std::string(fallback) : value->arguments.front();
}

std::vector<std::string> all_arguments(const Values& values, std::string_view keyword) {
  std::vector<std::string> out;
  const auto found = values.find(keyword);
  if (found == values.end()) return out;
  for (const auto& value : found->second) out.insert(out.end(), value.arguments.begin(), value.arguments.end());
  return out;
}

}  // namespace openssh
