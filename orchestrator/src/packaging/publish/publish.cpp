// SPDX-License-Identifier: GPL-3.0-or-later
#include "publish/publish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/ownership.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "build/dist.hpp"
#include "build/executor.hpp"
#include "build/lock.hpp"
#include "build/manifest.hpp"
#include "build/tool_registry.hpp"
#include "repos/manager.hpp"
#include "repos/page.hpp"
#include "repos/repo_files.hpp"
#include "repos/site.hpp"
#include "signing/session.hpp"

namespace publish {
namespace fs = std::filesystem;
namespace {

std::string version_of(const build::Job& job) {
  return fmt::format("{}-{}", job.workspace->project.version(), job.profile.package.revision);
}

const repos::Manager& manager_of(const build::Job& job) {
  const auto* manager = repos::find(job.profile.package.manager);
  if (manager == nullptr)
    throw base::Error(fmt::format("there are no repositories for {}", job.profile.package.manager), base::Exit::usage);
  return *manager;
}

void refuse_key_type(const build::Job& job, const signing::Part& part) {
  const auto& known = job.profile.package.key_types;
  const auto fits = [&](const std::string& type) { return part.algorithm.rfind(type, 0) == 0; };
  if (known.empty() || std::ranges::any_of(known, fits)) return;
  throw base::Error(
      fmt::format("{} {} cannot read a key of type {}", job.profile.name, job.profile.release, part.algorithm),
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
                                  : "\"" + base::printable(url) + "\" is no address that users can reach",
                      base::Exit::usage)
        .with_hint("--url https://packages.example.org/dracut-sshd; it goes into .repo, .sources and the page");
  if (!catalog.url.empty() && url != catalog.url)
    throw base::Error("its users reach that folder at " + catalog.url, base::Exit::usage)
        .with_hint("what they have fetched from there names that address; with another one publish to another folder");
  return url;
}

bool is_new(const PublishRow& row) { return row.verdict == PublishVerdict::published; }

/// The site, the folders above it, and what of dist/ is read: where somebody else can write, that somebody decides what
/// is signed.
void refuse_writable_by_others(const std::vector<build::Job>& jobs, const fs::path& site, const fs::path& out) {
  base::refuse_tree_writable_by_others(site);
  base::refuse_writable_by_others(out);
  base::refuse_tree_writable_by_others(out / ".logs");
  for (const auto& job : jobs) base::refuse_tree_writable_by_others(out / job.profile.key());
}

/// Fills a draft of the site with the rows that are new.
class Publisher {
 public:
  Publisher(fs::path out, repos::Catalog& catalog, const repos::SigningContext& context, build::Executor& executor,
            repos::Draft& draft, base::Console& console)
      : out_(std::move(out)),
        catalog_(catalog),
        context_(context),
        executor_(executor),
        draft_(draft),
        console_(console) {}

  /// Signs the packages, proves them, and puts them into the draft and the catalog.
  void take(std::vector<PublishRow>& rows, const std::vector<build::Manifest>& manifests, const fs::path& log) {
    each_new(rows, "signing", [&](std::size_t i) {
      const auto& job = *rows[i].job;
      rows[i].entry = signed_and_put(job, manifests[i], log);
      const auto how =
          manager_of(job).instructions(job.profile, context_.project(), catalog_.url, catalog_.fingerprint);
      draft_.write(how.file, how.content);
      rows[i].entry.how = how.file;
      rows[i].entry.commands = how.commands;
      catalog_.entries.push_back(rows[i].entry);
    });
  }

  /// The lists of each repository that has something new.
  void index(std::vector<PublishRow>& rows) {
    each_new(rows, "its repository", [&](std::size_t i) {
      const auto& profile = rows[i].job->profile;
      manager_of(*rows[i].job)
          .index(context_, profile, repos::of_release(catalog_, profile.id, profile.release), draft_.folder());
    });
  }

