// SPDX-License-Identifier: GPL-3.0-or-later
#include "matrix/affected_releases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "formats/format.hpp"

namespace matrix {
namespace {

using enum Reach;

constexpr std::string_view kProfiles = "distros/";
constexpr std::string_view kEnding = ".json";
constexpr std::string_view kFormat = "format:";
constexpr std::uint64_t kLimit = 1U << 20U;

bool fits(std::string_view rule, std::string_view path) {
  return rule.ends_with('/') ? path.starts_with(rule) : path == rule;
}

/// "distros/ID.json" -> ID. What else lies in that folder is nobody's.
Target profile_of(std::string_view path) {
  auto id = path.substr(kProfiles.size());
  if (!id.ends_with(kEnding) || id.find('/') != std::string_view::npos) return {everything, ""};
  id.remove_suffix(kEnding.size());
  return {distribution, std::string(id)};
}

/// Release -> its merged profile, of a profile's old text.
std::map<std::string, std::string> merged_before(const std::string& file, const OldText& old_text) {
  std::map<std::string, std::string> merged;
  const auto text = old_text(file);
  if (!text) return merged;
  profile::Loaded before;
  profile::load_text(*text, file, before);
  for (const auto& found : before.distributions) {
    for (const auto& release : found.releases) merged[release.profile.release] = release.merged;
  }
  return merged;
}

/// A base::Error says what is wrong with the line.
Rule rule_in(const std::string& line) {
  std::istringstream words(line);
  std::string path;
  std::string cells;
  std::string tests;
  std::string more;
  words >> path >> cells >> tests;
  if (tests.empty() || words >> more) throw base::Error("expected three words, PATH CELLS TESTS");
  Rule rule{path, everything, "", Tests::none};
  if (!base::is_safe_relative(path.ends_with('/') ? std::string_view(path).substr(0, path.size() - 1) : path))
    throw base::Error(fmt::format("\"{}\" is not a valid relative path", base::printable(path)));
  if (cells == "nothing") {
    rule.reach = nothing;
  } else if (cells == "distribution" && path == kProfiles) {
    rule.reach = distribution;
  } else if (cells.starts_with(kFormat) && formats::find(std::string_view(cells).substr(kFormat.size())) != nullptr) {
    rule.reach = format;
    rule.format = cells.substr(kFormat.size());
  } else if (cells != "everything") {
    throw base::Error(fmt::format("\"{}\" is not known; expected nothing, everything, {} for {}, or {}NAME of {}",
                                  base::printable(cells), "distribution", kProfiles, kFormat,
                                  base::join(formats::names(), ", ")));
  }
  if (tests == "tool") {
    rule.tests = Tests::tool;
  } else if (tests == "core") {
    rule.tests = Tests::core;
  } else if (tests != "-") {
    throw base::Error(fmt::format("\"{}\" is not known; expected -, tool or core", base::printable(tests)));
  }
  return rule;
}

}  // namespace

ReachTable ReachTable::parse(std::string_view text, std::string_view file) {
  ReachTable table;
  std::size_t number = 0;
  for (const auto& line : base::lines(text)) {
    ++number;
    const auto content = base::trim(line);
    if (content.empty() || content.starts_with('#')) continue;
    try {
      table.rules_.push_back(rule_in(std::string(content)));
    } catch (const base::Error& error) {
      throw base::Error(fmt::format("{}:{}: {}", file, number, error.what()), base::Exit::usage);
    }
  }
  return table;
}

ReachTable ReachTable::read(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  return parse(base::read_file(file, kLimit), base::printable(file.string(), 4096));
}

const Rule* ReachTable::rule_of(std::string_view path) const {
  const auto rule = std::ranges::find_if(rules_, [&](const Rule& each) { return fits(each.path, path); });
  return rule == rules_.end() ? nullptr : &*rule;
}

Target ReachTable::reach_of(std::string_view path) const {
  const Rule* rule = rule_of(path);
  if (rule == nullptr) return {everything, ""};
  return rule->reach == distribution ? profile_of(path) : Target{rule->reach, rule->format};
}

Tests ReachTable::tests_of(const std::vector<std::string>& paths) const {
  Tests most = Tests::none;
  for (const auto& path : paths) {
    const Rule* rule = rule_of(path);
    most = std::max(most, rule == nullptr ? Tests::core : rule->tests);
  }
  return most;
}

std::vector<const profile::Release*> ReachTable::reached(const std::vector<const profile::Release*>& releases,
                                                         const std::vector<std::string>& paths,
                                                         const OldText& old_text) const {
  std::set<std::string> of_formats;
  std::map<std::string, std::map<std::string, std::string>> before;  // distribution -> release -> merged
  for (const auto& path : paths) {
    const auto target = reach_of(path);
    if (target.reach == everything) return releases;
    if (target.reach == format) of_formats.insert(target.name);
    if (target.reach == distribution) before[target.name] = merged_before(path, old_text);
  }
  std::vector<const profile::Release*> chosen;
  for (const auto* release : releases) {
    const auto& p = release->profile;
    bool is_reached = of_formats.contains(p.package.format);
    if (const auto found = before.find(p.id); !is_reached && found != before.end()) {
      const auto old = found->second.find(p.release);
      is_reached = old == found->second.end() || old->second != release->merged;
    }
    if (is_reached) chosen.push_back(release);
  }
  return chosen;
}

}  // namespace matrix
