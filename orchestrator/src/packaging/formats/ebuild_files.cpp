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

std::string atom(const Dependency& one) {
  return render::plain(one.op.empty() ? one.name : fmt::format("{}{}-{}", one.op, one.name, one.version));
}

std::string relations(const Ingredients& from) {
  std::vector<std::string> out;
  for (const auto& list : {ebuild_depends(from), ebuild_conflicts(from)}) {
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

/// For people: a USE flag that a package is not built by is none (devmanual, General concepts, USE flags).
std::string suggestions(const Ingredients& from) {
  std::string out;
  const auto tell = [&out](std::string_view word, const std::vector<Dependency>& list) {
    for (const Dependency& one : list) {
      const std::string why = one.why.empty() ? "" : ": " + one.why;
      out += fmt::format("\t\telog {}\n", render::bash(fmt::format("{}: {}{}", word, one.name, why)));
    }
  };
  tell("Recommended", from.profile.package.recommends);
  tell("Optional", from.profile.package.suggests);
  return out;
}

std::string description(const model::Project& project) {
  std::vector<std::string> out;
  for (const std::string& line : project.description) out.push_back(line.empty() ? "" : "\t\t" + render::xml(line));
  return base::join(out, "\n");
}

/// By the ebuild's own name for it (ebuild(5), "P"), so that a new version is a renamed file.
std::string address(const Ingredients& from, const std::string& distfile) {
  return recipe_downloads(from.project, "${PV}") + "/${P}" + distfile.substr(top_folder(from.project).size());
}

std::string source_uri(const Ingredients& from) {
  if (!is_prebuilt(from)) return '"' + address(from, tarball_name(from.project)) + '"';
  std::string out = "\"\n";
  for (const auto& [name, unused] : ebuild_distfiles(from)) {
    const std::string rest = name.substr(top_folder(from.project).size() + 1);
    out += fmt::format("\t{}? ( {} )\n", rest.substr(0, rest.find('.')), address(from, name));
  }
  return out + '"';
}

std::string patches(const Ingredients& from) {
  if (from.patch.empty()) return "";
  const std::string quoted = render::bash(ebuild_patch_name(from));
  return fmt::format("\nPATCHES=(\n\t\"${{FILESDIR}}\"/{}\n)\n", quoted);
}

/// What is built for where it makes no difference is a machine like most.
std::string arch(const Ingredients& from) {
  return is_prebuilt(from) ? render::plain(from.profile.package.arch) : "amd64";
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
          {"RELATIONS", relations(from)},
          {"BUILD_DEPENDS", build_depends(from)},
          {"PATCHES", patches(from)},
          {"HOOKS", hooks_variable(from.profile)},
          {"SUGGESTIONS", suggestions(from)},
          {"SBINDIR", plain_path(from.profile.package.sbin_dir)},
          {"ZSHDIR", plain_path(from.profile.package.zsh_dir)},
          {"SOURCE_NAME", render::plain(from.project.source_name)},
          {"ARCH", arch(from)},
          {"MACHINE", arch(from) == "arm64" ? "aarch64" : "x86_64"},
          {"MAIL", render::xml(from.packager.mail)},
          {"PACKAGER", render::xml(from.packager.name)},
          {"DESCRIPTION", description(from.project)}};
}

}  // namespace

std::string ebuild_pf(const Ingredients& from) {
  const std::int64_t revision = from.profile.package.revision;
  return top_folder(from.project) + (revision > 1 ? fmt::format("-r{}", revision - 1) : "");
}

std::map<std::string, const std::string*> ebuild_distfiles(const Ingredients& from) {
  if (!is_prebuilt(from)) return {{tarball_name(from.project), &from.tarball}};
  const auto name = [&from](const std::string& arch) {
    return fmt::format("{}-{}.tar.gz", top_folder(from.project), render::plain(arch));
  };
  std::map<std::string, const std::string*> out{{name(from.profile.package.arch), &from.tarball}};
  for (const auto& [machine, bytes] : from.others) out[name(Ebuild().architecture(machine))] = bytes;
  return out;
}

std::string ebuild_license(const std::string& spdx) {
  static const std::map<std::string, std::string> names{{"Apache-2.0", "Apache-2.0"},
                                                        {"BSD-2-Clause", "BSD-2"},
                                                        {"BSD-3-Clause", "BSD"},
                                                        {"GPL-2.0-only", "GPL-2"},
                                                        {"GPL-2.0-or-later", "GPL-2+"},
                                                        {"GPL-3.0-only", "GPL-3"},
                                                        {"GPL-3.0-or-later", "GPL-3+"},
                                                        {"LGPL-2.1-or-later", "LGPL-2.1+"},
                                                        {"MIT", "MIT"},
                                                        {"Zlib", "ZLIB"},
                                                        {"bzip2-1.0.6", "BZIP2"}};
  std::vector<std::string> out;
  for (const std::string& one : base::split(base::replace_all(spdx, " AND ", "\n"), '\n')) {
    const auto found = names.find(one);
    if (found == names.end()) {
      throw base::Error(fmt::format("\"{}\" has no name in Gentoo that is known here", base::printable(one)))
          .with_hint("add it to the table in ebuild_files.cpp");
    }
    out.push_back(found->second);
  }
  return base::join(out, " ");
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