 private:
  template <typename Action>
  void each_new(const std::vector<PublishRow>& rows, const char* doing, const Action& action) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_new(rows[i])) continue;
      const auto& profile = rows[i].job->profile;
      console_.status(fmt::format("[{}/{}] {} {}: {}", i + 1, rows.size(), profile.id, profile.release, doing));
      try {
        action(i);
      } catch (const base::Error& error) {
        throw error.with_context(fmt::format("publishing {}: {}", profile.key(), doing));
      }
    }
  }

  repos::Published signed_and_put(const build::Job& job, const build::Manifest& manifest, const fs::path& log) {
    const auto& manager = manager_of(job);
    const base::TempDir folder(out_, ".publish.");
    const auto build = folder.path() / "build";
    // What some formats' reading steps look at beside the outputs is made from the source.
    if (job.recipe.reads_work) executor_.make(job, build, log);
    static_cast<void>(build::copy_verified(job, manifest, out_, build));
    // dist/ and its manifest.json are not signed: nothing is, before it was read and compared here.
    auto artifacts = executor_.prove_again(job, build, log);
    if (manager.sign(context_, job.profile, job.recipe, build)) artifacts = executor_.prove_again(job, build, log);
    repos::Published entry;
    entry.distribution = job.profile.id;
    entry.distribution_name = job.profile.name;
    entry.release = job.profile.release;
    entry.manager = manager.name();
    entry.package = job.workspace->project.name;
    entry.version = version_of(job);
    entry.key = manifest.key;
    entry.time = context_.time();
    for (std::size_t i = 0; i < artifacts.size(); ++i) {
      const auto place = manager.place(job.profile, job.recipe.outputs[i]);
      if (place.empty()) continue;
      draft_.put(artifacts[i], place, entry.time, entry);
      const auto signature = fs::path(artifacts[i].path().string() + ".sig");
      if (fs::is_regular_file(signature)) draft_.put_beside(signature, place + ".sig");
    }
    return entry;
  }

  fs::path out_;
  repos::Catalog& catalog_;
  const repos::SigningContext& context_;
  build::Executor& executor_;
  repos::Draft& draft_;
  base::Console& console_;
};

/// Whether a release's newest version there is this very build. A version that is there with other contents is refused:
/// clients that have it would never see the new one, or take it for a forgery.
bool is_published(const build::Job& job, const repos::Catalog& catalog) {
  for (const auto* entry : repos::of_release(catalog, job.profile.id, job.profile.release)) {
    if (entry->version != version_of(job)) continue;
    if (entry->key == job.key) return true;
    throw base::Error(fmt::format("{} {} {} is published already, with other contents", job.profile.key(),
                                  entry->package, entry->version))
        .with_hint("raise the version in CHANGELOG.md, or /package/revision in the profile");
  }
  return false;
}

void refuse_missing(const std::vector<build::Job>& jobs, const build::ToolRegistry& tools) {
  std::vector<std::string> programs;
  for (const auto& job : jobs) {
    for (const auto& tool : manager_of(job).tools()) {
      const auto name = fmt::format("{} (package {})", tool.program, tool.package);
      if (!tools.find(tool) && std::ranges::find(programs, name) == programs.end()) programs.push_back(name);
    }
  }
  if (!programs.empty())
    throw base::Error("missing: " + base::join(programs, ", "), base::Exit::missing_tool)
        .with_hint("install them; ci/deps publish installs what Debian has");
}

/// The key that signs: named, or the site's own. Never another than the site has.
signing::Key key_for(const std::vector<build::Job>& jobs, const PublishOptions& options, const repos::Catalog& catalog,
                     const signing::Gnupg& gnupg, std::int64_t now) {
  if (options.fingerprint.empty() && catalog.fingerprint.empty())
    throw base::Error("no key to sign with was named", base::Exit::usage)
        .with_hint("--sign FINGERPRINT; orchestrator key list shows those that there are");
  auto key = gnupg.usable(options.fingerprint.empty() ? catalog.fingerprint : options.fingerprint, now);
  if (!catalog.fingerprint.empty() && catalog.fingerprint != key.primary.fingerprint) {
    throw base::Error(fmt::format("{} is signed with {}", options.to.string(), catalog.fingerprint), base::Exit::usage)
        .with_hint("its users trust that key; with another one publish to another folder");
  }
  for (const auto& job : jobs) refuse_key_type(job, signing::signer(key, now));
  return key;
}

/// A row and a manifest for each job; every refusal that concerns packages is here.
std::vector<PublishRow> rows_of(std::vector<build::Job>& jobs, const fs::path& out, const repos::Catalog& catalog,
                                build::ToolRegistry& tools, std::vector<build::Manifest>& manifests) {
  refuse_missing(jobs, tools);
  std::vector<const model::Recipe*> recipes;
  for (const auto& job : jobs) recipes.push_back(&job.recipe);
  tools.learn(recipes, 2);
  std::vector<PublishRow> rows;
  for (auto& job : jobs) {
    job.key = build::key_of(job, tools);
    manifests.push_back(build::read_proof(job, out));
    rows.push_back({&job, is_published(job, catalog) ? PublishVerdict::unchanged : PublishVerdict::published, {}});
    const auto there = repos::of_release(catalog, job.profile.id, job.profile.release);
    if (!is_new(rows.back())) rows.back().entry = *there.back();
  }
  tools.save();
  return rows;
}

