// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "build/job.hpp"
#include "repos/catalog.hpp"
#include "signing/gnupg.hpp"

namespace publish {

struct PublishOptions {
  std::filesystem::path out;  // dist/, where the packages are
  std::filesystem::path to;   // the site
  std::string fingerprint;    // of the key; "": the one that the site has
  std::string url;            // "": the one that the site has
  unsigned keep = 3;          // versions of each release
  std::vector<std::filesystem::path> tool_folders;
};

enum class PublishVerdict { published, unchanged };

/// A release and what became of it, in the order of the jobs.
struct PublishRow {
  const build::Job* job = nullptr;
  PublishVerdict verdict = PublishVerdict::unchanged;
  repos::Published entry;
};

/// Signs what `build` has made and proven, proves again what signing has changed, and puts it into the repositories of
/// a site, which is exchanged as a whole: a reader sees what was there before, or all of it. Everything that can be
/// refused (the key, its type, a package that is missing or another than was proven, a version that is published with
/// other contents) is refused before anything is written; so are a site, a folder above it and packages that other
/// users can change. Where nothing but the key's dates have changed, the site gets the key.
[[nodiscard]] std::vector<PublishRow> publish(std::vector<build::Job>& jobs, const PublishOptions& options,
                                              const signing::Gnupg& gnupg, std::int64_t now,
                                              const base::Context& context);

}  // namespace publish
