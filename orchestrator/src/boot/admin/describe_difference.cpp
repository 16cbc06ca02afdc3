// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "admin/describe.hpp"
#include "base/console.hpp"
#include "base/text.hpp"

namespace admin {
namespace {

std::string_view name_of(browse::Change::Kind kind) {
  switch (kind) {
    case browse::Change::Kind::came:
      return "came";
    case browse::Change::Kind::went:
      return "went";
    case browse::Change::Kind::changed:
      return "changed";
  }
  return "changed";
}

std::string more(std::int64_t bytes) {
  if (bytes == 0) return "0";
  return (bytes < 0 ? "-" : "+") + base::human_size(static_cast<std::uint64_t>(std::abs(bytes)));
}

}  // namespace

std::string to_text(const browse::Difference& difference, const std::map<std::string, std::int64_t>& weights) {
  if (difference.changes.empty()) return "both hold the same\n";
  std::string out;
  std::vector<std::vector<std::string>> rows;
  for (const auto& change : difference.changes)
    rows.push_back({std::string(name_of(change.kind)), more(change.bytes), "/" + base::printable(change.path, 300),
                    base::printable(change.what, 300)});
  out += base::table({"", "bytes", "path", "what"}, rows, {1});
  rows.clear();
  std::vector<std::pair<std::string, std::int64_t>> areas(difference.areas.begin(), difference.areas.end());
  std::ranges::stable_sort(
      areas, [](const auto& left, const auto& right) { return std::abs(left.second) > std::abs(right.second); });
  for (const auto& [area, bytes] : areas) rows.push_back({area, more(bytes)});
  rows.push_back({"all, unpacked", more(difference.bytes)});
  out += "\n" + base::table({"area", "bytes"}, rows, {1});
  rows.clear();
  std::vector<std::pair<std::string, std::int64_t>> modules(weights.begin(), weights.end());
  std::ranges::stable_sort(
      modules, [](const auto& left, const auto& right) { return std::abs(left.second) > std::abs(right.second); });
  for (const auto& [module, bytes] : modules) rows.push_back({base::printable(module, 100), more(bytes)});
  if (!rows.empty()) out += "\n" + base::table({"dracut module, or (what it is)", "bytes"}, rows, {1}) + "\n";
  if (!difference.modules_came.empty())
    out += "dracut modules that came: " + base::printable(base::join(difference.modules_came, " "), 1000) + "\n";
  if (!difference.modules_went.empty())
    out += "dracut modules that went: " + base::printable(base::join(difference.modules_went, " "), 1000) + "\n";
  return out;
}

nlohmann::ordered_json to_json(const browse::Difference& difference,
                               const std::map<std::string, std::int64_t>& weights) {
  auto changes = nlohmann::ordered_json::array();
  for (const auto& change : difference.changes)
    changes.push_back(
        {{"kind", name_of(change.kind)}, {"path", "/" + change.path}, {"bytes", change.bytes}, {"what", change.what}});
  return {{"changes", changes},
          {"areas", difference.areas},
          {"modules", weights},
          {"modules_came", difference.modules_came},
          {"modules_went", difference.modules_went},
          {"bytes", difference.bytes}};
}

}  // namespace admin
