// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "formats/format_parts.hpp"
#include "formats/rpm.hpp"

namespace formats {
namespace {

using model::InstallItem;
using model::InstallKind;

/// A path as a packager writes it, so that a rebuild follows the distribution's own macros. What lies in the programs'
/// folder lies in %{_sbindir}, whatever that is: bin and sbin are one folder in some releases, and the spec serves all.
std::string with_macros(const Ingredients& from, const std::string& path) {
  const std::string& sbin = from.profile.package.sbin_dir;
  if (plain_path(path).starts_with(sbin + '/')) return "%{_sbindir}" + path.substr(sbin.size());
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> macros{
      {{"/usr/lib/dracut/", "%{dracutlibdir}/"},
       {"/usr/lib/systemd/system/", "%{_unitdir}/"},
       {"/usr/share/man/", "%{_mandir}/"},
       {"/usr/sbin/", "%{_sbindir}/"},
       {"/usr/bin/", "%{_bindir}/"},
       {"/usr/", "%{_prefix}/"},
       {"/etc/", "%{_sysconfdir}/"}}};
  for (const auto& [start, macro] : macros) {
    if (plain_path(path).compare(0, start.size(), start) == 0) return std::string(macro) + path.substr(start.size());
  }
  return path;
}

/// A scriptlet's template, with the folder of the programs written as `sbin`.
std::string scriptlet(const Ingredients& from, const std::string& name, const std::string& sbin) {
  std::string text = filled(from, name, {{"SBINDIR", sbin}});
  if (!text.empty() && text.back() == '\n') text.pop_back();  // the spec ends the last line
  return text;
}

/// A scriptlet as rpm has it in the header: a line that is one of these macros is its body.
std::string expanded(const Ingredients& from, const std::string& text) {
  const auto macros = rpm_host_macros(from);
  std::vector<std::string> out;
  for (const std::string& line : base::lines(text)) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const auto macro = line.starts_with('%') ? macros.find(line.substr(1, blank - 1) + "()") : macros.end();
    const std::string arguments = line.substr(std::min(blank + 1, line.size()));
    out.push_back(macro == macros.end() ? line : base::replace_all(macro->second, "%{?*}", arguments));
  }
  return base::join(out, "\n");
}

/// A scriptlet's template, its place in the spec, and how rpm names it; a package has those whose template is there.
struct Scriptlet {
  const char* file;
  const char* value;
  const char* kind;
};
constexpr std::array<Scriptlet, 4> kScriptlets{{{"post", "POST", "postinstall"},
                                                {"preun", "PREUN", "preuninstall"},
                                                {"postun", "POSTUN", "postuninstall"},
                                                {"transfiletriggerin", "TRANSFILETRIGGERIN", "transfiletriggerin"}}};

std::string sbin_macro(const Ingredients& from) {
  return folder_of(with_macros(from, from.profile.package.sbin_dir + "/program"));
}

std::string dependencies(const model::PackageFields& package) {
  std::string out;
  const auto add = [&out](std::string_view tag, const std::vector<model::Dependency>& list) {
    for (const model::Dependency& one : list) out += fmt::format("{:<15} {}\n", tag, render::spec(relation(one)));
  };
  add("BuildRequires:", package.build_depends);
  add("Requires:", package.depends);
  add("Recommends:", package.recommends);
  add("Suggests:", package.suggests);
  add("Conflicts:", package.conflicts);
  return out;
}

std::string description(const model::Project& project) {
  std::string out;
  for (const std::string& line : project.description) out += render::spec_line(line) + '\n';
  return out;
}

/// %doc takes files and whole folders by their place in the source, and puts them into the documentation folder under
/// the same name.
std::string documents(const Ingredients& from) {
  std::set<std::string> tops;
  for (const InstallItem& item : from.install) {
    if (item.kind != InstallKind::doc && item.kind != InstallKind::changelog) continue;
    if (item.destination != from.profile.package.doc_dir + '/' + item.source) {
      throw base::Error(
          fmt::format("{} must be installed as {}/{}", item.source, from.profile.package.doc_dir, item.source))
          .with_hint("an RPM's %doc keeps a document's place in the source");
    }
    tops.insert(plain_path(item.source).substr(0, item.source.find('/')));
  }
  return base::join({tops.begin(), tops.end()}, " ");
}

std::string file_lines(const Ingredients& from) {
  std::string out;
  std::set<std::string> owned;
  for (const InstallItem& item : from.install) {
    switch (item.kind) {
      case InstallKind::license:
        out += fmt::format("%license {}\n", plain_path(item.source));
        break;
      case InstallKind::directory:
        out += fmt::format("%dir {}\n", with_macros(from, item.destination));
        break;
      case InstallKind::man:
        out += with_macros(from, item.destination) + "*\n";
        break;
      case InstallKind::file: {
        // A module of dracut's is a folder, which the package owns with all that is in it.
        const bool in_module = item.destination.starts_with(kModules);
        const std::string path =
            in_module ? item.destination.substr(0, item.destination.find('/', kModules.size())) : item.destination;
        if (owned.insert(path).second) out += with_macros(from, path) + '\n';
        break;
      }
      case InstallKind::doc:
      case InstallKind::changelog:
        break;
    }
  }
  out += "%doc " + documents(from);  // the template ends the last line
  return out;
}

std::string changelog(const Ingredients& from) {
  std::vector<std::string> entries;
  for (const RpmChange& change : rpm_changelog(from)) {
    std::string entry = fmt::format("* {} {}\n", base::rpm_date(change.day), render::spec(change.name));
    for (const std::string& line : base::lines(change.text)) entry += render::spec(line) + '\n';
    entries.push_back(std::move(entry));
  }
  std::string out = base::join(entries, "\n");
  out.pop_back();  // the template ends the last line
  return out;
}

}  // namespace