/// Whether the site's key is to be exchanged for the same key with other dates. The keyring's must not be the older
/// one: it may be that of a machine where nobody has extended it.
bool is_renewed(const fs::path& site, const repos::Catalog& catalog, const std::string& project,
                const signing::Key& key, const std::string& public_key, std::int64_t now,
                const base::Context& context) {
  if (catalog.entries.empty()) return false;
  const auto file = site / repos::key_file(project);
  const auto there = repos::content_of(file);
  if (there == public_key) return false;
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

/// Puts the public key everywhere where clients fetch it.
void write_key(repos::Draft& draft, const repos::Digests& carried, const std::string& project,
               const std::string& public_key) {
  draft.write(repos::key_file(project), public_key);
  for (const auto& [path, digest] : carried) {
    if (path.ends_with("/repodata/repomd.xml.key")) draft.write(path, public_key);
  }
}

}  // namespace

std::vector<PublishRow> publish(std::vector<build::Job>& jobs, const PublishOptions& options,
                                const signing::Gnupg& gnupg, std::int64_t now, const base::Context& context) {
  const auto& project = jobs.front().workspace->project;
  const auto site = repos::place_of(options.to);
  // A wrong key or address is refused before anything is made, and looked at again when nobody else is at work there.
  const auto before = repos::catalog_of(site);
  static_cast<void>(key_for(jobs, options, before, gnupg, now));
  static_cast<void>(checked_url(options.url, before));
  refuse_writable_by_others(jobs, site, options.out);
  base::make_dirs(site.parent_path());
  const build::Lock site_lock(repos::lock_of(site));
  auto catalog = repos::catalog_of(site);
  const auto seen = repos::to_json(catalog);
  const auto key = key_for(jobs, options, catalog, gnupg, now);
  catalog.url = checked_url(options.url, catalog);
  catalog.fingerprint = key.primary.fingerprint;

  const auto out = fs::canonical(options.out);
  const build::Lock out_lock(out / ".lock");
  build::ToolRegistry tools(options.tool_folders, out / ".tools.json", context);
  std::vector<build::Manifest> manifests;
  auto rows = rows_of(jobs, out, catalog, tools, manifests);
  if (const auto warning = signing::expiry_warning(key, now); !warning.empty())
    context.console.warn(
        fmt::format("{}: orchestrator key extend {}, then publish again", warning, key.primary.fingerprint));
  const bool anything = std::ranges::any_of(rows, is_new);
  if (!is_renewed(site, catalog, project.name, key, gnupg.public_key(key.primary.fingerprint), now, context) &&
      !anything)
    return rows;

  base::make_dirs(out / ".logs");
  const auto log = out / ".logs/publish.log";
  fs::remove(log);
  const signing::Session session(gnupg, key, project.epoch(), now, context);
  const repos::SigningContext signing_context(
      context, {project.name, tools.path_list(), log, session.environment(), session.public_key(), session.time()},
      &session);
  const bool isolated = base::why_no_sandbox(context).empty();
  build::Executor executor(context, tools, {out, out / ".work", out / ".logs", false}, isolated);
  const auto carried = repos::carried(signing_context, site);
  repos::Draft draft(site, carried);
  if (!carried.empty() && repos::to_json(repos::catalog_of(draft.folder())) != seen)
    throw base::Error(fmt::format("{} has changed meanwhile", (site / repos::kCatalog).string()));
  Publisher publisher(out, catalog, signing_context, executor, draft, context.console);
  publisher.take(rows, manifests, log);
  if (anything) draft.remove(repos::prune(catalog, options.keep), catalog);
  publisher.index(rows);
  write_key(draft, carried, project.name, session.public_key());
  draft.write(repos::kCatalog, repos::to_json(catalog));
  const auto text_of = [&draft](const std::string& path) { return repos::content_of(draft.folder() / path); };
  draft.write("index.html", repos::page(catalog, text_of, project.name, project.summary, project.url));
  context.cancel.throw_if_requested();
  draft.finish(signing_context, catalog);
  context.console.clear_status();
  return rows;
}

}  // namespace publish
