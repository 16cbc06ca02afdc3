// SPDX-License-Identifier: GPL-3.0-or-later
#include "matrix/matrix.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "matrix/affected_releases.hpp"
#include "matrix/git_diff.hpp"

namespace cli {
namespace {

/// "x86_64=label". Both get into what a CI service reads, and hold what is in no profile's grammar else.
std::pair<std::string, std::string> runner_of(const std::string& word) {
  const auto is_plain = [](const std::string& text) {
    return !text.empty() &&
           text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
               std::string::npos;
  };
  const auto equals = word.find('=');
  const auto arch = word.substr(0, equals);
  const auto label = equals == std::string::npos ? "" : word.substr(equals + 1);
  if (!is_plain(arch) || !is_plain(label))
    throw base::Error(
        fmt::format("--runner {}: expected ARCHITECTURE=LABEL, of letters, digits and . _ -", base::printable(word)),
        base::Exit::usage)
        .with_hint("for example --runner aarch64=my-arm-machines");
  return {arch, label};
}

void tell_without(const std::vector<const profile::Release*>& releases, base::Console& console) {
  std::vector<std::string> names;
  std::size_t count = 0;
  for (const auto* release : releases) {
    if (!release->profile.ci.runners.empty()) continue;
    if (++count <= 5) names.push_back(release->profile.key());
  }
  if (count != 0)
    console.line(fmt::format("no cell, because the profile names no /ci/runners: {}{}", base::join(names, ", "),
                             count > names.size() ? fmt::format(" and {} others", count - names.size()) : ""));
}

/// The table of the project, which may have none; or that of --reach, which has to be there.
matrix::ReachTable reach_table(const std::filesystem::path& root, const std::string& file) {
  if (file.empty()) return matrix::ReachTable::read(root / "ci/reach.list");
  if (!std::filesystem::exists(file))
    throw base::Error(fmt::format("--reach {}: there is no such file", base::printable(file, 4096)), base::Exit::usage);
  return matrix::ReachTable::read(file);
}

/// As labels of ci/test.
std::string_view words_of(matrix::Tests tests) {
  switch (tests) {
    case matrix::Tests::none:
      return "";
    case matrix::Tests::tool:
      return "tool";
    case matrix::Tests::core:
      break;
  }
  return "tool core";
}

}  // namespace

int matrix(const Common& common, const MatrixArguments& arguments, const base::Context& context) {
  matrix::MatrixOptions options;
  if (arguments.nightly) options.nights = matrix::Nights::only;
  if (arguments.without_nightly) options.nights = matrix::Nights::without;
  options.arches = {arguments.arches.begin(), arguments.arches.end()};
  for (const auto& word : arguments.runners) options.runners.insert(runner_of(word));

  const auto root = root_of(common);
  const auto loaded = profile::load_files(profile::files_in(root / "distros"));
  if (const int status = report(loaded.findings); status != 0) return status;
  auto releases = chosen(common, loaded, true);
  auto tests = matrix::Tests::core;
  if (!arguments.changed_since.empty()) {
    const auto table = reach_table(root, arguments.reach);
    const matrix::GitDiff history(root, arguments.changed_since, context);
    const auto changed = history.changed();
    releases = table.reached(releases, changed, [&](const std::string& path) { return history.text(path); });
    tests = table.tests_of(changed);
  }
  if (arguments.output == "tests" && !common.json) {
    fmt::print("{}\n", words_of(tests));
    return 0;
  }
  tell_without(releases, context.console);
  const auto cells = matrix::cells(releases, options);
  const auto output = common.json ? "json" : arguments.output;
  if (output == "github") {
    fmt::print("{}", matrix::as_github(cells));
  } else if (output == "gitlab") {
    fmt::print("{}", matrix::as_gitlab(cells));
  } else if (output == "json") {
    fmt::print("{}", matrix::as_json(cells));
  } else if (cells.empty()) {
    context.console.line("no cell is reached");
  } else {
    fmt::print("{}", matrix::as_table(cells));
  }
  return 0;
}

}  // namespace cli
