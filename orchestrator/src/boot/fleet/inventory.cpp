// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/inventory.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/ownership.hpp"
#include "base/text.hpp"
#include "fleet/ansible.hpp"
#include "openssh/pattern.hpp"

namespace fleet {
namespace {

namespace fs = std::filesystem;
using Kind = Value::Kind;

std::string shown(const fs::path& path) { return base::printable(path.string(), 4096); }

const Value& expect_table(const Value& value) {
  if (value.kind != Kind::table) throw fault(value, "it is " + kind_name(value), "a table");
  return value;
}

void expect_name(const Value& value, const std::string& name, const std::string& what) {
  if (const auto why = fault_of_name(name))
    throw fault(value, fmt::format("\"{}\" {}", base::printable(name), *why), "the name of " + what);
}

Value document_of(const InventoryFile& file) {
  const auto name = shown(file.path);
  if (file.path.extension() == ".toml") return read_toml(file.text, name);
  if (file.path.extension() != ".json")
    throw base::Error(fmt::format("{}: not known what is in it; expected a name that ends with .toml or .json", name),
                      base::Exit::usage);
  auto document = read_json(file.text, name);
  return is_ansible(document) ? from_ansible(document) : document;
}

}  // namespace

Inventory::Inventory(const std::vector<InventoryFile>& files, const std::string& home) {
  for (const auto& file : files) add(file, home);
  resolve();
}

const Host* Inventory::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &hosts_[found->second];
}

Host Inventory::unlisted(const std::string& name) const {
  Host out;
  out.name = name;
  for (const auto& each : defaults_) apply(each.value, each.folders, out);
  for (const auto& [list, table] : patterns_) {
    if (openssh::match_list(name, list) == openssh::ListMatch::matched)
      apply(table.value, table.folders, out, {"match"});
  }
  return out;
}

void Inventory::add(const InventoryFile& file, const std::string& home) {
  const auto document = document_of(file);
  const Folders folders{file.path.parent_path().empty() ? "." : file.path.parent_path(), home};
  for (const auto& value : document.items) {
    if (value.key == "defaults") {
      Host unused;
      apply(value, folders, unused);
      defaults_.push_back({value, folders});
    } else if (value.key == "pattern") {
      if (value.kind != Kind::list) throw fault(value, "it is " + kind_name(value), "a list of tables, [[pattern]]");
      for (const auto& each : value.items) add_pattern(each, folders);
    } else if (value.key == "group") {
      for (const auto& each : expect_table(value).items) add_group(each, folders);
    } else if (value.key == "host") {
      for (const auto& each : expect_table(value).items) add_host(each, folders, file.layer);
    } else {
      throw fault(value, "unknown key", "\"defaults\", \"pattern\", \"group\" or \"host\"");
    }
  }
}

void Inventory::add_pattern(const Value& value, const Folders& folders) {
  Host unused;
  apply(value, folders, unused, {"match"});
  const auto* const match = value.find("match");
  if (match == nullptr) throw fault(value, "\"match\" is not there", "a pattern such as \"db*\"");
  const auto parts = texts_of(*match, "a pattern such as \"db*\", or a list of patterns");
  for (const auto& part : parts) {
    if (part.find(' ') != std::string::npos || part == "!")
      throw fault(*match, fmt::format("\"{}\" matches no name", base::printable(part)), "a pattern such as \"db*\"");
  }
  patterns_.push_back({base::join(parts, ","), {value, folders}});
}

void Inventory::add_group(const Value& value, const Folders& folders) {
  expect_name(value, value.key, "a group");
  if (value.key == "all") throw fault(value, "every host is in the group \"all\"", "[defaults], or another name");
  Host unused;
  apply(value, folders, unused, {"hosts"});
  auto found = std::ranges::find(group_tables_, value.key, &Group::name);
  if (found == group_tables_.end()) found = group_tables_.insert(found, {value.key, {}, {}});
  if (const auto* const hosts = value.find("hosts")) {
    if (hosts->kind != Kind::list) throw fault(*hosts, "it is " + kind_name(*hosts), "a list of hosts' names");
    for (const auto& host : hosts->items) {
      if (host.kind != Kind::text) throw fault(host, "it is " + kind_name(host), "a host's name");
      found->hosts.push_back(host);
    }
  }
  found->tables.push_back({value, folders});
}

