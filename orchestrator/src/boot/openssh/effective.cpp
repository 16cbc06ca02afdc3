// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/effective.hpp"

#include <algorithm>

#include "openssh/pattern.hpp"

namespace openssh {

namespace {

bool is_everything(std::string_view patterns) {
  return !patterns.empty() && patterns.find_first_not_of('*') == std::string_view::npos;
}

Answer answer_to(const Criterion& criterion, const Connection& connection) {
  if (criterion.name == "all") return Answer::yes;
  if (criterion.name == "user")
    return match_list(connection.user, criterion.argument) == ListMatch::matched ? Answer::yes : Answer::no;
  if (criterion.name == "group") return match_groups(connection.groups, criterion.argument) ? Answer::yes : Answer::no;
  if (criterion.name == "host" || criterion.name == "address" || criterion.name == "localaddress")
    return is_everything(criterion.argument) ? Answer::yes : Answer::undecided;
  if (criterion.name == "localport" || criterion.name == "rdomain" || criterion.name == "version")
    return Answer::undecided;
  return Answer::no;  // invalid-user: this one is valid; and a line that was none
}

std::vector<Answer> answers_of(const Config& config, const Connection& connection) {
  std::vector<Answer> out;
  for (const auto& block : config.blocks) {
    Answer all = block.parent < 0 ? Answer::yes : out[static_cast<std::size_t>(block.parent)];
    for (const auto& criterion : block.criteria) {
      const auto one = answer_to(criterion, connection);
      if (one == Answer::no || all == Answer::no)
        all = Answer::no;
      else if (one == Answer::undecided)
        all = Answer::undecided;
    }
    out.push_back(all);
  }
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
  const auto answers = answers_of(config, connection);
  const auto globals = globals_of(config);
  std::vector<bool> in_force;
  for (const auto answer : answers) in_force.push_back(answer == Answer::yes);
  Effective out;
  out.connection = connection;
  out.values = values_of(config, in_force, globals);
  out.cut = config.cut;
  std::vector<bool> has_lines(config.blocks.size(), false);
  for (const auto& directive : config.directives)
    if (directive.block >= 0) has_lines[static_cast<std::size_t>(directive.block)] = true;
  for (std::size_t index = 0; index < answers.size(); ++index) {
    if (answers[index] != Answer::undecided || !has_lines[index]) continue;
    if (out.undecided.size() == kUndecidedBlocks) {
      out.cut = true;
      break;
    }
    auto assumed = in_force;
    for (int block = static_cast<int>(index); block >= 0; block = config.blocks[static_cast<std::size_t>(block)].parent)
      assumed[static_cast<std::size_t>(block)] = true;
    Undecided one{config.blocks[index].origin, config.blocks[index].text, {}, values_of(config, assumed, globals)};
    for (const auto& directive : config.directives)
      if (directive.block == static_cast<int>(index)) apply(directive, one.settings);
    out.undecided.push_back(std::move(one));
  }
  return out;
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
