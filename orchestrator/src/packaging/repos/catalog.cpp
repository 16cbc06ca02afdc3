// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/catalog.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "signing/keyring.hpp"

namespace repos {
namespace {

using json = nlohmann::ordered_json;
constexpr int kFormat = 1;

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

Published read_entry(const json& item) {
  Published entry;
  entry.distribution = item.at("distribution");
  entry.distribution_name = item.at("distribution_name");
  entry.release = item.at("release");
  entry.manager = item.at("manager");
  entry.package = item.at("package");
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
  if (item.contains("signed_with")) entry.signed_with = fingerprint(item.at("signed_with"));
  return entry;
}

}  // namespace

std::string to_json(const Catalog& catalog) {
  json document = {{"format", kFormat}, {"url", catalog.url}, {"key", catalog.fingerprint}};
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
                                    {"version", entry.version},
                                    {"key", entry.key},
                                    {"time", entry.time},
                                    {"how", entry.how},
                                    {"commands", entry.commands},
                                    {"files", files}});
    if (!entry.signed_with.empty() && entry.signed_with != catalog.fingerprint)
      document["packages"].back()["signed_with"] = entry.signed_with;
  }
  return document.dump(1) + "\n";
}

Catalog read_catalog(std::string_view text) {
  try {
    const auto document = json::parse(text);
    if (document.at("format") != kFormat) throw base::Error("it is of another version of this program");
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

std::vector<Published> prune(Catalog& catalog, unsigned keep) {
  std::vector<Published> gone;
  for (std::size_t i = 0; i < catalog.entries.size();) {
    const auto& entry = catalog.entries[i];
    const auto left = static_cast<std::size_t>(
        std::ranges::count_if(catalog.entries.begin() + static_cast<std::ptrdiff_t>(i), catalog.entries.end(),
                              [&entry](const Published& other) {
                                return other.distribution == entry.distribution && other.release == entry.release;
                              }));
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
