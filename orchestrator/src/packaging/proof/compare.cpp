// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace proof {
namespace {

using base::Kind;
using model::Findings;

void add(Findings& findings, const std::string& what, const std::string& path, std::string message) {
  findings.push_back(
      {model::Severity::error, fmt::format("{}: {}", what, base::printable(path, 200)), std::move(message), ""});
}

std::string_view word(Kind kind) { return kind == Kind::file ? "file" : kind == Kind::directory ? "folder" : "link"; }

void compare_entry(const base::ListedEntry& expected, const base::ListedEntry& found, const std::string& what,
                   const std::string& path, Findings& findings) {
  if (expected.kind != found.kind)
    return add(findings, what, path, fmt::format("is a {}, expected a {}", word(found.kind), word(expected.kind)));
  if (expected.mode != found.mode)
    add(findings, what, path, fmt::format("has mode {:04o}, expected {:04o}", found.mode, expected.mode));
  if (expected.owner != found.owner || expected.group != found.group) {
    add(findings, what, path,
        fmt::format("belongs to {}:{}, expected {}:{}", base::printable(found.owner), base::printable(found.group),
                    expected.owner, expected.group));
  }
  if (expected.content != found.content) {
    add(findings, what, path,
        fmt::format("its content differs: sha256 {} of {} bytes, expected {} of {}",
                    base::sha256(found.content).substr(0, 12), found.content.size(),
                    base::sha256(expected.content).substr(0, 12), expected.content.size()));
  }
}

std::set<std::string> parents_of(const base::ListedTree& tree, const std::vector<formats::ToolMade>& tool_made) {
  std::set<std::string> parents;
  const auto climb = [&](std::string path) {
    for (auto slash = path.rfind('/'); slash != std::string::npos && slash != 0; slash = path.rfind('/')) {
      path.erase(slash);
      parents.insert(path);
    }
  };
  for (const auto& [path, unused] : tree) climb(path);
  for (const auto& made : tool_made) climb(made.path);
  return parents;
}

}  // namespace

Findings compare_trees(const base::ListedTree& expected, const base::ListedTree& found,
                       const std::vector<formats::ToolMade>& tool_made, const std::string& what) {
  Findings findings;
  for (const auto& [path, entry] : expected) {
    const auto at = found.find(path);
    if (at == found.end()) {
      add(findings, what, path, "is missing");
    } else {
      compare_entry(entry, at->second, what, path, findings);
    }
  }
  for (const auto& made : tool_made) {
    const auto at = found.find(made.path);
    if (at == found.end()) {
      add(findings, what, made.path, fmt::format("is missing; the format's tool makes it: {}", made.reason));
    } else {
      compare_entry({Kind::file, made.mode, "root", "root", at->second.content}, at->second, what, made.path, findings);
      if (at->second.content.empty()) add(findings, what, made.path, "is empty");
    }
  }
  const auto parents = parents_of(expected, tool_made);
  for (const auto& [path, entry] : found) {
    const bool known = expected.contains(path) ||
                       std::ranges::any_of(tool_made, [&name = path](const auto& made) { return made.path == name; });
    if (known) continue;
    if (entry.kind == Kind::directory && parents.contains(path)) {
      compare_entry({Kind::directory, 0755, "root", "root", ""}, {entry.kind, entry.mode, entry.owner, entry.group, ""},
                    what, path, findings);
    } else {
      add(findings, what, path, fmt::format("is a {} that nothing asked for", word(entry.kind)));
    }
  }
  return findings;
}

Findings compare_source(const base::SourceTree& expected, const base::ListedTree& found, const std::string& what) {
  Findings findings;
  for (const auto& [path, file] : expected) {
    const auto at = found.find("/" + path);
    if (at == found.end() || at->second.kind != Kind::file) {
      add(findings, what, path, "is missing");
      continue;
    }
    if (at->second.content != file.content) add(findings, what, path, "its content differs from the patched source");
    if ((at->second.mode & 0100U) != (file.mode & 0100U))
      add(findings, what, path, fmt::format("has mode {:04o}, expected {:04o}", at->second.mode, file.mode));
  }
  for (const auto& [path, entry] : found) {
    if (entry.kind != Kind::directory && !expected.contains(path.substr(1)))
      add(findings, what, path, fmt::format("is a {} that nothing asked for", word(entry.kind)));
  }
  return findings;
}

Findings compare_facts(const model::PackageFacts& expected, const model::PackageFacts& found, const std::string& what) {
  Findings findings;
  const auto one = [&](std::string_view field, const std::string& wanted, const std::string& got) {
    if (wanted != got)
      add(findings, what, std::string(field),
          fmt::format("is \"{}\", expected \"{}\"", base::printable(got, 200), wanted));
  };
  one("name", expected.name, found.name);
  one("version", expected.version, found.version);
  one("architecture", expected.arch, found.arch);
  one("license", expected.license, found.license);
  one("summary", expected.summary, found.summary);
  one("url", expected.url, found.url);
  one("requires", base::join(expected.depends, ", "), base::join(found.depends, ", "));
  one("recommends", base::join(expected.recommends, ", "), base::join(found.recommends, ", "));
  one("suggests", base::join(expected.suggests, ", "), base::join(found.suggests, ", "));
  one("conflicts", base::join(expected.conflicts, ", "), base::join(found.conflicts, ", "));
  for (const auto& [name, text] : found.scripts) {
    const auto wanted = expected.scripts.find(name);
    if (wanted == expected.scripts.end()) {
      add(findings, what, name, "is a script that nobody asked for");
    } else if (wanted->second != text) {
      add(findings, what, name,
          fmt::format("its text differs: \"{}\", expected \"{}\"", base::printable(text, 300),
                      base::printable(wanted->second, 300)));
    }
  }
  for (const auto& [name, text] : expected.scripts) {
    if (!found.scripts.contains(name)) add(findings, what, name, "is missing");
  }
  return findings;
}

}  // namespace proof
