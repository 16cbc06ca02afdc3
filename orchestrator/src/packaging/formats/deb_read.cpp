// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/archive.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/deb.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

using Fields = std::map<std::string, std::string>;

/// The fields of one deb822 paragraph; a field's further lines follow its first one, each behind a line break. Every
/// field is one of `known`: dpkg takes a name in any case, so that one that is written otherwise is refused as well.
Fields paragraph(const std::vector<std::string>& lines, std::string_view file, const std::set<std::string>& known) {
  Fields out;
  std::string* last = nullptr;
  for (const std::string& line : lines) {
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t') && last != nullptr) {
      *last += '\n' + line;
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    if (colon == std::string::npos || !known.contains(name)) {
      throw base::Error(fmt::format("{} has a field that no profile knows: {}", file, base::printable(line, 200)));
    }
    const auto [at, added] = out.emplace(name, base::trim(std::string_view(line).substr(colon + 1)));
    if (!added) throw base::Error(fmt::format("{}: {} stands there twice", file, base::printable(name)));
    last = &at->second;
  }
  return out;
}

void require(Fields& fields, std::string_view file, const std::string& name, const std::string& wanted) {
  if (fields[name] == wanted) return;
  throw base::Error(fmt::format("{}: {} is \"{}\", expected \"{}\"", file, name, base::printable(fields[name], 300),
                                base::printable(wanted, 300)));
}

std::vector<std::string> listed(const std::string& field) {
  std::vector<std::string> out;
  for (const std::string& one : base::split(field, ',')) out.emplace_back(base::trim(one));
  std::sort(out.begin(), out.end());
  return out;
}

/// The summary and the text below it (deb-control(5)): a blank before each line, a full stop for an empty one.
std::string description(const Ingredients& from) {
  std::string out = from.project.summary;
  for (const std::string& line : from.project.description) {
    const std::size_t last = line.find_last_not_of(" \t");
    out += last == std::string::npos ? "\n ." : "\n " + line.substr(0, last + 1);
  }
  return out;
}

