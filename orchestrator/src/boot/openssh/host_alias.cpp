// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/host_alias.hpp"

namespace openssh {
namespace {

constexpr std::string_view kAliasEnding = "-initramfs";

}  // namespace

std::string initramfs_alias(std::string_view name) {
  return std::string(name) + std::string(name.ends_with(kAliasEnding) ? "" : kAliasEnding);
}

std::string unsealed_alias(std::string_view alias) { return std::string(alias) + "-unsealed"; }

std::string real_name_of(std::string_view name) {
  return std::string(name.ends_with(kAliasEnding) ? name.substr(0, name.size() - kAliasEnding.size()) : name);
}

}  // namespace openssh
