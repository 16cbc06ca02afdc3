// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "model/strict_json.hpp"
#include "profile/complete.hpp"
#include "profile/fields.hpp"
#include "profile/shape.hpp"
#include "profile/typed.hpp"

namespace profile {
namespace {

using model::Findings;
using model::Severity;
using nlohmann::json;

void add(Findings& findings, const std::string& where, std::string message, std::string hint = "") {
  findings.push_back({Severity::error, where, std::move(message), std::move(hint)});
}

/// The source that covers a pointer: its own, or that of the nearest object that holds it.
std::string source_of(const json& level, std::string pointer) {
  if (!level.contains("sources") || !level["sources"].is_object()) return "";
  const auto& sources = level["sources"];
  while (!pointer.empty()) {
    if (sources.contains(pointer) && sources[pointer].is_string()) return sources[pointer].get<std::string>();
    pointer.erase(pointer.rfind('/'));
  }
  return "";
}

bool is_leaf(const json& value) { return !value.is_object() || value.empty(); }

void collect_leaves(const json& value, const std::string& pointer, std::vector<std::string>& into) {
  if (is_leaf(value)) {
    into.push_back(pointer);
    return;
  }
  for (const auto& [key, member] : value.items()) {
    // RFC 6901: '~' and '/' inside a key are escaped
    std::string escaped;
    for (const char c : key) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    collect_leaves(member, pointer + "/" + escaped, into);
  }
}

std::vector<std::string> leaves_of(json level) {
  for (const auto* key : {"releases", "sources", "id", "default", "name", "os_release"}) level.erase(key);
  std::vector<std::string> pointers;
  if (!level.empty()) collect_leaves(level, "", pointers);
  return pointers;
}

/// Sources that name nothing, and overrides that name no source.
void check_sources(const json& level, const json* below, const std::string& where, const std::string& base,
                   Findings& findings) {
  if (level.contains("sources") && level["sources"].is_object()) {
    for (const auto& [pointer, unused] : level["sources"].items()) {
      bool names_something = false;
      try {
        names_something = level.contains(json::json_pointer(pointer));
      } catch (const json::exception&) {  // not a JSON pointer: names nothing
      }
      if (!names_something)
        add(findings, fmt::format("{}: {}/sources", where, base),
            fmt::format("\"{}\" names nothing at this level", pointer), "a source stands where its value stands");
    }
  }
  if (below == nullptr) return;
  for (const auto& pointer : leaves_of(level)) {
    if (below->contains(json::json_pointer(pointer)) && source_of(level, pointer).empty()) {
      add(findings, fmt::format("{}: {}{}", where, base, pointer),
          "overrides the distribution's value without a source",
          fmt::format("say where it is known from: \"sources\": {{\"{}\": \"...\"}} in this release", pointer));
    }
  }
}

Release make_release(const json& distribution, const json& level) {
  json merged = distribution;
  for (const auto* key : {"releases", "sources", "default"}) merged.erase(key);
  json over = level;
  over.erase("sources");
  over.erase("id");
  merged.merge_patch(over);
  merged["release"] = level["id"];
  Release release;
  release.merged = merged.dump(2);
  const auto own = leaves_of(level);
  for (const auto& pointer : leaves_of(merged)) {
    if (pointer == "/release") continue;
    const bool overridden = std::ranges::any_of(own, [&](const auto& p) { return p == pointer; });
    const auto& origin = overridden ? level : distribution;
    release.leaves.push_back({pointer, merged[json::json_pointer(pointer)].dump(),
                              overridden ? level["id"].get<std::string>() : "", source_of(origin, pointer)});
  }
  return release;
}

/// Shape of the file's own level: what a distribution must say itself.
bool check_distribution(const json& document, const std::string& file, Findings& findings) {
  const auto before = findings.size();
  check_shape(document, Scope::distribution, file, "", findings);
  for (const auto& field : fields()) {
    const std::string pointer(field.pointer);
    if (field.scope == Scope::distribution && !document.contains(json::json_pointer(pointer))) {
      add(findings, file + ": " + pointer, "missing: " + std::string(field.doc));
    }
  }
  if (document.contains("releases")) {
    const auto& releases = document["releases"];
    if (!releases.is_array() || releases.empty()) {
      add(findings, file + ": /releases", "expected an array with at least one release");
    } else {
      for (std::size_t i = 0; i < releases.size(); ++i) {
        const auto base = fmt::format("/releases/{}", i);
        if (!releases[i].is_object()) {
          add(findings, file + ": " + base, "expected an object");
          continue;
        }
        check_shape(releases[i], Scope::release, file, base, findings);
        if (!releases[i].contains("id")) add(findings, file + ": " + base + "/id", "missing: the release's name");
      }
    }
  }
  return findings.size() == before;
}

void check_names(const json& document, const std::string& file, Findings& findings) {
  const auto stem = std::filesystem::path(file).stem().string();
  if (document["id"] != stem) {
    add(findings, file + ": /id",
        fmt::format("is \"{}\", but the file is called {}.json", document["id"].get<std::string>(), stem),
        "the file bears the distribution's id");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < document["releases"].size(); ++i) {
    const auto id = document["releases"][i]["id"].get<std::string>();
    if (!seen.insert(id).second)
      add(findings, fmt::format("{}: /releases/{}/id", file, i), fmt::format("release \"{}\" stands here twice", id));
  }
  if (!seen.contains(document["default"].get<std::string>())) {
    add(findings, file + ": /default",
        fmt::format("there is no release \"{}\"", document["default"].get<std::string>()));
  }
}

}  // namespace

void load_text(std::string_view text, const std::string& file, Loaded& into) {
  auto& findings = into.findings;
  const auto before = findings.size();
  const auto document = model::parse_strict(text, file, findings);
  if (document.is_discarded()) return;
  if (!document.is_object()) {
    add(findings, file + ": /", "expected an object");
    return;
  }
  if (!check_distribution(document, file, findings)) return;
  check_names(document, file, findings);
  check_sources(document, nullptr, file, "", findings);

  Distribution distribution;
  distribution.file = file;
  distribution.id = document["id"].get<std::string>();
  distribution.name = document["name"].get<std::string>();
  distribution.default_release = document["default"].get<std::string>();
  for (std::size_t i = 0; i < document["releases"].size(); ++i) {
    const auto& level = document["releases"][i];
    check_sources(level, &document, file, fmt::format("/releases/{}", i), findings);
    auto release = make_release(document, level);
    const auto merged = json::parse(release.merged);
    const auto errors = findings.size();
    check_complete(merged, fmt::format("{}: release {}", file, level["id"].get<std::string>()), findings);
    if (findings.size() == errors) {
      release.profile = typed(merged);
      for (const auto& id : packages_of(merged)) {
        release.packages.push_back(typed(package_profile(merged, id)));
        release.packages.back().package.id = id;
      }
      distribution.releases.push_back(std::move(release));
    }
  }
  if (findings.size() == before) into.distributions.push_back(std::move(distribution));
}

const model::Profile* package_of(const Release& release, std::string_view id) {
  const auto found = std::ranges::find_if(release.packages, [&](const auto& one) { return one.package.id == id; });
  return found == release.packages.end() ? nullptr : &*found;
}

Loaded load_files(const std::vector<std::filesystem::path>& files) {
  Loaded loaded;
  for (const auto& file : files) {
    try {
      load_text(base::read_file(file, model::kMaxJsonBytes), file.string(), loaded);
    } catch (const base::Error& error) {
      add(loaded.findings, file.string(), error.what(), error.hint());
    }
  }
  std::ranges::sort(loaded.distributions, {}, &Distribution::id);
  check_relations(loaded);
  return loaded;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code fault;
  for (std::filesystem::directory_iterator it(folder, fault), end; !fault && it != end; it.increment(fault)) {
    if (it->path().extension() == ".json") files.push_back(it->path());
  }
  if (fault)
    throw base::Error(fmt::format("{}: {}", folder.string(), fault.message()), base::Exit::usage)
        .with_hint("the project's profiles stand in distros/; is --project right?");
  std::ranges::sort(files);
  return files;
}

}  // namespace profile
