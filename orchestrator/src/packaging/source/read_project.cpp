// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/read_project.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "model/deb_version.hpp"
#include "model/strict_json.hpp"
#include "source/read_next_steps.hpp"

namespace source {
namespace {

using model::Severity;

void add(model::Findings& findings, std::string where, std::string message, std::string hint = "") {
  findings.push_back({Severity::error, std::move(where), std::move(message), std::move(hint)});
}

bool all_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

/// A line of prose: valid UTF-8 without control characters. What would mean something to a package tool is the
/// escapers' matter.
bool is_prose(std::string_view text, std::size_t limit) {
  return text.size() <= limit && !base::utf8_fault(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_version(std::string_view text) {
  const auto parts = base::split(text, '.');
  return parts.size() == 3 && text.size() <= 20 && std::ranges::all_of(parts, [](const std::string& part) {
           return !part.empty() && part.size() <= 5 &&
                  std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; }) &&
                  (part == "0" || part.front() != '0');
         });
}

bool is_address(std::string_view text) {
  return text.starts_with("https://") && text.size() > 8 && text[8] != '/' && text.size() <= 200 &&
         all_of(text.substr(8), "-._~/");
}

void check_project(const model::Project& project, const std::string& file, model::Findings& findings) {
  const auto& name = project.name;
  if (name.empty() || name.size() > 40 ||
      !std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }) ||
      name.front() < 'a') {
    add(findings, file + ": /name",
        "expected a package's name: small letters, digits and '-', beginning with a letter");
  }
  if (project.summary.empty() || !is_prose(project.summary, 79))
    add(findings, file + ": /summary", "expected one line of at most 79 characters");
  if (!is_address(project.url))
    add(findings, file + ": /url", "expected an https:// address of letters, digits and - . _ ~ /");
  // {version} for a place that has a folder a version
  const auto downloads = base::replace_all(project.downloads, "{version}", "v");
  if (!project.downloads.empty() && !is_address(downloads))
    add(findings, file + ": /downloads",
        "expected an https:// address of letters, digits and - . _ ~ /, in which {version} may stand");
  if (project.license.empty() || !all_of(project.license, "-.+ ()"))
    add(findings, file + ": /license", "expected an SPDX licence expression");
  if (project.description.empty()) add(findings, file + ": /description", "expected an array of lines");
  for (std::size_t i = 0; i < project.description.size(); ++i) {
    if (!is_prose(project.description[i], 72))
      add(findings, fmt::format("{}: /description/{}", file, i), "expected one line of at most 72 characters");
  }
}

}  // namespace

model::Project project(std::string_view project_json, std::string_view changelog_text, model::Findings& findings) {
  const std::string file = "project.json";
  model::Project project;
  project.changelog = changelog(changelog_text, "CHANGELOG.md", findings);
  const auto document = model::parse_strict(project_json, file, findings);
  if (document.is_discarded()) return project;
  if (!document.is_object()) {
    add(findings, file + ": /", "expected an object");
    return project;
  }
  const std::vector<std::string> known = {"name",      "summary", "description", "url",
                                          "downloads", "license", "next_steps"};
  for (const auto& [key, value] : document.items()) {
    if (key == "description") {
      if (!value.is_array() || !std::ranges::all_of(value, [](const auto& line) { return line.is_string(); })) {
        add(findings, file + ": /description", "expected an array of lines");
      } else {
        project.description = value.get<std::vector<std::string>>();
      }
      continue;
    }
    if (key == "next_steps") {
      project.next_steps = next_steps(value, file, findings);
      continue;
    }
    if (std::ranges::find(known, key) == known.end()) {
      const auto near = base::closest(key, known);
      add(findings, file + ": /",
          fmt::format("unknown key \"{}\"{}", base::printable(key, 40),
                      near ? fmt::format(", did you mean \"{}\"?", *near) : ""));
      continue;
    }
    if (!value.is_string()) {
      add(findings, file + ": /" + key, "expected a string");
      continue;
    }
    auto& target = key == "name"        ? project.name
                   : key == "summary"   ? project.summary
                   : key == "url"       ? project.url
                   : key == "downloads" ? project.downloads
                                        : project.license;
    if (key == "downloads" && value.get_ref<const std::string&>().empty())
      add(findings, file + ": /downloads", "expected an address, got nothing");
    target = value.get<std::string>();
  }
  check_project(project, file, findings);
  return project;
}

