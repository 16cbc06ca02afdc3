// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
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

/// Without waiting for the disk, as base::write_file does: there are thousands of files.
inline void put(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::unique_ptr<recorded::Machine> machine(const nlohmann::json& state) {
  auto out = std::make_unique<recorded::Machine>();
  const auto part = [&](const char* key) { return state.value(key, nlohmann::json::object()); };
  const auto environment = part("environment");
  const auto commands = part("commands");
  const auto files = part("files");
  const auto links = part("links");
  for (const auto& [key, value] : environment.items()) out->environment[key] = value.get<std::string>();
  for (const auto& [command, value] : commands.items()) {
    if (value.is_string())
      out->commands.prints(command, value.get<std::string>());
    else if (value.is_object())
      out->commands.prints(command, value.value("out", ""), value.value("status", 0));
    else
      out->commands.prints(command, value.dump());
  }
  for (const auto& [path, value] : files.items()) out->file(path, value.get<std::string>());
  for (const auto& [path, value] : links.items()) out->link(path, value.get<std::string>());
  return out;
}

}  // namespace network_state
