// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/ebuild.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

using model::InstallItem;
using model::InstallKind;

/// Where portage works on the package, below /build.
std::string work_folder(const Ingredients& from) {
  return fmt::format("portage/portage/{}/{}/", from.profile.package.ebuild.category, ebuild_pf(from));
}

std::string cache_entry(const Ingredients& from) {
  return fmt::format("overlay/metadata/md5-cache/{}/{}", from.profile.package.ebuild.category, ebuild_pf(from));
}

model::Step portage(const Ingredients& from, const std::string& title, const std::vector<std::string>& argv) {
  model::Step step;
  step.title = title;
  step.argv = argv;
  // Without the second one a portage out of a virtual environment installs below that environment.
  step.env = {{"PORTAGE_CONFIGROOT", "/build"}, {"PORTAGE_OVERRIDE_EPREFIX", ""}};
  step.cwd = fmt::format("/build/overlay/{}/{}", from.profile.package.ebuild.category, from.project.name);
  return step;
}

model::Step tar(const std::string& folder, const std::string& what, const std::string& to) {
  model::Step step;
  step.title = "tar";
  step.argv = {"tar", "--create", "--directory", folder, what};
  step.stdout_to = to;
  return step;
}

/// portage's marker: an empty file that keeps a folder which holds nothing else (PMS, keepdir).
std::string keep_marker(const Ingredients& from, const InstallItem& folder) {
  return fmt::format("{}/.keep_{}_{}-0", folder.destination, from.profile.package.ebuild.category, from.project.name);
}

std::map<std::string, std::string> cache(const std::filesystem::path& job, const std::string& path) {
  std::map<std::string, std::string> out;
  for (const std::string& line : report(job, path)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || !out.emplace(line.substr(0, equals), line.substr(equals + 1)).second) {
      throw base::Error(fmt::format("{}: \"{}\" is not an entry", path, base::printable(line)));
    }
  }
  return out;
}

/// RDEPEND as portage wrote it, one relation a string: "a/b", "!c/d"; a group of any kind is one that nobody asked for.
void add_relations(const std::string& text, model::PackageFacts& facts) {
  for (const std::string& word : base::split(text, ' ')) {
    if (!word.empty()) (word.front() == '!' ? facts.conflicts : facts.depends).push_back(word);
  }
}

std::string ebuild_path(const Ingredients& from) {
  return fmt::format("overlay/{}/{}/{}.ebuild", from.profile.package.ebuild.category, from.project.name,
                     ebuild_pf(from));
}

/// A thin Manifest (GLEP 74) of what is fetched.
std::string manifest(const Ingredients& from) {
  std::string out;
  for (const auto& [name, bytes] : ebuild_distfiles(from))
    out += fmt::format("DIST {} {} BLAKE2B {} SHA512 {}\n", name, bytes->size(), base::digest("BLAKE2B512", *bytes),
                       base::digest("SHA512", *bytes));
  return out;
}

/// The last parts of the addresses in SRC_URI as portage wrote it, "amd64? ( https://x/a )" or an address alone.
std::set<std::string> fetched(const std::string& uris) {
  std::set<std::string> out;
  for (const std::string& word : base::split(uris, ' ')) {
    if (word.find('/') != std::string::npos) out.insert(base_name(word));
  }
  return out;
}

std::set<std::string> names_of(const std::map<std::string, const std::string*>& files) {
  std::set<std::string> out;
  for (const auto& [name, unused] : files) out.insert(name);
  return out;
}

/// The overlay is what was staged, a Manifest and the cache, whose fields are compared with the facts, and nothing
/// else: portage runs all of it.
void check_overlay(const Ingredients& from, const std::filesystem::path& job) {
  static constexpr std::string_view kOverlay = "overlay/";
  const std::string folder = fmt::format("overlay/{}/{}/", from.profile.package.ebuild.category, from.project.name);
  std::map<std::string, std::string> expected{{folder + "Manifest", manifest(from)}};
  for (const auto& [path, file] : ebuild_files(from)) {
    if (path.starts_with(kOverlay)) expected[path] = file.content;
  }
  for (const auto& [path, content] : expected) {
    if (base::read_file(job / path, kReadLimit) != content) throw base::Error(path + " is not the one that was staged");
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(job / kOverlay)) {
    const std::string path = entry.path().lexically_relative(job).string();
    const bool known = entry.is_symlink() ? false
                       : entry.is_directory()
                           ? true
                           : entry.is_regular_file() && (expected.contains(path) || path == cache_entry(from));
    if (!known) throw base::Error(fmt::format("{} is in the overlay, and nobody asked for it", base::printable(path)));
  }
  for (const auto& [name, bytes] : ebuild_distfiles(from)) {
    if (base::read_file(job / ("distfiles/" + name), kReadLimit) != *bytes)
      throw base::Error(name + " is not the one that was staged");
  }
}

