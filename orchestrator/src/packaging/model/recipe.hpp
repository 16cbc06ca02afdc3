// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/tree.hpp"

namespace model {

/// A program that a recipe calls, and what to install when it is missing.
struct Tool {
  std::string program;  // "rpmbuild"
  std::string package;  // Debian's package that brings it: "rpm"
  std::vector<std::string>
      version;  // arguments that print its version, which is part of the key; none: another tool's version covers it
  std::string asked = {};  // the program that these are for, when it is another one
  auto operator<=>(const Tool&) const = default;
};

/// One call of a tool. Runs with the job's folder at /build as the only writable place.
struct Step {
  std::string title;  // "rpmbuild -ba", shown while it runs
  std::vector<std::string> argv;
  std::map<std::string, std::string>
      env;  // on top of PATH, LC_ALL, TZ, SOURCE_DATE_EPOCH, HOME, which the executor sets
  std::string cwd = "/build";
  std::string stdout_to;  // below /build; "": goes to the log
};

/// Something that a recipe promises to have made.
struct Output {
  std::string path;     // below the job's folder: "RPMS/noarch/x.rpm"; a folder is taken whole
  std::string name;     // its name in dist/<key>/
  bool shared = false;  // the same bytes for every release of every distribution (the .orig.tar.gz)
  bool reproducible = true;
};

/// How a package is made, as a value: --dry-run prints it, tests compare it, its digest is the build's key. Nothing
/// runs.
struct Recipe {
  std::string format;
  base::SourceTree staged;  // laid into the job's folder before the first step
  std::map<std::string, const std::string*>
      tarballs;      // and these, path -> bytes: of the sources, which outlive a recipe
  unsigned uid = 0;  // who the steps believe to be
  double cost = 5;   // seconds, a guess: long jobs start first
  std::vector<Tool> tools;
  std::vector<std::pair<std::string, std::string>>
      read_only;            // further host paths that the steps need, and their place inside
  std::vector<Step> steps;  // make the outputs
  std::vector<Step>
      reading;              // afterwards: print what the outputs hold, for the proof, by the distribution's own reader
  bool reads_work = false;  // `reading` looks at what the steps left in the job's folder, too
  std::vector<Output> outputs;
};

/// A file that is laid into the job's folder.
struct StagedFile {
  unsigned mode = 0644;
  std::string_view content;  // the recipe's, or the source's
  bool operator==(const StagedFile&) const = default;
};

/// `staged` and `tarballs` together, by path.
[[nodiscard]] std::map<std::string, StagedFile> staged_files(const Recipe& recipe);

/// What a package says of itself, as its own reader printed it. Of a source package alone `depends` is what it needs to
/// be built, and there is no more than its reader says.
struct PackageFacts {
  std::string name, version, arch, license, summary, url;  // version as the format writes it, revision included
  std::vector<std::string> depends, suggests, conflicts;   // sorted, as the format writes them ("dracut >= 104")
  std::map<std::string, std::string> scripts = {};  // what the package manager runs, and when ("postinst" -> its text)
  std::vector<std::string> recommends = {};         // as `suggests`, where the format has both
  bool operator==(const PackageFacts&) const = default;
};

/// One thing that was read back of one output: its tree, its facts, or both. `what` names it in a finding ("the .deb").
struct Reading {
  std::string what;
  bool source = false;  // a source package: its tree is held against the patched source, or against `expected_source`
                        // when that is given
  bool has_tree = false, has_facts = false;
  std::optional<base::SourceTree> expected_source;
  base::ListedTree tree;
  PackageFacts facts;
};

}  // namespace model
