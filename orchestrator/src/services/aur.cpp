// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/aur.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "services/git.hpp"

namespace services {
namespace {

constexpr std::uint64_t kLargest = 1U << 20U;

}  // namespace

std::vector<model::Tool> Aur::tools() const { return {{"git", "git", {}}, {"makepkg", "makepkg", {}}}; }

bool Aur::takes(const model::Profile& profile) const { return !profile.services.aur.empty(); }

void Aur::check(const Order& order) const {
  if (!order.project.empty()) check_remote(order.project);
}

std::vector<Parcel> Aur::parcels(const Order& order, const std::vector<Offer>& offers) const {
  std::vector<Parcel> out;
  for (const auto& offer : offers) {
    Parcel parcel;
    parcel.name = offer.project->name;
    parcel.version = fmt::format("{}-{}", offer.project->version(), offer.profile->package.revision);
    parcel.what = parcel.name + " " + parcel.version;
    parcel.to =
        order.project.empty() ? base::replace_all(offer.profile->services.aur, "{name}", parcel.name) : order.project;
    parcel.releases = {offer.profile->key()};
    // The tarball and the package itself stay out: the AUR is of recipes.
    for (const auto& output : offer.outputs) {
      if (output.name == "PKGBUILD" || output.name == ".SRCINFO" || output.name.ends_with(".patch"))
        parcel.items.push_back({offer.profile->key(), output.name, "package/" + output.name});
    }
    // makepkg refuses root, and wants a configuration, of which this reads nothing.
    parcel.check = {{{"env", "PKGEXT=.pkg.tar", "SRCEXT=.src.tar", "PACMAN=true", "makepkg", "--config", "/dev/null",
                      "--printsrcinfo"},
                     "package",
                     false,
                     true}};
    parcel.ask = {{{"git", "clone", "--quiet", "--", parcel.to, "repository"}},
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

std::string Aur::refusal(const Parcel&, const std::vector<Reply>& replies, const std::filesystem::path& folder) const {
  if (replies.front().status != 0) return "makepkg does not read its PKGBUILD: " + trouble(replies.front()).why;
  const auto there = base::read_file(folder / "package/.SRCINFO", kLargest);
  if (base::trim(there) == base::trim(replies.front().out)) return "";
  return ".SRCINFO is not what makepkg --printsrcinfo makes of PKGBUILD";
}

Answer Aur::answer(const Parcel&, const std::vector<Reply>& replies) const {
  return {base::trim(replies.back().out).empty() ? Standing::there : Standing::absent, ""};
}

std::string Aur::remedy(const Parcel&, Fault fault) const {
  if (fault == Fault::denied)
    return "the AUR knows you by the ssh key of your account there: ssh aur@aur.archlinux.org help must answer";
  return "orchestrator build makes PKGBUILD and .SRCINFO anew; git must reach the repository";
}

}  // namespace services
