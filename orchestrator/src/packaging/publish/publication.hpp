// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "build/job.hpp"
#include "publish/site_keys.hpp"
#include "repos/catalog.hpp"

/// What is to be published, and what became of it.
namespace publish {

struct PublishOptions {
  const model::Project* project = nullptr;  // what the site's files and its page are named after
  std::filesystem::path out;                // dist/, where the packages are
  std::filesystem::path to;                 // the site
  KeyWish keys;
  std::string url;                    // "": the one that the site has
  unsigned keep = 3;                  // versions of each package of a release
  std::optional<unsigned> valid_for;  // days; 0: for ever; nothing: as before
  bool dry_run = false;               // nothing is written
  bool is_partial = false;            // the jobs may not be all packages of their releases
  std::vector<std::filesystem::path> tool_folders;
  std::vector<const model::Profile*> profiles;  // of every release that is known: the site may hold more than the jobs
};

enum class PublishVerdict { published, unchanged };

/// A package of a release and what became of it, in the order of the jobs.
struct PublishRow {
  const build::Job* job = nullptr;
  PublishVerdict verdict = PublishVerdict::unchanged;
  repos::Published entry;
};

/// What a publication has done, or would do.
struct PublishResult {
  std::vector<PublishRow> rows;           // one a job
  SiteKeys keys;                          // those that the site has now
  std::vector<repos::Published> pruned;   // versions beyond those that are kept
  std::vector<repos::Published> dropped;  // signed with a revoked key, and not to be proven
  std::vector<std::string> signed_anew;   // "fedora/44": releases whose lists are made again, without a new version
  bool changes = false;                   // false: the site stays untouched
};

}  // namespace publish
