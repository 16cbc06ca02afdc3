// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile/select.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace profile {
namespace {

void refuse(model::Findings& findings, const std::string& word, std::string message, const std::string& wanted,
            const std::vector<std::string>& known) {
  const auto near = base::closest(wanted, known);
  findings.push_back({model::Severity::error, fmt::format("--distro {}", base::printable(word, 60)), std::move(message),
                      near ? fmt::format("did you mean \"{}\"?", *near) : "known: " + base::join(known, ", ")});
}

}  // namespace

std::vector<const Release*> select(const Loaded& loaded, const std::vector<std::string>& words,
                                   model::Findings& findings) {
  std::vector<const Release*> chosen;
  for (const auto& word : words) {
    const auto colon = word.find(':');
    const auto id = word.substr(0, colon);
    const auto found = std::ranges::find(loaded.distributions, id, &Distribution::id);
    if (found == loaded.distributions.end()) {
      std::vector<std::string> known;
      for (const auto& d : loaded.distributions) known.push_back(d.id);
      refuse(findings, word, fmt::format("there is no distribution \"{}\"", base::printable(id, 40)), id, known);
      continue;
    }
    const auto wanted = colon == std::string::npos ? found->default_release : word.substr(colon + 1);
    const auto before = chosen.size();
    bool fits = false;
    for (const auto& release : found->releases) {
      // "debian:trixie": a codename is what the series of its archive is called.
      const auto& series = release.profile.package.deb.series;
      if (wanted != "*" && wanted != release.profile.release && (series.empty() || wanted != series)) continue;
      fits = true;
      if (std::ranges::find(chosen, &release) == chosen.end()) chosen.push_back(&release);
    }
    if (!fits && chosen.size() == before) {
      std::vector<std::string> known;
      for (const auto& release : found->releases) {
        known.push_back(release.profile.release);
        if (const auto& series = release.profile.package.deb.series; !series.empty()) known.push_back(series);
      }
      refuse(findings, word, fmt::format("{} has no release \"{}\"", id, base::printable(wanted, 40)), wanted, known);
    }
  }
  return chosen;
}

std::vector<const Release*> all(const Loaded& loaded) {
  std::vector<const Release*> chosen;
  for (const auto& distribution : loaded.distributions) {
    for (const auto& release : distribution.releases) chosen.push_back(&release);
  }
  return chosen;
}

}  // namespace profile
