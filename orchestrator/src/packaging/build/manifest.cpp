// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "proof/prove.hpp"

namespace build {
namespace {

using json = nlohmann::ordered_json;
constexpr const char* kName = "manifest.json";

}  // namespace

std::string to_json(const Manifest& manifest) {
  json document = {
      {"key", manifest.key},         {"format", manifest.format},   {"distribution", manifest.distribution},
      {"release", manifest.release}, {"version", manifest.version}, {"isolated", manifest.isolated},
      {"seconds", manifest.seconds}};
  document["outputs"] = json::array();
  for (const auto& file : manifest.outputs)
    document["outputs"].push_back({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
  document["installs"] = json::array();
  for (const auto& [path, entry] : manifest.tree) {
    json item = {
        {"path", path}, {"mode", fmt::format("{:04o}", entry.mode)}, {"owner", entry.owner + ":" + entry.group}};
    if (entry.kind == base::Kind::file) item["sha256"] = base::sha256(entry.content);
    if (entry.kind == base::Kind::symlink) item["target"] = entry.content;
    document["installs"].push_back(std::move(item));
  }
  return document.dump(1) + "\n";
}

std::optional<Manifest> read_manifest(const std::filesystem::path& folder) {
  try {
    const auto document = json::parse(base::read_file(folder / kName, 4 * 1024 * 1024));
    Manifest manifest;
    manifest.key = document.at("key");
    manifest.format = document.at("format");
    manifest.isolated = document.at("isolated");
    manifest.seconds = document.at("seconds");
    for (const auto& file : document.at("outputs")) {
      Manifest::File output{file.at("name"), file.at("sha256"), file.at("size")};
      if (!base::is_safe_relative(output.name) || output.name.find('/') != std::string::npos) return std::nullopt;
      manifest.outputs.push_back(std::move(output));
    }
    return manifest;
  } catch (const base::Error&) {
    return std::nullopt;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

bool is_whole(const Manifest& manifest, const std::filesystem::path& folder) {
  try {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      const bool ours = name == kName ||
                        std::ranges::any_of(manifest.outputs, [&](const auto& output) { return output.name == name; });
      if (!ours) return false;
    }
    return std::ranges::all_of(
        manifest.outputs, [&](const auto& output) { return proof::digest_of(folder / output.name) == output.sha256; });
  } catch (const base::Error&) {
    return false;
  } catch (const std::filesystem::filesystem_error&) {
    return false;
  }
}

}  // namespace build
