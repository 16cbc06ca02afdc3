// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/storage.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "storage/crypttab.hpp"

namespace storage {
namespace {

enum class Mark { fresh, open, done };

/// Depth first, without recursion: a record is as deep as it likes.
bool has_cycle(const Storage& storage) {
  std::vector<Mark> marks(storage.nodes.size(), Mark::fresh);
  for (std::size_t start = 0; start < storage.nodes.size(); ++start) {
    std::vector<std::pair<std::size_t, std::size_t>> stack;  // node, and which of those below it comes next
    if (marks[start] == Mark::fresh) stack.emplace_back(start, 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      marks[node] = Mark::open;
      if (next == storage.nodes[node].below.size()) {
        marks[node] = Mark::done;
        stack.pop_back();
        continue;
      }
      const auto child = storage.nodes[node].below[next++];
      if (marks[child] == Mark::open) return true;
      if (marks[child] == Mark::fresh) stack.emplace_back(child, 0);
    }
  }
  return false;
}

}  // namespace

std::vector<std::size_t> nodes_from(const Storage& storage, std::size_t top) {
  std::vector<std::size_t> out;
  std::vector<bool> seen(storage.nodes.size());
  if (top >= storage.nodes.size()) return out;
  out.push_back(top);
  seen[top] = true;
  for (std::size_t at = 0; at < out.size(); ++at) {
    for (const auto child : storage.nodes[out[at]].below) {
      if (!seen[child]) out.push_back(child);
      seen[child] = true;
    }
  }
  return out;
}

std::optional<std::size_t> node_named(const Storage& storage, std::string_view device) {
  const auto find = [&](auto&& fits) -> std::optional<std::size_t> {
    const auto found = std::ranges::find_if(storage.nodes, fits);
    if (found == storage.nodes.end()) return std::nullopt;
    return static_cast<std::size_t>(found - storage.nodes.begin());
  };
  const auto volume = [&](const std::string& name) {
    return find([&](const StorageNode& node) { return node.kind == StorageKind::volume && node.name == name; });
  };
  if (const auto uuid = uuid_in(device); !uuid.empty()) {
    return find([&](const StorageNode& node) {
      return (node.kind == StorageKind::file_system || node.kind == StorageKind::swap) && node.uuid == uuid;
    });
  }
  constexpr std::string_view kMapper = "/dev/mapper/";
  if (device.starts_with(kMapper)) {
    const auto name = device.substr(kMapper.size());
    const auto mapped = find([&](const StorageNode& node) {
      return (node.kind == StorageKind::crypt || node.kind == StorageKind::multipath) && node.name == name;
    });
    const auto parts = volume_in(name);
    return mapped || !parts ? mapped : volume(parts->first + "/" + parts->second);
  }
  if (!device.starts_with("/dev/")) return std::nullopt;
  const std::string rest(device.substr(5));
  if (std::ranges::count(rest, '/') == 1) return volume(rest);
  return find([&](const StorageNode& node) {
    return node.name == rest &&
           (node.kind == StorageKind::partition || node.kind == StorageKind::disk || node.kind == StorageKind::array);
  });
}

std::optional<std::pair<std::string, std::string>> volume_in(std::string_view mapped) {
  std::array<std::string, 2> parts;
  std::size_t part = 0;
  for (std::size_t at = 0; at < mapped.size(); ++at) {
    if (mapped[at] == '-' && at + 1 < mapped.size() && mapped[at + 1] == '-') {
      parts[part] += '-';
      ++at;
    } else if (mapped[at] == '-') {
      if (++part == parts.size()) return std::nullopt;
    } else {
      parts[part] += mapped[at];
    }
  }
  if (part != 1 || parts[0].empty() || parts[1].empty()) return std::nullopt;
  return std::pair{parts[0], parts[1]};
}

std::string chain_text(const Storage& storage, std::size_t top) {
  std::vector<std::string> words;
  for (auto at = top; at < storage.nodes.size() && words.size() < 12;) {
    const auto& node = storage.nodes[at];
    words.push_back(node.kind == StorageKind::unknown && !words.empty() ? "what is not known (" + node.name + ")"
                                                                        : node.name);
    if (node.below.size() > 1) {
      std::vector<std::string> several;
      for (const auto child : node.below) {
        if (several.size() < 8) several.push_back(storage.nodes[child].name);
      }
      words.push_back(base::join(several, " and "));
    }
    if (node.below.size() != 1) break;
    at = node.below.front();
  }
  return base::printable(base::join(words, " on "), 300);
}

std::string fault_of_graph(const Storage& storage) {
  const auto size = storage.nodes.size();
  for (const auto& node : storage.nodes) {
    if (std::ranges::any_of(node.below, [&](std::size_t child) { return child >= size; }))
      return "it names a node that is not there";
  }
  for (const auto& [purpose, node] : storage.needs) {
    if (node >= size) return "what " + purpose + " is on is not there";
  }
  return has_cycle(storage) ? "a node lies on itself" : "";
}

}  // namespace storage
