// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/read_project.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
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

bool is_package_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  }) && name.front() >= 'a';
}

/// What all packages have in common.
void check_addresses(const model::Project& project, const std::string& file, model::Findings& findings) {
  if (!is_address(project.url))
    add(findings, file + ": /url", "expected an https:// address of letters, digits and - . _ ~ /");
  // {version} for a place that has a folder a version
  const auto downloads = base::replace_all(project.downloads, "{version}", "v");
  if (!project.downloads.empty() && !is_address(downloads))
    add(findings, file + ": /downloads",
        "expected an https:// address of letters, digits and - . _ ~ /, in which {version} may stand");
}

void check_package(const model::Project& project, const std::string& place, model::Findings& findings) {
  for (const auto& [field, name] : {std::pair("/id", project.id), std::pair("/name", project.name)}) {
    if (!is_package_name(name))
      add(findings, place + field, "expected a package's name: small letters, digits and '-', beginning with a letter");
  }
  if (project.summary.empty() || !is_prose(project.summary, 79))
    add(findings, place + "/summary", "expected one line of at most 79 characters");
  if (project.license.empty() || !all_of(project.license, "-.+ ()"))
    add(findings, place + "/license", "expected an SPDX licence expression");
  if (project.description.empty()) add(findings, place + "/description", "expected an array of lines");
  for (std::size_t i = 0; i < project.description.size(); ++i) {
    if (!is_prose(project.description[i], 72))
      add(findings, fmt::format("{}/description/{}", place, i), "expected one line of at most 72 characters");
  }
  const bool is_prebuilt = project.making == model::Making::prebuilt;
  if (project.sources.empty() != is_prebuilt)
    add(findings, place + "/source",
        is_prebuilt ? "expected nothing: what is prebuilt has no source"
                    : "expected an object: paths of the project, and their places in the source");
  const auto tarball = base::replace_all(base::replace_all(project.prebuilt, "{version}", "v"), "{arch}", "a");
  if (is_prebuilt ? project.prebuilt.find("{arch}") == std::string::npos || !base::is_safe_relative(tarball)
                  : !project.prebuilt.empty())
    add(findings, place + "/prebuilt",
        is_prebuilt ? "expected the path of a tarball in the project, in which {arch} and {version} stand"
                    : "expected nothing: it goes with \"making\": \"prebuilt\"");
  for (const auto& [from, to] : project.sources) {
    if (!base::is_safe_relative(from) || (!to.empty() && !base::is_safe_relative(to)))
      add(findings, fmt::format("{}/source: \"{}\"", place, base::printable(from, 100)),
          "expected a path of the project and its place in the source, without \"..\"");
  }
}

/// One of JSON's fields; false when it is none that is read here.
class Fields {
 public:
  Fields(const nlohmann::json& object, std::string place, model::Findings& findings)
      : object_(object), place_(std::move(place)), findings_(findings) {}

  void refuse_unknown(const std::vector<std::string>& known) {
    for (const auto& [key, unused] : object_.items()) {
      if (std::ranges::find(known, key) != known.end()) continue;
      const auto near = base::closest(key, known);
      add(findings_, place_.ends_with('/') ? place_ : place_ + "/",
          fmt::format("unknown key \"{}\"{}", base::printable(key, 40),
                      near ? fmt::format(", did you mean \"{}\"?", *near) : ""));
    }
  }

  std::string text(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return "";
    if (!found->is_string()) {
      refuse(key, "expected a string");
      return "";
    }
    return found->get<std::string>();
  }

  std::vector<std::string> lines(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return {};
    if (!found->is_array() || !std::ranges::all_of(*found, [](const auto& line) { return line.is_string(); })) {
      refuse(key, "expected an array of lines");
      return {};
    }
    return found->get<std::vector<std::string>>();
  }

  std::vector<std::pair<std::string, std::string>> pairs(const char* key) {
    const auto found = object_.find(key);
    std::vector<std::pair<std::string, std::string>> out;
    if (found == object_.end()) return out;
    if (!found->is_object() || !std::ranges::all_of(*found, [](const auto& value) { return value.is_string(); })) {
      refuse(key, "expected an object of strings");
      return out;
    }
    for (const auto& [name, value] : found->items()) out.emplace_back(name, value.get<std::string>());
    return out;
  }

  void refuse(const std::string& key, std::string message) {
    add(findings_, place_ + (place_.ends_with('/') ? "" : "/") + key, std::move(message));
  }

 private:
  const nlohmann::json& object_;
  std::string place_;
  model::Findings& findings_;
};

const std::map<std::string, model::Making, std::less<>> kMakings = {
    {"files", model::Making::files}, {"compiled", model::Making::compiled}, {"prebuilt", model::Making::prebuilt}};

model::Project package(const nlohmann::json& object, const model::Project& common, const std::string& place,
                       model::Findings& findings) {
  auto project = common;
  Fields fields(object, place, findings);
  fields.refuse_unknown(
      {"id", "name", "summary", "description", "license", "making", "install_list", "source", "left_out", "prebuilt"});
  project.id = fields.text("id");
  project.name = fields.text("name");
  project.summary = fields.text("summary");
  project.description = fields.lines("description");
  project.license = fields.text("license");
  project.install_list = fields.text("install_list");
  project.prebuilt = fields.text("prebuilt");
  project.sources = fields.pairs("source");
  project.left_out = fields.lines("left_out");
  const auto making = kMakings.find(fields.text("making"));
  if (making == kMakings.end())
    fields.refuse("making", "expected one of files, compiled, prebuilt");
  else
    project.making = making->second;
  const bool has_list = !project.install_list.empty();
  if (making != kMakings.end() && has_list != (project.making != model::Making::compiled))
    fields.refuse("install_list", has_list ? "a package that is compiled has none: its own build installs"
                                           : "expected a path in the source: what is installed, and where");
  check_package(project, place, findings);
  return project;
}

}  // namespace

std::vector<model::Project> projects(std::string_view project_json, std::string_view changelog_text,
                                     model::Findings& findings) {
  const std::string file = "project.json";
  std::vector<model::Project> out;
  model::Project common;
  common.changelog = changelog(changelog_text, "CHANGELOG.md", findings);
  const auto document = model::parse_strict(project_json, file, findings);
  if (document.is_discarded()) return out;
  if (!document.is_object()) {
    add(findings, file + ": /", "expected an object");
    return out;
  }
  Fields fields(document, file + ": /", findings);
  fields.refuse_unknown({"url", "downloads", "next_steps", "packages"});
  common.url = fields.text("url");
  common.downloads = fields.text("downloads");
  if (document.contains("downloads") && common.downloads.empty())
    add(findings, file + ": /downloads", "expected an address, got nothing");
  check_addresses(common, file, findings);
  if (const auto steps = document.find("next_steps"); steps != document.end())
    common.next_steps = next_steps(*steps, file, findings);
  const auto packages = document.find("packages");
  if (packages == document.end() || !packages->is_array() || packages->empty()) {
    add(findings, file + ": /packages", "expected an array of at least one package");
    return out;
  }
  for (std::size_t i = 0; i < packages->size(); ++i) {
    const auto place = fmt::format("{}: /packages/{}", file, i);
    if (!(*packages)[i].is_object()) {
      add(findings, place, "expected an object");
      continue;
    }
    out.push_back(package((*packages)[i], common, place, findings));
    out.back().is_first = i == 0;
    out.back().repository = out.front().name;
    const auto same = [&out](const model::Project& one) { return one.id == out.back().id; };
    if (std::ranges::count_if(out, same) > 1) add(findings, place + "/id", "another package has it");
  }
  return out;
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
