// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/rpm_md.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "repos/repo_files.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kPrimary = 64U << 20U;

/// Files of repodata/ that repomd.xml names, without the folder.
std::set<std::string> named_in(const std::string& repomd) {
  std::set<std::string> out;
  for (const auto& href : between(repomd, "<location href=\"repodata/", "\"")) out.insert(href);
  return out;
}

/// The rpm that reads here has a database of its own for this question, with these keys in it.
std::string why_not_signed(const SigningContext& context, const fs::path& package) {
  const base::TempDir folder(base::temp_parent(), "orchestrator-rpm.");
  const std::string database = (folder.path() / "db").string();
  base::write_file(folder.path() / "key.asc", context.package_keys());
  try {
    (void)context.run({"rpmkeys", "--dbpath", database, "--import", "key.asc"}, folder.path());
    // Without the level an unsigned package passes.
    (void)context.run(
        {"rpmkeys", "--dbpath", database, "--define", "_pkgverify_level all", "--checksig", package.string()},
        folder.path());
    return "";
  } catch (const base::Error& error) {
    return error.what();
  }
}

}  // namespace

std::vector<model::Tool> RpmMd::tools() const {
  return {{"rpmsign", "rpm", {}}, {"rpmkeys", "rpm", {}}, {"createrepo_c", "createrepo-c", {}}, {"gpg", "gnupg", {}}};
}

bool RpmMd::sign(const SigningContext& context, const model::Profile&, const model::Recipe& recipe,
                 const fs::path& job) const {
  std::vector<std::string> argv = {"rpmsign",
                                   "--define",
                                   "__gpg /usr/bin/gpg",
                                   "--define",
                                   "_gpg_name " + context.session().fingerprint(),
                                   "--define",
                                   "_gpg_digest_algo sha512",
                                   "--addsign"};
  for (const auto& output : recipe.outputs) argv.push_back(output.path);
  (void)context.run(argv, job);
  return true;
}

std::string RpmMd::place(const model::Profile& profile, const model::Output& output) const {
  return folder_of(profile.id, profile.release) + "/packages/" + output.name;
}

void RpmMd::index(const SigningContext& context, const model::Profile& profile, const std::vector<const Published*>&,
                  const fs::path& site) const {
  const auto folder = site / folder_of(profile.id, profile.release);
  const auto repodata = folder / "repodata";
  // A client that holds yesterday's repomd.xml still finds what it names; what that one had kept in turn goes.
  const auto before = fs::exists(repodata / "repomd.xml") ? content_of(repodata / "repomd.xml") : "";
  base::SourceTree kept;
  for (const auto& name : named_in(before)) {
    if (base::is_safe_relative(name) && fs::is_regular_file(repodata / name))
      kept[name] = {0644, content_of(repodata / name)};
  }
  base::remove_tree(repodata);
  (void)context.run({"createrepo_c", "--quiet", "--no-database", "--general-compress-type=gz", "--revision",
                     std::to_string(context.time()), "--set-timestamp-to-revision", "."},
                    folder);
  const auto repomd = content_of(repodata / "repomd.xml");
  for (const auto& [name, file] : kept) {
    if (!fs::exists(repodata / name)) base::write_file(repodata / name, file.content);
  }
  // One signature: of several, nobody has promised that every librepo and libzypp looks for the one that it knows.
  base::write_file(repodata / "repomd.xml.asc", context.session().detached(repomd, true));
  base::write_file(repodata / "repomd.xml.key", context.key_file());
}

Instructions RpmMd::instructions(const model::Profile& profile, const std::vector<const Published*>&,
                                 const SiteFacts& site) const {
  const auto folder = folder_of(profile.id, profile.release);
  Instructions out;
  out.file = folder + "/" + site.project + ".repo";
  // zypper takes gpgcheck=1 for a signed list alone, and looks at packages only with pkg_gpgcheck.
  out.content = fmt::format(
      "[{0}]\nname={0} for {1} "
      "{2}\nbaseurl={3}/{4}/\nenabled=1\ntype=rpm-md\ngpgcheck=1\nrepo_gpgcheck=1\npkg_gpgcheck=1\n"
      "gpgkey={3}/{5}\n",
      site.project, profile.name, profile.release, site.url, folder, key_file(site.project));
  out.commands = commands(site.project, site.url + "/" + out.file, site.url + "/" + key_file(site.project));
  return out;
}

std::vector<std::string> RpmMd::faults(const SigningContext& context, const std::vector<const Published*>& entries,
                                       const fs::path& site) const {
  std::vector<std::string> faults;
  const auto folder = folder_of(entries.front()->distribution, entries.front()->release);
  const auto repomd = content_or_fault(site, folder + "/repodata/repomd.xml", faults);
  const auto signature = content_or_fault(site, folder + "/repodata/repomd.xml.asc", faults);
  if (!faults.empty()) return faults;
  if (const auto why = context.why_not_signed(repomd, signature); !why.empty() || signature.empty())
    faults.push_back(folder + "/repodata/repomd.xml: " + (why.empty() ? "it is not signed" : why));
  std::set<std::string> packages;
  for (const auto& data : between(repomd, "<data type=", "</data>")) {
    const auto sums = between(data, "<checksum type=\"sha256\">", "</checksum>");
    const auto paths = between(data, "<location href=\"", "\"");
    if (sums.empty() || paths.empty()) {
      faults.push_back(folder + "/repodata/repomd.xml: an entry has no SHA-256");
      continue;
    }
    check_listed(site / folder, paths.front(), sums.front(), faults);
    if (data.find("\"primary\"") != 0 || !faults.empty()) continue;
    const auto primary = base::gunzip(content_of(site / folder / paths.front()), kPrimary);
    for (const auto& package : between(primary, "<package type=\"rpm\">", "</package>")) {
      const auto sum = between(package, "<checksum type=\"sha256\" pkgid=\"YES\">", "</checksum>");
      const auto path = between(package, "<location href=\"", "\"");
      if (sum.empty() || path.empty()) continue;
      check_listed(site / folder, path.front(), sum.front(), faults);
      packages.insert(path.front());
    }
  }
  for (const auto& file : files_in(site / folder / "packages")) {
    const auto path = "packages/" + file.filename().string();
    if (!packages.contains(path)) faults.push_back(folder + "/" + path + " is there, and in no list");
    if (const auto why = why_not_signed(context, file); !why.empty())
      faults.push_back(folder + "/" + path + ": " + why);
  }
  return faults;
}

// What the package recommends comes with it: both managers have weak dependencies.
std::vector<std::string> Dnf::commands(const std::string& project, const std::string& repo_file,
                                       const std::string&) const {
  return {fmt::format("sudo curl -fsSLo /etc/yum.repos.d/{}.repo {}", project, repo_file),
          "sudo dnf install " + project};
}

std::vector<std::string> Zypper::commands(const std::string& project, const std::string& repo_file,
                                          const std::string& key) const {
  return {"sudo rpm --import " + key, "sudo zypper addrepo " + repo_file, "sudo zypper install " + project};
}

}  // namespace repos
