// SPDX-License-Identifier: GPL-3.0-or-later
#include "publish/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/ownership.hpp"
#include "base/text.hpp"
#include "build/dist.hpp"
#include "build/manifest.hpp"
#include "build/tool_registry.hpp"
#include "repos/manager.hpp"
#include "repos/repo_files.hpp"
#include "repos/site.hpp"
#include "signing/session.hpp"

namespace publish {
namespace fs = std::filesystem;

const repos::Manager& manager_of(const model::Profile& profile) {
  const auto* manager = repos::find(profile.package.manager);
  if (manager == nullptr)
    throw base::Error(fmt::format("there are no repositories for {}", profile.package.manager), base::Exit::usage);
  return *manager;
}

repos::Published entry_of(const build::Job& job) {
  repos::Published entry;
  const auto& profile = job.profile;
  entry.distribution = profile.id;
  entry.distribution_name = profile.name;
  entry.release = profile.release;
  entry.manager = profile.package.manager;
  entry.package = job.project.name;
  entry.version = fmt::format("{}-{}", job.project.version(), profile.package.revision);
  const bool has_one = !profile.package.arch.empty() && !job.format->holds_all_architectures();
  entry.arch = has_one ? profile.package.arch : manager_of(profile).source_arch();
  return entry;
}

bool has_place(const build::Job& job) {
  return std::ranges::any_of(job.recipe.outputs, [&job](const model::Output& output) {
    return !manager_of(job.profile).place(job.profile, output).empty();
  });
}

const model::Profile* profile_of(const PublishOptions& options, const repos::Published& entry) {
  for (const auto* profile : options.profiles) {
    if (profile->id == entry.distribution && profile->release == entry.release) return profile;
  }
  return nullptr;
}

namespace {

void refuse_key_type(const model::Profile& profile, const signing::Part& part) {
  const auto& known = profile.package.key_types;
  const auto fits = [&](const std::string& type) { return part.algorithm.rfind(type, 0) == 0; };
  if (known.empty() || std::ranges::any_of(known, fits)) return;
  throw base::Error(fmt::format("{} {} cannot read a key of type {}", profile.name, profile.release, part.algorithm),
                    base::Exit::usage)
      .with_hint(
          fmt::format("it reads {}; orchestrator key new makes one that every release reads", fmt::join(known, ", ")));
}

std::string checked_url(const std::string& given, const repos::Catalog& catalog) {
  auto url = given.empty() ? catalog.url : given;
  while (!url.empty() && url.back() == '/') url.pop_back();
  const bool fine = (url.rfind("https://", 0) == 0 || url.rfind("http://", 0) == 0 || url.rfind("file:///", 0) == 0) &&
                    url.size() < 200 && std::ranges::all_of(url, [](char c) {
                      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                             std::string_view(":/.-_~[]").find(c) != std::string_view::npos;
                    });
  if (!fine)
    throw base::Error(url.empty() ? "the address that users will reach the folder at is not known"
                                  : "\"" + base::printable(url) + "\" is not a URL that users can reach",
                      base::Exit::usage)
        .with_hint("--url https://packages.example.org/dracut-sshd; it goes into .repo, .sources and the page");
  if (!catalog.url.empty() && url != catalog.url)
    throw base::Error("its users reach that folder at " + catalog.url, base::Exit::usage)
        .with_hint("what they have fetched from there names that address; with another one publish to another folder");
  return url;
}

/// The site, the folders above it, and what of dist/ is read: where somebody else can write, that somebody decides what
/// is signed.
void refuse_writable_by_others(const std::vector<build::Job>& jobs, const fs::path& site, const fs::path& out) {
  base::refuse_tree_writable_by_others(site);
  base::refuse_writable_by_others(out);
  base::refuse_tree_writable_by_others(out / ".logs");
  for (const auto& job : jobs) base::refuse_tree_writable_by_others(out / job.profile.key());
}

/// This very build of a package, where the site has it; nullptr where it has not. A version that is there with other
/// contents is refused: clients that have it would never see the new one, or take it for a forgery.
const repos::Published* published(const build::Job& job, const repos::Catalog& catalog) {
  const auto wanted = entry_of(job);
  for (const auto& entry : catalog.entries) {
    if (!repos::is_same_package(entry, wanted) || entry.version != wanted.version) continue;
    if (entry.key == job.key) return &entry;
    throw base::Error(fmt::format("{} {} {} is published already, with other contents", job.profile.key(),
                                  entry.package, entry.version))
        .with_hint("raise the version in CHANGELOG.md, or /package/revision in the profile");
  }
  return nullptr;
}

/// A file of another revision that is there with other contents, as a source tarball that is called by the version
/// alone: what lists it has its digest. What signing changes has the revision in its name.
void refuse_replaced(const build::Job& job, const build::Manifest& manifest, const repos::Catalog& catalog) {
  for (const auto& output : job.recipe.outputs) {
    const auto place = manager_of(job.profile).place(job.profile, output);
    const auto file = std::ranges::find(manifest.outputs, output.name, &build::Manifest::File::name);
    if (place.empty() || file == manifest.outputs.end()) continue;
    const auto* other = repos::with_other_contents(catalog, place, file->sha256);
    if (other == nullptr) continue;
    throw base::Error(fmt::format("{} {} {}: {} is published already, with other contents, for {}", job.profile.key(),
                                  job.project.name, entry_of(job).version, place, other->version))
        .with_hint(
            "raise the version in CHANGELOG.md; or build again of the source tarball that is published: --source");
  }
}

void refuse_missing(const std::vector<const model::Profile*>& profiles, const build::ToolRegistry& tools) {
  std::vector<std::string> programs;
  for (const auto* profile : profiles) {
    for (const auto& tool : manager_of(*profile).tools()) {
      const auto name = fmt::format("{} (package {})", tool.program, tool.package);
      if (!tools.find(tool) && std::ranges::find(programs, name) == programs.end()) programs.push_back(name);
    }
  }
  if (!programs.empty())
    throw base::Error("missing: " + base::join(programs, ", "), base::Exit::missing_tool)
        .with_hint("install them; ci/deps publish installs what Debian has");
}

/// The site's keys, each of a type that all its releases read.
SiteKeys keys_for(const std::vector<build::Job>& jobs, const PublishOptions& options, const repos::Catalog& catalog,
                  const signing::Gnupg& gnupg, std::int64_t now) {
  auto keys = site_keys(options.keys, catalog, options.to.string(), gnupg, now);
  std::vector<const model::Profile*> profiles;
  for (const auto& job : jobs) profiles.push_back(&job.profile);
  for (const auto& entry : catalog.entries) {
    if (const auto* profile = profile_of(options, entry)) profiles.push_back(profile);
  }
  const auto next = keys.next.empty() ? std::nullopt : gnupg.find(keys.next);
  for (const auto* profile : profiles) {
    refuse_key_type(*profile, signing::signer(keys.present, now));
    if (next) refuse_key_type(*profile, signing::signer(*next, now));
  }
  return keys;
}

/// A row and a manifest for each job; every refusal that concerns packages is here.
std::vector<PublishRow> rows_of(std::vector<build::Job>& jobs, const fs::path& out, const repos::Catalog& catalog,
                                build::ToolRegistry& tools, std::vector<build::Manifest>& manifests) {
  std::vector<const model::Recipe*> recipes;
  for (const auto& job : jobs) recipes.push_back(&job.recipe);
  tools.learn(recipes, 2);
  std::vector<PublishRow> rows;
  base::KnownDigests digests;
  for (auto& job : jobs) {
    job.key = build::key_of(job, tools, digests);
    manifests.push_back(build::read_proof(job, out));
    const auto* there = published(job, catalog);
    if (there == nullptr) refuse_replaced(job, manifests.back(), catalog);
    rows.push_back({&job, there != nullptr ? PublishVerdict::unchanged : PublishVerdict::published,
                    there != nullptr ? *there : entry_of(job)});
  }
  return rows;
}

/// Whether what clients fetch is another file than before: other keys, or the same with other dates. The keyring's
/// present key must not be the older one: it may be that of a machine where nobody has extended it.
bool has_new_keys(const fs::path& file, const signing::Key& key, const std::string& keys, std::int64_t now,
                  const base::Context& context) {
  const auto there = repos::content_of(file);
  if (there == keys) return false;
  for (const auto& other : signing::public_keys(there, context)) {
    const auto end = signing::good_until(key, now);
    const auto published = signing::good_until(other, now);
    const bool shorter = end != 0 && (published == 0 || published > end);
    if (other.primary.fingerprint == key.primary.fingerprint && shorter)
      throw base::Error(fmt::format("{} is good until {}, the key here until {}", file.string(),
                                    published == 0 ? "for ever" : base::iso_date(published), base::iso_date(end)),
                        base::Exit::usage)
          .with_hint(fmt::format("gpg --import {}; or orchestrator key extend {}", base::shell_quote(file.string()),
                                 key.primary.fingerprint));
  }
  return true;
}

/// Takes everything out of the catalog of a site that was signed with a key that is revoked. What is there was vouched
/// for by that key alone, so only what is proven again gets into the next state; nothing may be forgotten that could
/// be.
std::vector<repos::Published> begin_anew(repos::Catalog& catalog, const std::vector<build::Job>& jobs,
                                         const PublishOptions& options) {
  if (options.url.empty())
    throw base::Error("the site's key is revoked, and its address is known from its catalog alone", base::Exit::usage)
        .with_hint("name it: --url " + catalog.url);
  std::vector<std::string> lacking;
  for (const auto& entry : catalog.entries) {
    const bool is_named = std::ranges::any_of(jobs, [&entry](const build::Job& job) {
      return job.profile.id == entry.distribution && job.profile.release == entry.release;
    });
    const bool is_there = std::ranges::any_of(
        jobs, [&entry](const build::Job& job) { return repos::is_same_package(entry_of(job), entry); });
    if (profile_of(options, entry) == nullptr || is_there || (is_named && !options.is_partial)) continue;
    const auto name = is_named
                          ? fmt::format("{} {} for {} {}", entry.package, entry.arch, entry.distribution, entry.release)
                          : fmt::format("--distro {}:{}", entry.distribution, entry.release);
    if (std::ranges::find(lacking, name) == lacking.end()) lacking.push_back(name);
  }
  if (!lacking.empty())
    throw base::Error("the site's key is revoked, so that all its packages have to be signed anew", base::Exit::usage)
        .with_hint("name these, too: " + base::join(lacking, ", "));
  return std::exchange(catalog.entries, {});
}

/// The releases of these entries, each once.
std::vector<const model::Profile*> releases_of(const std::vector<repos::Published>& entries,
                                               const PublishOptions& options) {
  std::vector<const model::Profile*> out;
  for (const auto& entry : entries) {
    const auto* profile = profile_of(options, entry);
    if (profile == nullptr)
      throw base::Error(fmt::format("the site holds packages of {} {}, a release that this source does not know",
                                    entry.distribution_name, entry.release),
                        base::Exit::usage)
          .with_hint("its lists cannot be signed again: put its profile back into distros/, or publish elsewhere");
    if (std::ranges::find(out, profile) == out.end()) out.push_back(profile);
  }
  return out;
}

/// What the rows add to the catalog.
std::vector<repos::Published> new_entries(const std::vector<PublishRow>& rows, const std::string& fingerprint) {
  std::vector<repos::Published> out;
  for (const auto& row : rows) {
    if (!is_new(row)) continue;
    out.push_back(row.entry);
    out.back().signed_with = fingerprint;
  }
  return out;
}

std::int64_t valid_until(const PublishOptions& options, const repos::Catalog& catalog, std::int64_t now) {
  if (options.valid_for) return *options.valid_for == 0 ? 0 : now + std::int64_t{*options.valid_for} * 86400;
  if (catalog.valid_until != 0 && catalog.valid_until <= now)
    throw base::Error(fmt::format("what is published there was valid until {}", base::iso_date(catalog.valid_until)),
                      base::Exit::usage)
        .with_hint("--valid-for DAYS says how long it is from now on; 0: for ever");
  return catalog.valid_until;
}

}  // namespace

void refuse_early(const std::vector<build::Job>& jobs, const PublishOptions& options, const fs::path& site,
                  const signing::Gnupg& gnupg, std::int64_t now) {
  const auto catalog = repos::catalog_of(site);
  static_cast<void>(keys_for(jobs, options, catalog, gnupg, now));
  static_cast<void>(checked_url(options.url, catalog));
  refuse_writable_by_others(jobs, site, options.out);
}

void prepare(Prepared& plan, std::vector<build::Job>& jobs, const PublishOptions& options, build::ToolRegistry& tools,
             const signing::Gnupg& gnupg, std::int64_t now, const base::Context& context) {
  auto& catalog = plan.catalog;
  auto& keys = plan.result.keys;
  const bool was_there = !catalog.entries.empty();
  keys = keys_for(jobs, options, catalog, gnupg, now);
  catalog.url = checked_url(options.url, catalog);
  if (keys.begins_anew) plan.result.dropped = begin_anew(catalog, jobs, options);
  const auto until = valid_until(options, catalog, now);
  const bool has_another_end = until != catalog.valid_until;
  catalog.valid_until = until;

  auto& rows = plan.result.rows;
  std::vector<const model::Profile*> profiles;
  for (const auto& job : jobs) profiles.push_back(&job.profile);
  refuse_missing(profiles, tools);
  rows = rows_of(jobs, plan.out, catalog, tools, plan.manifests);
  std::erase_if(plan.result.dropped, [&rows](const repos::Published& gone) {  // what is there again, proven
    return std::ranges::any_of(rows, [&gone](const PublishRow& row) {
      return repos::is_same_package(row.entry, gone) && row.entry.version == gone.version;
    });
  });
  const bool anything = std::ranges::any_of(rows, is_new);
  const auto added = new_entries(rows, keys.present.primary.fingerprint);
  auto after = catalog;
  after.entries.insert(after.entries.end(), added.begin(), added.end());
  if (anything) plan.result.pruned = repos::prune(after, options.keep);
  forget_unused(keys, after);
  catalog.fingerprint = keys.present.primary.fingerprint;
  catalog.next = keys.next;
  catalog.old = keys.old;
  catalog.revoked = keys.revoked;
  // The lists of a release are made once, whatever is new in it: a version, a key, an end, or that a package is gone.
  plan.to_index = releases_of(added, options);
  const auto others = releases_of(keys.switches() || has_another_end ? catalog.entries : plan.result.pruned, options);
  for (const auto* profile : others) {
    if (std::ranges::find(plan.to_index, profile) != plan.to_index.end()) continue;
    plan.to_index.push_back(profile);
    plan.result.signed_anew.push_back(repos::folder_of(profile->id, profile->release));
  }
  refuse_missing(plan.to_index, tools);
  catalog.project = options.project->name;
  const auto fetched = plan.site / repos::key_file(catalog.project);
  plan.key_file = key_file(keys, fetched.string(), gnupg, context);
  const bool other_keys = was_there && has_new_keys(fetched, keys.present, plan.key_file, now, context);
  plan.result.changes = anything || has_another_end || keys.switches() || keys.begins_anew || other_keys;
  if (!keys.warning.empty()) context.console.warn(keys.warning);
  if (const auto warning = signing::expiry_warning(keys.present, now); !warning.empty())
    context.console.warn(
        fmt::format("{}: orchestrator key extend {}, then publish again", warning, catalog.fingerprint));
}

}  // namespace publish
