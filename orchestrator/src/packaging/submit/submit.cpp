// SPDX-License-Identifier: GPL-3.0-or-later
#include "submit/submit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/program.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "build/build.hpp"
#include "build/dist.hpp"
#include "build/lock.hpp"
#include "repos/manager.hpp"
#include "signing/session.hpp"

namespace submit {
namespace fs = std::filesystem;
using services::Submission;
namespace {

constexpr const char* kLog = ".logs/submit.log";

void refuse_missing(const services::Service& service, const build::ToolRegistry& tools) {
  std::vector<std::string> programs;
  std::vector<std::string> packages;
  for (const auto& tool : service.tools()) {
    if (tools.find(tool)) continue;
    programs.push_back(fmt::format("{} (package {})", tool.program, tool.package));
    packages.push_back(tool.package);
  }
  if (!programs.empty())
    throw base::Error("missing: " + base::join(programs, ", "), base::Exit::missing_tool)
        .with_hint(fmt::format("install {}; ci/deps submit installs what Debian has, docs/submitting.md names the rest",
                               base::join(packages, " ")));
}

void build_all(std::vector<build::Job>& jobs, const SubmitOptions& options, const fs::path& out,
               const base::Context& context) {
  const auto rows = build::build(jobs, {out, options.tool_folders, options.jobs, false}, context);
  for (const auto& row : rows) {
    if (row.result.verdict == build::Verdict::proven || row.result.verdict == build::Verdict::unchanged) continue;
    throw base::Error(fmt::format("building {} failed: {}", row.job->profile.key(), row.result.failure));
  }
}

/// A folder's name that no other place has: what is no letter, digit, '.' or '-' is written as its number.
std::string folder_name(const std::string& place) {
  std::string out;
  for (const char c : place) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '-' || (c == '.' && !out.empty());
    out += plain ? std::string(1, c) : fmt::format("_{:02x}", byte);
  }
  return out;
}

/// The packages of the jobs, and the key that signs them when one has to.
class Counter {
 public:
  Counter(const std::vector<build::Job>& jobs, fs::path out, build::Executor& executor,
          std::optional<repos::SigningContext> context)
      : jobs_(jobs), out_(std::move(out)), executor_(executor), context_(std::move(context)) {
    for (const auto& job : jobs_) manifests_.push_back(build::read_proof(job, out_));
  }

  void add_digests(Submission& submission) const {
    for (auto& item : submission.items) {
      for (const auto& file : manifests_[index_of(item.key)].outputs) {
        if (file.name == item.output) item.sha256 = file.sha256;
      }
    }
  }

  Packing packing(const Submission& submission, const fs::path& folder) const {
    return {[this, &submission, folder] { lay(submission, folder, false, nullptr); },
            [this, &submission, folder](bool without_shared) { lay_signed(submission, folder, without_shared); }};
  }

  services::Service const* service = nullptr;

 private:
  using Change = std::function<std::vector<proof::VerifiedArtifact>(const build::Job&, const fs::path&)>;

  std::size_t index_of(const std::string& key) const {
    const auto found = std::ranges::find_if(jobs_, [&](const build::Job& job) { return job.profile.key() == key; });
    return static_cast<std::size_t>(found - jobs_.begin());
  }

  void lay_signed(const Submission& submission, const fs::path& folder, bool without_shared) const {
    const auto sign = [&](const build::Job& job, const fs::path& build) {
      if (without_shared) service->leave_out_shared(submission, build);
      (void)repos::find(job.profile.package.manager)->sign(*context_, job.profile, job.recipe, build);
      return executor_.prove_again(job, build, out_ / kLog);
    };
    lay(submission, folder, without_shared, sign);
  }

  /// Only what was proven gets into a submission.
  void lay(const Submission& submission, const fs::path& folder, bool without_shared, const Change& change) const {
    std::map<std::string, std::vector<proof::VerifiedArtifact>> artifacts;
    const base::TempDir work(out_, ".submit.");
    for (const auto& item : submission.items) {
      const auto index = index_of(item.key);
      const auto& job = jobs_[index];
      auto& of_job = artifacts[item.key];
      if (of_job.empty()) {
        const auto build = work.path() / item.key;
        // What some formats' reading steps look at beside the outputs is made from the source.
        if (job.recipe.reads_work) executor_.make(job, build, out_ / kLog);
        static_cast<void>(build::copy_verified(job, manifests_[index], out_, build));
        // dist/ and its manifest.json are not signed: nothing leaves, and nothing is signed, before it was read and
        // compared here.
        of_job = executor_.prove_again(job, build, out_ / kLog);
        if (change) of_job = change(job, build);
      }
      if (item.shared && without_shared) continue;
      put(of_job, item, folder / item.place);
    }
    for (const auto& [place, content] : submission.texts) base::write_file(folder / place, content);
    if (!without_shared) return;
    for (const auto& item : submission.items) {
      if (item.shared) fs::remove(folder / item.place);
    }
  }

