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

namespace pipeline {
namespace fs = std::filesystem;
using services::Parcel;
namespace {

constexpr const char* kLog = ".logs/submit.log";

void refuse_missing(const services::Service& service, const Toolbox& toolbox) {
  std::vector<std::string> programs;
  std::vector<std::string> packages;
  for (const auto& tool : service.tools()) {
    if (toolbox.find(tool)) continue;
    programs.push_back(fmt::format("{} (package {})", tool.program, tool.package));
    packages.push_back(tool.package);
  }
  if (!programs.empty())
    throw base::Error("missing: " + base::join(programs, ", "), base::Exit::missing_tool)
        .with_hint(fmt::format("install {}; ci/deps submit installs what Debian has, README tells of the rest",
                               base::join(packages, " ")));
}

void build_all(std::vector<Job>& jobs, const SubmitOptions& options, const fs::path& out, base::Runner& runner,
               const base::Cancel& cancel, base::Console& console) {
  const auto rows = build(jobs, {out, options.tool_folders, options.jobs, false}, runner, cancel, console);
  for (const auto& row : rows) {
    if (row.result.verdict == Verdict::proven || row.result.verdict == Verdict::unchanged) continue;
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
  Counter(const std::vector<Job>& jobs, fs::path out, Executor& executor, std::optional<repos::Workshop> workshop)
      : jobs_(jobs), out_(std::move(out)), executor_(executor), workshop_(std::move(workshop)) {
    for (const auto& job : jobs_) manifests_.push_back(proven(job, out_));
  }

  void add_digests(Parcel& parcel) const {
    for (auto& item : parcel.items) {
      for (const auto& file : manifests_[index_of(item.key)].outputs) {
        if (file.name == item.output) item.sha256 = file.sha256;
      }
    }
  }

  Packing packing(const Parcel& parcel, const fs::path& folder) const {
    return {[this, &parcel, folder] { lay(parcel, folder, false, nullptr); },
            [this, &parcel, folder](bool without_shared) { lay_signed(parcel, folder, without_shared); }};
  }

  services::Service const* service = nullptr;

 private:
  using Change = std::function<std::vector<proof::VerifiedArtifact>(const Job&, const fs::path&)>;

  std::size_t index_of(const std::string& key) const {
    const auto found = std::ranges::find_if(jobs_, [&](const Job& job) { return job.profile.key() == key; });
    return static_cast<std::size_t>(found - jobs_.begin());
  }

  void lay_signed(const Parcel& parcel, const fs::path& folder, bool without_shared) const {
    const auto sign = [&](const Job& job, const fs::path& build) {
      if (without_shared) service->leave_out_shared(parcel, build);
      (void)repos::find(job.profile.package.manager)->sign(*workshop_, job.profile, job.recipe, build);
      return executor_.prove_again(job, build, out_ / kLog);
    };
    lay(parcel, folder, without_shared, sign);
  }

  /// Only what was proven gets into a parcel.
  void lay(const Parcel& parcel, const fs::path& folder, bool without_shared, const Change& change) const {
    std::map<std::string, std::vector<proof::VerifiedArtifact>> artifacts;
    const base::TempDir work(out_, ".submit.");
    for (const auto& item : parcel.items) {
      const auto index = index_of(item.key);
      const auto& job = jobs_[index];
      auto& of_job = artifacts[item.key];
      if (of_job.empty()) {
        const auto build = work.path() / item.key;
        // What some formats' reading steps look at beside the outputs is made from the source.
        if (job.recipe.reads_work) executor_.make(job, build, out_ / kLog);
        static_cast<void>(taken_out(job, manifests_[index], out_, build));
        // dist/ and its manifest.json are not signed: nothing leaves, and nothing is signed, before it was read and
        // compared here.
        of_job = executor_.prove_again(job, build, out_ / kLog);
        if (change) of_job = change(job, build);
      }
      if (item.shared && without_shared) continue;
      put(of_job, item, folder / item.place);
    }
    for (const auto& [place, content] : parcel.texts) base::write_file(folder / place, content);
    if (!without_shared) return;
    for (const auto& item : parcel.items) {
      if (item.shared) fs::remove(folder / item.place);
    }
  }

  static void put(const std::vector<proof::VerifiedArtifact>& artifacts, const Parcel::Item& item, const fs::path& to) {
    const auto found = std::ranges::find_if(artifacts, [&](const auto& one) { return one.name() == item.output; });
    if (found == artifacts.end()) throw base::Error(fmt::format("{} was not built", item.output));
    base::make_dirs(to.parent_path());
    fs::copy(found->path(), to, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  }

  const std::vector<Job>& jobs_;
  fs::path out_;
  Executor& executor_;
  std::optional<repos::Workshop> workshop_;
  std::vector<Manifest> manifests_;
};

Clerk::Setting setting_of(const SubmitOptions& options, const Toolbox& toolbox, bool isolated,
                          const base::Cancel& cancel) {
  Clerk::Setting setting;
  setting.environment = client_environment(options.environment, toolbox.path_list());
  setting.isolated = isolated;
  setting.wait = options.wait;
  setting.tries = options.tries;
  setting.sleep = [&cancel](std::chrono::milliseconds time) { sleep_for(time, cancel); };
  setting.chance = [random = std::mt19937(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(random);
  };
  return setting;
}

/// One parcel after the other, in the order in which they are to arrive.
std::vector<SubmitRow> hand_over_all(std::vector<Parcel> parcels, Clerk& clerk, const Counter& counter,
                                     const fs::path& kept, const fs::path& work, base::Console& console) {
  std::vector<SubmitRow> rows;
  std::optional<Denied> denied;
  for (auto& parcel : parcels) {
    counter.add_digests(parcel);
    // What a client has logged is kept where the next submit to the same place finds it.
    const auto place = folder_name(parcel.what);
    const auto folder = parcel.receipt.empty() ? work / place : kept / folder_name(parcel.to) / place;
    SubmitRow row{parcel, {}};
    try {
      if (denied) throw base::Error(parcel.what + ": not tried");
      row.handover = clerk.hand_over(parcel, folder, counter.packing(parcel, folder));
    } catch (const Denied& error) {
      base::tell(error, console);
      row.handover.say = error.what();
      denied = error;
    } catch (const base::Error& error) {
      base::tell(error, console);
      row.handover.say = error.what();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<Parcel> parcels_of(const std::vector<Job>& jobs, const services::Service& service,
                               const services::Order& order) {
  std::vector<services::Offer> offers;
  for (const auto& job : jobs)
    offers.push_back({&job.profile, &job.workspace->project, &job.workspace->packager, job.recipe.outputs});
  return service.parcels(order, offers);
}

std::vector<SubmitRow> submit(std::vector<Job>& jobs, const services::Service& service, const services::Order& order,
                              const SubmitOptions& options, const signing::Gnupg& gnupg, std::int64_t now,
                              base::Runner& runner, const base::Cancel& cancel, base::Console& console) {
  auto parcels = parcels_of(jobs, service, order);
  const auto out = service.wants_its_own() ? options.out / fmt::format("for-{}", service.name()) : options.out;
  base::make_dirs(out);
  const auto place = fs::canonical(out);
  Toolbox toolbox(options.tool_folders, place / ".tools.json", runner, cancel);
  refuse_missing(service, toolbox);
  std::optional<signing::Key> key;
  const bool signs = std::ranges::any_of(parcels, &Parcel::sign);
  if (signs && options.fingerprint.empty())
    throw base::Error(fmt::format("{} takes what is signed, and no key was named", service.name()), base::Exit::usage)
        .with_hint("--sign FINGERPRINT; orchestrator key list shows those that there are");
  if (signs) key = gnupg.usable(options.fingerprint, now);
  build_all(jobs, options, place, runner, cancel, console);

  const Lock lock(place / ".lock");
  for (const auto& entry : fs::directory_iterator(place)) {  // of one that was killed: nobody else is here
    if (entry.path().filename().string().starts_with(".submit.")) base::remove_tree(entry.path());
  }
  base::make_dirs(place / ".logs");
  const bool isolated = base::why_no_sandbox(runner, cancel).empty();
  Executor executor(runner, cancel, toolbox, {place, place / ".work", place / ".logs", false}, isolated);
  std::optional<signing::Session> session;
  std::optional<repos::Workshop> workshop;
  if (key) {
    const auto& project = jobs.front().workspace->project;
    session.emplace(gnupg, *key, project.epoch(), now, runner, cancel);
    workshop.emplace(runner, cancel,
                     repos::Workshop::Setting{project.name, toolbox.path_list(), place / ".logs/submit.log",
                                              session->environment(), session->public_key(), session->time()},
                     &*session);
  }
  Counter counter(jobs, place, executor, workshop);
  counter.service = &service;
  Clerk clerk(service, runner, cancel, console, setting_of(options, toolbox, isolated, cancel));
  const base::TempDir work(place, ".submit.");
  return hand_over_all(std::move(parcels), clerk, counter, place / "submitted", work.path(), console);
}

}  // namespace pipeline
