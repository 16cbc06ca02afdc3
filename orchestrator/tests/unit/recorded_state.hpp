// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "recorded.hpp"

namespace recorded {

/// tests/states/NAME/state.json: {"about": where it is from, "files": {PATH: text or its lines}, "programs": [PATH],
/// "folders": [PATH], "links": {PATH: target}, "commands": {COMMAND LINE: text, its lines, or {"out", "status"}}}.
inline void load(Machine& machine, const std::string& name) {
  using Json = nlohmann::json;
  const auto file = std::filesystem::path(PROJECT_ROOT) / "orchestrator/tests/states" / name / "state.json";
  const auto state = Json::parse(base::read_file(file, 4U << 20U));
  const auto text_of = [](const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    std::string out;
    for (const auto& line : value) out += line.get<std::string>() + "\n";
    return out;
  };
  const auto files = state.value("files", Json::object());
  for (const auto& [path, value] : files.items()) machine.file(path, text_of(value));
  for (const auto& path : state.value("programs", Json::array())) machine.file(path.get<std::string>(), "#!", 0755);
  for (const auto& path : state.value("folders", Json::array()))
    base::make_dirs(machine.root() / path.get<std::string>());
  const auto links = state.value("links", Json::object());
  for (const auto& [path, target] : links.items()) machine.link(path, target.get<std::string>());
  const auto commands = state.value("commands", Json::object());
  for (const auto& [command, value] : commands.items()) {
    if (value.is_object())
      machine.commands.prints(command, text_of(value.at("out")), value.value("status", 0));
    else
      machine.commands.prints(command, text_of(value));
  }
}

}  // namespace recorded