model::PackageFacts facts(const Ingredients& from, const std::filesystem::path& job) {
  static const std::set<std::string> known{"Package",  "Version",    "Architecture", "Maintainer", "Installed-Size",
                                           "Depends",  "Recommends", "Suggests",     "Conflicts",  "Section",
                                           "Priority", "Homepage",   "Description"};
  constexpr std::string_view kFile = "the control file";
  Fields field = paragraph(report(job, "reading/control"), kFile, known);
  require(field, kFile, "Maintainer", from.packager.full());
  require(field, kFile, "Section", from.profile.package.deb.section);
  require(field, kFile, "Priority", "optional");
  const std::string& size = field["Installed-Size"];
  if (size.empty() || size.find_first_not_of("0123456789") != std::string::npos)
    throw base::Error(
        fmt::format("{}: Installed-Size is \"{}\", expected a number", kFile, base::printable(size, 100)));
  require(field, kFile, "Description", description(from));
  return {field["Package"],           field["Version"],
          field["Architecture"],      "",
          from.project.summary,       field["Homepage"],
          listed(field["Depends"]),   listed(field["Suggests"]),
          listed(field["Conflicts"]), {},
          listed(field["Recommends"])};
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

/// The text of a .dsc, .changes or .buildinfo: within its signature (RFC 4880, section 7), where it has one.
std::vector<std::string> signed_text(const std::filesystem::path& job, const std::string& name) {
  std::vector<std::string> lines = report(job, name);
  if (lines.empty() || lines.front() != "-----BEGIN PGP SIGNED MESSAGE-----") return lines;
  std::vector<std::string> out;
  const auto signature = std::find(lines.begin(), lines.end(), "-----BEGIN PGP SIGNATURE-----");
  const auto end = std::find(signature, lines.end(), "-----END PGP SIGNATURE-----");
  auto at = std::find(lines.begin(), signature, "");
  if (at == signature || end == lines.end() || end + 1 != lines.end())
    throw base::Error(name + ": text stands outside of its signature");
  for (++at; at != signature; ++at) out.push_back(at->starts_with("- ") ? at->substr(2) : *at);
  while (!out.empty() && out.back().empty()) out.pop_back();  // it stands before the signature
  return out;
}

/// The last word of each line: the files that a list of digests names.
std::set<std::string> listed_files(const std::string& list) {
  std::set<std::string> out;
  for (const std::string& line : base::lines(list)) {
    if (!line.empty()) out.insert(line.substr(line.rfind(' ') + 1));
  }
  return out;
}

/// The lists of digests name exactly `files`, as they lie there.
void check_digests(Fields& fields, const std::filesystem::path& job, const std::string& file,
                   const std::set<std::string>& files) {
  std::string expected;
  for (const std::string& line : base::lines(fields["Checksums-Sha256"])) {
    const std::string name = line.substr(line.rfind(' ') + 1);
    if (line.empty()) continue;
    if (!files.contains(name))
      throw base::Error(fmt::format("{}: lists {}, which is not a part of it", file, base::printable(name)));
    expected +=
        fmt::format("\n {} {} {}", base::sha256_of_file(job / name), std::filesystem::file_size(job / name), name);
  }
  require(fields, file, "Checksums-Sha256", expected);
  for (const char* list : {"Checksums-Md5", "Checksums-Sha1", "Checksums-Sha256", "Files"}) {
    if (fields.contains(list) && listed_files(fields[list]) != files)
      throw base::Error(fmt::format("{}: {} does not list the files of the source package", file, list));
  }
}

/// The fields of a .dsc, a .changes and a .buildinfo (dsc(5), deb-changes(5), deb-buildinfo(5)) that ours have.
constexpr std::string_view kDscFields =
    "Format Source Binary Architecture Version Maintainer Homepage Build-Depends Package-List "
    "Checksums-Sha1 Checksums-Sha256 Files Standards-Version Rules-Requires-Root "
    "Testsuite Testsuite-Triggers";
constexpr std::string_view kChangesFields =
    "Format Date Source Binary Architecture Version Distribution Urgency Maintainer Changed-By Changes "
    "Description Checksums-Sha1 Checksums-Sha256 Files Closes Launchpad-Bugs-Fixed";
constexpr std::string_view kBuildinfoFields =
    "Format Source Binary Architecture Version Checksums-Md5 Checksums-Sha1 Checksums-Sha256 Build-Origin "
    "Build-Architecture Build-Date Build-Path Build-Tainted-By Installed-Build-Depends Environment "
    "Build-Kernel-Version";

std::set<std::string> words(std::string_view list) {
  const std::vector<std::string> all = base::split(list, ' ');
  return {all.begin(), all.end()};
}

/// What the uploads say of themselves. They are signed, so that nothing may stand there that nobody has looked at.
/// Those that differ from build to build (.changes, .buildinfo) need not be there. Returns the fields of the .dsc.
Fields check_descriptions(const Ingredients& from, const std::filesystem::path& job) {
  const std::string start = fmt::format("{}_{}", from.project.name, deb_version(from));
  const std::string tarball = fmt::format("{}_{}.orig.tar.gz", from.project.name, from.project.version());
  const std::set<std::string> sources{tarball, start + ".debian.tar.xz"};
  const auto check = [&](const std::string& name, const std::set<std::string>& known,
                         const std::set<std::string>& files) {
    Fields fields = paragraph(signed_text(job, name), name, known);
    require(fields, name, "Source", from.project.name);
    require(fields, name, "Version", deb_version(from));
    check_digests(fields, job, name, files);
    return fields;
  };
  Fields dsc = check(start + ".dsc", words(kDscFields), sources);
  require(dsc, start + ".dsc", "Maintainer", from.packager.full());
  require(dsc, start + ".dsc", "Binary", from.project.name);
  require(dsc, start + ".dsc", "Testsuite", from.templates.contains("tests/control") ? "autopkgtest" : "");
  const std::string buildinfo = start + "_source.buildinfo";
  if (std::filesystem::exists(job / buildinfo)) (void)check(buildinfo, words(kBuildinfoFields), {start + ".dsc"});
  const std::string changes = start + "_source.changes";
  if (!std::filesystem::exists(job / changes)) return dsc;
  std::set<std::string> files = sources;
  files.insert({start + ".dsc", buildinfo});
  // An upload to an archive that has the tarball already leaves it out (dpkg-genchanges -sd).
  Fields listed = paragraph(signed_text(job, changes), changes, words(kChangesFields));
  if (!listed_files(listed["Checksums-Sha256"]).contains(tarball)) files.erase(tarball);
  Fields said = check(changes, words(kChangesFields), files);
  require(said, changes, "Distribution", from.profile.package.deb.series);
  for (const char* who : {"Maintainer", "Changed-By"}) require(said, changes, who, from.packager.full());
  return dsc;
}

/// debian/ of the source package: it makes the binary package wherever somebody builds it.
model::Reading packaging(const Ingredients& from, const base::ListedTree& source) {
  static constexpr std::string_view kFolder = "/debian";
  model::Reading reading;
  reading.what = "the source package's debian/";
  reading.source = reading.has_tree = true;
  reading.expected_source = deb_folder(from);
  for (const auto& [path, entry] : source) {
    if (path.starts_with("/debian/")) reading.tree[path.substr(kFolder.size())] = entry;
  }
  return reading;
}

}  // namespace

std::vector<model::Reading> Deb::read(const Ingredients& from, const std::filesystem::path& job) const {
  const auto source = [&](const std::vector<std::string>& leave_out) {
    return source_reading(job, "reading/source.tar", top_folder(from.project), leave_out);
  };
  model::Reading package;
  if (is_compiled(from)) {
    Fields dsc = check_descriptions(from, job);
    package.what = "the .dsc";
    package.has_facts = true;
    package.facts = {dsc["Source"],
                     dsc["Version"],
                     "",
                     "",
                     from.project.summary,
                     dsc["Homepage"],
                     listed(dsc["Build-Depends"]),
                     {},
                     {}};
    return {std::move(package), source({"/debian/", "/.pc/"}), packaging(from, source({}).tree)};
  }
  package.what = "the .deb";
  package.has_tree = package.has_facts = true;
  package.facts = facts(from, job);
  package.tree = archive(job, "reading/data.tar");
  package.facts.scripts = scripts(job);
  if (is_prebuilt(from)) return {std::move(package)};
  static_cast<void>(check_descriptions(from, job));
  return {std::move(package), source({"/debian/", "/.pc/"}), packaging(from, source({}).tree)};
}

}  // namespace formats
