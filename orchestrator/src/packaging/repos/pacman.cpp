// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/pacman.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/repo_files.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kDatabase = 64U << 20U;

constexpr const char* kAny = "any";
// Those that a client may ask for, whether or not there is a package of its own for them.
constexpr const char* kPorts[] = {"aarch64", "x86_64"};

bool is_package(const std::string& name) { return name.find(".pkg.tar.") != std::string::npos; }

/// The same database, without the times and owners of the moment.
std::string repacked(const fs::path& database, std::int64_t time) {
  base::SourceTree tree;
  for (const auto& [path, entry] : base::list_archive(database, kDatabase)) {
    if (entry.kind == base::Kind::file) tree[path.substr(1)] = {0644, entry.content};
  }
  return base::tar_gz(tree, "", time);
}

/// The line after "%NAME%".
std::string field(const std::string& description, const std::string& name) {
  const auto lines = base::lines(description);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (lines[i] == "%" + name + "%") return lines[i + 1];
  }
  return "";
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

/// The database of one architecture, and of what is for all: the newest alone. Older ones can be fetched by name.
/// Nothing where there is nothing.
void write_database(const SigningContext& context, const fs::path& site, const std::vector<const Published*>& newest,
                    const std::string& arch, const fs::path& folder) {
  const base::TempDir scratch(base::temp_parent(), "orchestrator-pacman.");
  std::vector<std::string> argv = {"repo-add", "--quiet", "--nocolor", context.project() + ".db.tar.gz"};
  const auto tools = argv.size();
  for (const auto* entry : newest) {
    if (entry->arch != kAny && entry->arch != arch) continue;
    for (const auto& file : entry->files) {
      const auto name = fs::path(file.path).filename().string();
      base::write_file(scratch.path() / name, content_of(site / file.path));
      base::write_file(scratch.path() / (name + ".sig"), content_of(site / (file.path + ".sig")));
      argv.push_back(name);
    }
  }
  if (argv.size() == tools) return;
  (void)context.run(argv, scratch.path());
  for (const auto* kind : {"db", "files"}) {
    const auto content =
        repacked(scratch.path() / fmt::format("{}.{}.tar.gz", context.project(), kind), context.time());
    const auto name = fmt::format("{}.{}", context.project(), kind);
    base::write_file(folder / name, content);
    // One signature: pacman asks that each in the file is by a key that it trusts (alpm's check of SigLevel).
    base::write_file(folder / (name + ".sig"), context.session().detached(content, false));
  }
}

}  // namespace

std::vector<model::Tool> Pacman::tools() const {
  return {{"repo-add", "pacman-package-manager", {}}, {"bsdtar", "libarchive-tools", {}}, {"gpg", "gnupg", {}}};
}

bool Pacman::sign(const SigningContext& context, const model::Profile&, const model::Recipe& recipe,
                  const fs::path& job) const {
  for (const auto& output : recipe.outputs) {
    if (!is_package(output.name)) continue;
    base::write_file(job / (output.path + ".sig"), context.session().detached(content_of(job / output.path), false));
  }
  return false;
}

std::string Pacman::place(const model::Profile& profile, const model::Output& output) const {
  // The rest is for the AUR, and of no use to pacman.
  if (!is_package(output.name) || profile.package.arch.empty()) return "";
  const auto folder = folder_of(profile.id, profile.release);
  return profile.package.arch == kAny ? fmt::format("{}/{}", folder, output.name)
                                      : fmt::format("{}/{}/{}", folder, profile.package.arch, output.name);
}

void Pacman::index(const SigningContext& context, const model::Profile& profile,
                   const std::vector<const Published*>& entries, const fs::path& site) const {
  const auto folder = site / folder_of(profile.id, profile.release);
  std::set<std::string> architectures(std::begin(kPorts), std::end(kPorts));
  for (const auto* entry : entries) {
    if (entry->arch != kAny && entry->arch != kSource) architectures.insert(entry->arch);
  }
  const auto newest = newest_of(entries);
  write_database(context, site, newest, kAny, folder);
  for (const auto& arch : architectures) {
    // A database names the files beside it alone, so that what is for all architectures lies beside each.
    std::set<std::string> wanted;
    for (const auto* entry : entries) {
      if (entry->arch != kAny && entry->arch != arch) continue;
      for (const auto& file : entry->files) {
        for (const auto& path : {file.path, file.path + ".sig"}) {
          const auto name = fs::path(path).filename();
          wanted.insert(name);
          if (entry->arch != kAny || fs::exists(folder / arch / name)) continue;
          base::make_dirs(folder / arch);
          base::write_file(folder / arch / name, content_of(site / path));
        }
      }
    }
    for (const auto& file : files_in(folder / arch)) {
      if (is_package(file.filename().string()) && !wanted.contains(file.filename().string())) fs::remove(file);
    }
    write_database(context, site, newest, arch, folder / arch);
  }
}

