// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/copr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace services {
namespace {

using nlohmann::json;

/// With the status of each HTTP answer on standard error (urllib3's log): copr-cli itself tells of a failure in words
/// alone. No header, and so no token, is in that log.
std::vector<std::string> client(const SubmitTarget& order, std::vector<std::string> arguments) {
  std::vector<std::string> argv{"copr-cli", "--debug"};
  if (!order.config.empty()) argv.insert(argv.end(), {"--config", order.config});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

/// "1.0.0-1.fc44" is of the same source as "1.0.0-1" and "1.0.0-1.el10": the same but for %{dist}.
bool is_version(const std::string& listed, const std::string& ours) {
  return listed == ours || listed.starts_with(ours + '.') || listed.starts_with("0:" + ours);
}

bool is_over(const std::string& state) { return state == "succeeded" || state == "skipped"; }
bool has_failed(const std::string& state) { return state == "failed" || state == "canceled"; }

/// chroot -> (state, version) of the package's latest build there, as `copr-cli monitor` lists them.
std::map<std::string, std::pair<std::string, std::string>> latest(const Submission& submission,
                                                                  const std::string& listing) {
  std::map<std::string, std::pair<std::string, std::string>> out;
  if (base::trim(listing).empty()) return out;  // no package yet
  const auto rows = json::parse(listing, nullptr, false);
  if (!rows.is_array()) throw base::Error("copr-cli monitor printed no list of builds");
  const auto text = [](const json& row, const char* key) {
    const auto found = row.find(key);
    return found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  for (const auto& row : rows) {
    if (!row.is_object() || text(row, "name") != submission.name) continue;
    out[text(row, "chroot")] = {text(row, "state"), text(row, "pkg_version")};
  }
  return out;
}

}  // namespace

std::vector<model::Tool> Copr::tools() const { return {{"copr-cli", "copr-cli", {}}}; }

bool Copr::takes(const model::Profile& profile) const { return !profile.services.copr.empty(); }

void Copr::check(const SubmitTarget& order) const {
  auto owner = std::string_view(order.place).substr(0, order.place.find('/'));
  const auto name = std::string_view(order.place).substr(std::min(owner.size() + 1, order.place.size()));
  if (owner.starts_with('@')) owner.remove_prefix(1);
  if (!is_word(owner, "._-") || !is_word(name, "._-+:"))
    refuse_place(order, "a project of copr", "--to copr=OWNER/NAME, or --to copr=@GROUP/NAME");
}

std::vector<Submission> Copr::submissions(const SubmitTarget& order, const std::vector<BuiltRelease>& releases) const {
  // One source package serves all releases of a distribution (profile::check_relations holds them to it): the newest's.
  std::vector<Submission> out;
  std::map<std::pair<std::string, std::string>, std::vector<const BuiltRelease*>> groups;
  for (const auto& offer : releases) groups[{offer.profile->id, offer.project->name}].push_back(&offer);
  for (const auto& [unused, group] : groups) {
    const BuiltRelease& newest = *group.back();
    const auto& package = output_with(newest, ".src.rpm");
    Submission submission;
    submission.what = package.name;
    submission.to = order.place;
    submission.name = newest.project->name;
    submission.version = fmt::format("{}-{}", newest.project->version(), newest.profile->package.revision);
    submission.items = {{newest.profile->key(), package.name, package.name}};
    submission.builds = true;
    for (const auto* offer : group) {
      submission.releases.push_back(offer->profile->key());
      const auto& chroots = offer->profile->services.copr;
      submission.places.insert(submission.places.end(), chroots.begin(), chroots.end());
    }
    submission.ask = {{client(order, {"monitor", "--output-format", "json", order.place})}};
    std::vector<std::string> build{"build", "--nowait"};
    for (const auto& chroot : submission.places) build.insert(build.end(), {"--chroot", chroot});
    build.insert(build.end(), {order.place, package.name});
    submission.send = {{client(order, build)}};
    out.push_back(std::move(submission));
  }
  return out;
}

Answer Copr::answer(const Submission& submission, const std::vector<Reply>& replies) const {
  const auto builds = latest(submission, replies.back().out);
  Answer out;
  std::size_t over = 0;
  std::size_t failed = 0;
  std::size_t running = 0;
  for (const auto& chroot : submission.places) {
    const auto found = builds.find(chroot);
    if (found == builds.end()) continue;
    const auto& [state, version] = found->second;
    // A build whose source copr has not looked at yet has no version.
    if (!is_version(version, submission.version) && !(version.empty() && !is_over(state))) continue;
    out.states.emplace_back(chroot, state);
    ++(is_over(state) ? over : has_failed(state) ? failed : running);
  }
  if (running > 0)
    out.standing = RemoteState::under_way;
  else if (over == submission.places.size())
    out.standing = RemoteState::there;
  else if (failed > 0 && over + failed == submission.places.size())
    out.standing = RemoteState::failed;
  return out;
}

std::string Copr::remedy(const Submission& submission, Failure fault) const {
  if (fault == Failure::auth)
    return "copr knows you by the token in ~/.config/copr, which expires; the copr's page \"API\" shows a new one";
  std::string chroots;
  for (const auto& place : submission.places) chroots += " --chroot " + place;
  return fmt::format("is there the project, with these chroots? copr-cli create{} {}", chroots,
                     base::shell_quote(submission.to));
}

}  // namespace services
