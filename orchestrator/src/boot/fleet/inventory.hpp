// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/document.hpp"
#include "fleet/fleet_host.hpp"
#include "fleet/host_keys.hpp"

/// The machines that somebody looks after, as files name them: dracut-sshd-hosts(5) has the format.
namespace fleet {

/// The system's own part of the inventory.
inline constexpr std::string_view kSystemInventory = "/etc/dracut-sshd/unlock.d";

/// One file, read. In a later layer a host may be named again: its keys there count more. In the same layer that is an
/// error.
struct InventoryFile {
  std::filesystem::path path;
  std::string text;
  int layer = 0;
};

class Inventory {
 public:
  Inventory() = default;  // of no file
  /// base::Error (usage) with file, line where TOML knows it, key, and what is expected.
  Inventory(const std::vector<InventoryFile>& files, const std::string& home);

  /// In the order of the files, with all that defaults, patterns and groups say of them.
  [[nodiscard]] const std::vector<Host>& hosts() const { return hosts_; }
  [[nodiscard]] const Host* find(std::string_view name) const;
  /// A machine that no file names: what the defaults and the patterns say of that name.
  [[nodiscard]] Host unlisted(const std::string& name) const;
  /// Sorted. "all", which every host is in, is not among them.
  [[nodiscard]] const std::set<std::string>& groups() const { return groups_; }

 private:
  struct Table {
    Value value;
    Folders folders;
  };
  struct Pattern {
    std::string list;  // openssh::match_list()
    Table table;
  };
  struct Group {
    std::string name;
    std::vector<Value> hosts;  // texts
    std::vector<Table> tables;
  };
  struct Listed {
    std::vector<Table> tables;
    std::string where;
    int layer = 0;
    std::set<std::string> groups;
  };

  void add(const InventoryFile& file, const std::string& home);
  void add_pattern(const Value& value, const Folders& folders);
  void add_group(const Value& value, const Folders& folders);
  void add_host(const Value& value, const Folders& folders, int layer);
  void resolve();

  std::vector<Table> defaults_;
  std::vector<Pattern> patterns_;
  std::vector<Group> group_tables_;
  std::vector<std::string> order_;
  std::map<std::string, Listed, std::less<>> listed_;
  std::vector<Host> hosts_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::set<std::string> groups_;
};

/// What was read of the disk, and what was passed over.
struct InventoryRead {
  Inventory inventory;
  std::vector<std::filesystem::path> files;       // in the order in which they count
  std::vector<std::filesystem::path> unreadable;  // of the system's, which this user may not read
};

/// `named` are the files and folders of --inventory. Without any: the folder `system`, then
/// $XDG_CONFIG_HOME/dracut-sshd/hosts.toml, as far as they are there. base::Error (usage), also for a file that another
/// user could change: an inventory holds commands, which are run.
[[nodiscard]] InventoryRead read_inventory(const std::vector<std::filesystem::path>& named,
                                           const std::map<std::string, std::string>& environment,
                                           const std::filesystem::path& system = kSystemInventory);

}  // namespace fleet
