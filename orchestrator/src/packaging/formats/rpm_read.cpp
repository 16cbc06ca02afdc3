// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "formats/format_parts.hpp"
#include "formats/rpm.hpp"
#include "formats/rpm_header.hpp"

namespace formats {
namespace {

std::vector<std::string> columns(const std::string& line, std::size_t count, std::string_view where) {
  std::vector<std::string> out = base::split(line, '\t');
  if (out.size() != count) {
    throw base::Error(fmt::format("{}: \"{}\" has not {} columns", where, base::printable(line), count));
  }
  return out;
}

/// As rpm prints them: "preuninstall scriptlet (using /bin/sh):" or "transfiletriggerin scriptlet (using /bin/sh) --
/// PATHS" above each text. Another interpreter stays in the heading, where nobody expects it.
std::map<std::string, std::string> scripts(const std::filesystem::path& job) {
  static constexpr std::string_view mark = " scriptlet (using ";
  static constexpr std::string_view usual = " scriptlet (using /bin/sh)";
  std::map<std::string, std::string> out;
  std::string* text = nullptr;
  for (const std::string& line : report(job, "reading/scripts")) {
    const bool heading = line.find(mark) != std::string::npos || line.ends_with(" program:");
    if (heading) {
      std::string name = base::replace_all(line, std::string(usual), "");
      if (name.ends_with(':')) name.pop_back();
      const auto [at, added] = out.emplace(name, "");
      if (!added) throw base::Error(fmt::format("the package has two scripts of one kind: {}", base::printable(name)));
      text = &at->second;
    } else if (text == nullptr) {
      throw base::Error(fmt::format("reading/scripts: \"{}\" belongs to no script", base::printable(line)));
    } else {
      *text += (text->empty() ? "" : "\n") + line;
    }
  }
  return out;
}

model::PackageFacts facts(const std::filesystem::path& job) {
  const std::vector<std::string> tags = report(job, "reading/tags", 6);
  model::PackageFacts out{tags[0], tags[1], tags[2], tags[3], tags[4], tags[5], {}, {}, {}};
  for (const std::string& line : report(job, "reading/relations")) {
    const std::vector<std::string> cell = columns(line, 5, "reading/relations");
    if (cell[2] == "(none)" || cell[1] == "rpmlib") continue;  // no relation of this kind; what any rpm of today can do
    // The interpreters of programs and of scriptlets, which rpm finds by itself.
    const bool found = cell[1] == "auto" || cell[1].ends_with("interp");
    if (cell[0] == "REQUIRE" && found && cell[2].starts_with('/')) continue;
    const std::string op(base::trim(cell[3]));
    const std::string text = op.empty() ? cell[2] : fmt::format("{} {} {}", cell[2], op, cell[4]);
    if (cell[0] == "REQUIRE") {
      out.depends.push_back(text);
    } else if (cell[0] == "RECOMMEND") {
      out.recommends.push_back(text);
    } else if (cell[0] == "SUGGEST") {
      out.suggests.push_back(text);
    } else if (cell[0] == "CONFLICT") {
      out.conflicts.push_back(text);
    } else {
      throw base::Error(fmt::format("the package has a relation that no profile knows: {} {}", base::printable(cell[0]),
                                    base::printable(text)));
    }
  }
  for (auto* list : {&out.depends, &out.recommends, &out.suggests, &out.conflicts})
    std::sort(list->begin(), list->end());
  return out;
}

/// The payload knows what the files hold; who owns them, and what they are, only the header says as rpm installs it.
base::ListedTree tree(const std::filesystem::path& job) {
  base::ListedTree payload = archive(job, "reading/payload.cpio");
  base::ListedTree out;
  for (const std::string& line : report(job, "reading/files")) {
    const std::vector<std::string> cell = columns(line, 4, "reading/files");
    unsigned mode = 0;
    const char* const end = cell[0].data() + cell[0].size();
    const auto parsed = std::from_chars(cell[0].data(), end, mode, 8);
    const auto found = payload.find(cell[3]);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      throw base::Error(fmt::format("reading/files: \"{}\" has no mode", base::printable(line)));
    }
    if (found == payload.end())
      throw base::Error(base::printable(cell[3]) + " is in the header and not in the payload");
    base::ListedEntry entry = std::move(found->second);
    payload.erase(found);
    const bool same = entry.kind == base::Kind::directory ? S_ISDIR(mode)
                      : entry.kind == base::Kind::symlink ? S_ISLNK(mode)
                                                          : S_ISREG(mode);
    if (!same) throw base::Error(base::printable(cell[3]) + " is one thing in the header and another in the payload");
    entry.mode = mode & 07777U;
    entry.owner = cell[1];
    entry.group = cell[2];
    out[cell[3]] = std::move(entry);
  }
  if (!payload.empty()) {
    throw base::Error(base::printable(payload.begin()->first) + " is in the payload and not in the header");
  }
  return out;
}

void require_same(const std::filesystem::path& job, const std::string& name, std::string_view expected) {
  const std::string found = base::read_file(job / "reading/srpm" / name, kReadLimit);
  if (found != expected)
    throw base::Error(fmt::format("{} in the SRPM is not the one that was staged", base_name(name)));
}

/// The SRPM holds the tarball, the patch and the spec file, as they were staged, and nothing beside them.
void check_source_package(const Ingredients& from, const std::filesystem::path& job) {
  std::map<std::string, std::string> expected{{"SOURCES/" + tarball_name(from.project), from.tarball},
                                              {fmt::format("SPECS/{}.spec", from.project.name), rpm_spec(from)}};
  if (!from.patch.empty()) expected["SOURCES/" + rpm_patch_name(from)] = from.patch;
  for (const auto& [name, content] : expected) require_same(job, name, content);
  for (const char* folder : {"SOURCES", "SPECS"}) {
    for (const auto& entry : std::filesystem::directory_iterator(job / "reading/srpm" / folder)) {
      const std::string name = fmt::format("{}/{}", folder, entry.path().filename().string());
      if (!expected.contains(name))
        throw base::Error(fmt::format("the SRPM holds {}, which nobody asked for", base::printable(name)));
    }
  }
}

void check_header(const Ingredients& from, const std::filesystem::path& job, const std::string& source) {
  const auto header = read_rpm_header(base::read_file(job / "reading/header", kReportLimit));
  const auto faults = rpm_header_faults(from, header, Rpm().expected_facts(from).version, source);
  if (!faults.empty()) throw base::Error(base::join(faults, "\n"));
}

}  // namespace

std::vector<model::Reading> Rpm::read(const Ingredients& from, const std::filesystem::path& job) const {
  model::Reading package;
  package.what = is_compiled(from) ? "the SRPM" : "the .rpm";
  package.has_facts = true;
  package.facts = facts(job);
  if (is_compiled(from)) {
    package.facts.arch.clear();
    check_source_package(from, job);
    return {std::move(package), source_reading(job, "reading/source.tar", top_folder(from.project), {})};
  }
  package.has_tree = true;
  package.facts.scripts = scripts(job);
  package.tree = tree(job);

  check_header(from, job, rpm_source_name(from));
  if (is_prebuilt(from)) return {std::move(package)};
  check_source_package(from, job);
  return {std::move(package), source_reading(job, "reading/source.tar", top_folder(from.project), {})};
}

}  // namespace formats
