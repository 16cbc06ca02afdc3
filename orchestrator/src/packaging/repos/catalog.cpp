// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/catalog.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace repos {
namespace {

using json = nlohmann::ordered_json;
constexpr int kFormat = 1;

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
      throw base::Error("\"" + base::printable(one.path) + "\" is no path of a file in it");
    entry.files.push_back(std::move(one));
  }
  entry.how = item.at("how");
  if (!base::is_safe_relative(entry.how))
    throw base::Error("\"" + base::printable(entry.how) + "\" is no path of a file in it");
  entry.commands = item.at("commands").get<std::vector<std::string>>();
  return entry;
}

}  // namespace

std::string to_json(const Catalog& catalog) {
  json document = {{"format", kFormat}, {"url", catalog.url}, {"key", catalog.fingerprint}};
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
    for (const auto& item : document.at("packages")) catalog.entries.push_back(read_entry(item));
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
