// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/deb.hpp"

#include <fmt/format.h>

#include "base/render/escape.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

using model::InstallItem;
using model::InstallKind;

std::string binary(const Ingredients& from) {
  return fmt::format("{}_{}_{}.deb", from.project.name, deb_version(from), from.profile.package.arch);
}

std::string source(const Ingredients& from, std::string_view ending) {
  return fmt::format("{}_{}{}", from.project.name, deb_version(from), ending);
}

std::string orig(const Ingredients& from) {
  return fmt::format("{}_{}.orig.tar.gz", from.project.name, from.project.version());
}

/// As dpkg writes a vendor's name; its file has the name in small letters (deb-origin(5)).
std::string shown(const std::string& vendor) {
  std::string out = render::plain(vendor);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

/// dpkg asks for the vendor's description, and for its parent's; the machine's own is another's where it builds for one
/// distribution on another.
base::SourceTree origins(const model::DebFields& deb) {
  std::string text = fmt::format("Vendor: {}\n", shown(deb.vendor));
  if (!deb.parent_vendor.empty()) text += fmt::format("Parent: {}\n", shown(deb.parent_vendor));
  base::SourceTree out{{"origins/default", {0644, text}}, {"origins/" + deb.vendor, {0644, text}}};
  if (!deb.parent_vendor.empty())
    out["origins/" + deb.parent_vendor] = {0644, fmt::format("Vendor: {}\n", shown(deb.parent_vendor))};
  return out;
}

model::Step buildpackage(const Ingredients& from, const std::string& title, const std::vector<std::string>& options) {
  model::Step step;
  step.title = title;
  step.argv = {"dpkg-buildpackage", "--unsigned-source", "--unsigned-changes", "--no-check-builddeps",
               "--no-pre-clean"};
  step.argv.insert(step.argv.end(), options.begin(), options.end());
  step.env = {{"DPKG_ORIGINS_DIR", "/build/origins"}, {"DEB_VENDOR", from.profile.package.deb.vendor}};
  step.cwd = "/build/" + top_folder(from.project);
  return step;
}

/// What reads the source package, and its files.
void add_source_package(const Ingredients& from, model::Recipe& recipe) {
  const std::vector<model::Step> source_reading{
      {"mkdir", {"mkdir", "-p", "reading"}, {}, "/build", ""},
      {"dpkg-source -x",
       {"dpkg-source", "--no-copy", "--extract", source(from, ".dsc"), "reading/" + top_folder(from.project)},
       {{"DPKG_ORIGINS_DIR", "/build/origins"}, {"DEB_VENDOR", from.profile.package.deb.vendor}},
       "/build",
       ""},
      {"tar",
       {"tar", "--create", "--file", "reading/source.tar", "--owner=root:0", "--group=root:0", "--directory", "reading",
        top_folder(from.project)},
       {},
       "/build",
       ""},
  };
  recipe.reading.insert(recipe.reading.end(), source_reading.begin(), source_reading.end());
  const std::vector<model::Output> source_outputs{
      {source(from, ".dsc"), source(from, ".dsc")},
      {orig(from), orig(from), true},
      {source(from, ".debian.tar.xz"), source(from, ".debian.tar.xz")},
      {source(from, "_source.changes"), source(from, "_source.changes"), false, false},
      {source(from, "_source.buildinfo"), source(from, "_source.buildinfo"), false, false}};
  recipe.outputs.insert(recipe.outputs.end(), source_outputs.begin(), source_outputs.end());
}

}  // namespace

std::string Deb::architecture(const std::string& machine) const {
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}

