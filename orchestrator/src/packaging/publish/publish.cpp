// SPDX-License-Identifier: GPL-3.0-or-later
#include "publish/publish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "build/dist.hpp"
#include "build/executor.hpp"
#include "build/lock.hpp"
#include "build/tool_registry.hpp"
#include "publish/prepare.hpp"
#include "repos/manager.hpp"
#include "repos/page.hpp"
#include "repos/repo_files.hpp"
#include "repos/site.hpp"
#include "signing/session.hpp"

namespace publish {
namespace fs = std::filesystem;
namespace {

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
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_new(rows[i])) continue;
      const auto& key = rows[i].job->profile.key();
      console_.status(fmt::format("[{}/{}] {}: signing", i + 1, rows.size(), key));
      try {
        signed_and_put(rows[i], manifests[i], log);
      } catch (const base::Error& error) {
        throw error.with_context(fmt::format("publishing {}: signing", key));
      }
      catalog_.entries.push_back(rows[i].entry);
    }
  }

  /// The lists of each of these releases.
  void index(const std::vector<const model::Profile*>& releases) {
    for (std::size_t i = 0; i < releases.size(); ++i) {
      const auto& profile = *releases[i];
      console_.status(
          fmt::format("[{}/{}] {} {}: its repository", i + 1, releases.size(), profile.id, profile.release));
      try {
        manager_of(profile).index(context_, profile, repos::of_release(catalog_, profile.id, profile.release),
                                  draft_.folder());
      } catch (const base::Error& error) {
        throw error.with_context(fmt::format("publishing {} {}: its repository", profile.id, profile.release));
      }
    }
  }

  /// What users fetch and type to install from each release that the source knows.
  void instruct(const PublishOptions& options, const std::vector<std::string>& trusted) {
    std::map<const model::Profile*, repos::Instructions> known;
    for (auto& entry : catalog_.entries) {
      const auto* profile = profile_of(options, entry);
      if (profile == nullptr) continue;
      const auto newest = repos::newest_of(repos::of_release(catalog_, entry.distribution, entry.release));
      if (std::ranges::find(newest, &entry) == newest.end()) continue;
      const auto [how, is_first] = known.try_emplace(profile);
      if (is_first) {
        how->second = manager_of(*profile).instructions(*profile, newest, {context_.project(), catalog_.url, trusted});
        draft_.write(how->second.file, how->second.content);
      }
      entry.how = how->second.file;
      entry.commands = how->second.commands;
      entry.replaces = profile->initrd.replaces;
    }
  }

 private:
  void signed_and_put(PublishRow& row, const build::Manifest& manifest, const fs::path& log) {
    const auto& job = *row.job;
    const auto& manager = manager_of(job.profile);
    const base::TempDir folder(out_, ".publish.");
    const auto build = folder.path() / "build";
    // What some formats' reading steps look at beside the outputs is made from the source.
    if (job.recipe.reads_work) executor_.make(job, build, log);
    static_cast<void>(build::copy_verified(job, manifest, out_, build));
    // dist/ and its manifest.json are not signed: nothing is, before it was read and compared here.
    auto artifacts = executor_.prove_again(job, build, log);
    if (manager.sign(context_, job.profile, job.recipe, build)) artifacts = executor_.prove_again(job, build, log);
    auto& entry = row.entry;
    entry.key = manifest.key;
    entry.time = context_.time();
    entry.signed_with = context_.session().fingerprint();
    for (std::size_t i = 0; i < artifacts.size(); ++i) {
      const auto place = manager.place(job.profile, job.recipe.outputs[i]);
      if (place.empty()) continue;
      draft_.put(artifacts[i], place, entry.time, entry);
      const auto signature = fs::path(artifacts[i].path().string() + ".sig");
      if (fs::is_regular_file(signature)) draft_.put_beside(signature, place + ".sig");
    }
  }

  fs::path out_;
  repos::Catalog& catalog_;
  const repos::SigningContext& context_;
  build::Executor& executor_;
  repos::Draft& draft_;
  base::Console& console_;
};

