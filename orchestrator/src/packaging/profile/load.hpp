// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.hpp"
#include "model/profile.hpp"

/// Profiles: one JSON file a distribution, its releases merged over it. The format is described in
/// orchestrator-profile(5).
namespace profile {

/// One value of a merged profile, and where it comes from.
struct Leaf {
  std::string pointer;  // "/sshd/path"
  std::string value;    // as JSON
  std::string level;    // "" the distribution's level, else the release that says so
  std::string source;   // what `sources` says of it; "" when nothing
};

struct Release {
  model::Profile profile;                // its `package` is what all packages have in common
  std::vector<model::Profile> packages;  // one for each package, sorted by id
  std::vector<Leaf> leaves;              // in the order of the table of fields
  std::string merged;                    // the merged profile as JSON, two spaces
};

struct Distribution {
  std::string file;  // as it was named
  std::string id, name, default_release;
  std::vector<Release> releases;  // in the file's order
};

struct Loaded {
  std::vector<Distribution> distributions;  // sorted by id; only those without errors
  model::Findings findings;                 // of all files
};

/// One file's text. `file` names it in findings; its stem must be the distribution's id.
void load_text(std::string_view text, const std::string& file, Loaded& into);
/// Reads each file, at most 1 MiB; what cannot be read is a finding.
[[nodiscard]] Loaded load_files(const std::vector<std::filesystem::path>& files);
/// All *.json of a folder.
[[nodiscard]] std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

/// The profile of one of a release's packages; nullptr when the release has no such package.
[[nodiscard]] const model::Profile* package_of(const Release& release, std::string_view id);

/// What must hold between releases and distributions: no two packages of one package manager share name, version and
/// architecture; a deb's later release has the higher version; all releases of an rpm distribution give the same spec
/// and patch.
void check_relations(Loaded& loaded);

}  // namespace profile
