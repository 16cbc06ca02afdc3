// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/complete.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "profile/fields.hpp"

namespace profile {

using model::Severity;
using nlohmann::json;

namespace {

/// Of the merged profile of each package, by id: the first one's findings stand for those that all have.
void add_of_packages(const std::vector<std::pair<std::string, model::Findings>>& all, model::Findings& findings) {
  const auto in_all = [&all](const model::Finding& one) {
    return std::ranges::all_of(all, [&one](const auto& other) { return std::ranges::count(other.second, one) != 0; });
  };
  for (const auto& [id, of_package] : all) {
    for (auto one : of_package) {
      if (in_all(one)) {
        if (std::ranges::find(findings, one) == findings.end()) findings.push_back(one);
        continue;
      }
      constexpr std::string_view kPackage = ": /package/";
      if (const auto at = one.where.find(kPackage); at != std::string::npos)
        one.where.replace(at, kPackage.size(), ": /packages/" + id + "/");
      findings.push_back(std::move(one));
    }
  }
}

void check_package(const json& merged, const std::string& where, model::Findings& findings) {
  std::string format;
  if (const json::json_pointer at("/package/format"); merged.contains(at) && merged[at].is_string())
    format = merged[at].get<std::string>();
  for (const auto& field : fields()) {
    const std::string pointer(field.pointer);
    if (field.kind == Kind::packages) continue;
    const bool there = merged.contains(json::json_pointer(pointer));
    const bool applies = field.format.empty() || field.format == format;
    if (there && !applies && field.kind == Kind::object) {
      findings.push_back({Severity::error, where + ": " + pointer,
                          fmt::format("applies to packages of format {} alone; this one is {}", field.format, format),
                          "remove it"});
    }
    if (!there && applies && field.required && field.scope != Scope::distribution) {
      findings.push_back({Severity::error, where + ": " + pointer, "missing: " + std::string(field.doc),
                          "give it for the distribution, or for each release"});
    }
  }
  const auto is_there = [&merged](const char* pointer) {
    const json::json_pointer at(pointer);
    return merged.contains(at) && !merged[at].empty();
  };
  if (is_there("/package/arch") == is_there("/package/architectures"))
    findings.push_back(
        {Severity::error, where + ": /package/arch",
         is_there("/package/arch") ? "stands beside /package/architectures" : "missing, as /package/architectures is",
         "one of the two says which machines the package is for"});
}

}  // namespace

std::vector<std::string> packages_of(const json& merged) {
  std::vector<std::string> ids;
  for (const auto& [id, unused] : merged["packages"].items()) ids.push_back(id);
  return ids;
}

json package_profile(const json& merged, const std::string& id) {
  auto out = merged;
  out.erase("packages");
  out["package"].merge_patch(merged["packages"][id]);
  return out;
}

void check_complete(const json& merged, const std::string& where, model::Findings& findings) {
  if (const json::json_pointer at("/packages"); !merged.contains(at) || merged[at].empty()) {
    findings.push_back({Severity::error, where + ": /packages", "missing: no package is made for it",
                        "name at least one of those of project.json, as in \"packages\": {\"module\": {}}"});
    check_package(merged, where, findings);
    return;
  }
  if (!merged.contains("package")) return check_package(merged, where, findings);
  std::vector<std::pair<std::string, model::Findings>> all;
  for (const auto& id : packages_of(merged)) {
    all.emplace_back(id, model::Findings());
    check_package(package_profile(merged, id), where, all.back().second);
  }
  add_of_packages(all, findings);
}

}  // namespace profile