/// Puts the public keys everywhere where clients fetch them.
void write_keys(repos::Draft& draft, const repos::Digests& carried, const std::string& project,
                const std::string& keys) {
  draft.write(repos::key_file(project), keys);
  for (const auto& [path, digest] : carried) {
    if (path.ends_with("/repodata/repomd.xml.key")) draft.write(path, keys);
  }
}

void execute(Prepared& plan, const PublishOptions& options, build::ToolRegistry& tools, const signing::Gnupg& gnupg,
             std::int64_t now, const base::Context& context) {
  const auto& keys = plan.result.keys;
  auto& rows = plan.result.rows;
  auto& catalog = plan.catalog;
  const auto& project = *options.project;
  base::make_dirs(plan.out / ".logs");
  const auto log = plan.out / ".logs/publish.log";
  fs::remove(log);
  const signing::Session session(gnupg, keys.present, keys.old_signer, project.epoch(), now, context);
  repos::SigningContext::Setting setting = {project.name,
                                            tools.path_list(),
                                            log,
                                            session.environment(),
                                            session.public_key(),
                                            session.time(),
                                            {plan.key_file, "", catalog.valid_until, keys.switches()}};
  const repos::SigningContext signing_context(context, setting, &session);
  const bool isolated = base::why_no_sandbox(context).empty();
  build::Executor executor(context, tools, {plan.out, plan.out / ".work", plan.out / ".logs", false}, isolated);
  if (keys.switches()) setting.public_key = gnupg.public_key(keys.before);
  const repos::SigningContext as_before(context, setting, nullptr);
  const auto carried = keys.begins_anew ? repos::Digests() : repos::carried(as_before, plan.site);
  repos::Draft draft(plan.site, carried);
  if (!carried.empty() && repos::to_json(repos::catalog_of(draft.folder())) != plan.seen)
    throw base::Error(fmt::format("{} has changed meanwhile", (plan.site / repos::kCatalog).string()));
  Publisher publisher(plan.out, catalog, signing_context, executor, draft, context.console);
  publisher.take(rows, plan.manifests, log);
  if (std::ranges::any_of(rows, is_new)) draft.remove(repos::prune(catalog, options.keep), catalog);
  publisher.index(plan.to_index);
  publisher.instruct(options, keys.trusted());
  write_keys(draft, carried, project.name, plan.key_file);
  draft.write(repos::kCatalog, repos::to_json(catalog));
  const auto text_of = [&draft](const std::string& path) { return repos::content_of(draft.folder() / path); };
  draft.write("index.html", repos::page(catalog, text_of, project));
  context.cancel.throw_if_requested();
  draft.finish(signing_context, catalog);
  context.console.clear_status();
}

}  // namespace

PublishResult publish(std::vector<build::Job>& jobs, const PublishOptions& options, const signing::Gnupg& gnupg,
                      std::int64_t now, const base::Context& context) {
  std::erase_if(jobs, [](const build::Job& job) { return !has_place(job); });
  if (jobs.empty()) throw base::Error("of the chosen packages, nothing goes into a repository", base::Exit::usage);
  Prepared plan;
  plan.site = repos::place_of(options.to);
  // A wrong key or address is refused before anything is made, and looked at again when nobody else is at work there.
  refuse_early(jobs, options, plan.site, gnupg, now);
  std::optional<build::Lock> site_lock;
  std::optional<build::Lock> out_lock;
  if (!options.dry_run) {
    base::make_dirs(plan.site.parent_path());
    site_lock.emplace(repos::lock_of(plan.site));
  }
  plan.catalog = repos::catalog_of(plan.site);
  plan.seen = repos::to_json(plan.catalog);
  plan.out = fs::canonical(options.out);
  if (!options.dry_run) out_lock.emplace(plan.out / ".lock");
  if (!options.dry_run) {  // what killed publishers left: the locks say that they are gone
    base::remove_abandoned(plan.out, ".publish.");
    repos::remove_draft(plan.site);
  }
  build::ToolRegistry tools(options.tool_folders, plan.out / ".tools.json", context);
  prepare(plan, jobs, options, tools, gnupg, now, context);
  if (options.dry_run) return std::move(plan.result);
  tools.save();
  if (plan.result.changes) execute(plan, options, tools, gnupg, now, context);
  return std::move(plan.result);
}

}  // namespace publish
