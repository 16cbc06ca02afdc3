// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/aur.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "services/git.hpp"

namespace services {
namespace {

constexpr std::uint64_t kLargest = 1U << 20U;
constexpr std::string_view kName = "{name}";  // in an address: the package's
constexpr std::string_view kTarball = ".tar.gz";
// The replies to Submission::ask.
constexpr std::size_t kNames = 1;
constexpr std::size_t kThere = 2;

}  // namespace

std::vector<model::Tool> Aur::tools() const {
  return {{"git", "git", {}}, {"makepkg", "makepkg", {}}, {"curl", "curl", {}}};
}

bool Aur::takes(const model::Profile& profile) const { return !profile.services.aur.empty(); }

void Aur::check(const SubmitTarget& order) const {
  auto filled = order;
  filled.place = base::replace_all(order.place, std::string(kName), "name");
  if (!order.place.empty())
    check_remote(
        filled, "a git repository of the AUR",
        "--to aur alone takes the one in the profile; else --to aur=ssh://aur@HOST/{name}.git, or a whole path");
}

std::vector<Submission> Aur::submissions(const SubmitTarget& order, const std::vector<BuiltRelease>& releases) const {
  if (!order.place.empty() && order.place.find(kName) == std::string::npos && by_package(releases).size() > 1)
    refuse_several(order, "one repository, and there are several packages to hand over");
  std::vector<Submission> out;
  for (const auto& offer : releases) {
    Submission submission;
    submission.name = offer.project->name;
    submission.version = fmt::format("{}-{}", offer.project->version(), offer.profile->package.revision);
    submission.what = submission.name + " " + submission.version;
    submission.to = base::replace_all(order.place.empty() ? offer.profile->services.aur : order.place,
                                      std::string(kName), submission.name);
    submission.releases = {offer.profile->key()};
    // The tarball and the package itself are not pushed: the AUR is of recipes.
    for (const auto& output : offer.outputs) {
      if (output.name.ends_with(".pkg.tar.zst")) continue;
      const bool tarball = output.name.ends_with(kTarball);
      submission.items.push_back({offer.profile->key(), output.name, (tarball ? "" : "package/") + output.name});
    }
    // makepkg refuses root, and wants a configuration, of which this reads nothing.
    submission.check = {{{"env", "PKGEXT=.pkg.tar", "SRCEXT=.src.tar", "PACMAN=true", "makepkg", "--config",
                          "/dev/null", "--printsrcinfo"},
                         "package",
                         false,
                         true},
                        fetch_source(*offer.project)};
    submission.ask = {{{"git", "clone", "--quiet", "--", submission.to, "repository"}},
                      {{"git", "ls-tree", "--name-only", "HEAD"}, "repository", true},  // fails in a new one
                      {{"git", "show", "HEAD:.SRCINFO"}, "repository", true},
                      {{"git", "rm", "-r", "--quiet", "--ignore-unmatch", "."}, "repository"},
                      {{"cp", "-a", "package/.", "repository/"}},
                      {{"git", "add", "--all", "--force"}, "repository"},
                      {{"git", "status", "--porcelain"}, "repository"}};
    submission.send = {commit(*offer.packager, submission.what, {}),
                       {{"git", "push", "--quiet", "origin", "HEAD:refs/heads/master"}, "repository"}};
    out.push_back(std::move(submission));
  }
  return out;
}

std::string Aur::refusal(const Submission& submission, const std::vector<Reply>& replies,
                         const std::filesystem::path& folder) const {
  if (replies.front().status != 0)
    return "makepkg does not read its PKGBUILD: " + classify_failure(replies.front()).why;
  const auto there = base::read_file(folder / "package/.SRCINFO", kLargest);
  if (base::trim(there) != base::trim(replies.front().out))
    return ".SRCINFO is not what makepkg --printsrcinfo makes of PKGBUILD";
  const auto tarball =
      std::ranges::find_if(submission.items, [](const auto& item) { return item.place.ends_with(kTarball); });
  if (tarball == submission.items.end()) throw base::Error(fmt::format("{} has no {}", submission.what, kTarball));
  return source_refusal(submission.check.back(), replies.back(), folder, tarball->place);
}

Answer Aur::answer(const Submission& submission, const std::vector<Reply>& replies) const {
  // All of it is replaced. So it must be this package's, and not another of the user's repositories.
  if (replies.size() > kThere && !base::trim(replies[kNames].out).empty()) {
    const auto lines = base::lines(replies[kThere].out);
    if (replies[kThere].status != 0)
      refuse_repository(submission, "is not a repository of the AUR: it has no .SRCINFO");
    if (std::ranges::find(lines, "pkgbase = " + submission.name) == lines.end())
      refuse_repository(submission, "is the AUR's repository of another package than " + submission.name);
  }
  return {base::trim(replies.back().out).empty() ? RemoteState::there : RemoteState::absent, ""};
}

std::string Aur::remedy(const Submission&, Failure fault) const {
  if (fault == Failure::auth)
    return "the AUR knows you by the ssh key of your account there: ssh aur@aur.archlinux.org help must answer";
  return "orchestrator build writes PKGBUILD and .SRCINFO again; git must reach the repository";
}

}  // namespace services
