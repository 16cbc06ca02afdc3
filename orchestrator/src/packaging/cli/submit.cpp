// SPDX-License-Identifier: GPL-3.0-or-later
#include "submit/submit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "submit/own_repository.hpp"

namespace cli {
namespace {

using submit::Handed;

std::string_view word(Handed verdict) {
  switch (verdict) {
    case Handed::submitted:
      return "submitted";
    case Handed::unchanged:
      return "there already";
    case Handed::under_way:
      return "under way";
    case Handed::failed:
      return "FAILED";
  }
  return "";
}

const services::Service& service_of(const std::string& name) {
  const auto* service = services::find(name);
  if (service != nullptr) return *service;
  const auto near = base::closest(name, services::names());
  throw base::Error(fmt::format("there is no service \"{}\"", base::printable(name)), base::Exit::usage)
      .with_hint(near ? fmt::format("did you mean \"{}\"?", *near) : "known: " + base::join(services::names(), ", "));
}

/// The releases that the service builds for, and those that it would, were their support not over. A release that was
/// named is refused when it is one of these, or none of either; with --all, 'ID:*' or nothing named, it is passed over.
struct Chosen {
  std::vector<const profile::Release*> releases;
  std::vector<const profile::Release*> over;
};

Chosen choose(const Common& common, const profile::Loaded& profiles, const services::Service& service) {
  const auto is_named = [](const std::string& word) { return !word.ends_with(":*"); };
  const bool named = !common.all && std::ranges::any_of(common.distros, is_named);
  const auto today = base::iso_date(now());
  Chosen out;
  for (const auto* release : chosen(common, profiles, true)) {
    const auto& p = release->profile;
    if (!service.takes(p)) {
      if (named)
        throw base::Error(fmt::format("{} builds nothing for {} {}", service.name(), p.name, p.release),
                          base::Exit::usage)
            .with_hint(fmt::format("its profile says so: it has no /services/{}", service.name()));
    } else if (p.eol.empty() || p.eol >= today) {
      out.releases.push_back(release);
    } else if (named) {
      throw base::Error(fmt::format("{} {}: its support ended on {}", p.name, p.release, p.eol), base::Exit::usage)
          .with_hint("build still makes its packages; a service no longer does, or soon will not");
    } else {
      out.over.push_back(release);
    }
  }
  return out;
}

std::string as_json(const std::vector<submit::SubmitRow>& rows, const Chosen& chosen) {
  auto submissions = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    auto states = nlohmann::ordered_json::object();
    for (const auto& [place, state] : row.result.states) states[place] = state;
    submissions.push_back({{"what", row.submission.what},
                           {"to", row.submission.to},
                           {"version", row.submission.version},
                           {"releases", row.submission.releases},
                           {"places", row.submission.places},
                           {"verdict", word(row.result.verdict)},
                           {"why", row.result.say},
                           {"states", states}});
  }
  auto over = nlohmann::ordered_json::array();
  for (const auto* release : chosen.over)
    over.push_back({{"release", release->profile.key()}, {"eol", release->profile.eol}});
  return nlohmann::ordered_json{{"parcels", submissions}, {"past_their_end", over}}.dump(
      2, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What --dry-run prints for machines.
std::string plan_json(const std::vector<services::Submission>& submissions) {
  using nlohmann::ordered_json;
  const auto calls = [](const std::vector<services::Call>& list) {
    auto out = ordered_json::array();
    for (const auto& call : list) out.push_back({{"folder", call.cwd}, {"argv", call.argv}});
    return out;
  };
  auto document = ordered_json::array();
  for (const auto& submission : submissions) {
    auto items = ordered_json::array();
    for (const auto& item : submission.items)
      items.push_back({{"release", item.key}, {"output", item.output}, {"place", item.place}});
    document.push_back({{"what", submission.what},
                        {"to", submission.to},
                        {"version", submission.version},
                        {"releases", submission.releases},
                        {"places", submission.places},
                        {"items", items},
                        {"signed", submission.sign},
                        {"checks", calls(submission.check)},
                        {"asks", calls(submission.ask)},
                        {"hands_over", calls(submission.send)}});
  }
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string as_table(const std::vector<submit::SubmitRow>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    const auto& places = row.submission.places;
    const auto state_of = [&](const std::string& place) {
      for (const auto& [name, state] : row.result.states) {
        if (name == place) return state;
      }
      return std::string("-");
    };
    const std::string verdict(word(row.result.verdict));
    if (places.empty()) cells.push_back({row.submission.what, "-", "-", verdict});
    for (std::size_t i = 0; i < places.size(); ++i)
      cells.push_back({i == 0 ? row.submission.what : "", places[i], state_of(places[i]), i == 0 ? verdict : ""});
  }
  return base::table({"package", "for", "there", "verdict"}, cells);
}

std::vector<build::Job> jobs_of(const build::Workspace& workspace, const Chosen& chosen,
                                const services::Service& service, const services::SubmitTarget& order,
                                const base::Context& context) {
  std::vector<profile::Release> adapted;
  adapted.reserve(chosen.releases.size());
  std::vector<const profile::Release*> releases;
  for (const auto* release : chosen.releases) {
    adapted.push_back(*release);
    for (auto& package : adapted.back().packages) package = service.adapted(package, order);
    releases.push_back(&adapted.back());
  }
  auto jobs = build::plan(workspace, releases, context);
  // A service compiles by itself: it is given what has a source package.
  std::erase_if(jobs, [](const auto& job) { return job.project.making == model::Making::prebuilt; });
  return jobs;
}

}  // namespace

int submit(const Common& common, const SubmitArguments& arguments, const base::Context& context) {
  const auto equals = arguments.to.find('=');
  const auto name = arguments.to.substr(0, equals);
  const auto& service = service_of(name);
  services::SubmitTarget order{equals == std::string::npos ? "" : arguments.to.substr(equals + 1), "",
                               arguments.archive, arguments.revision};
  if (!arguments.config.empty()) order.config = std::filesystem::absolute(arguments.config).string();
  service.check(order);
  const auto workspace = open(common, context);
  if (service.takes_recipes() && !order.place.empty())
    submit::refuse_own_repository(workspace.root, order.place, context);
  const auto chosen = choose(common, workspace.profiles, service);
  for (const auto* release : chosen.over)
    context.console.warn(fmt::format("{} {}: its support ended on {}; skipped", release->profile.name,
                                     release->profile.release, release->profile.eol));
  if (chosen.releases.empty())
    throw base::Error(fmt::format("{} builds for none of these releases", service.name()), base::Exit::usage);
  auto jobs = jobs_of(workspace, chosen, service, order, context);
  refuse_nothing(jobs, common);
  try {
    refuse_placeholder_packager(workspace);
    if (service.takes_recipes()) refuse_placeholder_address(workspace);
  } catch (const base::Error& error) {
    if (!arguments.dry_run) throw;
    context.console.warn(fmt::format("{}; without --dry-run this is refused", error.what()));
  }
  if (arguments.dry_run) {
    const auto submissions = submit::submissions_of(jobs, service, order);
    if (common.json) {
      fmt::print("{}\n", plan_json(submissions));
    } else {
      for (const auto& submission : submissions) fmt::print("{}", services::to_text(submission));
    }
    return 0;
  }
  submit::SubmitOptions options;
  options.out = arguments.out.empty() ? workspace.root / "dist" : std::filesystem::path(arguments.out);
  for (const auto& folder : arguments.tools) options.tool_folders.push_back(std::filesystem::absolute(folder));
  options.tool_folders.push_back(workspace.root / "build/portage/bin");
  options.tool_folders.push_back(workspace.root / "build/clients/bin");
  options.fingerprint = arguments.fingerprint;
  options.jobs = std::max(1U, std::thread::hardware_concurrency());
  options.wait = !arguments.no_wait;
  options.tries = arguments.tries;
  const signing::Gnupg gnupg(context);
  const auto rows = submit::submit(jobs, service, order, options, gnupg, now(), context);
  fmt::print("{}", common.json ? as_json(rows, chosen) + "\n" : as_table(rows));
  const auto failed = [](const auto& row) { return row.result.verdict == Handed::failed; };
  return std::ranges::any_of(rows, failed) ? 1 : 0;
}

}  // namespace cli
