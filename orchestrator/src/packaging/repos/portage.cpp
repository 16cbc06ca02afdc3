// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/portage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/repo_files.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOverlay = "overlay";
constexpr const char* kGit = "overlay.git";

/// "DIST NAME SIZE BLAKE2B HEX SHA512 HEX" (GLEP 74), by the tools of coreutils.
std::string manifest_line(const SigningContext& context, const fs::path& distfile) {
  const auto name = distfile.filename().string();
  const auto digest = [&](const char* tool) {
    const auto said = context.run({tool, name}, distfile.parent_path());
    return said.substr(0, said.find(' '));
  };
  return fmt::format("DIST {} {} BLAKE2B {} SHA512 {}\n", name, fs::file_size(distfile), digest("b2sum"),
                     digest("sha512sum"));
}

/// The folder of a package in the overlay, below the site: the one that holds its ebuilds.
fs::path package_folder(const Published& entry) {
  for (const auto& file : entry.files) {
    if (fs::path(file.path).extension() == ".ebuild") return fs::path(file.path).parent_path();
  }
  throw base::Error(fmt::format("there is no ebuild among the files of {} {}", entry.package, entry.version));
}

/// The distfiles of each package of the overlay, below the site, by its folder.
std::map<fs::path, std::set<std::string>> distfiles(const std::vector<const Published*>& entries) {
  std::map<fs::path, std::set<std::string>> out;
  for (const auto* entry : entries) {
    auto& files = out[package_folder(*entry)];
    for (const auto& file : entry->files) {
      if (file.path.find("/distfiles/") != std::string::npos) files.insert(file.path);
    }
  }
  return out;
}

/// Each distfile that a package's thin Manifest lists against the file that lies there.
void check_manifest(const SigningContext& context, const fs::path& site, const std::string& release,
                    const fs::path& package, std::vector<std::string>& faults) {
  const auto distfiles = site / release / "distfiles";
  for (const auto& line : base::lines(content_of(site / package / "Manifest"))) {
    const auto parts = base::split(line, ' ');
    if (parts.size() != 7 || parts[0] != "DIST") {
      faults.push_back(release + ": \"" + base::printable(line) + "\" is not a line of a thin Manifest");
    } else if (!base::is_safe_relative(parts[1]) || !fs::exists(distfiles / parts[1])) {
      faults.push_back(release + "/distfiles/" + base::printable(parts[1]) + " is listed, and is not there");
    } else if (manifest_line(context, distfiles / parts[1]) != line + "\n") {
      faults.push_back(release + "/distfiles/" + parts[1] + " is another file than the one listed");
    }
  }
}

/// "dracut-sshd 1.0.0-1, dracut-sshd-tools-bin 1.0.0-1"
std::string shown(const std::vector<const Published*>& newest) {
  std::vector<std::string> out;
  for (const auto* entry : newest) {
    auto one = fmt::format("{} {}", entry->package, entry->version);
    if (std::ranges::find(out, one) == out.end()) out.push_back(std::move(one));
  }
  return base::join(out, ", ");
}

}  // namespace

std::vector<model::Tool> Portage::tools() const {
  return {{"git", "git", {}}, {"b2sum", "coreutils", {}}, {"sha512sum", "coreutils", {}}, {"gpg", "gnupg", {}}};
}

bool Portage::sign(const SigningContext&, const model::Profile&, const model::Recipe&, const fs::path&) const {
  return false;
}

std::string Portage::place(const model::Profile& profile, const model::Output& output) const {
  const auto folder = folder_of(profile.id, profile.release);
  return output.name == kOverlay ? folder + "/" + kOverlay : folder + "/distfiles/" + output.name;
}

