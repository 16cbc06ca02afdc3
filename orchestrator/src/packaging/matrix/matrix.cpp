// SPDX-License-Identifier: GPL-3.0-or-later
#include "matrix/matrix.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/console.hpp"
#include "base/text.hpp"

namespace matrix {
namespace {

using nlohmann::ordered_json;

ordered_json object_of(const Cell& cell) {
  const auto& p = *cell.profile;
  ordered_json out = {{"name", cell.name()},         {"cell", cell.release()}, {"distribution", p.id},
                      {"release", p.release},        {"arch", cell.arch},      {"format", p.package.format},
                      {"manager", p.package.manager}};
  out["container"] = cell.container.empty() ? ordered_json(nullptr) : ordered_json(cell.container);
  out["runner"] = cell.runner;
  out["nightly"] = cell.nightly;
  out["test"] = steps_of(p);
  return out;
}

ordered_json array_of(const std::vector<Cell>& cells) {
  auto out = ordered_json::array();
  for (const auto& cell : cells) out.push_back(object_of(cell));
  return out;
}

/// JSON's strings are YAML's, too.
std::string quoted(const std::string& text) { return ordered_json(text).dump(); }

}  // namespace

std::vector<Cell> cells(const std::vector<const profile::Release*>& releases, const MatrixOptions& options) {
  std::vector<Cell> out;
  for (const auto* release : releases) {
    const auto& p = release->profile;
    const bool is_nightly = !p.ci.nightly.empty();
    if ((options.nights == Nights::only && !is_nightly) || (options.nights == Nights::without && is_nightly)) continue;
    const bool tonight = options.nights == Nights::only;
    for (const auto& [arch, label] : p.ci.runners) {
      if (!options.arches.empty() && !options.arches.contains(arch)) continue;
      const auto other = options.runners.find(arch);
      const bool by_hand = other != options.runners.end();
      out.push_back(
          {&p, arch, tonight ? p.ci.nightly : p.ci.container, by_hand ? other->second : label, tonight, by_hand});
    }
  }
  return out;
}

std::vector<std::string> steps_of(const model::Profile& profile) {
  std::vector<std::string> steps = {"package"};
  for (const auto* step : {"install", "image", "inspect"}) {
    if (!profile.ci.tests.contains(step)) break;  // each needs the one before it
    steps.emplace_back(step);
  }
  return steps;
}

std::string as_github(const std::vector<Cell>& cells) {
  return ordered_json({{"include", array_of(cells)}}).dump() + "\n";
}

std::string as_json(const std::vector<Cell>& cells) { return array_of(cells).dump(2) + "\n"; }

std::string as_gitlab(const std::vector<Cell>& cells) {
  std::string text = "# Made by: orchestrator matrix --format gitlab\n";
  if (cells.empty()) return text + "nothing to try:\n  script:\n    - echo \"no cell is reached\"\n";
  text +=
      ".cell:\n  needs:\n    - pipeline: $PARENT_PIPELINE_ID\n      job: cells\n  script:\n"
      "    - CELL_MAY_CHANGE_THIS_MACHINE=yes bash \"build/cells/$CELL/plan\"\n";
  for (const auto& cell : cells) {
    text += fmt::format("{}:\n  extends: .cell\n", quoted(cell.release() + " " + cell.arch));
    if (!cell.container.empty()) text += fmt::format("  image: {}\n", quoted(cell.container));
    if (cell.by_hand) text += fmt::format("  tags: [{}]\n", quoted(cell.runner));
    text += fmt::format("  variables:\n    CELL: {}\n", quoted(cell.name()));
  }
  return text;
}

std::string as_table(const std::vector<Cell>& cells) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& cell : cells) {
    rows.push_back({cell.release(), cell.arch, cell.profile->package.format,
                    cell.container.empty() ? "-" : cell.container, cell.runner,
                    base::join(steps_of(*cell.profile), " ")});
  }
  return base::table({"cell", "arch", "format", "image", "runner", "what is tried"}, rows);
}

}  // namespace matrix
