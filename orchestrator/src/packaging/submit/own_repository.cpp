// SPDX-License-Identifier: GPL-3.0-or-later
#include "submit/own_repository.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace submit {
namespace fs = std::filesystem;
namespace {

/// What git says in a folder; "" when it says nothing, or is not there. Neither question makes it run a program.
std::string git_says(const fs::path& folder, std::vector<std::string> words, const base::Context& context) {
  base::Command command;
  command.argv = {"git", "-c", "safe.directory=*", "-C", folder.string()};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
  if (const auto home = context.environment.find("HOME"); home != context.environment.end()) command.env.insert(*home);
  try {
    const auto outcome = context.runner.run(command, context.cancel);
    return outcome.status == 0 ? std::string(base::trim(outcome.tail)) : "";
  } catch (const base::Error&) {
    return "";
  }
}

/// The folder that a clone, and each of its work trees, keeps its objects in.
std::string common_folder(const fs::path& folder, const base::Context& context) {
  return git_says(folder, {"rev-parse", "--path-format=absolute", "--git-common-dir"}, context);
}

std::string whole(const std::string& path) {
  std::error_code fault;
  const auto out = fs::weakly_canonical(path, fault);
  return fault ? path : out.string();
}

}  // namespace

std::string repository_name(std::string_view address) {
  const auto scheme = address.find("://");
  const bool url = scheme != std::string_view::npos;
  if (url) address.remove_prefix(scheme + 3);
  auto host = std::string(address.substr(0, address.find('/')));
  auto path = std::string(address.substr(host.size()));
  if (const auto at = host.find('@'); at != std::string::npos) host.erase(0, at + 1);
  if (const auto colon = host.find(':'); colon != std::string::npos) {
    if (!url) path = "/" + host.substr(colon + 1) + path;  // USER@HOST:PATH
    host.erase(colon);
  }
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with(".git")) path.erase(path.size() - 4);
  while (path.ends_with('/')) path.pop_back();
  return host + path;
}

void refuse_own_repository(const fs::path& root, const std::string& place, const base::Context& context) {
  const auto refuse = [&](const std::string& why) {
    throw base::Error(
        fmt::format("{} is {}: a push there would replace the project's files by a package's", place, why),
        base::Exit::usage)
        .with_hint("--to SERVICE=PLACE names the service's repository; --project FOLDER the project");
  };
  const auto folder = place.starts_with("file://") ? place.substr(7) : place;
  if (folder.starts_with('/')) {
    const auto own = common_folder(root, context);
    if (whole(folder) == whole(root.string()) ||
        (!own.empty() && fs::is_directory(folder) && common_folder(folder, context) == own))
      refuse("this project's own repository");
  }
  // "remote.origin.url ADDRESS"
  for (const auto& line :
       base::lines(git_says(root, {"config", "--get-regexp", R"(^remote\..*\.(url|pushurl)$)"}, context))) {
    const auto blank = line.find(' ');
    if (blank == std::string::npos) continue;
    const auto remote = line.substr(blank + 1);
    const bool same = folder.starts_with('/')
                          ? whole(folder) == whole(remote.starts_with("file://") ? remote.substr(7) : remote)
                          : repository_name(place) == repository_name(remote);
    if (same) refuse("what this project's git calls " + base::printable(line.substr(0, blank)));
  }
}

}  // namespace submit