void Portage::index(const SigningContext& context, const model::Profile& profile,
                    const std::vector<const Published*>& entries, const fs::path& site) const {
  const auto folder = site / folder_of(profile.id, profile.release);
  for (const auto& [package, files] : distfiles(entries)) {
    std::string manifest;
    for (const auto& path : files) manifest += manifest_line(context, site / path);
    base::write_file(site / package / "Manifest", manifest);
  }

  const auto git = folder / kGit;
  const auto& user = context.session().key().users.empty() ? "" : context.session().key().users.front();
  const auto open = user.find(" <");
  const auto name = open == std::string::npos ? context.project() : user.substr(0, open);
  const auto mail = open == std::string::npos ? "" : user.substr(open + 2, user.size() - open - 3);
  const auto date = fmt::format("{} +0000", context.time());
  const std::map<std::string, std::string> environment = {
      {"GIT_CONFIG_NOSYSTEM", "1"},         {"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_DIR", git},
      {"GIT_WORK_TREE", folder / kOverlay}, {"GIT_AUTHOR_NAME", name},          {"GIT_AUTHOR_EMAIL", mail},
      {"GIT_COMMITTER_NAME", name},         {"GIT_COMMITTER_EMAIL", mail},      {"GIT_AUTHOR_DATE", date},
      {"GIT_COMMITTER_DATE", date}};
  const auto git_run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "gc.auto=0", "-c", "core.autocrlf=false", "-c", "core.fsmonitor=false",
                                 "-c", "core.hooksPath=/dev/null"});
    return context.run(words, folder, environment);
  };
  if (!fs::exists(git)) {
    (void)context.run({"git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", kGit}, folder,
                      {{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"}});
  }
  (void)git_run({"add", "--all", "."});
  const auto status = git_run({"status", "--porcelain"});
  // portage looks at the newest commit alone, and that at one signature: another key signs an empty commit.
  if (!status.empty() || context.has_other_key()) {
    (void)git_run({"commit", "--quiet", "--no-verify", "--allow-empty", "--gpg-sign=" + context.session().fingerprint(),
                   "--message", shown(newest_of(entries)) + (status.empty() ? ", signed with another key" : "")});
  }
  fs::remove(git / "index");
  fs::remove(git / "COMMIT_EDITMSG");
  base::remove_tree(git / "logs");
  std::error_code full;  // folders that hold nothing do not outlive the next publisher's copy
  for (const auto* part : {"refs/tags", "objects/pack"}) fs::remove(git / part, full);
  // What a client of plain http asks for (gitrepository-layout(5)).
  (void)git_run({"update-server-info"});
}

Instructions Portage::instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                                   const SiteFacts& site) const {
  const auto folder = folder_of(profile.id, profile.release);
  const auto keyring = "/etc/portage/" + key_file(site.project);
  auto names = package_names(newest, site.project);
  // Of a package that is there compiled and as a source, one can be installed.
  const auto all = names;
  std::erase_if(names, [&all](const std::string& name) { return std::ranges::find(all, name + "-bin") != all.end(); });
  Instructions out;
  out.file = folder + "/" + site.project + ".conf";
  // A server of plain files hands out no shallow clones, which portage would ask for.
  out.content = fmt::format(
      "[{0}]\nlocation = /var/db/repos/{0}\nsync-type = git\nsync-uri = {1}/{2}/{3}\nclone-depth = 0\nsync-depth = 0\n"
      "sync-git-verify-commit-signature = yes\nsync-openpgp-key-path = {4}\nsync-openpgp-key-refresh = no\n",
      site.project, site.url, folder, kGit, keyring);
  out.commands = {
      "sudo install -d -m 0755 /etc/portage/repos.conf",
      fmt::format("sudo curl -fsSLo {} {}/{}", keyring, site.url, key_file(site.project)),
      fmt::format("sudo curl -fsSLo /etc/portage/repos.conf/{}.conf {}/{}", site.project, site.url, out.file),
      // The source lies here, too, wherever the ebuild says that it comes from (make.conf(5)).
      fmt::format("echo 'GENTOO_MIRRORS=\"{}/{} ${{GENTOO_MIRRORS}}\"' | sudo tee -a /etc/portage/make.conf", site.url,
                  folder),
      // One line: portage leaves a clone whose signature it has refused, and emerge does not ask again. Nothing is
      // recommended in an ebuild: all packages are named.
      fmt::format("sudo emaint sync --repo {} && sudo emerge --ask {}", site.project, base::join(names, " "))};
  return out;
}

std::vector<std::string> Portage::faults(const SigningContext& context, const std::vector<const Published*>& entries,
                                         const fs::path& site) const {
  std::vector<std::string> faults;
  const auto release = folder_of(entries.front()->distribution, entries.front()->release);
  const auto folder = site / release;
  const base::TempDir home(base::temp_parent(), "orchestrator-git.");
  const std::map<std::string, std::string> environment = {{"GIT_CONFIG_NOSYSTEM", "1"},
                                                          {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                                          {"HOME", home.path()},
                                                          {"GNUPGHOME", home.path()}};
  try {
    base::write_file(home.path() / "key.asc", context.public_key());
    (void)context.run({"gpg", "--batch", "--no-autostart", "--quiet", "--import", "key.asc"}, home.path(), environment);
    // Of a repository that may be anybody's nothing but the objects is read: its configuration and its attributes could
    // name programs that git would run.
    (void)context.run({"git", "init", "--quiet", "--bare", "--template=", "git"}, home.path(), environment);
    auto with_objects = environment;
    with_objects["GIT_DIR"] = home.path() / "git";
    with_objects["GIT_WORK_TREE"] = folder / kOverlay;
    with_objects["GIT_OBJECT_DIRECTORY"] = folder / kGit / "objects";
    const auto git = [&](std::vector<std::string> words) {
      words.insert(words.begin(), "git");
      return context.run(words, folder, with_objects);
    };
    const auto head = std::string(base::trim(content_of(folder / kGit / "refs/heads/main")));
    if (head.size() != 40 || head.find_first_not_of("0123456789abcdef") != std::string::npos)
      throw base::Error("refs/heads/main is not a commit");
    (void)git({"fsck", "--strict", "--no-progress", head});
    (void)git({"verify-commit", head});
    // The plain files are those of the newest commit.
    (void)git({"read-tree", head});
    for (const auto& line : base::lines(git({"status", "--porcelain", "--untracked-files=all", "--no-renames"}))) {
      if (line.rfind("A  ", 0) != 0)  // there is no HEAD to compare with: what is as the commit says is "added"
        faults.push_back(release + "/overlay is not what the signed commit says: " + base::printable(line));
    }
    for (const auto& [package, files] : distfiles(entries)) check_manifest(context, site, release, package, faults);
  } catch (const base::Error& error) {
    faults.push_back(release + ": " + error.what());
  }
  return faults;
}

}  // namespace repos
