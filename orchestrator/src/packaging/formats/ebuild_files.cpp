// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "formats/ebuild.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

using model::Dependency;
using model::InstallItem;
using model::InstallKind;

std::string atom(const Dependency& one) {
  return render::plain(one.op.empty() ? one.name : fmt::format("{}{}-{}", one.op, one.name, one.version));
}

const std::string& flag(const Dependency& one) {
  if (one.use.empty()) {
    throw base::Error(fmt::format("{} is suggested without a USE flag", base::printable(one.name)))
        .with_hint(fmt::format("/package/suggests/{}/use: name the flag that asks for it", base::printable(one.name)));
  }
  return one.use;
}

/// Where a folder of the install list lies below the package's documents: "." or "examples".
std::string doc_subfolder(const Ingredients& from, const InstallItem& item) {
  const std::string& top = from.profile.package.doc_dir;
  const std::string folder = folder_of(item.destination);
  if (folder == top) return ".";
  if (folder.compare(0, top.size() + 1, top + '/') == 0) return folder.substr(top.size() + 1);
  throw base::Error(fmt::format("{} does not lie in {}", item.destination, top))
      .with_hint("an ebuild's dodoc installs below its documentation folder alone");
}

/// One line of src_install: where to, said only when it changes, and what.
class Installer {
 public:
  void into(const std::string& command, const std::string& folder) {
    std::string& current = places_[command];
    if (current == folder) return;
    current = folder;
    lines_.push_back(fmt::format("\t{} {}", command, folder == "." ? folder : plain_path(folder)));
  }
  void run(const std::string& command, const std::string& argument) {
    lines_.push_back(fmt::format("\t{} {}", command, plain_path(argument)));
  }
  [[nodiscard]] std::string text() const { return base::join(lines_, "\n"); }

 private:
  std::vector<std::string> lines_;
  std::map<std::string, std::string> places_{{"docinto", "."}};
};

std::string install_lines(const Ingredients& from) {
  Installer out;
  for (const InstallItem& item : from.install) {
    const unsigned usual = item.kind == InstallKind::directory ? 0755 : 0644;
    const bool program = item.kind == InstallKind::file && item.mode == 0755;
    const bool renamed = item.kind != InstallKind::directory && item.kind != InstallKind::license &&
                         base_name(item.source) != base_name(item.destination);
    if (renamed || (item.mode != usual && !program)) {
      throw base::Error(fmt::format("{} cannot become {} with mode {:04o}", item.source, item.destination, item.mode))
          .with_hint("an ebuild's helpers keep names, and know the modes 0644 and 0755");
    }
    switch (item.kind) {
      case InstallKind::directory:
        out.run("keepdir", item.destination);
        break;
      case InstallKind::man:
        out.run("doman", item.source);
        break;
      case InstallKind::doc:
      case InstallKind::changelog:
        out.into("docinto", doc_subfolder(from, item));
        out.run("dodoc", item.source);
        break;
      case InstallKind::file:
        out.into(program ? "exeinto" : "insinto", folder_of(item.destination));
        out.run(program ? "doexe" : "doins", item.source);
        break;
      case InstallKind::license:  // LICENSE names it
        break;
    }
  }
  return out.text();
}

std::string use_flags(const Ingredients& from) {
  std::set<std::string> flags;
  for (const Dependency& one : from.profile.package.suggests) flags.insert(flag(one));
  return flags.empty() ? "" : fmt::format("IUSE={}\n", render::bash(base::join({flags.begin(), flags.end()}, " ")));
}

std::string relations(const Ingredients& from) {
  std::vector<std::string> out;
  for (const auto& list : {ebuild_depends(from), ebuild_suggests(from), ebuild_conflicts(from)}) {
    for (const std::string& one : list) {
      const std::string quoted = render::bash(one);
      out.push_back('\t' +
                    quoted.substr(1, quoted.size() - 2));  // the template's RDEPEND is one word over several lines
    }
  }
  return base::join(out, "\n");
}

std::string build_depends(const Ingredients& from) {
  std::vector<std::string> out;
  for (const Dependency& one : from.profile.package.build_depends) out.push_back('\t' + atom(one));
  std::sort(out.begin(), out.end());
  return base::join(out, "\n");
}

std::string metadata_flags(const Ingredients& from) {
  std::string out;
  std::set<std::string> seen;
  for (const Dependency& one : from.profile.package.suggests) {
    if (!seen.insert(flag(one)).second) continue;
    out += fmt::format("\t\t<flag name=\"{}\">Pull in {}{}</flag>\n", render::xml(flag(one)), render::xml(one.name),
                       one.why.empty() ? "" : render::xml(": " + one.why));
  }
  return out.empty() ? "" : "\t<use>\n" + out + "\t</use>\n";
}

std::string description(const model::Project& project) {
  std::vector<std::string> out;
  for (const std::string& line : project.description) out.push_back(line.empty() ? "" : "\t\t" + render::xml(line));
  return base::join(out, "\n");
}

std::string source_uri(const Ingredients& from) {
  // The last part by the ebuild's own name for it (ebuild(5), "P"), so that a new version is a renamed file.
  const auto suffix = tarball_name(from.project).substr(top_folder(from.project).size());
  return '"' + recipe_downloads(from.project, "${PV}") + "/${P}" + suffix + '"';
}

