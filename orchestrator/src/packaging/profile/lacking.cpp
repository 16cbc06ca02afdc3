// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/lacking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "profile/fields.hpp"

namespace profile {
namespace {

/// Whether a value, or the object that holds it, needs a source.
bool needs_source(std::string_view pointer) {
  static constexpr std::array<std::string_view, 5> kParts{"/sshd", "/initrd", "/package/sbin_dir", "/package/requires",
                                                          "/package/build_requires"};
  const auto in = in_table(pointer);
  return std::ranges::any_of(
      kParts, [&in](std::string_view part) { return in == part || (in.starts_with(part) && in[part.size()] == '/'); });
}

}  // namespace

model::Findings unsourced(const Loaded& loaded) {
  model::Findings findings;
  for (const auto& distribution : loaded.distributions) {
    std::set<std::string> told;
    for (const auto& release : distribution.releases) {
      for (const auto& leaf : release.leaves) {
        if (!needs_source(leaf.pointer) || !leaf.source.empty() || !told.insert(leaf.pointer).second) continue;
        findings.push_back(
            {model::Severity::error, fmt::format("{}: {}", distribution.file, leaf.pointer),
             "no source says where this is known from",
             fmt::format("\"sources\": {{\"{}\": \"the file list, spec file or manual it was read from\"}}",
                         leaf.pointer)});
      }
    }
  }
  return findings;
}

std::vector<std::string> left_out(const Release& release) {
  const auto& p = release.profile;
  std::vector<std::string> out;
  if (p.ci.runners.empty())
    out.emplace_back("no /ci/runners: the matrix has no cell for it, and no machine tries it");
  else if (p.ci.container.empty())
    out.emplace_back("no /ci/container: its cells need a machine of that distribution");
  if (p.initrd.hooks.empty())
    out.emplace_back("no /initrd/hooks: nobody is told when a new kernel's image has no sshd in it");
  const auto& s = p.services;
  if (s.copr.empty() && s.obs.empty() && s.ppa.empty() && s.aur.empty() && s.guru.empty())
    out.emplace_back("no /services: orchestrator submit hands it to nobody");
  return out;
}

}  // namespace profile
