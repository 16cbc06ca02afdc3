// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verbs.hpp"

namespace cli {

int show(const Common& common, const base::Context& context) {
  static_cast<void>(context);
  const auto loaded = profile::load_files(profile::files_in(root_of(common) / "distros"));
  if (const int status = report(loaded.findings); status != 0) return status;
  const auto releases = chosen(common, loaded, false);
  auto document = nlohmann::ordered_json::array();
  for (const auto* release : releases) {
    const auto& p = release->profile;
    const auto distribution = std::ranges::find(loaded.distributions, p.id, &profile::Distribution::id);
    if (common.json) {
      document.push_back(nlohmann::ordered_json::parse(release->merged));
      continue;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& leaf : release->leaves)
      rows.push_back(
          {leaf.pointer, leaf.value,
           leaf.level.empty() ? distribution->file : fmt::format("{}, release {}", distribution->file, leaf.level),
           leaf.source});
    fmt::print("{} {} ({})\n{}\n", p.name, p.release, p.key(),
               base::table({"field", "value", "from", "known from"}, rows));
  }
  if (common.json) fmt::print("{}\n", document.dump(2));
  return 0;
}

}  // namespace cli
