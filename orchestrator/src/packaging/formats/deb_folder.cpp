// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "formats/deb.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

bool is_maintainer_script(const std::string& path) {
  return path == "preinst" || path == "postinst" || path == "prerm" || path == "postrm";
}

/// "Depends: a, b" and so on, for those that have any. debhelper fills ${misc:Depends}, and ${shlibs:Depends} by what a
/// program was linked with.
std::string relation_fields(const Ingredients& from) {
  const model::PackageFields& package = from.profile.package;
  std::string out;
  const auto add = [&out](std::string_view field, const std::vector<model::Dependency>& list,
                          std::vector<std::string> more) {
    std::vector<std::string> all;
    for (const std::string& one : deb_relations(list)) all.push_back(render::control(one));
    all.insert(all.end(), more.begin(), more.end());
    if (!all.empty()) out += fmt::format("{}:\n {}\n", field, base::join(all, ",\n "));
  };
  std::vector<std::string> substituted{"${misc:Depends}"};
  if (is_compiled(from)) substituted.emplace_back("${shlibs:Depends}");
  add("Depends", package.depends, substituted);
  add("Recommends", package.recommends, {});
  add("Suggests", package.suggests, {});
  add("Conflicts", package.conflicts, {});
  return out;
}

/// The lines of Build-Depends.
std::string build_depends(const model::PackageFields& package) {
  std::vector<std::string> lines;
  for (const std::string& one : deb_relations(package.build_depends)) lines.push_back(' ' + render::control(one) + ',');
  return base::join(lines, "\n");
}

std::string changelog(const Ingredients& from) {
  const model::DebFields& deb = from.profile.package.deb;
  std::string out;
  for (const model::Release& release : from.project.changelog) {
    const bool newest = &release == &from.project.changelog.front();
    const std::string version = newest ? deb_version(from) : fmt::format("{}-1{}", release.version, deb.suffix);
    out += fmt::format("{}{} ({}) {}; urgency=medium\n\n", newest ? "" : "\n", render::plain(from.project.name),
                       render::plain(version), render::plain(deb.series));
    for (const std::string& item : release.items) {
      std::string_view bullet = "  * ";
      for (const std::string& line : render::wrap(item, 74)) {
        out += fmt::format("{}{}\n", bullet, render::plain(line));
        bullet = "    ";
      }
    }
    out += fmt::format("\n -- {}  {}\n", render::plain(from.packager.full()), base::rfc5322_date(release.epoch));
  }
  return out;
}

std::string description(const model::Project& project) {
  std::string lines = render::control_lines(project.description);
  if (!lines.empty()) lines.pop_back();  // the template ends the last line
  return lines;
}

}  // namespace

std::map<std::string, std::string> deb_scripts(const Ingredients& from) {
  std::map<std::string, std::string> out;
  for (const auto& [path, file] : deb_folder(from)) {
    if (is_maintainer_script(path)) out[path] = base::replace_all(file.content, "#DEBHELPER#", "");
    if (path == "triggers") out[path] = file.content;
  }
  // Policy 10.7: whatever lies in /etc is a configuration file.
  std::string conffiles;
  for (const auto& [path, entry] : Deb().expected_tree(from)) {
    if (entry.kind == base::Kind::file && path.starts_with("/etc/")) conffiles += path + '\n';
  }
  if (!conffiles.empty()) out["conffiles"] = conffiles;
  return out;
}

std::string deb_version(const Ingredients& from) {
  const model::PackageFields& package = from.profile.package;
  return fmt::format("{}-{}{}", from.project.version(), package.revision, package.deb.suffix);
}

std::vector<std::string> deb_relations(const std::vector<model::Dependency>& list) {
  std::vector<std::string> out;
  for (const model::Dependency& one : list) {
    const std::string op = one.op == "<" || one.op == ">" ? one.op + one.op : one.op;
    out.push_back(render::plain(op.empty() ? one.name : fmt::format("{} ({} {})", one.name, op, one.version)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

base::SourceTree deb_folder(const Ingredients& from) {
  const model::DebFields& deb = from.profile.package.deb;
  const render::Values values{
      {"NAME", render::control(from.project.name)},
      {"SECTION", render::control(deb.section)},
      {"STANDARDS_VERSION", render::control(deb.standards_version)},
      {"MAINTAINER", render::control(from.packager.full())},
      {"URL", render::control(from.project.url)},
      {"ARCH", render::control(from.profile.package.arch)},
      {"BUILD_DEPENDS", build_depends(from.profile.package)},
      {"RELATIONS", relation_fields(from)},
      {"SUMMARY", render::control(from.project.summary)},
      {"DESCRIPTION", description(from.project)},
      {"YEARS", years(from.project)},
      {"HOOKS", hooks_variable(from.profile)},
      {"ZSHDIR", plain_path(from.profile.package.zsh_dir)},
      {"SBINDIR", plain_path(from.profile.package.sbin_dir)},
      {"DOWNLOADS", recipe_downloads(from.project, R"(([\d.]+))")},
      {"PLAIN_URL", render::plain(from.project.url)},
      {"WATCHED", "interest-noawait " + base::join(watched(from.profile), "\ninterest-noawait ")},
  };
  base::SourceTree folder;
  for (const auto& [path, file] : from.templates) {
    const bool program = path == "rules" || is_maintainer_script(path) || file.content.starts_with("#!");
    folder[path] = {program ? 0755U : 0644U, filled(from, path, values)};
  }
  folder["changelog"] = {0644, changelog(from)};
  if (!from.patch.empty()) {
    const std::string name = render::plain(from.profile.id) + ".patch";
    folder["patches/series"] = {0644, name + '\n'};
    folder["patches/" + name] = {
        0644, "Description: what this distribution does in its own way\nOrigin: vendor\nForwarded: not-needed\n\n" +
                  from.patch};
  }
  return folder;
}

}  // namespace formats