  static void put(const std::vector<proof::VerifiedArtifact>& artifacts, const Submission::Item& item,
                  const fs::path& to) {
    const auto found = std::ranges::find_if(artifacts, [&](const auto& one) { return one.name() == item.output; });
    if (found == artifacts.end()) throw base::Error(fmt::format("{} was not built", item.output));
    base::make_dirs(to.parent_path());
    fs::copy(found->path(), to, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  }

  const std::vector<build::Job>& jobs_;
  fs::path out_;
  build::Executor& executor_;
  std::optional<repos::SigningContext> context_;
  std::vector<build::Manifest> manifests_;
};

Submitter::Setting setting_of(const SubmitOptions& options, const build::ToolRegistry& tools, bool isolated,
                              const base::Context& context) {
  Submitter::Setting setting;
  setting.environment = client_environment(context.environment, tools.path_list());
  setting.isolated = isolated;
  setting.wait = options.wait;
  setting.tries = options.tries;
  setting.chance = [random = std::mt19937(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(random);
  };
  return setting;
}

/// One submission after the other, in the order in which they are to arrive.
std::vector<SubmitRow> hand_over_all(std::vector<Submission> submissions, Submitter& submitter, const Counter& counter,
                                     const fs::path& kept, const fs::path& work, base::Console& console) {
  std::vector<SubmitRow> rows;
  std::optional<Denied> denied;
  for (auto& submission : submissions) {
    counter.add_digests(submission);
    // What a client has logged is kept where the next submit to the same place finds it.
    const auto place = folder_name(submission.what);
    const auto folder = submission.receipt.empty() ? work / place : kept / folder_name(submission.to) / place;
    SubmitRow row{submission, {}};
    try {
      if (denied) throw base::Error(submission.what + ": not tried");
      row.result = submitter.hand_over(submission, folder, counter.packing(submission, folder));
    } catch (const Denied& error) {
      base::tell(error, console);
      row.result.say = error.what();
      denied = error;
    } catch (const base::Error& error) {
      base::tell(error, console);
      row.result.say = error.what();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<Submission> submissions_of(const std::vector<build::Job>& jobs, const services::Service& service,
                                       const services::SubmitTarget& order) {
  std::vector<services::BuiltRelease> releases;
  for (const auto& job : jobs)
    releases.push_back({&job.profile, &job.project, &job.workspace->packager, job.recipe.outputs});
  return service.submissions(order, releases);
}

std::vector<SubmitRow> submit(std::vector<build::Job>& jobs, const services::Service& service,
                              const services::SubmitTarget& order, const SubmitOptions& options,
                              const signing::Gnupg& gnupg, std::int64_t now, const base::Context& context) {
  auto submissions = submissions_of(jobs, service, order);
  const auto out = service.wants_its_own() ? options.out / fmt::format("for-{}", service.name()) : options.out;
  base::make_dirs(out);
  const auto place = fs::canonical(out);
  build::ToolRegistry tools(options.tool_folders, place / ".tools.json", context);
  refuse_missing(service, tools);
  std::optional<signing::Key> key;
  const bool signs = std::ranges::any_of(submissions, &Submission::sign);
  if (signs && options.fingerprint.empty())
    throw base::Error(fmt::format("{} requires signed uploads, and no key was named", service.name()),
                      base::Exit::usage)
        .with_hint("--sign FINGERPRINT; orchestrator key list shows those that there are");
  if (signs) key = gnupg.usable(options.fingerprint, now);
  build_all(jobs, options, place, context);

  const build::Lock lock(place / ".lock");
  for (const auto& entry : fs::directory_iterator(place)) {  // of one that was killed: nobody else is here
    if (entry.path().filename().string().starts_with(".submit.")) base::remove_tree(entry.path());
  }
  base::make_dirs(place / ".logs");
  const bool isolated = base::why_no_sandbox(context).empty();
  build::Executor executor(context, tools, {place, place / ".work", place / ".logs", false}, isolated);
  std::optional<signing::Session> session;
  std::optional<repos::SigningContext> signing_context;
  if (key) {
    const auto& project = jobs.front().workspace->project();
    session.emplace(gnupg, *key, std::nullopt, project.epoch(), now, context);
    signing_context.emplace(
        context,
        repos::SigningContext::Setting{project.name, tools.path_list(), place / ".logs/submit.log",
                                       session->environment(), session->public_key(), session->time()},
        &*session);
  }
  Counter counter(jobs, place, executor, signing_context);
  counter.service = &service;
  Submitter submitter(service, context, setting_of(options, tools, isolated, context));
  const base::TempDir work(place, ".submit.");
  return hand_over_all(std::move(submissions), submitter, counter, place / "submitted", work.path(), context.console);
}

}  // namespace submit