model::PackageFacts facts(const Ingredients& from, const std::filesystem::path& job) {
  std::map<std::string, std::string> said = cache(job, cache_entry(from));
  static const std::set<std::string> known{"BDEPEND",  "DEFINED_PHASES", "DEPEND",  "DESCRIPTION", "EAPI",
                                           "HOMEPAGE", "KEYWORDS",       "LICENSE", "RDEPEND",     "RESTRICT",
                                           "SLOT",     "SRC_URI",        "_md5_"};
  for (const auto& [field, value] : said) {
    if (!known.contains(field)) {
      throw base::Error(fmt::format("the ebuild has a field that no profile knows: {}={}", base::printable(field),
                                    base::printable(value)));
    }
  }
  const std::string ebuild = base::read_file(job / ebuild_path(from), kReadLimit);
  if (said["_md5_"] != base::digest("MD5", ebuild) || said["EAPI"] != "8" || said["SLOT"] != "0" ||
      fetched(said["SRC_URI"]) != names_of(ebuild_distfiles(from))) {
    throw base::Error("the ebuild's cache in metadata/md5-cache is not of this ebuild");
  }
  if (said["DEFINED_PHASES"] != ebuild_phases(from)) {
    throw base::Error(
        fmt::format("the ebuild has a phase that nobody asked for: {}", base::printable(said["DEFINED_PHASES"])));
  }
  model::PackageFacts out;
  // Without an installation there is no PF but in the file's own name, by which it was read.
  const std::string pf = is_compiled(from) ? ebuild_pf(from) : report(job, work_folder(from) + "build-info/PF", 1)[0];
  const std::string start = from.project.name + '-';
  const bool ours = pf.compare(0, start.size(), start) == 0;
  out.name = ours ? from.project.name : pf;
  out.version = ours ? pf.substr(start.size()) : "";
  out.arch = said["KEYWORDS"];
  out.license = said["LICENSE"];
  out.summary = said["DESCRIPTION"];
  out.url = said["HOMEPAGE"];
  add_relations(said["RDEPEND"], out);
  return out;
}

}  // namespace

std::string Ebuild::architecture(const std::string& machine) const {
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}

model::Recipe Ebuild::recipe(const Ingredients& from) const {
  model::Recipe recipe;
  recipe.format = name();
  recipe.cost = 4;
  recipe.tools = {{"ebuild", "portage, from PyPI", {"--version"}, "emerge"},
                  {"egencache", "portage, from PyPI", {}},
                  {"bash", "bash", {"--version"}},
                  {"make", "make", {"--version"}},
                  {"patch", "patch", {"--version"}},
                  {"tar", "tar", {"--version"}}};
  recipe.staged = ebuild_files(from);
  recipe.outputs = {{"overlay", "overlay"}};
  for (const auto& [name, bytes] : ebuild_distfiles(from)) {
    recipe.tarballs["distfiles/" + name] = bytes;
    recipe.outputs.push_back({"distfiles/" + name, name});
  }

  const std::string ebuild = ebuild_pf(from) + ".ebuild";
  recipe.steps = {
      portage(from, "ebuild manifest", {"ebuild", ebuild, "manifest"}),
      portage(from, "egencache",
              {"egencache", "--config-root=/build", "--repo=" + from.project.repository, "--update", "--jobs=1"}),
      is_compiled(from) ? portage(from, "ebuild prepare", {"ebuild", ebuild, "clean", "prepare"})
                        : portage(from, "ebuild install", {"ebuild", ebuild, "clean", "install"})};
  recipe.reads_work = true;
  if (!is_compiled(from)) recipe.reading = {tar(work_folder(from) + "image", ".", "reading/image.tar")};
  if (!is_prebuilt(from))
    recipe.reading.push_back(tar(work_folder(from) + "work", top_folder(from.project), "reading/source.tar"));
  return recipe;
}

model::PackageFacts Ebuild::expected_facts(const Ingredients& from) const {
  model::PackageFacts facts = common_facts(from);
  facts.version = ebuild_pf(from).substr(from.project.name.size() + 1);
  facts.arch = from.profile.package.ebuild.keywords;
  facts.license = ebuild_license(from.project.license);
  facts.depends = ebuild_depends(from);
  facts.conflicts = ebuild_conflicts(from);
  return facts;
}

base::ListedTree Ebuild::expected_tree(const Ingredients& from) const {
  return placed(from, [&from](const InstallItem& item) -> std::optional<std::string> {
    if (item.kind == InstallKind::license) return std::nullopt;
    if (item.kind != InstallKind::doc && item.kind != InstallKind::changelog) return item.destination;
    // dodoc installs below PF, which carries the revision.
    return fmt::format("/usr/share/doc/{}{}", ebuild_pf(from),
                       item.destination.substr(from.profile.package.doc_dir.size()));
  });
}

std::vector<ToolMade> Ebuild::tool_made(const Ingredients&) const { return {}; }

std::vector<model::Reading> Ebuild::read(const Ingredients& from, const std::filesystem::path& job) const {
  model::Reading package;
  package.what = is_compiled(from) ? "the ebuild" : "the image of the ebuild";
  package.has_facts = true;
  check_overlay(from, job);
  package.facts = facts(from, job);
  if (is_compiled(from))
    return {std::move(package), source_reading(job, "reading/source.tar", top_folder(from.project), {})};
  package.has_tree = true;
  package.tree = archive(job, "reading/image.tar");
  for (const InstallItem& item : from.install) {
    if (item.kind != InstallKind::directory) continue;
    const auto marker = package.tree.find(keep_marker(from, item));
    if (marker == package.tree.end() || !(marker->second == base::ListedEntry{})) {
      throw base::Error(
          fmt::format("{} has no empty marker of keepdir's: portage may remove the folder", item.destination));
    }
    package.tree.erase(marker);
  }
  if (is_prebuilt(from)) return {std::move(package)};
  return {std::move(package), source_reading(job, "reading/source.tar", top_folder(from.project), {})};
}

}  // namespace formats
