// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/edit.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace source {

Unit::Unit(std::string_view text) : whole_(text.empty() || text.ends_with('\n')) {
  std::string section;
  for (auto& raw : base::lines(text)) {
    std::string key;
    const auto trimmed = base::trim(raw);
    if (trimmed.ends_with('\\'))
      throw base::Error("a unit with continued lines cannot be edited: " + base::printable(raw));
    if (trimmed.starts_with('[') && trimmed.ends_with(']')) {
      section = trimmed.substr(1, trimmed.size() - 2);
    } else if (!trimmed.empty() && trimmed.front() != '#' && trimmed.front() != ';') {
      if (const auto equals = trimmed.find('='); equals != std::string_view::npos)
        key = base::trim(trimmed.substr(0, equals));
    }
    lines_.push_back({section, key, std::move(raw)});
  }
}

std::vector<std::string> Unit::values(std::string_view section, std::string_view key) const {
  std::vector<std::string> all;
  for (const auto& line : lines_) {
    if (line.section == section && line.key == key)
      all.emplace_back(base::trim(std::string_view(line.raw).substr(line.raw.find('=') + 1)));
  }
  return all;
}

void Unit::set(std::string_view section, std::string_view key, const std::string& value) {
  Line* found = nullptr;
  for (auto& line : lines_) {
    if (line.section != section || line.key != key) continue;
    if (found != nullptr) throw base::Error(fmt::format("[{}] {}= stands more than once in the unit", section, key));
    found = &line;
  }
  if (found == nullptr) throw base::Error(fmt::format("[{}] {}= does not stand in the unit", section, key));
  found->raw = fmt::format("{}={}", key, value);
}

void Unit::append(std::string_view section, std::string_view key, const std::string& value) {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    if (line->section != section || line->key != key) continue;
    lines_.insert(line.base(), {std::string(section), std::string(key), fmt::format("{}={}", key, value)});
    return;
  }
  throw base::Error(fmt::format("[{}] {}= does not stand in the unit", section, key));
}

std::string Unit::text() const {
  std::string all;
  for (const auto& line : lines_) all += line.raw + "\n";
  if (!whole_) all.pop_back();
  return all;
}

std::string assign(std::string_view text, std::string_view name, const std::string& value) {
  std::string all;
  int found = 0;
  const auto prefix = std::string(name) + "=";
  for (const auto& line : base::lines(text)) {
    const bool here = line.starts_with(prefix);
    found += here ? 1 : 0;
    all += (here ? prefix + value : line) + "\n";
  }
  if (found != 1) throw base::Error(fmt::format("{}= stands {} times, not once", name, found));
  if (!text.ends_with('\n')) all.pop_back();
  return all;
}

}  // namespace source