model::Recipe Deb::recipe(const Ingredients& from) const {
  model::Recipe recipe;
  recipe.format = name();
  recipe.cost = 3;
  recipe.tools = {{"dpkg-buildpackage", "dpkg-dev", {"--version"}},
                  {"dpkg-source", "dpkg-dev", {"--version"}},
                  {"dpkg-deb", "dpkg", {"--version"}},
                  // dh itself tells its version only inside a package's source
                  {"dh",
                   "debhelper",
                   {"-MDebian::Debhelper::Dh_Version", "-e", "print $Debian::Debhelper::Dh_Version::version"},
                   "perl"},
                  {"make", "make", {"--version"}},
                  {"patch", "patch", {"--version"}},
                  {"xz", "xz-utils", {"--version"}},
                  {"gzip", "gzip", {"--version"}},
                  {"tar", "tar", {"--version"}}};
  // What is installed, for the .buildinfo, which is not among the files that are the same everywhere.
  recipe.read_only = {{"/var/lib/dpkg", "/var/lib/dpkg"}};
  recipe.staged = origins(from.profile.package.deb);
  recipe.tarballs[orig(from)] = &from.tarball;
  const std::string top = top_folder(from.project) + '/';
  if (is_prebuilt(from))
    recipe.steps.push_back({"tar", {"tar", "--extract", "--file", orig(from)}, {}, "/build", ""});
  else
    for (const auto& [path, file] : from.pristine) recipe.staged[top + path] = file;
  for (const auto& [path, file] : deb_folder(from)) recipe.staged[top + "debian/" + path] = file;

  // dpkg-source packs the folders of debian/ with the modes that they have here, and those come from the caller's
  // umask.
  recipe.steps.push_back({"chmod", {"chmod", "-R", "u=rwX,go=rX", top_folder(from.project)}, {}, "/build", ""});
  if (!is_prebuilt(from)) recipe.steps.push_back(buildpackage(from, "dpkg-buildpackage -S", {"--build=source", "-sa"}));
  const std::string package = binary(from);
  if (!is_compiled(from)) {
    std::vector<std::string> options{"--build=binary"};
    if (is_prebuilt(from)) options.push_back("--host-arch=" + from.profile.package.arch);
    recipe.steps.push_back(buildpackage(from, "dpkg-buildpackage -b", options));
    recipe.reading = {
        {"dpkg-deb --field", {"dpkg-deb", "--field", package}, {}, "/build", "reading/control"},
        {"dpkg-deb --fsys-tarfile", {"dpkg-deb", "--fsys-tarfile", package}, {}, "/build", "reading/data.tar"},
        {"dpkg-deb --ctrl-tarfile", {"dpkg-deb", "--ctrl-tarfile", package}, {}, "/build", "reading/control.tar"}};
    recipe.outputs = {{package, package}};
  }
  if (is_prebuilt(from)) return recipe;
  add_source_package(from, recipe);
  return recipe;
}

model::PackageFacts Deb::expected_facts(const Ingredients& from) const {
  model::PackageFacts facts = common_facts(from);
  facts.version = deb_version(from);
  facts.license = "";  // stands in the copyright file alone
  if (is_compiled(from)) {
    facts.arch.clear();
    facts.depends = deb_relations(from.profile.package.build_depends);
    return facts;
  }
  facts.depends = deb_relations(from.profile.package.depends);
  facts.recommends = deb_relations(from.profile.package.recommends);
  facts.suggests = deb_relations(from.profile.package.suggests);
  facts.conflicts = deb_relations(from.profile.package.conflicts);
  facts.scripts = deb_scripts(from);
  return facts;
}

base::ListedTree Deb::expected_tree(const Ingredients& from) const {
  return placed(from, [](const InstallItem& item) -> std::optional<std::string> {
    switch (item.kind) {
      case InstallKind::man:
        return item.destination + ".gz";
      case InstallKind::changelog:
        return folder_of(item.destination) + "/changelog.gz";
      case InstallKind::license:
        return std::nullopt;
      default:
        return item.destination;
    }
  });
}

std::vector<ToolMade> Deb::tool_made(const Ingredients& from) const {
  const std::string& folder = from.profile.package.doc_dir;
  std::vector<ToolMade> made{
      {folder + "/changelog.Debian.gz", 0644, "Debian Policy 12.7: the packaging's changelog, by dh_installchangelogs"},
      {folder + "/copyright", 0644, "Debian Policy 12.5: the licence, by dh_installdocs"}};
  if (from.templates.contains("lintian-overrides"))
    made.push_back({"/usr/share/lintian/overrides/" + from.project.name, 0644, "lintian's exceptions, by dh_lintian"});
  return made;
}

}  // namespace formats
