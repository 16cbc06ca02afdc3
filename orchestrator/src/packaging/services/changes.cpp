// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/changes.hpp"

#include "base/text.hpp"

namespace services {
namespace {

bool is_orig(std::string_view name) { return name.find(".orig.tar.") != std::string_view::npos; }

/// The words of a line, whatever stands between them.
std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  for (auto& word : base::split(base::trim(line), ' ')) {
    if (!word.empty()) out.push_back(std::move(word));
  }
  return out;
}

}  // namespace

std::string without_orig(std::string_view changes) {
  std::string out;
  std::string field;
  for (const auto& line : base::lines(changes)) {
    if (!line.empty() && line.front() != ' ') field = line.substr(0, line.find(':'));
    const bool lists = field == "Files" || field.starts_with("Checksums-");
    if (lists && !line.empty() && line.front() == ' ') {
      const auto parts = words(line);
      if (!parts.empty() && is_orig(parts.back())) continue;
    }
    out += line + "\n";
  }
  return out;
}

std::vector<ListedSource> listed_sources(std::string_view sources, std::string_view name) {
  std::vector<ListedSource> out;
  ListedSource one;
  std::string package;
  std::string field;
  const auto close = [&] {
    if (package == name && !one.version.empty()) out.push_back(one);
    one = {};
    package.clear();
    field.clear();
  };
  for (const auto& line : base::lines(sources)) {
    if (base::trim(line).empty()) {
      close();
    } else if (line.front() == ' ') {
      const auto parts = words(line);
      if (field == "Checksums-Sha256" && parts.size() == 3) one.sha256[parts[2]] = parts[0];
    } else if (const auto colon = line.find(':'); colon != std::string::npos) {
      field = line.substr(0, colon);
      const std::string value(base::trim(std::string_view(line).substr(colon + 1)));
      if (field == "Package") package = value;
      if (field == "Version") one.version = value;
    }
  }
  close();
  return out;
}

}  // namespace services
