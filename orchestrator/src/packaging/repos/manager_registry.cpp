// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "repos/apt.hpp"
#include "repos/manager.hpp"
#include "repos/pacman.hpp"
#include "repos/portage.hpp"
#include "repos/rpm_md.hpp"

namespace repos {

const Manager* find(std::string_view name) {
  static const Dnf dnf;
  static const Zypper zypper;
  static const Apt apt;
  static const Pacman pacman;
  static const Portage portage;
  static const std::array<const Manager*, 5> all = {&dnf, &zypper, &apt, &pacman, &portage};
  for (const auto* manager : all) {
    if (manager->name() == name) return manager;
  }
  return nullptr;
}

std::string key_file(const std::string& project) { return project + ".asc"; }

std::vector<std::string> package_names(const std::vector<const Published*>& newest, const std::string& project) {
  std::vector<std::string> out;
  for (const auto* entry : newest) {
    if (entry->arch == kSource || std::ranges::find(out, entry->package) != out.end()) continue;
    out.insert(entry->package == project ? out.begin() : out.end(), entry->package);
  }
  return out;
}

std::string folder_of(std::string_view distribution, std::string_view release) {
  return std::string(distribution) + "/" + std::string(release);
}

}  // namespace repos
