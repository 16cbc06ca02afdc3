// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/read_install_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/files.hpp"
#include "base/text.hpp"

namespace source {
namespace {

using enum model::InstallKind;

const std::map<std::string, model::InstallKind, std::less<>> kKinds = {
    {"file", file}, {"man", man}, {"doc", doc}, {"changelog", changelog}, {"license", license}, {"dir", directory}};
const std::map<std::string, unsigned, std::less<>> kModes = {{"0644", 0644}, {"0755", 0755}};
const std::vector<std::string> kVariables = {"@SBINDIR@", "@MANDIR@", "@DOCDIR@", "@ZSHDIR@"};
bool is_destination(std::string text) {
  for (const auto& variable : kVariables) {
    if (text.starts_with(variable + "/")) text = "/v" + text.substr(variable.size());
  }
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._+-/").find(c) != std::string_view::npos;
  };
  return text.starts_with('/') && base::is_safe_relative(text.substr(1)) && std::ranges::all_of(text, plain);
}

void refuse_unused(const base::SourceTree& pristine, const std::set<std::string>& used, const std::string& list_name,
                   model::Findings& findings) {
  for (const auto& [path, unused] : pristine) {
    if (path != list_name && !used.contains(path)) {
      findings.push_back({model::Severity::error, list_name, fmt::format("no line installs {}", path),
                          "add one, or take the file out of the source"});
    }
  }
}

}  // namespace

model::InstallList install_list(std::string_view text, const std::string& list_name, const base::SourceTree& pristine,
                                model::Findings& findings) {
  model::InstallList list;
  std::set<std::string> destinations;
  std::set<std::string> used;
  std::size_t number = 0;
  for (const auto& line : base::lines(text)) {
    ++number;
    std::istringstream words(line);
    std::vector<std::string> parts;
    for (std::string word; words >> word;) parts.push_back(word);
    if (parts.empty() || parts[0].starts_with('#')) continue;
    const auto refuse = [&](std::string message) {
      findings.push_back({model::Severity::error, fmt::format("{}: line {}", list_name, number), std::move(message),
                          "KIND MODE SOURCE DESTINATION, as in \"file 0644 46sshd/motd /usr/lib/...\""});
    };
    if (parts.size() != 4) {
      refuse(fmt::format("expected 4 words, got {}", parts.size()));
      continue;
    }
    if (parts[0] == "build" && parts[1] == "-" && pristine.contains(parts[2]) && parts[3] == "-") {
      used.insert(parts[2]);
      continue;
    }
    const auto colon = std::min(parts[0].find(':'), parts[0].size());
    const auto kind = kKinds.find(parts[0].substr(0, colon));
    const std::string hook = parts[0].substr(std::min(colon + 1, parts[0].size()));
    const auto mode = kModes.find(parts[1]);
    if (kind == kKinds.end() || mode == kModes.end()) {
      refuse(kind == kKinds.end() ? fmt::format("\"{}\" is not a kind", base::printable(parts[0]))
                                  : fmt::format("mode {} is neither 0644 nor 0755", base::printable(parts[1])));
      continue;
    }
    if (colon < parts[0].size() && std::ranges::find(model::kHooks, hook) == model::kHooks.end()) {
      refuse(fmt::format("\"{}\" is not a hook; known are {}", base::printable(hook),
                         base::join({model::kHooks.begin(), model::kHooks.end()}, ", ")));
      continue;
    }
    model::InstallItem item{kind->second, mode->second, parts[2] == "-" ? "" : parts[2],
                            parts[3] == "-" ? "" : parts[3], hook};
    if (item.kind != directory && !pristine.contains(item.source)) {
      refuse(fmt::format("there is no source \"{}\"", base::printable(parts[2])));
      continue;
    }
    if (item.kind == directory && !item.source.empty()) {
      refuse(fmt::format("a folder has no source, got \"{}\"", base::printable(parts[2])));
      continue;
    }
    if (item.kind == license ? !item.destination.empty() : !is_destination(item.destination)) {
      refuse(fmt::format("\"{}\" is not a destination", base::printable(parts[3])));
      continue;
    }
    if (!item.destination.empty() && !destinations.insert(item.destination).second)
      refuse(fmt::format("{} is installed twice", item.destination));
    used.insert(item.source);
    list.push_back(std::move(item));
  }
  refuse_unused(pristine, used, list_name, findings);
  return list;
}

model::Profile expand(model::Profile profile, const model::Project& project) {
  for (auto* dir : {&profile.package.doc_dir, &profile.package.rpm.license_dir}) {
    *dir = base::replace_all(base::replace_all(*dir, "{name}", project.name), "{version}", project.version());
  }
  profile.package.suffix = project.is_first ? "" : "-" + project.id;
  return profile;
}

model::InstallList resolve(const model::InstallList& list, const model::Profile& profile) {
  auto resolved = list;
  std::erase_if(resolved, [&profile](const model::InstallItem& item) {
    return !item.hook.empty() && !profile.initrd.hooks.contains(item.hook);
  });
  for (auto& item : resolved) {
    item.destination = base::replace_all(item.destination, "@SBINDIR@", profile.package.sbin_dir);
    item.destination = base::replace_all(item.destination, "@MANDIR@", "/usr/share/man");
    item.destination = base::replace_all(item.destination, "@DOCDIR@", profile.package.doc_dir);
    item.destination = base::replace_all(item.destination, "@ZSHDIR@", profile.package.zsh_dir);
  }
  return resolved;
}

}  // namespace source
