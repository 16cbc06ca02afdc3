// SPDX-License-Identifier: GPL-3.0-or-later
#include "matrix/reach.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "formats/format.hpp"

namespace pipeline {
namespace {

using enum Reach;

constexpr std::string_view kProfiles = "distros/";
constexpr std::string_view kEnding = ".json";

constexpr std::array kRules = {
    Rule{kProfiles, distribution},
    // the source, which every package holds; its tests are in none
    Rule{"module/tests/", nothing},
    Rule{"module/", everything},
    Rule{"CHANGELOG.md", everything},
    Rule{"project.json", everything},
    Rule{"LICENSES/", everything},
    // the programs; their tests, pages and own packages are in no cell
    Rule{"orchestrator/tests/", nothing},
    Rule{"orchestrator/man/", nothing},
    Rule{"orchestrator/completions/", nothing},
    Rule{"orchestrator/package/", nothing},
    Rule{"orchestrator/", everything},
    Rule{"CMakeLists.txt", everything},
    // what cells are made of, and who starts them
    Rule{"ci/cell", everything},
    Rule{"ci/celllib/", everything},
    Rule{"ci/lib/", everything},
    Rule{"ci/deps", everything},
    Rule{"ci/deps.list", everything},
    Rule{"ci/quickstart", everything},
    Rule{".github/workflows/", everything},
    Rule{".gitlab-ci.yml", everything},
    // the rest of ci/ tests, lints and measures
    Rule{"ci/", nothing},
    Rule{".ci/", nothing},
    Rule{".github/", nothing},
    Rule{"README.md", nothing},
    Rule{"ARCHITECTURE.md", nothing},
    Rule{"CONTRIBUTING.md", nothing},
    Rule{".clang-format", nothing},
    Rule{".clang-tidy", nothing},
    Rule{".editorconfig", nothing},
    Rule{".gitignore", nothing},
    Rule{".shellcheckrc", nothing},
};

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

}  // namespace

std::span<const Rule> rules() { return kRules; }

Target reach_of(std::string_view path) {
  for (const auto& name : formats::names()) {
    if (fits(std::string(formats::find(name)->template_folder()) + "/", path)) return {format, name};
  }
  const auto rule = std::ranges::find_if(kRules, [&](const Rule& each) { return fits(each.path, path); });
  if (rule == kRules.end()) return {everything, ""};
  return rule->reach == distribution ? profile_of(path) : Target{rule->reach, ""};
}

std::vector<const profile::Release*> reached(const std::vector<const profile::Release*>& releases,
                                             const std::vector<std::string>& paths, const OldText& old_text) {
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

}  // namespace pipeline
