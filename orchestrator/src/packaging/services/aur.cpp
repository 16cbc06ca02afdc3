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
constexpr std::string_view kTarball = ".tar.gz";
// The replies to Parcel::ask.
constexpr std::size_t kNames = 1;
constexpr std::size_t kThere = 2;

}  // namespace

std::vector<model::Tool> Aur::tools() const {
  return {{"git", "git", {}}, {"makepkg", "makepkg", {}}, {"curl", "curl", {}}};
}

bool Aur::takes(const model::Profile& profile) const { return !profile.services.aur.empty(); }

void Aur::check(const Order& order) const {
  if (!order.place.empty())
    check_remote(order, "a git repository of the AUR",
                 "--to aur alone takes the one in the profile; else --to aur=ssh://aur@HOST/NAME.git, or a whole path");
}

std::vector<Parcel> Aur::parcels(const Order& order, const std::vector<Offer>& offers) const {
  std::vector<Parcel> out;
  for (const auto& offer : offers) {
    Parcel parcel;
    parcel.name = offer.project->name;
    parcel.version = fmt::format("{}-{}", offer.project->version(), offer.profile->package.revision);
    parcel.what = parcel.name + " " + parcel.version;
    parcel.to =
        order.place.empty() ? base::replace_all(offer.profile->services.aur, "{name}", parcel.name) : order.place;
    parcel.releases = {offer.profile->key()};
    // The tarball and the package itself are not pushed: the AUR is of recipes.
    for (const auto& output : offer.outputs) {
      if (output.name.ends_with(".pkg.tar.zst")) continue;
      const bool tarball = output.name.ends_with(kTarball);
      parcel.items.push_back({offer.profile->key(), output.name, (tarball ? "" : "package/") + output.name});
    }
    // makepkg refuses root, and wants a configuration, of which this reads nothing.
    parcel.check = {{{"env", "PKGEXT=.pkg.tar", "SRCEXT=.src.tar", "PACMAN=true", "makepkg", "--config", "/dev/null",
                      "--printsrcinfo"},
                     "package",
                     false,
                     true},
                    fetch_source(*offer.project)};
    parcel.ask = {{{"git", "clone", "--quiet", "--", parcel.to, "repository"}},
                  {{"git", "ls-tree", "--name-only", "HEAD"}, "repository", true},  // fails in a new one
                  {{"git", "show", "HEAD:.SRCINFO"}, "repository", true},
                  {{"git", "rm", "-r", "--quiet", "--ignore-unmatch", "."}, "repository"},
                  {{"cp", "-a", "package/.", "repository/"}},
                  {{"git", "add", "--all", "--force"}, "repository"},
                  {{"git", "status", "--porcelain"}, "repository"}};
    parcel.send = {commit(*offer.packager, parcel.what, {}),
                   {{"git", "push", "--quiet", "origin", "HEAD:refs/heads/master"}, "repository"}};
    out.push_back(std::move(parcel));
  }
  return out;
}

std::string Aur::refusal(const Parcel& parcel, const std::vector<Reply>& replies,
                         const std::filesystem::path& folder) const {
  if (replies.front().status != 0) return "makepkg does not read its PKGBUILD: " + trouble(replies.front()).why;
  const auto there = base::read_file(folder / "package/.SRCINFO", kLargest);
  if (base::trim(there) != base::trim(replies.front().out))
    return ".SRCINFO is not what makepkg --printsrcinfo makes of PKGBUILD";
  const auto tarball =
      std::ranges::find_if(parcel.items, [](const auto& item) { return item.place.ends_with(kTarball); });
  if (tarball == parcel.items.end()) throw base::Error(fmt::format("{} has no {}", parcel.what, kTarball));
  return source_refusal(parcel.check.back(), replies.back(), folder, tarball->place);
}

Answer Aur::answer(const Parcel& parcel, const std::vector<Reply>& replies) const {
  // All of it is replaced. So it must be this package's, and not another of the user's repositories.
  if (replies.size() > kThere && !base::trim(replies[kNames].out).empty()) {
    const auto lines = base::lines(replies[kThere].out);
    if (replies[kThere].status != 0) refuse_repository(parcel, "is no repository of the AUR: it has no .SRCINFO");
    if (std::ranges::find(lines, "pkgbase = " + parcel.name) == lines.end())
      refuse_repository(parcel, "is the AUR's repository of another package than " + parcel.name);
  }
  return {base::trim(replies.back().out).empty() ? Standing::there : Standing::absent, ""};
}

std::string Aur::remedy(const Parcel&, Fault fault) const {
  if (fault == Fault::denied)
    return "the AUR knows you by the ssh key of your account there: ssh aur@aur.archlinux.org help must answer";
  return "orchestrator build makes PKGBUILD and .SRCINFO anew; git must reach the repository";
}

}  // namespace services
