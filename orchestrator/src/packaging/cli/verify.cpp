// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "verify/examine.hpp"
#include "verify/examine_package.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

/// What was read may be anything; it is shown, not trusted.
std::string dumped(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

/// "for all architectures", "for amd64 and arm64"
std::string for_whom(const verify::SitePackage& package) {
  auto archs = package.architectures;
  const bool has_source = archs.erase(repos::kSource) != 0;
  if (archs.empty()) return has_source ? "as a source package" : "for all architectures";
  return fmt::format("for {}{}", fmt::join(archs, ", "), has_source ? ", and as a source package" : "");
}

int verify_site(const std::string& site, const VerifyArguments& arguments, bool json, const base::Context& context) {
  const auto key = arguments.key.empty() ? "" : base::read_file(arguments.key, 1U << 20U);
  verify::ExamineOptions options{key, now(), 0};
  if (!arguments.newer_than.empty()) {
    const auto day = base::days_of(arguments.newer_than);
    if (!day)
      throw base::Error("--newer-than: \"" + base::printable(arguments.newer_than) + "\" is not a date",
                        base::Exit::usage)
          .with_hint("year-month-day: 2026-11-24");
    options.newer_than = *day * 86400;
  }
  const auto found = verify::examine(site, options, context);
  if (json) {
    auto packages = nlohmann::ordered_json::array();
    for (const auto& one : found.packages)
      packages.push_back({{"package", one.name},
                          {"architectures", one.architectures},
                          {"releases", one.releases},
                          {"versions", one.versions}});
    fmt::print("{}\n", dumped({{"site", site},
                               {"key", found.fingerprint},
                               {"next_key", found.next},
                               {"key_is_known", !key.empty()},
                               {"packages", packages},
                               {"faults", found.faults}}));
  } else {
    for (const auto& fault : found.faults) fmt::print("{}\n", base::printable(fault, 400));
    for (const auto& one : found.packages) {
      fmt::print("{}\n", base::printable(fmt::format("{}: {} in {}, {}", one.name, counted(one.versions, "version"),
                                                     counted(one.releases, "release"), for_whom(one)),
                                         400));
    }
    if (found.faults.empty())
      fmt::print("{}: all that is listed is there, and signed with {}\n", site, found.fingerprint);
  }
  if (key.empty())
    context.console.warn("the key was taken from the site itself: compare its fingerprint, or name it with --key FILE");
  if (!found.warning.empty()) context.console.warn(found.warning + ": its owner has to extend it, and publish again");
  return found.faults.empty() ? 0 : 1;
}

int verify_packages(const Common& common, const VerifyArguments& arguments, const base::Context& context) {
  if (!arguments.newer_than.empty()) throw base::Error("--newer-than goes with a published folder", base::Exit::usage);
  if (!arguments.key.empty())
    throw base::Error("--key goes with a published folder", base::Exit::usage)
        .with_hint("of packages it is their contents that are looked at; their signatures are for rpm -K and the like");
  const auto workspace = open(common, context);
  const auto jobs = build::plan(workspace, profile::all(workspace.profiles), context);
  std::vector<fs::path> tools;
  for (const auto& folder : arguments.tools) tools.push_back(fs::absolute(folder));
  const std::vector<fs::path> files(arguments.paths.begin(), arguments.paths.end());
  const auto all = verify::examine_packages(jobs, files, tools, context);
  auto document = nlohmann::ordered_json::array();
  for (const auto& one : all) {
    document.push_back({{"file", one.file.string()}, {"release", one.release}, {"fault", one.fault}});
    if (!common.json)
      fmt::print("{}: {}\n", one.file.string(),
                 one.fault.empty() ? fmt::format("is what the profile of {} says", one.release) : one.fault);
  }
  if (common.json) fmt::print("{}\n", dumped(document));
  return std::ranges::all_of(all, [](const auto& one) { return one.fault.empty(); }) ? 0 : 1;
}

}  // namespace

int verify(const Common& common, const VerifyArguments& arguments, const base::Context& context) {
  const auto is_folder = [](const std::string& path) { return fs::is_directory(path); };
  if (arguments.paths.size() == 1 && !fs::is_regular_file(arguments.paths.front()))
    return verify_site(arguments.paths.front(), arguments, common.json, context);
  if (std::ranges::any_of(arguments.paths, is_folder))
    throw base::Error("one published folder, or package files: not both", base::Exit::usage);
  return verify_packages(common, arguments, context);
}

}  // namespace cli
