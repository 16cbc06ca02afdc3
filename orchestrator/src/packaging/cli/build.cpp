// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "formats/format.hpp"

namespace cli {
namespace {

using build::Verdict;

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::proven:
      return "proven";
    case Verdict::unchanged:
      return "unchanged";
    case Verdict::failed:
      return "FAILED";
    case Verdict::cancelled:
      return "cancelled";
  }
  return "";
}

void warn_of_ends(const std::vector<const profile::Release*>& releases, base::Console& console) {
  const auto today = base::iso_date(std::time(nullptr));
  for (const auto* release : releases) {
    const auto& p = release->profile;
    if (!p.eol.empty() && p.eol < today)
      console.warn(fmt::format("{} {}: its support ended on {}; building anyway", p.name, p.release, p.eol));
  }
}

std::string as_json(const std::vector<build::Row>& rows) {
  auto document = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    const auto& p = row.job->profile;
    auto steps = nlohmann::ordered_json::array();
    for (const auto& step : row.result.steps) {
      steps.push_back({{"title", step.title}, {"kind", step.reading ? "read" : "make"}, {"seconds", step.seconds}});
    }
    auto outputs = nlohmann::ordered_json::array();
    for (const auto& file : row.result.outputs)
      outputs.push_back({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
    document.push_back({{"distribution", p.id},
                        {"release", p.release},
                        {"package", p.package.id},
                        {"format", p.package.format},
                        {"verdict", word(row.result.verdict)},
                        {"seconds", row.result.seconds},
                        {"folder", p.key()},
                        {"outputs", outputs},
                        {"steps", steps},
                        {"failure", row.result.failure},
                        {"log", row.result.log.string()}});
  }
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What --dry-run prints for machines: the recipe, with each file that is staged by its digest.
nlohmann::ordered_json plan_json(const build::Job& job) {
  auto files = nlohmann::ordered_json::array();
  for (const auto& [path, file] : model::staged_files(job.recipe))
    files.push_back({{"path", path},
                     {"mode", fmt::format("{:04o}", file.mode)},
                     {"size", file.content.size()},
                     {"sha256", base::sha256(file.content)}});
  auto steps = nlohmann::ordered_json::array();
  for (const auto* list : {&job.recipe.steps, &job.recipe.reading}) {
    for (const auto& step : *list)
      steps.push_back({{"title", step.title},
                       {"kind", list == &job.recipe.reading ? "read" : "make"},
                       {"argv", step.argv},
                       {"environment", step.env},
                       {"folder", step.cwd},
                       {"output_to", step.stdout_to}});
  }
  auto outputs = nlohmann::ordered_json::array();
  for (const auto& output : job.recipe.outputs) outputs.push_back(output.name);
  return {{"distribution", job.profile.id},
          {"release", job.profile.release},
          {"package", job.profile.package.id},
          {"format", job.recipe.format},
          {"files", files},
          {"steps", steps},
          {"outputs", outputs}};
}

std::string as_table(const std::vector<build::Row>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    const auto& p = row.job->profile;
    const bool ran = row.result.verdict == Verdict::proven || row.result.verdict == Verdict::failed;
    std::vector<std::string> start = {p.id, p.release};
    const std::vector<std::string> end = {ran ? base::human_time(row.result.seconds) : "-",
                                          std::string(word(row.result.verdict))};
    if (row.result.outputs.empty()) cells.push_back({p.id, p.release, row.job->project.name, "-", end[0], end[1]});
    for (std::size_t i = 0; i < row.result.outputs.size(); ++i) {
      const auto& file = row.result.outputs[i];
      const bool first = i == 0;
      cells.push_back({first ? p.id : "", first ? p.release : "", file.name, base::human_size(file.size),
                       first ? end[0] : "", first ? end[1] : ""});
    }
  }
  return base::table({"distribution", "release", "package", "size", "time", "verdict"}, cells, {3, 4});
}

}  // namespace

int build(const Common& common, const BuildArguments& arguments, const base::Context& context) {
  if (!arguments.format.empty() && formats::find(arguments.format) == nullptr) {
    const auto near = base::closest(arguments.format, formats::names());
    throw base::Error(fmt::format("there is no format \"{}\"", base::printable(arguments.format)), base::Exit::usage)
        .with_hint(near ? fmt::format("did you mean \"{}\"?", *near) : "known: " + base::join(formats::names(), ", "));
  }
  const auto workspace = open(common, context);
  auto releases = chosen(common, workspace.profiles, false);
  if (!arguments.format.empty())
    std::erase_if(releases, [&](const auto* release) { return release->profile.package.format != arguments.format; });
  if (releases.empty())
    throw base::Error(fmt::format("none of the releases named has packages of format {}", arguments.format),
                      base::Exit::usage);
  warn_of_ends(releases, context.console);
  if (workspace.packager_is_placeholder) {
    context.console.warn(fmt::format(
        "no packager is known: packages bear {}; --packager, DEBFULLNAME and DEBEMAIL, or git config name one",
        build::kPlaceholderPackager));
  }
  for (const auto& sentence : workspace.left_out) context.console.line(sentence);
  if (arguments.dry_run) {
    // One job at a time: each holds all that is staged. Printed at the end, because a broken one prints nothing.
    build::Planner planner(workspace, context);
    std::string text;
    auto document = nlohmann::ordered_json::array();
    for (const auto* release : releases) {
      for (const auto& package : workspace.packages) {
        const auto* profile = profile::package_of(*release, package.project.id);
        if (profile == nullptr || build::is_in_another(workspace, package, *profile)) continue;
        const auto job = planner.plan(*profile, package);
        if (common.json)
          document.push_back(plan_json(job));
        else
          text += build::to_text(job) + "\n";
      }
    }
    fmt::print("{}",
               common.json ? document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n" : text);
    return 0;
  }
  auto jobs = build::plan(workspace, releases, context);
  refuse_nothing(jobs, common);
  build::BuildOptions options;
  options.out = arguments.out.empty() ? workspace.root / "dist" : std::filesystem::path(arguments.out);
  // A tool is started in another folder than this.
  for (const auto& folder : arguments.tools) options.tool_folders.push_back(std::filesystem::absolute(folder));
  options.tool_folders.push_back(workspace.root / "build/portage/bin");
  options.jobs = arguments.jobs != 0 ? arguments.jobs : std::max(1U, std::thread::hardware_concurrency());
  options.keep = arguments.keep;
  const auto rows = build::build(jobs, options, context);
  fmt::print("{}", common.json ? as_json(rows) + "\n" : as_table(rows));
  for (const auto& row : rows) {
    if (!row.result.kept.empty())
      context.console.line(fmt::format("{}: its folder is {}", row.job->profile.key(), row.result.kept.string()));
  }
  const auto good = [](const auto& row) {
    return row.result.verdict == Verdict::proven || row.result.verdict == Verdict::unchanged;
  };
  return std::ranges::all_of(rows, good) ? 0 : 1;
}

}  // namespace cli
