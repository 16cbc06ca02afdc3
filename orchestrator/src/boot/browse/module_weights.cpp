// SPDX-License-Identifier: GPL-3.0-or-later
#include "browse/module_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "browse/module_setup.hpp"
#include "browse/weights.hpp"

namespace browse {
namespace {

using initramfs::Node;

constexpr std::array<std::string_view, 3> kOurPrograms{"unlock", "resume-boot", "boot-state"};
constexpr int kRounds = 20;  // libraries that need libraries; a real image needs five

/// What exactly one module lays claim to; "" where several do.
template <typename Key>
class Claims {
 public:
  void add(const Key& key, const std::string& module) {
    const auto [found, fresh] = owners_.emplace(key, module);
    if (!fresh && found->second != module) found->second.clear();
  }
  [[nodiscard]] std::string of(const Key& key) const {
    const auto found = owners_.find(key);
    return found == owners_.end() ? "" : found->second;
  }

 private:
  std::map<Key, std::string> owners_;
};

std::string name_of(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// A hook lies in the image with its place in the order: "30-parse-crypt.sh".
std::string without_order(const std::string& name) {
  const auto dash = name.find_first_not_of("0123456789");
  return dash != 0 && dash != std::string::npos && name[dash] == '-' ? name.substr(dash + 1) : name;
}

class Scales {
 public:
  Scales(const initramfs::Image& image, const std::filesystem::path& root) {
    const auto modules = base::lines(image.content("usr/lib/dracut/modules.txt").value_or(""));
    const auto setups = module_setups(root, {modules.begin(), modules.end()});
    for (const auto& [module, setup] : setups) {
      for (const auto& name : setup.names) names_.add(name, module);
      for (const auto& name : setup.drivers) drivers_.add(name, module);
      for (const auto& file : setup.own) own_.add(file, module);
    }
    known_ = !setups.empty();
    has_sshd_ = std::ranges::find(modules, "sshd") != modules.end();
    image.each([&](const std::string& path, const Node& node) {
      if (node.is_directory()) return;
      paths_[&node].push_back(path);
      if (const auto real = image.resolve(path); real && node.is_link()) real_[name_of(path)] = image.find(*real);
      if (node.is_file()) real_[name_of(path)] = &node;
    });
  }

  std::map<std::string, std::uint64_t> weigh() {
    std::map<std::string, std::uint64_t> out;
    if (!known_) return out;
    for (const auto& [node, paths] : paths_) owners_[node] = owner_of(paths, *node);
    hand_down_libraries();
    for (const auto& [node, owner] : owners_)
      out[owner.empty() ? fmt::format("({})", area_of(paths_[node].front())) : owner] += node->size;
    return out;
  }

 private:
  [[nodiscard]] std::string owner_of(const std::vector<std::string>& paths, const Node& node) const {
    for (const auto& path : paths) {
      const auto name = name_of(path);
      // This project's own module, whose script has its names from elsewhere.
      if (has_sshd_ && (area_of(path) == "sshd" || std::ranges::find(kOurPrograms, name) != kOurPrograms.end()))
        return "sshd";
      const auto dot = name.find(".ko");
      if (dot != std::string::npos && path.find("/modules/") != std::string::npos) {
        auto driver = name.substr(0, dot);
        std::ranges::replace(driver, '-', '_');
        if (auto owner = drivers_.of(driver); !owner.empty()) return owner;
        continue;
      }
      if (auto owner = own_.of({without_order(name), node.size}); !owner.empty()) return owner;
      if (auto owner = names_.of(name); !owner.empty()) return owner;
    }
    return {};
  }

  /// From programs to what they need, and on from there.
  void hand_down_libraries() {
    std::map<const Node*, std::set<const Node*>> users;
    for (const auto& [node, paths] : paths_) {
      if (!node->elf) continue;
      for (const auto& name : node->elf->needed) {
        if (const auto found = real_.find(name); found != real_.end() && found->second != node)
          users[found->second].insert(node);
      }
    }
    for (int round = 0; round < kRounds; ++round) {
      bool changed = false;
      for (const auto& [library, by] : users) {
        const auto known = owners_.find(library);
        if (known == owners_.end() || !known->second.empty()) continue;
        const auto& first = owners_[*by.begin()];
        if (first.empty() || !std::ranges::all_of(by, [&](const Node* user) { return owners_[user] == first; }))
          continue;
        known->second = first;
        changed = true;
      }
      if (!changed) return;
    }
  }

  bool known_ = false;
  bool has_sshd_ = false;
  Claims<std::string> names_;
  Claims<std::string> drivers_;
  Claims<std::pair<std::string, std::uint64_t>> own_;
  std::map<const Node*, std::vector<std::string>> paths_;
  std::map<std::string, const Node*> real_;
  std::map<const Node*, std::string> owners_;
};

}  // namespace

std::map<std::string, std::uint64_t> weigh_modules(const initramfs::Image& image, const std::filesystem::path& root) {
  return Scales(image, root).weigh();
}

std::map<std::string, std::int64_t> compare_modules(const initramfs::Image& before, const initramfs::Image& after,
                                                    const std::filesystem::path& root) {
  std::map<std::string, std::int64_t> out;
  for (const auto& [module, bytes] : weigh_modules(after, root)) out[module] += static_cast<std::int64_t>(bytes);
  for (const auto& [module, bytes] : weigh_modules(before, root)) out[module] -= static_cast<std::int64_t>(bytes);
  std::erase_if(out, [](const auto& module) { return module.second == 0; });
  return out;
}

}  // namespace browse
