// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/obs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace services {
namespace {

std::vector<std::string> client(const SubmitTarget& order, std::vector<std::string> arguments) {
  std::vector<std::string> argv{"osc"};
  if (!order.config.empty()) argv.insert(argv.end(), {"--config", order.config});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

/// PROJECT or PROJECT/PACKAGE
std::pair<std::string, std::string> place_of(const SubmitTarget& order, const std::string& name) {
  const auto slash = order.place.find('/');
  if (slash == std::string::npos) return {order.place, name};
  return {order.place.substr(0, slash), order.place.substr(slash + 1)};
}

bool makes_source_rpm(const BuiltRelease& offer) {
  return std::ranges::any_of(offer.outputs, [](const auto& output) { return output.name.ends_with(".src.rpm"); });
}

/// What a spec needs lies in the source package; the spec is the same for all of a distribution's releases, and goes in
/// under the name of each repository.
void add_rpm(Submission& submission, const BuiltRelease& offer, const std::string& package,
             bool first_of_distribution) {
  const auto folder = "rpm/" + offer.profile->id;
  const auto spec = submission.name + ".spec";
  if (first_of_distribution) {
    const auto& source = output_with(offer, ".src.rpm").name;
    submission.items.push_back({offer.profile->key(), source, folder + "/" + source});
    submission.ask.push_back({{"bsdtar", "--extract", "--file", source}, folder});
    submission.ask.push_back({{"rm", source}, folder});
    submission.ask.push_back({{"mv", spec, "../" + offer.profile->id + ".spec"}, folder});
    submission.ask.push_back({{"cp", "-r", folder + "/.", "files"}});
  }
  for (const auto& repository : offer.profile->services.obs)
    submission.ask.push_back(
        {{"cp", fmt::format("rpm/{}.spec", offer.profile->id), fmt::format("files/{}-{}.spec", package, repository)}});
}

void add_deb(Submission& submission, const BuiltRelease& offer, const std::string& package) {
  const auto key = offer.profile->key();
  const auto& recipe = output_with(offer, ".dsc").name;
  for (const auto& repository : offer.profile->services.obs)
    submission.items.push_back({key, recipe, fmt::format("files/{}-{}.dsc", package, repository)});
  for (const auto& output : offer.outputs) {
    if (output.name.ends_with(".debian.tar.xz") || output.name.ends_with(".orig.tar.gz"))
      submission.items.push_back({key, output.name, "files/" + output.name});
  }
}

/// One of the project's packages, for all its releases.
Submission submission_of(const SubmitTarget& order, const std::vector<BuiltRelease>& releases) {
  const auto& first = *releases.front().project;
  const auto [project, package] = place_of(order, first.name);
  Submission submission;
  submission.name = first.name;
  submission.version = first.version();
  submission.what = submission.name + " " + submission.version;
  submission.to = project + "/" + package;
  submission.ask = {{{"mkdir", "-p", "files"}}};
  std::vector<std::string> seen;
  for (const auto& offer : releases) {
    submission.releases.push_back(offer.profile->key());
    const auto& repositories = offer.profile->services.obs;
    submission.places.insert(submission.places.end(), repositories.begin(), repositories.end());
    if (makes_source_rpm(offer)) {
      const bool fresh = std::ranges::find(seen, offer.profile->id) == seen.end();
      if (fresh) seen.push_back(offer.profile->id);
      add_rpm(submission, offer, package, fresh);
    } else {
      add_deb(submission, offer, package);
    }
  }
  // What is there, but for the files by which a user steers OBS, and the new in its place.
  submission.ask.push_back({client(order, {"checkout", "--output-dir", "package", project, package})});
  submission.ask.push_back(
      {{"find", "package", "-mindepth", "1", "-maxdepth", "1", "-type", "f", "!", "-name", "[_.]*", "-delete"}});
  submission.ask.push_back({{"cp", "-r", "files/.", "package"}});
  submission.ask.push_back({client(order, {"addremove"}), "package"});
  submission.ask.push_back({client(order, {"status"}), "package"});
  submission.send = {{client(order, {"commit", "--noservice", "--message", submission.what}), "package"}};
  return submission;
}

}  // namespace

std::vector<model::Tool> Obs::tools() const { return {{"osc", "osc", {}}, {"bsdtar", "libarchive-tools", {}}}; }

bool Obs::takes(const model::Profile& profile) const { return !profile.services.obs.empty(); }

void Obs::check(const SubmitTarget& order) const {
  const auto parts = base::split(order.place, '/');
  const auto is_name = [](const std::string& part) { return is_word(part, "._-+"); };
  const bool project = !parts.empty() && std::ranges::all_of(base::split(parts.front(), ':'), is_name);
  if (!project || order.place.ends_with('/') || parts.size() > 2 ||
      !std::ranges::all_of(parts, [](const auto& part) { return is_word(part, ":._-+") && !part.ends_with(':'); }))
    refuse_place(order, "a project of OBS", "--to obs=home:USER, or --to obs=PROJECT/PACKAGE");
}

std::vector<Submission> Obs::submissions(const SubmitTarget& order, const std::vector<BuiltRelease>& releases) const {
  std::vector<Submission> out;
  for (const auto& group : by_package(releases)) out.push_back(submission_of(order, group));
  if (out.size() > 1 && order.place.find('/') != std::string::npos)
    refuse_several(order, "one package of a project, and there are several to hand over");
  return out;
}

Answer Obs::answer(const Submission&, const std::vector<Reply>& replies) const {
  return {base::trim(replies.back().out).empty() ? RemoteState::there : RemoteState::absent, ""};
}

std::string Obs::remedy(const Submission& submission, Failure fault) const {
  if (fault == Failure::auth) return "osc must know your account: osc whois says whether it does";
  return fmt::format("is there the package? osc meta pkg --edit {}",
                     base::shell_quote(base::split(submission.to, '/')));
}

}  // namespace services
