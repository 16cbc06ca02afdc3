// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/verbs.hpp"

namespace cli {

int list(const Common& common, const base::Context& context) {
  static_cast<void>(context);
  const auto loaded = profile::load_files(profile::files_in(root_of(common) / "distros"));
  if (const int status = report(loaded.findings); status != 0) return status;
  auto document = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& distribution : loaded.distributions) {
    for (const auto& release : distribution.releases) {
      const auto& p = release.profile;
      std::vector<std::string> packages;
      for (const auto& package : release.packages) packages.push_back(package.package.id);
      const bool is_default = p.release == distribution.default_release;
      document.push_back({{"distribution", p.id},
                          {"release", p.release},
                          {"default", is_default},
                          {"name", p.name},
                          {"format", p.package.format},
                          {"manager", p.package.manager},
                          {"packages", packages},
                          {"openssh", p.openssh},
                          {"dracut", p.dracut},
                          {"eol", p.eol}});
      rows.push_back({p.id, p.release + (is_default ? " *" : ""), p.name, p.package.format, p.package.manager,
                      base::join(packages, ", "), p.openssh, p.dracut, p.eol.empty() ? "-" : p.eol});
    }
  }
  if (common.json) {
    fmt::print("{}\n", document.dump(2));
  } else {
    fmt::print(
        "{}* the default release: --distro ID means this one\n",
        base::table({"id", "release", "distribution", "format", "manager", "packages", "OpenSSH", "dracut", "until"},
                    rows));
  }
  return 0;
}

}  // namespace cli
