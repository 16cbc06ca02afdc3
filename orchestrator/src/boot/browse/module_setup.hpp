// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

/// What the scripts of dracut's modules say that they put into an image (dracut.modules(7)). Nothing is executed: words
/// that only a shell could tell are left out.
namespace browse {

struct ModuleSetup {
  std::set<std::string> names;                          // of files, without their folders
  std::set<std::string> drivers;                        // kernel modules, with _ for -
  std::set<std::pair<std::string, std::uint64_t>> own;  // files that lie beside its script: name and size
};

/// Of a module-setup.sh: the words behind inst, inst_multiple, inst_simple, instmods and the like.
[[nodiscard]] ModuleSetup parse_module_setup(std::string_view script);

/// By the modules' names, of those below root/usr/lib/dracut/modules.d that are among `wanted`.
[[nodiscard]] std::map<std::string, ModuleSetup> module_setups(const std::filesystem::path& root,
                                                               const std::set<std::string>& wanted);

}  // namespace browse
