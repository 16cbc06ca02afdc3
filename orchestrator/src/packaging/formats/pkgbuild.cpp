// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/pkgbuild.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

using model::Dependency;
using model::InstallItem;
using model::InstallKind;

std::string patch_name(const Ingredients& from) {
  return from.patch.empty() ? "" : fmt::format("{}-{}.patch", from.project.name, from.profile.id);
}

std::vector<std::string> relations(const std::vector<Dependency>& list) {
  std::vector<std::string> out;
  for (const Dependency& one : list) out.push_back(one.name + one.op + one.version);  // "systemd>=253"
  std::sort(out.begin(), out.end());
  return out;
}

/// optdepends: "networkmanager: why". The reason is for people; a package that is suggested needs no version. pacman
/// installs none of them unasked, and so knows no recommendations.
std::vector<std::string> suggestions(const model::PackageFields& package) {
  std::vector<std::string> out;
  for (const auto* list : {&package.recommends, &package.suggests}) {
    for (const Dependency& one : *list) out.push_back(one.why.empty() ? one.name : one.name + ": " + one.why);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string words(const std::vector<std::string>& list) {
  std::vector<std::string> out;
  for (const std::string& one : list) out.push_back(render::bash(one));
  return base::join(out, " ");
}

std::vector<std::string> architectures(const model::PackageFields& package) {
  if (package.architectures.empty()) return {render::bash(package.arch)};
  return {package.architectures.begin(), package.architectures.end()};
}

std::string relation_lines(const model::PackageFields& package) {
  std::string out;
  const auto add = [&out](std::string_view name, const std::vector<std::string>& list) {
    if (!list.empty()) out += fmt::format("{}=({})\n", name, words(list));
  };
  add("depends", relations(package.depends));
  add("makedepends", relations(package.build_depends));
  add("optdepends", suggestions(package));
  add("conflicts", relations(package.conflicts));
  return out;
}

std::string prepare(const Ingredients& from) {
  if (from.patch.empty()) return "";
  return fmt::format("\nprepare() {{\n  cd \"$pkgname-$pkgver\"\n  patch -p1 --fuzz=0 --input={}\n}}\n",
                     render::bash("../" + patch_name(from)));
}

std::string pkgbuild(const Ingredients& from) {
  // By the PKGBUILD's own names, so that a new version is a new pkgver.
  std::string sources = '"' + recipe_downloads(from.project, "${pkgver}") + "/${pkgname}-${pkgver}.tar.gz\"";
  std::vector<std::string> digests{base::sha256(from.tarball)};
  if (!from.patch.empty()) {
    sources += ' ' + render::bash(patch_name(from));
    digests.push_back(base::sha256(from.patch));
  }
  const model::PackageFields& package = from.profile.package;
  return filled(from, "PKGBUILD",
                {{"PACKAGER", render::plain(from.packager.full())},
                 {"NAME", render::plain(from.project.name)},
                 {"VERSION", render::plain(from.project.version())},
                 {"REVISION", fmt::format("{}", package.revision)},
                 {"SUMMARY", render::bash(from.project.summary)},
                 {"ARCH", base::join(architectures(package), " ")},
                 {"URL", render::bash(from.project.url)},
                 {"LICENSE", render::bash(from.project.license)},
                 {"RELATIONS", relation_lines(package)},
                 {"SOURCES", sources},
                 {"DIGESTS", words(digests)},
                 {"PREPARE", prepare(from)},
                 {"SBINDIR", plain_path(package.sbin_dir)},
                 {"ZSHDIR", plain_path(package.zsh_dir)},
                 {"HOOKS", hooks_variable(from.profile)}});
}

std::string version(const Ingredients& from) {
  return fmt::format("{}-{}", from.project.version(), from.profile.package.revision);
}

std::string binary(const Ingredients& from) {
  return fmt::format("{}-{}-{}.pkg.tar.zst", from.project.name, version(from), from.profile.package.arch);
}

model::Step makepkg(const Ingredients& from, const std::string& title, const std::vector<std::string>& options) {
  model::Step step;
  step.title = title;
  step.argv = {"makepkg", "--config", "/build/makepkg.conf"};
  step.argv.insert(step.argv.end(), options.begin(), options.end());
  // PACMAN: makepkg asks it for what is installed, and what the host has is no part of the package.
  step.env = {{"PACKAGER", from.packager.full()}, {"PACMAN", "true"}};
  step.cwd = "/build/" + from.project.name;
  return step;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

/// "key = value" lines of .PKGINFO and .SRCINFO, as pacman reads them (lib/libalpm/be_package.c, parse_descfile):
/// blanks around key and value do not count, and a line that begins with '#' is a comment. Every key is one of `known`.
Fields fields(const std::vector<std::string>& lines, std::string_view file, const std::set<std::string>& known) {
  Fields out;
  for (const std::string& line : lines) {
    const std::string_view text = base::trim(line);
    if (text.empty() || text.front() == '#') continue;
    const std::size_t equals = text.find('=');
    const std::string key(base::trim(text.substr(0, equals)));
    if (equals == std::string_view::npos || !known.contains(key)) {
      throw base::Error(
          fmt::format("{} has a line that no profile knows: \"{}\"", file, base::printable(std::string(text), 200)));
    }
    out.emplace_back(key, base::trim(text.substr(equals + 1)));
  }
  return out;
}

std::vector<std::string> all(const Fields& fields, std::string_view key) {
  std::vector<std::string> out;
  for (const auto& [name, value] : fields) {
    if (name == key) out.push_back(value);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string one(const Fields& fields, std::string_view key) { return base::join(all(fields, key), " | "); }

void require(const Fields& fields, std::string_view file, std::string_view key,
             const std::vector<std::string>& wanted) {
  auto sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  const auto found = all(fields, key);
  if (found == sorted) return;
  throw base::Error(fmt::format("{}: {} is \"{}\", expected \"{}\"", file, key,
                                base::printable(base::join(found, ", "), 200), base::join(wanted, ", ")));
}

void require_number(const Fields& fields, std::string_view file, std::string_view key) {
  const std::string found = one(fields, key);
  if (found.empty() || found.find_first_not_of("0123456789") != std::string::npos)
    throw base::Error(fmt::format("{}: {} is \"{}\", expected a number", file, key, base::printable(found, 200)));
}

/// What the facts do not hold: where the package is from, and that it is a package like any other.
Fields package_info(const Ingredients& from, const std::filesystem::path& job) {
  static const std::set<std::string> known{"pkgname", "pkgbase",   "xdata",     "pkgver",  "pkgdesc",
                                           "url",     "builddate", "packager",  "size",    "arch",
                                           "license", "depend",    "optdepend", "conflict"};
  constexpr std::string_view kFile = ".PKGINFO";
  Fields info = fields(report(job, "reading/pkginfo"), kFile, known);
  require(info, kFile, "pkgbase", {from.project.name});
  require(info, kFile, "packager", {from.packager.full()});
  if (!all(info, "xdata").empty()) require(info, kFile, "xdata", {"pkgtype=pkg"});  // since pacman 6.1
  require_number(info, kFile, "builddate");
  require_number(info, kFile, "size");
  return info;
}

Fields source_info(const Ingredients& from, const std::filesystem::path& job) {
  static const std::set<std::string> known{"pkgbase",   "pkgname", "pkgver",     "pkgrel",     "pkgdesc",
                                           "url",       "arch",    "license",    "depends",    "optdepends",
                                           "conflicts", "source",  "sha256sums", "makedepends"};
  constexpr std::string_view kFile = ".SRCINFO";
  Fields info = fields(report(job, from.project.name + "/.SRCINFO"), kFile, known);
  require(info, kFile, "pkgbase", {from.project.name});
  std::vector<std::string> names{tarball_name(from.project)}, digests{base::sha256(from.tarball)};
  if (!from.patch.empty()) {
    names.push_back(patch_name(from));
    digests.push_back(base::sha256(from.patch));
  }
  require(info, kFile, "sha256sums", digests);
  // Where they are fetched from is the PKGBUILD's, which is compared as a whole.
  std::vector<std::string> last_parts;
  for (const std::string& address : all(info, "source")) last_parts.push_back(base_name(address));
  for (auto* list : {&names, &last_parts}) std::sort(list->begin(), list->end());
  if (names != last_parts)
    throw base::Error(fmt::format("{}: the sources are \"{}\", expected \"{}\"", kFile,
                                  base::printable(base::join(last_parts, ", "), 200), base::join(names, ", ")));
  return info;
}

void require_same(const std::filesystem::path& job, const std::string& path, const std::string& expected) {
  if (base::read_file(job / path, kReadLimit) != expected)
    throw base::Error(fmt::format("{} is not the one that was staged", base_name(path)));
}

/// What describes the package and is not installed. An .INSTALL, a script, stays and is one thing too many.
void take_descriptions(base::ListedTree& tree) {
  for (const char* description : {"/.PKGINFO", "/.BUILDINFO", "/.MTREE"}) {
    const auto at = tree.find(description);
    if (at == tree.end()) throw base::Error(fmt::format("the package has no {}", description + 1));
    if (at->second.kind != base::Kind::file) throw base::Error(fmt::format("{} is not a file", description + 1));
    tree.erase(at);
  }
}

model::Reading binary_reading(const Ingredients& from, const std::filesystem::path& job) {
  model::Reading package;
  package.what = "the .pkg.tar.zst";
  package.has_tree = package.has_facts = true;
  const Fields info = package_info(from, job);
  package.facts = {one(info, "pkgname"), one(info, "pkgver"),    one(info, "arch"),
                   one(info, "license"), one(info, "pkgdesc"),   one(info, "url"),
                   all(info, "depend"),  all(info, "optdepend"), all(info, "conflict")};
  package.tree = archive(job, "reading/package.tar");
  take_descriptions(package.tree);
  return package;
}

}  // namespace

model::Recipe Pkgbuild::recipe(const Ingredients& from) const {
  model::Recipe recipe;
  recipe.format = name();
  recipe.cost = 1;
  recipe.uid = 1000;  // makepkg refuses root
  recipe.tools = {{"makepkg", "makepkg", {"--version"}},   {"bsdtar", "libarchive-tools", {"--version"}},
                  {"fakeroot", "fakeroot", {"--version"}}, {"zstd", "zstd", {"--version"}},
                  {"gzip", "gzip", {"--version"}},         {"make", "make", {"--version"}},
                  {"patch", "patch", {"--version"}},       {"tar", "tar", {"--version"}}};
  const std::string folder = from.project.name + '/';
  // A package without an architecture is made on any machine.
  const std::string& arch = from.profile.package.arch;
  const std::string machine = is_prebuilt(from) ? arch : "x86_64";
  recipe.staged["makepkg.conf"] = {0644, filled(from, "makepkg.conf", {{"MACHINE", render::plain(machine)}})};
  recipe.staged[folder + "PKGBUILD"] = {0644, pkgbuild(from)};
  recipe.tarballs[folder + tarball_name(from.project)] = &from.tarball;
  if (!from.patch.empty()) recipe.staged[folder + patch_name(from)] = {0644, from.patch};

  // --nobuild: unpacks and patches, as much as the proof of a source package asks for.
  recipe.steps = {is_compiled(from) ? makepkg(from, "makepkg --nobuild", {"--nodeps", "--noconfirm", "--nobuild"})
                                    : makepkg(from, "makepkg", {"--nodeps", "--noconfirm", "--nocheck"}),
                  makepkg(from, "makepkg --printsrcinfo", {"--printsrcinfo"})};
  recipe.steps.back().stdout_to = folder + ".SRCINFO";
  if (is_prebuilt(from)) recipe.steps.pop_back();

  const std::string package = binary(from);
  const std::string source = "work/" + from.project.name + "/src";
  recipe.reads_work = !is_prebuilt(from);  // the source tree that makepkg has prepared
  if (!is_compiled(from)) {
    recipe.reading = {{"bsdtar .PKGINFO", {"bsdtar", "-xOqf", package, ".PKGINFO"}, {}, "/build", "reading/pkginfo"},
                      {"bsdtar", {"bsdtar", "-cf", "-", "@" + package}, {}, "/build", "reading/package.tar"}};
    recipe.outputs = {{package, package}};
  }
  if (is_prebuilt(from)) return recipe;
  recipe.reading.push_back({"tar",
                            {"tar", "--create", "--directory", source, top_folder(from.project)},
                            {},
                            "/build",
                            "reading/source.tar"});
  for (const std::string& name : {std::string("PKGBUILD"), std::string(".SRCINFO"), tarball_name(from.project)})
    recipe.outputs.push_back({folder + name, name});
  if (!from.patch.empty()) recipe.outputs.push_back({folder + patch_name(from), patch_name(from)});
  return recipe;
}

model::PackageFacts Pkgbuild::expected_facts(const Ingredients& from) const {
  model::PackageFacts facts = common_facts(from);
  facts.version = version(from);
  facts.depends = relations(from.profile.package.depends);
  facts.suggests = suggestions(from.profile.package);
  facts.conflicts = relations(from.profile.package.conflicts);
  if (is_compiled(from)) facts.arch = base::join(architectures(from.profile.package), " | ");
  return facts;
}

base::ListedTree Pkgbuild::expected_tree(const Ingredients& from) const {
  return placed(from, [](const InstallItem& item) -> std::optional<std::string> {
    if (item.kind == InstallKind::license) return std::nullopt;
    return item.kind == InstallKind::man ? item.destination + ".gz" : item.destination;
  });
}

std::vector<ToolMade> Pkgbuild::tool_made(const Ingredients&) const { return {}; }

std::vector<model::Reading> Pkgbuild::read(const Ingredients& from, const std::filesystem::path& job) const {
  if (is_prebuilt(from)) return {binary_reading(from, job)};
  model::Reading aur;
  aur.what = "the .SRCINFO";
  aur.has_facts = true;
  const Fields said = source_info(from, job);
  aur.facts = {one(said, "pkgname"),  one(said, "pkgver") + '-' + one(said, "pkgrel"),
               one(said, "arch"),     one(said, "license"),
               one(said, "pkgdesc"),  one(said, "url"),
               all(said, "depends"),  all(said, "optdepends"),
               all(said, "conflicts")};

  const std::string folder = from.project.name + '/';
  require_same(job, folder + "PKGBUILD", pkgbuild(from));
  require_same(job, folder + tarball_name(from.project), from.tarball);
  if (!from.patch.empty()) require_same(job, folder + patch_name(from), from.patch);
  std::vector<model::Reading> out{std::move(aur),
                                  source_reading(job, "reading/source.tar", top_folder(from.project), {})};
  if (!is_compiled(from)) out.insert(out.begin(), binary_reading(from, job));
  return out;
}

}  // namespace formats
