// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "build/manifest.hpp"
#include "build/tool_registry.hpp"
#include "publish/publication.hpp"
#include "repos/manager.hpp"
#include "signing/gnupg.hpp"

/// What comes before a publication: everything is looked at, and refused or planned. For this room's own files.
namespace publish {

/// A publication that has been thought through, and not begun.
struct Prepared {
  std::filesystem::path site, out;
  repos::Catalog catalog;  // as it is, with the address, the keys and the end of the next state
  std::string seen;        // the catalog as it was read
  PublishResult result;
  std::vector<build::Manifest> manifests;
  std::string key_file;
  std::vector<const model::Profile*> to_index;  // one a release whose lists are made anew
};

/// Fills a plan whose places and catalog are known. Every refusal that concerns keys and packages is here; writes
/// nothing but a warning on the console.
void prepare(Prepared& plan, std::vector<build::Job>& jobs, const PublishOptions& options, build::ToolRegistry& tools,
             const signing::Gnupg& gnupg, std::int64_t now, const base::Context& context);

/// What can be refused before anybody waits for a lock: a key, an address, a folder that others can write to.
void refuse_early(const std::vector<build::Job>& jobs, const PublishOptions& options, const std::filesystem::path& site,
                  const signing::Gnupg& gnupg, std::int64_t now);

[[nodiscard]] const repos::Manager& manager_of(const model::Profile& profile);
/// nullptr: the source no longer knows that release.
[[nodiscard]] const model::Profile* profile_of(const PublishOptions& options, const repos::Published& entry);
/// What is known of a job's package before it is published: the release, the package, its version and architecture.
[[nodiscard]] repos::Published entry_of(const build::Job& job);
/// Whether anything of a job goes into a repository: of a recipe for a service alone, nothing does.
[[nodiscard]] bool has_place(const build::Job& job);
[[nodiscard]] inline bool is_new(const PublishRow& row) { return row.verdict == PublishVerdict::published; }

}  // namespace publish
