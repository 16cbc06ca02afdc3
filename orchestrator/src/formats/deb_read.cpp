// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/deb.hpp"
#include "formats/parts.hpp"

namespace formats {
namespace {

/// The fields of one deb822 paragraph; of a field of several lines the first alone.
std::map<std::string, std::string> paragraph(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> out;
  for (const std::string& line : lines) {
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      throw base::Error(fmt::format("reading/control: \"{}\" is no field", base::printable(line)));
    }
    const std::string value(base::trim(std::string_view(line).substr(colon + 1)));
    if (!out.emplace(line.substr(0, colon), value).second) {
      throw base::Error(fmt::format("reading/control: {} stands there twice", base::printable(line.substr(0, colon))));
    }
  }
  return out;
}

std::vector<std::string> listed(const std::string& field) {
  std::vector<std::string> out;
  for (const std::string& one : base::split(field, ',')) out.emplace_back(base::trim(one));
  std::sort(out.begin(), out.end());
  return out;
}

model::PackageFacts facts(const std::filesystem::path& job) {
  std::map<std::string, std::string> field = paragraph(report(job, "reading/control"));
  for (const char* unknown : {"Pre-Depends", "Recommends", "Enhances", "Breaks", "Replaces", "Provides", "Essential"}) {
    if (field.count(unknown) != 0) {
      throw base::Error(fmt::format("the package has a field that no profile knows: {}: {}", unknown,
                                    base::printable(field[unknown])));
    }
  }
  return {field["Package"],           field["Version"],
          field["Architecture"],      "",
          field["Description"],       field["Homepage"],
          listed(field["Depends"]),   listed(field["Suggests"]),
          listed(field["Conflicts"]), {}};
}

/// All control files but those that dpkg-deb's other readings cover.
std::map<std::string, std::string> scripts(const std::filesystem::path& job) {
  static const std::set<std::string> covered{"/control", "/md5sums"};
  std::map<std::string, std::string> out;
  for (const auto& [path, entry] : base::list_archive(job / "reading/control.tar", kReadLimit)) {
    if (entry.kind == base::Kind::directory || covered.count(path) != 0) continue;
    if (entry.kind != base::Kind::file) throw base::Error(base::printable(path) + ": a control file that is a link");
    out[path.substr(1)] = entry.content;
  }
  return out;
}

}  // namespace

std::vector<model::Reading> Deb::read(const Ingredients& from, const std::filesystem::path& job) const {
  model::Reading package;
  package.what = "the .deb";
  package.has_tree = package.has_facts = true;
  package.facts = facts(job);
  package.tree = archive(job, "reading/data.tar");
  package.facts.scripts = scripts(job);
  return {std::move(package),
          source_reading(job, "reading/source.tar", top_folder(from.project), {"/debian/", "/.pc/"})};
}

}  // namespace formats
