// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "model/deb_version.hpp"
#include "profile/load.hpp"

namespace profile {
namespace {

using model::Profile;
using model::Severity;

/// What makes a package's file unique beside the project's own version.
std::string distinction(const Profile& p) {
  return fmt::format("-{}{}{}", p.package.revision, p.package.rpm.dist, p.package.deb.suffix);
}

/// All that reaches the spec and the patch; dist, payload and emulate are given on the command line alone.
auto spec_relevant(const Profile& p) {
  auto names = [](const std::vector<model::Dependency>& list) {
    std::string all;
    for (const auto& d : list) all += d.name + d.op + d.version + "|";
    return all;
  };
  return std::vector<std::pair<std::string, std::string>>{
      {"/package/name", p.package.name},
      {"/package/arch", p.package.arch},
      {"/package/architectures", base::join({p.package.architectures.begin(), p.package.architectures.end()}, " ")},
      {"/package/revision", std::to_string(p.package.revision)},
      {"/package/doc_dir", p.package.doc_dir},
      {"/package/rpm/license_dir", p.package.rpm.license_dir},
      {"/package/requires", names(p.package.depends)},
      {"/package/build_requires", names(p.package.build_depends)},
      {"/package/recommends", names(p.package.recommends)},
      {"/package/suggests", names(p.package.suggests)},
      {"/package/conflicts", names(p.package.conflicts)},
      {"/sshd/path", p.sshd.path},
      {"/sshd/privsep_dir",
       p.sshd.privsep_dir.starts_with("/run/") ? p.sshd.privsep_dir : ""},  // becomes RuntimeDirectory=
      {"/sshd/service_type", p.sshd.service_type == model::ServiceType::simple ? "simple" : "notify"},
      {"/sshd/environment_files", base::join({p.sshd.environment_files.begin(), p.sshd.environment_files.end()}, " ")},
      {"/initrd/image", p.initrd.image},
      {"/initrd/generator", p.initrd.generator},
  };
}

void check_unique(const Loaded& loaded, model::Findings& findings) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::string> seen;
  std::map<std::string, std::string> folders;
  for (const auto& distribution : loaded.distributions) {
    for (const auto& release : distribution.releases) {
      const auto& p = release.profile;
      const auto here = fmt::format("{}: release {}", distribution.file, p.release);
      const auto [neighbour, own] = folders.try_emplace(p.key(), here);
      if (!own)
        findings.push_back({Severity::error, here,
                            fmt::format("its folder in dist/ would be {}, as that of {}", p.key(), neighbour->second),
                            "give one of the two another id"});
      bool is_told = false;
      for (const auto& one : release.packages) {
        const auto [other, fresh] =
            seen.try_emplace({p.package.manager, one.package.id, one.package.arch, distinction(one)}, here);
        if (fresh || std::exchange(is_told, true)) continue;
        findings.push_back(
            {Severity::error, here,
             fmt::format("its package would have the same name, version and architecture as that of {}", other->second),
             p.package.format == "deb" || p.package.format == "rpm"
                 ? "give each release a suffix (deb) or a dist (rpm) of its own"
                 : "a distribution that takes the same package is one more ID in /os_release of that profile; for "
                   "another "
                   "package, give one of the two another /package/revision"});
      }
    }
  }
}

/// A running system knows its profile by ID= in os-release(5): two profiles for one would make that a matter of chance.
void check_os_release(const Loaded& loaded, model::Findings& findings) {
  std::map<std::string, std::string> files;
  for (const auto& distribution : loaded.distributions) {
    if (distribution.releases.empty()) continue;
    for (const auto& id : distribution.releases.front().profile.os_release) {
      const auto [other, fresh] = files.try_emplace(id, distribution.file);
      if (!fresh)
        findings.push_back({Severity::error, fmt::format("{}: /os_release/{}", distribution.file, id),
                            fmt::format("{} serves this ID already", other->second), "leave it in one of the two"});
    }
  }
}

void check_order(const Distribution& distribution, model::Findings& findings) {
  for (std::size_t i = 1; i < distribution.releases.size(); ++i) {
    const auto& older = distribution.releases[i - 1].profile;
    const auto& newer = distribution.releases[i].profile;
    if (older.package.format != "deb" || newer.package.format != "deb") continue;
    if (model::compare_deb_versions("1" + distinction(older), "1" + distinction(newer)) >= 0) {
      findings.push_back({Severity::error, fmt::format("{}: /releases/{}/package/deb/suffix", distribution.file, i),
                          fmt::format("\"{}\" does not sort after \"{}\" of release {}", newer.package.deb.suffix,
                                      older.package.deb.suffix, older.release),
                          "an upgrade of the distribution must upgrade the package; releases stand oldest first"});
    }
  }
}

/// The releases that have a package, by their place in the file.
std::vector<std::pair<std::size_t, const Profile*>> releases_with(const Distribution& distribution,
                                                                  std::string_view id) {
  std::vector<std::pair<std::size_t, const Profile*>> out;
  for (std::size_t i = 0; i < distribution.releases.size(); ++i) {
    if (const auto* profile = package_of(distribution.releases[i], id)) out.emplace_back(i, profile);
  }
  return out;
}

void check_same_spec(const Distribution& distribution, model::Findings& findings) {
  std::set<std::string> ids;
  for (const auto& release : distribution.releases) {
    for (const auto& one : release.packages) ids.insert(one.package.id);
  }
  for (const auto& id : ids) {
    const auto releases = releases_with(distribution, id);
    const auto& first = *releases.front().second;
    if (first.package.format != "rpm") continue;
    const auto expected = spec_relevant(first);
    for (const auto& [place, other] : releases) {
      const auto found = spec_relevant(*other);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        if (expected[k] == found[k]) continue;
        model::Finding one{
            Severity::error, fmt::format("{}: /releases/{}{}", distribution.file, place, found[k].first),
            fmt::format("differs from release {}, but one SRPM serves all releases of an rpm distribution",
                        first.release),
            "say it once, for the whole distribution"};
        if (std::ranges::find(findings, one) == findings.end()) findings.push_back(std::move(one));
      }
    }
  }
}

}  // namespace

void check_relations(Loaded& loaded) {
  check_unique(loaded, loaded.findings);
  check_os_release(loaded, loaded.findings);
  for (const auto& distribution : loaded.distributions) {
    check_order(distribution, loaded.findings);
    check_same_spec(distribution, loaded.findings);
  }
}

}  // namespace profile