void Inventory::add_host(const Value& value, const Folders& folders, int layer) {
  expect_name(value, value.key, "a host, as ssh takes it");
  Host unused;
  apply(value, folders, unused, {"groups"});
  auto& listed = listed_[value.key];
  if (listed.tables.empty())
    order_.push_back(value.key);
  else if (listed.layer == layer)
    throw fault(value, "the host is already in " + listed.where, "it once");
  listed.where = value.where;
  listed.layer = layer;
  if (const auto* const groups = value.find("groups")) {
    const std::string expected = "a list of groups' names";
    listed.groups.clear();
    if (groups->kind != Kind::list) throw fault(*groups, "it is " + kind_name(*groups), expected);
    for (const auto& group : groups->items) {
      if (group.kind != Kind::text) throw fault(group, "it is " + kind_name(group), "a group's name");
      expect_name(group, group.text, "a group");
      if (group.text != "all") listed.groups.insert(group.text);
    }
  }
  listed.tables.push_back({value, folders});
}

void Inventory::resolve() {
  for (const auto& group : group_tables_) {
    groups_.insert(group.name);
    for (const auto& host : group.hosts) {
      const auto found = listed_.find(host.text);
      if (found != listed_.end()) {
        found->second.groups.insert(group.name);
        continue;
      }
      const auto near = base::closest(host.text, order_);
      const auto wrong = fault(host, fmt::format("no file has the host \"{}\"", base::printable(host.text)),
                               near ? fmt::format("\"{}\"", *near) : "the name of a [host.NAME]");
      throw near ? wrong : wrong.with_hint("a table of a host may be empty: [host.NAME]");
    }
  }
  for (const auto& name : order_) {
    const auto& listed = listed_.at(name);
    auto host = unlisted(name);
    for (const auto& group : group_tables_) {
      if (!listed.groups.contains(group.name)) continue;
      for (const auto& table : group.tables) apply(table.value, table.folders, host, {"hosts"});
    }
    for (const auto& table : listed.tables) apply(table.value, table.folders, host, {"groups"});
    host.groups = listed.groups;
    groups_.insert(listed.groups.begin(), listed.groups.end());
    index_[name] = hosts_.size();
    hosts_.push_back(std::move(host));
  }
}

namespace {

constexpr std::string_view kDanger = "an inventory holds commands, which are run";

/// Nothing if it is not there, or may not be read and need not be.
std::optional<std::string> text_of(const fs::path& path, bool may_be_unreadable, InventoryRead& out) {
  if (may_be_unreadable && ::access(path.c_str(), R_OK) != 0 && errno == EACCES) {
    out.unreadable.push_back(path);
    return std::nullopt;
  }
  base::refuse_writable_by_others(path, kDanger);
  return base::read_file(path, kMaxInventoryBytes);
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    const auto& path = at->path();
    const auto end_of_name = path.extension();
    if (!path.filename().string().starts_with('.') && (end_of_name == ".toml" || end_of_name == ".json"))
      out.push_back(path);
  }
  if (code) throw base::Error(fmt::format("{}: {}", shown(folder), code.message()));
  std::ranges::sort(out);
  return out;
}

class Reader {
 public:
  void add(const fs::path& path, int layer, bool named) {
    std::error_code code;
    const auto status = fs::status(path, code);
    const bool missing = status.type() == fs::file_type::not_found;
    if (!named && missing) return;
    if (missing)
      throw base::Error(fmt::format("{}: it is not there; expected an inventory", shown(path)), base::Exit::usage);
    if (status.type() != fs::file_type::directory) {
      add_file(path, layer, !named);
    } else if (!named && ::access(path.c_str(), R_OK | X_OK) != 0 && errno == EACCES) {
      out.unreadable.push_back(path);
    } else {
      base::refuse_writable_by_others(path, kDanger);  // should it hold no file
      for (const auto& file : files_in(path)) add_file(file, layer, !named);
    }
  }

  InventoryRead out;
  std::vector<InventoryFile> files;

 private:
  void add_file(const fs::path& path, int layer, bool may_be_unreadable) {
    auto text = text_of(path, may_be_unreadable, out);
    if (!text) return;
    out.files.push_back(path);
    files.push_back({path, std::move(*text), layer});
  }
};

std::string value_of(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  // The XDG specification wants a relative path to be passed over.
  return found == environment.end() || !found->second.starts_with('/') ? "" : found->second;
}

}  // namespace

InventoryRead read_inventory(const std::vector<fs::path>& named, const std::map<std::string, std::string>& environment,
                             const fs::path& system) {
  const auto home = value_of(environment, "HOME");
  Reader reader;
  if (!named.empty()) {
    for (const auto& path : named) reader.add(path, 0, true);
  } else {
    reader.add(system, 0, false);
    auto config = value_of(environment, "XDG_CONFIG_HOME");
    if (config.empty() && !home.empty()) config = home + "/.config";
    if (!config.empty()) reader.add(fs::path(config) / "dracut-sshd/hosts.toml", 1, false);
  }
  auto out = std::move(reader.out);
  out.inventory = Inventory(reader.files, home);
  return out;
}

}  // namespace fleet
