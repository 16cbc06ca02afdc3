// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "signing/keyring.hpp"

namespace repos {
namespace {

using json = nlohmann::ordered_json;
constexpr int kFormat = 2;  // 1: one package a release, for all architectures
constexpr int kOldestFormat = 1;

std::string fingerprint(const json& item) {
  std::string text = item;
  if (!signing::is_fingerprint(text))
    throw base::Error("\"" + base::printable(text) + "\" is not the fingerprint of a key");
  return text;
}

std::vector<std::string> fingerprints(const json& document, const char* name) {
  std::vector<std::string> out;
  if (document.contains(name)) {
    for (const auto& item : document.at(name)) out.push_back(fingerprint(item));
  }
  return out;
}

/// A name that stands for one folder, or one file.
std::string name_in(const json& item, const char* field) {
  std::string text = item.at(field);
  if (!base::is_safe_relative(text) || text.find('/') != std::string::npos)
    throw base::Error(fmt::format("/{}: \"{}\" is not a valid name", field, base::printable(text)));
  return text;
}

/// Format 1 does not say for which architecture a package is: all of them. Its file's name has the word for that.
std::string arch_before(const Published& entry) {
  for (const auto& file : entry.files) {
    if (file.path.ends_with(".noarch.rpm")) return "noarch";
    if (file.path.ends_with("_all.deb")) return "all";
  }
  return "any";
}

Published read_entry(const json& item) {
  Published entry;
  entry.distribution = name_in(item, "distribution");
  entry.distribution_name = item.at("distribution_name");
  entry.release = name_in(item, "release");
  entry.manager = item.at("manager");
  entry.package = name_in(item, "package");
  entry.version = item.at("version");
  entry.key = item.at("key");
  entry.time = item.at("time");
  for (const auto& file : item.at("files")) {
    Published::File one{file.at("path"), file.at("sha256"), file.at("size")};
    if (!base::is_safe_relative(one.path))
      throw base::Error("\"" + base::printable(one.path) + "\" is not a valid relative path");
    entry.files.push_back(std::move(one));
  }
  entry.how = item.at("how");
  if (!base::is_safe_relative(entry.how))
    throw base::Error("\"" + base::printable(entry.how) + "\" is not a valid relative path");
  entry.commands = item.at("commands").get<std::vector<std::string>>();
  if (item.contains("replaces")) entry.replaces = name_in(item, "replaces");
  if (item.contains("signed_with")) entry.signed_with = fingerprint(item.at("signed_with"));
  entry.arch = item.contains("architecture") ? name_in(item, "architecture") : arch_before(entry);
  return entry;
}

}  // namespace

std::string to_json(const Catalog& catalog) {
  json document = {
      {"format", kFormat}, {"project", catalog.project}, {"url", catalog.url}, {"key", catalog.fingerprint}};
  if (!catalog.next.empty()) document["next_key"] = catalog.next;
  if (!catalog.old.empty()) document["old_keys"] = catalog.old;
  if (!catalog.revoked.empty()) document["revoked_keys"] = catalog.revoked;
  if (catalog.valid_until != 0) document["valid_until"] = catalog.valid_until;
  document["packages"] = json::array();
  for (const auto& entry : catalog.entries) {
    json files = json::array();
    for (const auto& file : entry.files)
      files.push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
    document["packages"].push_back({{"distribution", entry.distribution},
                                    {"distribution_name", entry.distribution_name},
                                    {"release", entry.release},
                                    {"manager", entry.manager},
                                    {"package", entry.package},
                                    {"architecture", entry.arch},
                                    {"version", entry.version},
                                    {"key", entry.key},
                                    {"time", entry.time},
                                    {"how", entry.how},
                                    {"commands", entry.commands},
                                    {"files", files}});
    if (!entry.replaces.empty()) document["packages"].back()["replaces"] = entry.replaces;
    if (!entry.signed_with.empty() && entry.signed_with != catalog.fingerprint)
      document["packages"].back()["signed_with"] = entry.signed_with;
  }
  return document.dump(1) + "\n";
}

Catalog read_catalog(std::string_view text) {
  try {
    const auto document = json::parse(text);
    const int format = document.at("format");
    if (format < kOldestFormat || format > kFormat)
      throw base::Error(fmt::format("it has format {}, expected {} to {}", format, kOldestFormat, kFormat))
          .with_hint("use the version of orchestrator that has published it, or a later one");
    Catalog catalog;
    catalog.url = document.at("url");
    catalog.fingerprint = document.at("key");
    if (document.contains("next_key")) catalog.next = fingerprint(document.at("next_key"));
    catalog.old = fingerprints(document, "old_keys");
    catalog.revoked = fingerprints(document, "revoked_keys");
    if (document.contains("valid_until")) catalog.valid_until = document.at("valid_until");
    for (const auto& item : document.at("packages")) {
      catalog.entries.push_back(read_entry(item));
      if (catalog.entries.back().signed_with.empty()) catalog.entries.back().signed_with = catalog.fingerprint;
    }
    if (document.contains("project"))
      catalog.project = name_in(document, "project");
    else if (!catalog.entries.empty())
      catalog.project = catalog.entries.front().package;
    return catalog;
  } catch (const json::exception& fault) {
    throw base::Error(base::printable(fault.what(), 200));
  }
}

std::vector<const Published*> of_release(const Catalog& catalog, std::string_view distribution,
                                         std::string_view release) {
  std::vector<const Published*> out;
  for (const auto& entry : catalog.entries) {
    if (entry.distribution == distribution && entry.release == release) out.push_back(&entry);
  }
  return out;
}

bool is_for_all(const Published& entry) { return entry.arch == "noarch" || entry.arch == "all" || entry.arch == "any"; }

bool is_same_package(const Published& one, const Published& other) {
  return one.distribution == other.distribution && one.release == other.release && one.package == other.package &&
         one.arch == other.arch;
}

std::vector<const Published*> newest_of(const std::vector<const Published*>& entries) {
  std::map<std::pair<std::string, std::string>, const Published*> newest;
  for (const auto* entry : entries) newest[{entry->package, entry->arch}] = entry;
  std::vector<const Published*> out;
  for (const auto& [unused, entry] : newest) out.push_back(entry);
  return out;
}

const Published* with_other_contents(const Catalog& catalog, std::string_view path, std::string_view sha256) {
  for (const auto& entry : catalog.entries) {
    for (const auto& file : entry.files) {
      if (file.path == path && file.sha256 != sha256) return &entry;
    }
  }
  return nullptr;
}

std::vector<Published> prune(Catalog& catalog, unsigned keep) {
  std::vector<Published> gone;
  for (std::size_t i = 0; i < catalog.entries.size();) {
    const auto& entry = catalog.entries[i];
    const auto left = static_cast<std::size_t>(
        std::ranges::count_if(catalog.entries.begin() + static_cast<std::ptrdiff_t>(i), catalog.entries.end(),
                              [&entry](const Published& other) { return is_same_package(entry, other); }));
    if (left <= std::max(keep, 1U)) {
      ++i;
      continue;
    }
    gone.push_back(entry);
    catalog.entries.erase(catalog.entries.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return gone;
}

}  // namespace repos
