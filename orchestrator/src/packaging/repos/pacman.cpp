// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/pacman.hpp"

#include <fmt/format.h>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/repo_files.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kDatabase = 64U << 20U;

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
  return is_package(output.name) ? folder_of(profile.id, profile.release) + "/" + output.name : "";
}

void Pacman::index(const SigningContext& context, const model::Profile& profile,
                   const std::vector<const Published*>& entries, const fs::path& site) const {
  const auto folder = site / folder_of(profile.id, profile.release);
  const base::TempDir scratch(base::temp_parent(), "orchestrator-pacman.");
  // Only the newest is in the database; the older ones can be fetched by name.
  for (const auto& file : entries.back()->files) {
    const auto name = fs::path(file.path).filename();
    for (const auto& one : {name.string(), name.string() + ".sig"})
      base::write_file(scratch.path() / one, content_of(folder / one));
  }
  const auto database = context.project() + ".db.tar.gz";
  for (const auto& file : entries.back()->files) {
    (void)context.run({"repo-add", "--quiet", "--nocolor", database, fs::path(file.path).filename().string()},
                      scratch.path());
  }
  for (const auto* kind : {"db", "files"}) {
    const auto content =
        repacked(scratch.path() / fmt::format("{}.{}.tar.gz", context.project(), kind), context.time());
    const auto name = fmt::format("{}.{}", context.project(), kind);
    base::write_file(folder / name, content);
    // One signature: pacman asks that each in the file is by a key that it trusts (alpm's check of SigLevel).
    base::write_file(folder / (name + ".sig"), context.session().detached(content, false));
  }
}

Instructions Pacman::instructions(const model::Profile& profile, const std::string& project, const std::string& url,
                                  const std::vector<std::string>& fingerprints) const {
  const auto folder = folder_of(profile.id, profile.release);
  Instructions out;
  out.file = folder + "/" + project + ".conf";
  out.content =
      fmt::format("[{}]\nSigLevel = Required DatabaseRequired TrustedOnly\nServer = {}/{}\n", project, url, folder);
  out.commands = {fmt::format("curl -fsSL {}/{} | pacman-key --add -", url, key_file(project)),
                  "pacman-key --lsign-key " + base::join(fingerprints, " "),
                  fmt::format("curl -fsSL {}/{} >>/etc/pacman.conf", url, out.file), "pacman -Syu " + project};
  return out;
}

std::vector<std::string> Pacman::faults(const SigningContext& context, const Published& newest,
                                        const fs::path& site) const {
  std::vector<std::string> faults;
  const auto folder = folder_of(newest.distribution, newest.release);
  const auto check = [&](const std::string& path, bool is_list) {
    const auto content = content_or_fault(site, path, faults);
    const auto signature = content_or_fault(site, path + ".sig", faults);
    if (content.empty() || signature.empty()) return false;
    const auto why =
        is_list ? context.why_not_signed(content, signature) : context.why_package_not_signed(content, signature);
    if (!why.empty()) faults.push_back(path + ": " + why);
    return why.empty();
  };
  const auto database = fmt::format("{}/{}.db", folder, newest.package);
  (void)check(fmt::format("{}/{}.files", folder, newest.package), true);
  if (check(database, true)) {
    for (const auto& [path, entry] : base::list_archive(site / database, kDatabase)) {
      if (entry.kind != base::Kind::file || fs::path(path).filename() != "desc") continue;
      check_listed(site / folder, field(entry.content, "FILENAME"), field(entry.content, "SHA256SUM"), faults);
    }
  }
  for (const auto& file : files_in(site / folder)) {
    const auto name = file.filename().string();
    if (is_package(name) && file.extension() != ".sig") (void)check(folder + "/" + name, false);
  }
  return faults;
}

}  // namespace repos
