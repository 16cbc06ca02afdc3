// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "source/patched_tree.hpp"

namespace cli {

int diff(const Common& common, const base::Context& context) {
  const auto workspace = open(common, context);
  for (const auto* release : chosen(common, workspace.profiles, false)) {
    for (const auto& package : workspace.packages) {
      const auto* profile = profile::package_of(*release, package.project.id);
      if (profile == nullptr) continue;
      const auto patch = source::diff(package.pristine, source::patched(package.pristine, *profile), context);
      if (patch.empty()) {
        context.console.line(
            fmt::format("{}: {} takes the pristine source as it is", release->profile.key(), package.project.id));
      } else {
        fmt::print("{}", patch);
      }
    }
  }
  return 0;
}

}  // namespace cli
