// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/rpm.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "formats/format_parts.hpp"

namespace formats {
namespace {

using model::InstallItem;
using model::InstallKind;

std::string release(const Ingredients& from) {
  return fmt::format("{}{}", from.profile.package.revision, from.profile.package.rpm.dist);
}

std::string stem(const Ingredients& from) { return fmt::format("{}-{}", top_folder(from.project), release(from)); }

std::string binary(const Ingredients& from) {
  return fmt::format("RPMS/{0}/{1}.{0}.rpm", from.profile.package.arch, stem(from));
}

std::string source(const Ingredients& from) { return fmt::format("SRPMS/{}.src.rpm", stem(from)); }

/// How %_docdir_fmt writes the last part of a folder that all documents of the package share.
std::string docdir_fmt(const Ingredients& from) {
  const std::string last = base_name(from.profile.package.doc_dir);
  if (last == from.project.name) return "%%{NAME}";
  if (last == top_folder(from.project)) return "%%{NAME}-%%{VERSION}";
  throw base::Error(fmt::format("{}: an RPM's documents lie in a folder named {} or {}", from.profile.package.doc_dir,
                                from.project.name, top_folder(from.project)))
      .with_hint("/package/doc_dir: end it with {name} or {name}-{version}");
}

/// What the target's rpm defines by itself and this host does not. A macro's body expands when it is used, so that a
/// value's "%" is doubled.
std::vector<std::string> target_macros(const Ingredients& from) {
  const model::PackageFields& package = from.profile.package;
  const std::string license_folder = package.rpm.license_dir;
  if (base_name(license_folder) != base_name(package.doc_dir)) {
    throw base::Error(fmt::format("{} and {} do not end in the same folder", package.doc_dir, license_folder))
        .with_hint("/package/rpm/license_dir: rpm names its last folder as it names the documents'");
  }
  std::vector<std::string> out;
  const auto define = [&out](const std::string& name, const std::string& body) {
    out.insert(out.end(), {"--define", name + ' ' + body});
  };
  // One by one: with --target, rpmbuild forgets a file of macros.
  for (const auto& [name, body] : rpm_host_macros(from)) define(name, body);
  define("dist", package.rpm.dist.empty() ? "%{nil}" : render::spec(package.rpm.dist));
  define("_binary_payload", render::spec(package.rpm.payload));
  define("_defaultdocdir", render::spec(folder_of(package.doc_dir)));
  define("_docdir_fmt", docdir_fmt(from));
  define("_sbindir", render::spec(package.sbin_dir));
  define("_defaultlicensedir", render::spec(folder_of(license_folder)));
  for (const auto& [name, value] : package.rpm.emulate) {
    if (name != "_target" && name != "_defaultdocdir") define(name, render::spec(value));
  }
  return out;
}

/// ARCH-VENDOR-OS; of a source package, which goes everywhere, the architecture is a fixed one, so that it is the same
/// wherever it is made.
std::string target(const Ingredients& from) {
  const auto& emulate = from.profile.package.rpm.emulate;
  const auto found = emulate.find("_target");
  const std::string arch = is_compiled(from) ? "x86_64" : from.profile.package.arch;
  return found == emulate.end() ? arch
                                : arch + found->second.substr(std::min(found->second.find('-'), found->second.size()));
}

std::vector<std::string> rpmbuild(const Ingredients& from) {
  std::vector<std::string> argv{"rpmbuild",
                                is_compiled(from)   ? "-bs"
                                : is_prebuilt(from) ? "-bb"
                                                    : "-ba",
                                "--nodeps", "--target", target(from)};
  for (const char* macro : {"_topdir /build", "_tmppath /build/tmp", "_buildhost build.invalid",
                            "use_source_date_epoch_as_buildtime 1", "clamp_mtime_to_source_date_epoch 1"}) {
    argv.insert(argv.end(), {"--define", macro});
  }
  const std::vector<std::string> macros = target_macros(from);
  argv.insert(argv.end(), macros.begin(), macros.end());
  argv.push_back(fmt::format("SPECS/{}.spec", from.project.name));
  return argv;
}

model::Step query(const std::string& title, const std::string& format, const std::string& package,
                  const std::string& to) {
  model::Step step;
  step.title = title;
  step.argv = {"rpm", "-qp", "--nosignature", "--dbpath", "/build/reading/db", "--qf", format, package};
  step.stdout_to = "reading/" + to;
  return step;
}

constexpr const char* kTags = "%{NAME}\\n%{VERSION}-%{RELEASE}\\n%{ARCH}\\n%{LICENSE}\\n%{SUMMARY}\\n%{URL}\\n";

/// One line a relation: its kind, where it is from (manual, auto, rpmlib), name, op, version.
std::string relations_format() {
  std::string out;
  for (const char* kind : {"REQUIRE", "SUGGEST", "CONFLICT", "RECOMMEND", "SUPPLEMENT", "ENHANCE", "OBSOLETE"}) {
    out +=
        fmt::format("[{0}\\t%{{{0}FLAGS:deptype}}\\t%{{{0}NAME}}\\t%{{{0}FLAGS:depflags}}\\t%{{{0}VERSION}}\\n]", kind);
  }
  return out;
}

}  // namespace

model::Recipe Rpm::recipe(const Ingredients& from) const {
  model::Recipe recipe;
  recipe.format = name();
  recipe.cost = 1;
  recipe.tools = {{"rpmbuild", "rpm", {"--version"}}, {"rpm", "rpm", {"--version"}},
                  {"rpm2cpio", "rpm2cpio", {}},       {"make", "make", {"--version"}},
                  {"gzip", "gzip", {"--version"}},    {"patch", "patch", {"--version"}},
                  {"tar", "tar", {"--version"}}};
  recipe.tarballs["SOURCES/" + tarball_name(from.project)] = &from.tarball;
  if (!from.patch.empty()) recipe.staged["SOURCES/" + rpm_patch_name(from)] = {0644, from.patch};
  recipe.staged[fmt::format("SPECS/{}.spec", from.project.name)] = {0644, rpm_spec(from)};
  const std::vector<model::Step> source_reading{
      {"rpmbuild -rp",
       {"rpmbuild", "-rp", "--nodeps", "--define", "_topdir /build/reading/srpm", "--define", "_tmppath /build/tmp",
        source(from)},
       {},
       "/build",
       ""},
      {"tar",
       {"tar", "--create", "--file", "reading/source.tar", "--owner=root:0", "--group=root:0", "--directory",
        "reading/srpm/BUILD", "."},
       {},
       "/build",
       ""}};
  const auto argv = rpmbuild(from);
  recipe.steps.push_back({base::join({argv[0], argv[1]}, " "), argv, {}, "/build", ""});
  if (is_compiled(from)) {
    recipe.reading = {query("rpm -qp", kTags, source(from), "tags"),
                      query("rpm -qp --requires", relations_format(), source(from), "relations")};
    recipe.reading.insert(recipe.reading.end(), source_reading.begin(), source_reading.end());
    recipe.outputs = {{source(from), base_name(source(from))}};
    return recipe;
  }

  const std::string package = binary(from);
  recipe.reading = {
      query("rpm -qp", kTags, package, "tags"),
      query("rpm -qp --requires", relations_format(), package, "relations"),
      query("rpm -qp --list", "[%{FILEMODES:octal}\\t%{FILEUSERNAME}\\t%{FILEGROUPNAME}\\t%{FILENAMES}\\n]", package,
            "files"),
      {"rpm -qp --xml",
       {"rpm", "-qp", "--nosignature", "--dbpath", "/build/reading/db", "--xml", package},
       {},
       "/build",
       "reading/header"},
      {"rpm -qp --scripts",
       {"rpm", "-qp", "--nosignature", "--dbpath", "/build/reading/db", "--scripts", "--triggers", "--filetriggers",
        package},
       {},
       "/build",
       "reading/scripts"},
      {"rpm2cpio", {"rpm2cpio", package}, {}, "/build", "reading/payload.cpio"},
  };
  recipe.outputs = {{package, base_name(package)}};
  if (is_prebuilt(from)) return recipe;
  recipe.reading.insert(recipe.reading.end(), source_reading.begin(), source_reading.end());
  recipe.outputs.push_back({source(from), base_name(source(from))});
  return recipe;
}

std::string rpm_source_name(const Ingredients& from) { return base_name(source(from)); }

model::PackageFacts Rpm::expected_facts(const Ingredients& from) const {
  model::PackageFacts facts = common_facts(from);
  facts.version = fmt::format("{}-{}", from.project.version(), release(from));
  const auto add = [](std::vector<std::string>& to, const std::vector<model::Dependency>& list) {
    for (const model::Dependency& one : list) to.push_back(relation(one));
    std::sort(to.begin(), to.end());
  };
  if (is_compiled(from)) {
    facts.arch.clear();  // of the machine that made it
    add(facts.depends, from.profile.package.build_depends);
    return facts;
  }
  add(facts.depends, from.profile.package.depends);
  add(facts.recommends, from.profile.package.recommends);
  add(facts.suggests, from.profile.package.suggests);
  add(facts.conflicts, from.profile.package.conflicts);
  facts.scripts = rpm_scripts(from);
  return facts;
}

base::ListedTree Rpm::expected_tree(const Ingredients& from) const {
  return placed(from, [&from](const InstallItem& item) -> std::optional<std::string> {
    switch (item.kind) {
      case InstallKind::man:
        return item.destination + ".gz";
      case InstallKind::license:
        return from.profile.package.rpm.license_dir + '/' + base_name(item.source);
      default:
        return item.destination;
    }
  });
}

std::vector<ToolMade> Rpm::tool_made(const Ingredients&) const { return {}; }

}  // namespace formats