Instructions Pacman::instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                                  const SiteFacts& site) const {
  const auto folder = folder_of(profile.id, profile.release);
  Instructions out;
  out.file = folder + "/" + site.project + ".conf";
  out.content = fmt::format("[{}]\nSigLevel = Required DatabaseRequired TrustedOnly\nServer = {}/{}/$arch\n",
                            site.project, site.url, folder);
  out.commands = {fmt::format("curl -fsSL {}/{} | sudo pacman-key --add -", site.url, key_file(site.project)),
                  "sudo pacman-key --lsign-key " + base::join(site.fingerprints, " "),
                  // A section that is there already, which may name no $arch, has to go: pacman refuses a second one.
                  fmt::format(R"(sudo sed -i '/^\[{}\]$/,/^Server/d' /etc/pacman.conf)", site.project),
                  fmt::format("curl -fsSL {}/{} | sudo tee -a /etc/pacman.conf", site.url, out.file),
                  // It has no weak dependencies: all packages are named.
                  "sudo pacman -Syu " + base::join(package_names(newest, site.project), " ")};
  return out;
}

std::vector<std::string> Pacman::faults(const SigningContext& context, const std::vector<const Published*>& entries,
                                        const fs::path& site) const {
  std::vector<std::string> faults;
  const auto top = folder_of(entries.front()->distribution, entries.front()->release);
  std::vector<std::string> folders;
  for (const auto& folder : folders_in(site / top)) folders.push_back(top + "/" + folder.filename().string());
  const bool has_any = std::ranges::any_of(entries, [](const Published* entry) { return entry->arch == kAny; });
  if (has_any || folders.empty()) folders.insert(folders.begin(), top);
  const auto check = [&](const std::string& path, bool is_list) {
    const auto content = content_or_fault(site, path, faults);
    const auto signature = content_or_fault(site, path + ".sig", faults);
    if (content.empty() || signature.empty()) return false;
    const auto why =
        is_list ? context.why_not_signed(content, signature) : context.why_package_not_signed(content, signature);
    if (!why.empty()) faults.push_back(path + ": " + why);
    return why.empty();
  };
  for (const auto& folder : folders) {
    const auto arch = folder == top ? kAny : fs::path(folder).filename().string();
    const auto database = fmt::format("{}/{}.db", folder, context.project());
    (void)check(fmt::format("{}/{}.files", folder, context.project()), true);
    if (check(database, true)) {
      std::set<std::string> found;
      for (const auto& [path, entry] : base::list_archive(site / database, kDatabase)) {
        if (entry.kind != base::Kind::file || fs::path(path).filename() != "desc") continue;
        const auto name = field(entry.content, "FILENAME");
        check_listed(site / folder, name, field(entry.content, "SHA256SUM"), faults);
        found.insert(name);
        if (const auto of = field(entry.content, "ARCH"); of != arch && of != kAny)
          faults.push_back(
              fmt::format("{} lists a package for {}: {}", database, base::printable(of), base::printable(name)));
      }
      for (const auto* entry : newest_of(entries)) {
        if (entry->arch != kAny && entry->arch != arch) continue;
        for (const auto& file : entry->files) {
          if (const auto name = fs::path(file.path).filename().string(); !found.contains(name))
            faults.push_back(fmt::format("{} does not list {}", database, base::printable(name)));
        }
      }
    }
    for (const auto& file : files_in(site / folder)) {
      const auto name = file.filename().string();
      if (is_package(name) && file.extension() != ".sig") (void)check(folder + "/" + name, false);
    }
  }
  return faults;
}

}  // namespace repos