std::string years(const model::Project& project) {
  const std::string first = base::iso_date(project.changelog.back().epoch).substr(0, 4);
  const std::string last = base::iso_date(project.epoch()).substr(0, 4);
  return first == last ? first : first + '-' + last;
}

std::string patches(const Ingredients& from) {
  if (from.patch.empty()) return "";
  const std::string quoted = render::bash(ebuild_patch_name(from));
  return fmt::format("\nPATCHES=(\n\t\"${{FILESDIR}}\"/{}\n)\n", quoted);
}

render::Values values(const Ingredients& from) {
  const model::EbuildFields& ebuild = from.profile.package.ebuild;
  return {{"REPOSITORY", render::plain(from.project.repository)},
          {"CATEGORY", render::plain(ebuild.category)},
          {"YEARS", years(from.project)},
          {"SUMMARY", render::bash(from.project.summary)},
          {"URL", render::bash(from.project.url)},
          {"SOURCE", source_uri(from)},
          {"LICENSE", render::bash(ebuild_license(from.project.license))},
          {"KEYWORDS", render::bash(ebuild.keywords)},
          {"USE_FLAGS", use_flags(from)},
          {"RELATIONS", relations(from)},
          {"BUILD_DEPENDS", build_depends(from)},
          {"PATCHES", patches(from)},
          {"INSTALL", install_lines(from)},
          {"SBINDIR", plain_path(from.profile.package.sbin_dir)},
          {"MAIL", render::xml(from.packager.mail)},
          {"PACKAGER", render::xml(from.packager.name)},
          {"DESCRIPTION", description(from.project)},
          {"FLAGS", metadata_flags(from)}};
}

}  // namespace

std::string ebuild_pf(const Ingredients& from) {
  const std::int64_t revision = from.profile.package.revision;
  return top_folder(from.project) + (revision > 1 ? fmt::format("-r{}", revision - 1) : "");
}

std::string ebuild_license(const std::string& spdx) {
  static const std::map<std::string, std::string> names{{"GPL-2.0-only", "GPL-2"},
                                                        {"GPL-2.0-or-later", "GPL-2+"},
                                                        {"GPL-3.0-only", "GPL-3"},
                                                        {"GPL-3.0-or-later", "GPL-3+"}};
  const auto found = names.find(spdx);
  if (found == names.end()) {
    throw base::Error(fmt::format("\"{}\" has no name in Gentoo that is known here", base::printable(spdx)))
        .with_hint("add it to the table in ebuild_files.cpp");
  }
  return found->second;
}

std::string ebuild_patch_name(const Ingredients& from) {
  return from.patch.empty() ? "" : fmt::format("{}-{}.patch", top_folder(from.project), from.profile.id);
}

/// The functions that its template defines, as portage sorts them into DEFINED_PHASES (PMS, metadata cache).
std::string ebuild_phases(const Ingredients& from) {
  const auto found = from.templates.find("package.ebuild");
  std::set<std::string> phases;
  if (found == from.templates.end()) return "";
  for (const std::string& line : base::lines(found->second.content)) {
    const bool phase = (line.starts_with("src_") || line.starts_with("pkg_")) && line.ends_with("() {");
    if (phase) phases.insert(line.substr(4, line.size() - 8));
  }
  return base::join({phases.begin(), phases.end()}, " ");
}

std::vector<std::string> ebuild_depends(const Ingredients& from) {
  // What a program is linked with asks for it to be compiled again when the library's ABI changes (PMS, slot
  // operators).
  const std::string slot = is_compiled(from) ? ":=" : "";
  std::vector<std::string> out;
  for (const Dependency& one : from.profile.package.depends) out.push_back(atom(one) + slot);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> ebuild_suggests(const Ingredients& from) {
  std::vector<std::string> out;
  for (const Dependency& one : from.profile.package.suggests) {
    out.push_back(fmt::format("{}? ( {} )", render::plain(flag(one)), atom(one)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> ebuild_conflicts(const Ingredients& from) {
  std::vector<std::string> out;
  for (const Dependency& one : from.profile.package.conflicts) out.push_back('!' + atom(one));
  std::sort(out.begin(), out.end());
  return out;
}

base::SourceTree ebuild_files(const Ingredients& from) {
  const render::Values all = values(from);
  const std::string folder =
      fmt::format("overlay/{}/{}/", render::plain(from.profile.package.ebuild.category), from.project.name);
  base::SourceTree out;
  for (const auto& [path, file] : from.templates) {
    static constexpr std::string_view host = "host/";
    std::string place = path;
    if (path == "package.ebuild") place = folder + ebuild_pf(from) + ".ebuild";
    if (path == "metadata.xml") place = folder + path;
    if (path.compare(0, host.size(), host) == 0) place = path.substr(host.size());
    out[place] = {0644, filled(from, path, all)};
  }
  if (!from.patch.empty()) out[folder + "files/" + ebuild_patch_name(from)] = {0644, from.patch};
  return out;
}

}  // namespace formats