std::vector<model::Release> changelog(std::string_view text, std::string_view file, model::Findings& findings) {
  std::vector<model::Release> releases;
  if (text.size() > model::kMaxJsonBytes || base::utf8_fault(text)) {
    add(findings, std::string(file), text.size() > model::kMaxJsonBytes ? "larger than 1 MiB" : "not valid UTF-8");
    return releases;
  }
  std::size_t number = 0;
  for (const auto& line : base::lines(text)) {
    ++number;
    const auto where = fmt::format("{}: line {}", file, number);
    if (base::trim(line).empty() || line.starts_with("# ")) continue;
    if (line.starts_with("## ")) {
      const auto parts = base::split(line.substr(3), ' ');
      const auto day = parts.size() == 3 ? base::days_of(parts[2]) : std::nullopt;
      // SOURCE_DATE_EPOCH: what gzip, cpio and tar can all write down
      if (parts.size() != 3 || parts[1] != "-" || !is_version(parts[0]) || !day || *day < 0 || parts[2] >= "2100") {
        add(findings, where, fmt::format("expected \"## VERSION - YYYY-MM-DD\", got \"{}\"", base::printable(line)),
            "as in \"## 1.0.0 - 2026-11-24\"");
        continue;
      }
      if (!releases.empty() && *day * 86400 > releases.back().epoch)
        add(findings, where, "is newer than the release above it", "newest first");
      if (!releases.empty() && model::compare_deb_versions(parts[0], releases.back().version) >= 0) {
        add(findings, where, fmt::format("version {} is not lower than {} above it", parts[0], releases.back().version),
            "newest first");
      }
      releases.push_back({parts[0], *day * 86400, {}});
    } else if (!releases.empty() && line.starts_with("- ") && base::trim(line).size() > 1 && is_prose(line, 600)) {
      releases.back().items.emplace_back(base::trim(line.substr(2)));
    } else if (!releases.empty() && !releases.back().items.empty() && line.starts_with("  ") && is_prose(line, 600)) {
      releases.back().items.back() += " " + std::string(base::trim(line));
    } else {
      add(findings, where, fmt::format("expected an item (\"- ...\") of a release, got \"{}\"", base::printable(line)),
          "one line of at most 600 characters, without control characters");
    }
  }
  if (releases.empty())
    add(findings, std::string(file), "holds no release", "it begins with \"## VERSION - YYYY-MM-DD\"");
  for (const auto& release : releases) {
    if (release.items.empty())
      add(findings, std::string(file), fmt::format("release {} has no items", release.version));
  }
  return releases;
}

model::Packager packager(std::string_view text, std::string_view where, model::Findings& findings) {
  const auto open = text.find(" <");
  const auto refuse = [&](std::string message) {
    add(findings, std::string(where), std::move(message), "as in --packager 'Ada Example <ada@example.org>'");
    return model::Packager{};
  };
  if (open == std::string_view::npos || !text.ends_with('>'))
    return refuse(fmt::format("expected \"Name <mail>\", got \"{}\"", base::printable(text)));
  const auto name = text.substr(0, open);
  const auto mail = text.substr(open + 2, text.size() - open - 3);
  if (name.empty() || !is_prose(name, 100) || name.find_first_of("<>\"\\$`%@,:;#") != std::string_view::npos ||
      base::trim(name) != name) {
    return refuse("the name is one line without < > \" \\ $ ` % @ , : ; #");
  }
  const auto at = mail.find('@');
  if (mail.size() > 100 || at == std::string_view::npos || at == 0 || at + 1 == mail.size() ||
      mail.find('@', at + 1) != std::string_view::npos || !all_of(mail.substr(0, at), "._+-") ||
      !all_of(mail.substr(at + 1), ".-")) {
    return refuse("the mail address has a form that is not accepted: letters, digits and . _ + - around one @");
  }
  return {std::string(name), std::string(mail)};
}

}  // namespace source
