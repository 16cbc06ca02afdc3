// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/guru.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "services/git.hpp"

namespace services {
namespace {

constexpr std::uint64_t kLargest = 64U << 20U;
constexpr std::size_t kRepoName = 1;  // of the replies to Submission::ask

/// The line of a thin Manifest (GLEP 74) that these bytes have.
std::string dist_line(const std::string& name, const std::string& bytes) {
  return fmt::format("DIST {} {} BLAKE2B {} SHA512 {}", name, bytes.size(), base::digest("BLAKE2B512", bytes),
                     base::digest("SHA512", bytes));
}

std::string atom_of(const BuiltRelease& offer) {
  return fmt::format("{}/{}", offer.profile->package.ebuild.category, offer.project->name);
}

}  // namespace

std::vector<model::Tool> Guru::tools() const {
  return {{"git", "git", {}}, {"pkgcheck", "dev-util/pkgcheck", {}}, {"curl", "curl", {}}};
}

bool Guru::takes(const model::Profile& profile) const { return !profile.services.guru.empty(); }

void Guru::check(const SubmitTarget& order) const {
  check_remote(order, "a git repository with GURU in it",
               "--to guru=USER@HOST:PATH of a fork of GURU, or the whole path of a clone");
}

std::vector<Submission> Guru::submissions(const SubmitTarget& order, const std::vector<BuiltRelease>& releases) const {
  std::vector<Submission> out;
  for (const auto& offer : releases) {
    const auto atom = atom_of(offer);
    const auto branch = fmt::format("{}-{}", offer.project->name, offer.project->version());
    Submission submission;
    submission.name = atom;
    submission.version = offer.project->version();
    submission.what = atom + " " + submission.version;
    submission.to = order.place;
    submission.places = {branch};
    submission.releases = {offer.profile->key()};
    for (const auto& output : offer.outputs)
      submission.items.push_back({offer.profile->key(), output.name, output.name});
    submission.ask = {
        {{"git", "clone", "--quiet", "--branch", offer.profile->services.guru, "--", order.place, "repository"}},
        {{"git", "show", "HEAD:profiles/repo_name"}, "repository", true},
        // The branch of an earlier submit, or a new one: one of these two fails.
        {{"git", "checkout", "--quiet", branch}, "repository", true},
        {{"git", "checkout", "--quiet", "-b", branch}, "repository", true},
        {{"git", "rm", "-r", "--quiet", "--ignore-unmatch", atom}, "repository"},
        {{"mkdir", "-p", "repository/" + atom}},
        {{"cp", "-a", "overlay/" + atom + "/.", "repository/" + atom}},
        {{"git", "add", "--all", "--force", atom}, "repository"},
        {{"git", "status", "--porcelain", atom}, "repository"}};
    submission.check = {
        {{"pkgcheck", "scan", "--color", "no", "--exit", "error,warning,style", atom}, "repository", true},
        fetch_source(*offer.project)};
    submission.send = {commit(*offer.packager, fmt::format("{}: add {}", atom, submission.version), {"--signoff"}),
                       {{"git", "push", "--quiet", "origin", "HEAD:refs/heads/" + branch}, "repository"}};
    out.push_back(std::move(submission));
  }
  return out;
}

std::string Guru::refusal(const Submission& submission, const std::vector<Reply>& replies,
                          const std::filesystem::path& folder) const {
  const auto manifest = base::read_file(folder / "repository" / submission.name / "Manifest", kLargest);
  for (const auto& item : submission.items) {
    if (item.output == "overlay") continue;
    const auto line = dist_line(item.output, base::read_file(folder / item.place, kLargest));
    if (("\n" + manifest).find("\n" + line + "\n") == std::string::npos)
      return fmt::format("Manifest does not list {} as it is", item.output);
  }
  const auto& scan = replies.front();
  const auto found = std::string(base::trim(scan.out));
  if (scan.status == 0 && found.empty()) {
    const auto tarball =
        std::ranges::find_if(submission.items, [](const auto& item) { return item.output != "overlay"; });
    if (tarball == submission.items.end()) throw base::Error(submission.what + " has no tarball");
    return source_refusal(submission.check.back(), replies.back(), folder, tarball->place);
  }
  return "pkgcheck is not content:\n" + (found.empty() ? std::string(base::trim(scan.talk)) : found);
}

Answer Guru::answer(const Submission& submission, const std::vector<Reply>& replies) const {
  if (replies.size() > kRepoName && base::trim(replies[kRepoName].out) != "guru")
    refuse_repository(submission, "has no GURU in it: its profiles/repo_name does not say so");
  return {base::trim(replies.back().out).empty() ? RemoteState::there : RemoteState::absent, ""};
}

std::string Guru::remedy(const Submission&, Failure fault) const {
  if (fault == Failure::auth) return "git and ssh must be able to push to that repository: a fork of your own will do";
  return "--to guru=ADDRESS of a fork of GURU, or the whole path of a clone; it needs the branch that changes begin at";
}

}  // namespace services
