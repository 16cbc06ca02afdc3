// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "recorded.hpp"

/// Networks of machines: tests/states/network-NAME/state.json. "about" says how it was made. What a program prints is
/// text, JSON, or {"status": 1, "out": "..."}; a file's content is text.
namespace network_state {

inline std::filesystem::path folder() { return std::filesystem::path(PROJECT_ROOT) / "orchestrator/tests/states"; }

inline std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    auto name = entry.path().filename().string();
    if (name.starts_with("network-")) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

inline nlohmann::json read(const std::string& name) {
  return nlohmann::json::parse(base::read_file(folder() / name / "state.json", 4U << 20U));
}

inline std::unique_ptr<recorded::Machine> machine(const nlohmann::json& state) {
  auto out = std::make_unique<recorded::Machine>();
  for (const auto& [key, value] : state.value("environment", nlohmann::json::object()).items())
    out->environment[key] = value.get<std::string>();
  for (const auto& [command, value] : state.value("commands", nlohmann::json::object()).items()) {
    if (value.is_string())
      out->commands.prints(command, value.get<std::string>());
    else if (value.is_object())
      out->commands.prints(command, value.value("out", ""), value.value("status", 0));
    else
      out->commands.prints(command, value.dump());
  }
  for (const auto& [path, value] : state.value("files", nlohmann::json::object()).items())
    out->file(path, value.get<std::string>());
  for (const auto& [path, value] : state.value("links", nlohmann::json::object()).items())
    out->link(path, value.get<std::string>());
  return out;
}

}  // namespace network_state
