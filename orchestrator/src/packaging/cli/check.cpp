// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verbs.hpp"
#include "profile/lacking.hpp"

namespace cli {

int check(const Common& common, const std::vector<std::string>& files, const base::Context& context) {
  profile::Loaded loaded;
  auto findings = model::Findings();
  if (files.empty()) {
    build::WorkspaceOptions options;
    options.root = root_of(common);
    options.packager = common.packager.empty() ? build::kPlaceholderPackager : common.packager;
    auto workspace = build::open_workspace(options, context);
    loaded = std::move(workspace.profiles);
    findings = loaded.findings;
    findings.insert(findings.end(), workspace.findings.begin(), workspace.findings.end());
  } else {
    loaded = profile::load_files({files.begin(), files.end()});
    findings = loaded.findings;
  }
  const auto unsourced = profile::unsourced(loaded);
  findings.insert(findings.end(), unsourced.begin(), unsourced.end());
  if (!files.empty() && !common.json) {
    for (const auto& distribution : loaded.distributions) {
      for (const auto& release : distribution.releases) {
        for (const auto& sentence : profile::left_out(release))
          context.console.line(
              fmt::format("note: {}: release {}: {}", distribution.file, release.profile.release, sentence));
      }
    }
  }
  if (common.json) {
    auto document = nlohmann::ordered_json::array();
    for (const auto& finding : findings) {
      document.push_back({{"severity", finding.severity == model::Severity::error ? "error" : "warning"},
                          {"where", finding.where},
                          {"message", finding.message},
                          {"hint", finding.hint}});
    }
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return model::has_errors(findings) ? 2 : 0;
  }
  const int status = report(findings);
  std::size_t releases = 0;
  for (const auto& distribution : loaded.distributions) releases += distribution.releases.size();
  if (status == 0) fmt::print("{} distributions, {} releases: OK\n", loaded.distributions.size(), releases);
  return status;
}

}  // namespace cli