std::map<std::string, std::string> rpm_host_macros(const Ingredients& from) {
  std::map<std::string, std::string> out;
  for (const std::string& line : base::lines(filled(from, "host/macros", {}))) {
    const std::size_t blank = line.find(' ');
    if (line.starts_with('%') && blank != std::string::npos) out[line.substr(1, blank - 1)] = line.substr(blank + 1);
  }
  return out;
}

std::string rpm_patch_name(const Ingredients& from) {
  return from.patch.empty() ? "" : fmt::format("{}-{}.patch", from.project.name, from.profile.id);
}

std::vector<RpmChange> rpm_changelog(const Ingredients& from) {
  std::vector<RpmChange> out;
  for (const model::Release& release : from.project.changelog) {
    const bool newest = &release == &from.project.changelog.front();
    RpmChange change{
        release.epoch,
        fmt::format("{} - {}-{}", from.packager.full(), release.version, newest ? from.profile.package.revision : 1),
        ""};
    for (const std::string& item : release.items) {
      std::string_view bullet = "- ";
      for (const std::string& line : render::wrap(item, 76)) {
        change.text += fmt::format("{}{}{}", change.text.empty() ? "" : "\n", bullet, line);
        bullet = "  ";
      }
    }
    out.push_back(std::move(change));
  }
  return out;
}

std::map<std::string, std::string> rpm_scripts(const Ingredients& from) {
  std::map<std::string, std::string> out;
  for (const auto& [file, value, kind] : kScriptlets) {
    if (!from.templates.contains(file)) continue;
    const bool is_trigger = std::string_view(kind) == "transfiletriggerin";
    out[is_trigger ? kind + (" -- " + base::join(watched(from.profile), ", ")) : kind] =
        expanded(from, scriptlet(from, file, plain_path(from.profile.package.sbin_dir)));
  }
  return out;
}

std::string rpm_spec(const Ingredients& from) {
  const model::PackageFields& package = from.profile.package;
  const std::string patch = rpm_patch_name(from);
  render::Values values{
      {"NAME", render::spec(from.project.name)},
      {"VERSION", render::spec(from.project.version())},
      {"REVISION", fmt::format("{}", package.revision)},
      {"SUMMARY", render::spec(from.project.summary)},
      {"LICENSE", render::spec(from.project.license)},
      {"URL", render::spec(from.project.url)},
      {"SOURCE", recipe_downloads(from.project, "%{version}") + "/%{name}-%{version}.tar.gz"},
      {"ARCH", render::spec(package.arch)},
      {"PATCH", patch.empty() ? "" : fmt::format("{:<15} {}\n", "Patch0:", render::spec(patch))},
      {"DEPENDENCIES", dependencies(package)},
      {"DESCRIPTION", description(from.project)},
      {"HOOKS", hooks_variable(from.profile)},
      {"ZSHDIR", plain_path(package.zsh_dir)},
      {"YEARS", years(from.project)},
      {"WATCHED", base::join(watched(from.profile), " ")},
      {"FILES", file_lines(from)},
      {"CHANGELOG", changelog(from)},
  };
  for (const auto& [file, value, kind] : kScriptlets) {
    if (from.templates.contains(file)) values[value] = scriptlet(from, file, sbin_macro(from));
  }
  return filled(from, "package.spec", values);
}

}  // namespace formats
