// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/format_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/render/escape.hpp"
#include "base/text.hpp"

namespace formats {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._+-/").find(c) != std::string_view::npos;
}

}  // namespace

std::string top_folder(const model::Project& project) { return project.name + '-' + project.version(); }

std::string tarball_name(const model::Project& project) { return top_folder(project) + ".tar.gz"; }

std::string years(const model::Project& project) {
  const std::string first = base::iso_date(project.changelog.back().epoch).substr(0, 4);
  const std::string last = base::iso_date(project.epoch()).substr(0, 4);
  return first == last ? first : first + '-' + last;
}

std::string hooks_variable(const model::Profile& profile) {
  const auto& hooks = profile.initrd.hooks;
  return hooks.empty() ? "" : fmt::format(" HOOKS=\"{}\"", base::join({hooks.begin(), hooks.end()}, " "));
}

std::string recipe_downloads(const model::Project& project, std::string_view version) {
  for (const char c : model::download_folder(project, "")) {
    if (!is_plain(c) && c != ':' && c != '~')
      throw base::Error(
          fmt::format("{} cannot stand in a recipe", base::printable(model::download_folder(project, ""))))
          .with_hint("project.json: /downloads or /url: letters, digits and - . _ ~ /");
  }
  return model::download_folder(project, version);
}

std::string base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

const std::string& plain_path(const std::string& path) {
  const std::string_view relative = std::string_view(path).substr(!path.empty() && path.front() == '/' ? 1 : 0);
  if (!base::is_safe_relative(relative) || !std::all_of(path.begin(), path.end(), is_plain)) {
    throw base::Error(fmt::format("\"{}\" cannot be installed", base::printable(path)))
        .with_hint("a path of the install list is made of letters, digits and . _ + - / and has no \"..\"");
  }
  return path;
}

std::vector<std::string> watched(const model::Profile& profile) {
  std::vector<std::string> paths{profile.sshd.path, "/usr/lib/dracut/modules.d/46sshd"};
  if (profile.initrd.hooks.empty()) paths.emplace_back("/usr/lib/modules");
  for (const std::string& path : paths) static_cast<void>(plain_path(path));
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string filled(const Ingredients& from, const std::string& path, const render::Values& values) {
  const auto found = from.templates.find(path);
  if (found == from.templates.end()) throw base::Error(fmt::format("the template {} is missing", path));
  return render::fill(found->second.content, values, path);
}

std::string relation(const model::Dependency& dependency) {
  const std::string text = dependency.op.empty()
                               ? dependency.name
                               : fmt::format("{} {} {}", dependency.name, dependency.op, dependency.version);
  return render::plain(text);
}

base::ListedTree placed(const Ingredients& from, const Placement& placement) {
  base::ListedTree tree;
  for (const model::InstallItem& item : from.install) {
    const std::optional<std::string> path = placement(item);
    if (!path) continue;
    base::ListedEntry entry;
    entry.mode = item.mode;
    if (item.kind == model::InstallKind::directory) {
      entry.kind = base::Kind::directory;
    } else {
      const auto source = from.patched.find(item.source);
      if (source == from.patched.end()) {
        throw base::Error(
            fmt::format("the source has no {}, which the install list names", base::printable(item.source)));
      }
      entry.content = source->second.content;
    }
    tree[*path] = std::move(entry);
  }
  return tree;
}

model::PackageFacts common_facts(const Ingredients& from) {
  model::PackageFacts facts;
  facts.name = from.project.name;
  facts.arch = from.profile.package.arch;
  facts.license = from.project.license;
  facts.summary = from.project.summary;
  facts.url = from.project.url;
  return facts;
}

std::vector<std::string> report(const std::filesystem::path& job, const std::string& path) {
  return base::lines(base::read_file(job / path, kReportLimit));
}

std::vector<std::string> report(const std::filesystem::path& job, const std::string& path, std::size_t count) {
  std::vector<std::string> lines = report(job, path);
  if (lines.size() != count) {
    throw base::Error(fmt::format("{}: expected {} lines, got {}", path, count, lines.size()))
        .with_hint("the package's reader printed something else: the package is broken, or its reader is a newer one");
  }
  return lines;
}

base::ListedTree archive(const std::filesystem::path& job, const std::string& path) {
  base::ListedTree tree = base::list_archive(job / path, kReadLimit);
  unpack_gzipped(tree);
  return tree;
}

void unpack_gzipped(base::ListedTree& tree) {
  for (auto& [path, entry] : tree) {
    const bool gzipped = path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0;
    if (!gzipped || entry.kind != base::Kind::file) continue;
    try {
      entry.content = base::gunzip(entry.content, kReadLimit);
    } catch (const base::Error& error) {
      throw error.with_context(base::printable(path));
    }
  }
}

model::Reading source_reading(const std::filesystem::path& job, const std::string& path, const std::string& top,
                              const std::vector<std::string>& leave_out) {
  model::Reading reading;
  reading.what = kSourcePackage;
  reading.source = reading.has_tree = true;
  const std::string folder = '/' + top + '/';
  for (auto& [name, entry] : base::list_archive(job / path, kReadLimit)) {
    if (entry.kind == base::Kind::directory) continue;
    const std::size_t at = name.find(folder);
    const std::string inside = at == std::string::npos ? name : name.substr(at + folder.size() - 1);
    const bool left_out = std::any_of(leave_out.begin(), leave_out.end(), [&inside](const std::string& start) {
      return inside.compare(0, start.size(), start) == 0;
    });
    if (!left_out) reading.tree[inside] = entry;
  }
  return reading;
}

}  // namespace formats
