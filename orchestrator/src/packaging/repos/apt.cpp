// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/apt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/repo_files.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

constexpr const char* kAll = "all";
// Those that a client may ask for, whether or not there is a package of its own for them. What is for all of them is
// listed for each: not every client looks at binary-all.
constexpr const char* kArchitectures[] = {kAll, "amd64", "arm64", "armhf", "i386", "ppc64el", "riscv64", "s390x"};

std::string ending(const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(dot);
}

/// "amd64" of "p_1.0-1_amd64.deb"; "" when it is no package.
std::string arch_of(const std::string& file) {
  const auto bar = file.rfind('_');
  return ending(file) == ".deb" && bar != std::string::npos ? file.substr(bar + 1, file.size() - bar - 5) : "";
}

/// Beside an index its content under its digest, so that a client which holds the old Release still finds the old one.
/// What the index was before stays for one generation.
void write_index(const fs::path& folder, const std::string& name, const std::string& content,
                 std::set<std::string>& hashes) {
  if (fs::exists(folder / name)) hashes.insert(base::sha256_of_file(folder / name));
  const auto digest = base::sha256(content);
  hashes.insert(digest);
  base::make_dirs(folder / "by-hash/SHA256");
  base::write_file(folder / "by-hash/SHA256" / digest, content);
  base::write_file(folder / name, content);
}

void write_indices(const SigningContext& context, const fs::path& folder, const std::string& name,
                   const std::string& content) {
  base::make_dirs(folder);
  const base::TempDir scratch(base::temp_parent(), "orchestrator-apt.");
  base::write_file(scratch.path() / name, content);
  std::set<std::string> hashes;
  write_index(folder, name, content, hashes);
  write_index(folder, name + ".gz", context.run({"gzip", "-9nc", name}, scratch.path()), hashes);
  for (const auto& file : files_in(folder / "by-hash/SHA256")) {
    if (!hashes.contains(file.filename().string())) fs::remove(file);
  }
}

/// apt-ftparchive has no option for the day itself: its ValidTime counts from the clock.
std::string with_end(const std::string& release, std::int64_t valid_until) {
  if (valid_until == 0) return release;
  const auto date = release.find("\nDate: ");
  if (date == std::string::npos) throw base::Error("apt-ftparchive has written a Release without a date");
  auto out = release;
  out.insert(date + 1,
             fmt::format("Valid-Until: {}\n", base::replace_all(base::rfc5322_date(valid_until), "+0000", "UTC")));
  return out;
}

std::string series_of(const std::vector<const Published*>& entries) {
  for (const auto* entry : entries) {
    for (const auto& file : entry->files) {
      const auto parts = base::split(file.path, '/');  // ID/pool/SERIES/FILE
      if (parts.size() == 4 && parts[1] == "pool") return parts[2];
    }
  }
  return "";
}

/// One stanza of an index, its fields by name; a field's further lines are joined with '\n'.
std::map<std::string, std::string> fields(const std::vector<std::string>& lines, std::size_t& at) {
  std::map<std::string, std::string> out;
  std::string last;
  for (; at < lines.size() && !lines[at].empty(); ++at) {
    const auto& line = lines[at];
    const auto colon = line.find(':');
    if (line.front() == ' ') {
      out[last] += "\n" + line;
    } else if (colon != std::string::npos) {
      last = line.substr(0, colon);
      out[last] = std::string(base::trim(line.substr(colon + 1)));
    }
  }
  while (at < lines.size() && lines[at].empty()) ++at;
  return out;
}

/// "DIGEST SIZE PATH" lines.
std::vector<std::pair<std::string, std::string>> listed(const std::string& field) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& line : base::lines(field)) {
    std::vector<std::string> words;
    for (const auto& word : base::split(line, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    if (words.size() == 3) out.emplace_back(words[2], words[0]);
  }
  return out;
}

/// What the list of each architecture in Release names, by architecture: its own packages, and those for all.
std::map<std::string, std::set<std::string>> check_packages(const fs::path& site, const std::string& folder,
                                                            const fs::path& top, std::vector<std::string>& faults) {
  std::map<std::string, std::set<std::string>> out;
  std::set<std::pair<std::string, std::string>> checked;  // a package for all is in each list
  std::size_t at = 0;
  auto release = fields(base::lines(content_of(site / folder / "Release")), at);
  for (const auto& arch : base::split(release["Architectures"], ' ')) {
    const auto list = fmt::format("{}/main/binary-{}/Packages", folder, arch);
    auto& paths = out[arch];
    const auto packages = base::lines(content_or_fault(site, list, faults));
    for (std::size_t line = 0; line < packages.size();) {
      auto stanza = fields(packages, line);
      const auto& path = stanza["Filename"];
      if (checked.emplace(path, stanza["SHA256"]).second) check_listed(top, path, stanza["SHA256"], faults);
      paths.insert(path);
      if (const auto& of = stanza["Architecture"]; of != arch && of != kAll)
        faults.push_back(
            fmt::format("{} lists a package for {}: {}", list, base::printable(of), base::printable(path)));
    }
  }
  return out;
}

void check_release(const SigningContext& context, const fs::path& site, const std::string& folder,
                   std::vector<std::string>& faults) {
  const auto in_release = content_or_fault(site, folder + "/InRelease", faults);
  const auto release = content_or_fault(site, folder + "/Release", faults);
  const auto signature = content_or_fault(site, folder + "/Release.gpg", faults);
  if (!faults.empty()) return;
  if (const auto why = context.why_not_signed(in_release, ""); !why.empty())
    faults.push_back(folder + "/InRelease: " + why);
  if (const auto why = context.why_not_signed(release, signature); !why.empty() || signature.empty())
    faults.push_back(folder + "/Release: " + (why.empty() ? "it is not signed" : why));
  if (in_release.find("\n" + release) == std::string::npos)
    faults.push_back(folder + "/InRelease says something else than Release");
  std::size_t at = 0;
  auto said = fields(base::lines(release), at);
  const auto indices = listed(said["SHA256"]);
  if (indices.empty()) faults.push_back(folder + "/Release lists nothing by SHA-256");
  for (const auto& [path, digest] : indices) check_listed(site / folder, path, digest, faults);
}

}  // namespace

std::vector<model::Tool> Apt::tools() const {
  return {{"apt-ftparchive", "apt-utils", {}},
          {"debsign", "devscripts", {}},
          {"gzip", "gzip", {}},
          {"gpg", "gnupg", {}},
          {"gpgv", "gpgv", {}}};
}

bool Apt::sign(const SigningContext& context, const model::Profile&, const model::Recipe& recipe,
               const fs::path& job) const {
  for (const auto& output : recipe.outputs) {
    if (ending(output.name) != ".changes") continue;
    (void)context.run(
        {"debsign", "--no-conf", "--re-sign", "-pgpg", "-k" + context.session().fingerprint(), output.path}, job);
  }
  return true;
}

std::string Apt::place(const model::Profile& profile, const model::Output& output) const {
  return fmt::format("{}/pool/{}/{}", profile.id, profile.package.deb.series, output.name);
}

void Apt::index(const SigningContext& context, const model::Profile& profile, const std::vector<const Published*>&,
                const fs::path& site) const {
  const auto& series = profile.package.deb.series;
  const auto top = site / profile.id;
  const auto pool = "pool/" + series;
  const auto dists = top / "dists" / series;
  const auto packages = [&](const std::string& arch) {
    return context.run({"apt-ftparchive", "--arch", arch, "packages", pool}, top);
  };
  std::set<std::string> own;  // architectures that have packages of their own
  for (const auto& file : files_in(top / pool)) own.insert(arch_of(file.filename().string()));
  own.erase("");
  own.erase(kAll);
  std::set<std::string> architectures(std::begin(kArchitectures), std::end(kArchitectures));
  architectures.insert(own.begin(), own.end());
  const auto for_all = packages(kAll);
  for (const auto& arch : architectures)
    write_indices(context, dists / fmt::format("main/binary-{}", arch), "Packages",
                  own.contains(arch) ? packages(arch) : for_all);
  write_indices(context, dists / "main/source", "Sources", context.run({"apt-ftparchive", "sources", pool}, top));
  for (const auto* name : {"Release", "Release.gpg", "InRelease"}) fs::remove(dists / name);

  std::vector<std::string> argv = {"apt-ftparchive"};
  const auto option = [&argv](const std::string& name, const std::string& value) {
    argv.insert(argv.end(), {"-o", "APT::FTPArchive::Release::" + name + "=" + value});
  };
  option("Origin", context.project());
  option("Label", context.project());
  option("Suite", series);
  option("Codename", series);
  option("Components", "main");
  option("Architectures", fmt::format("{}", fmt::join(architectures, " ")));
  option("Description", fmt::format("{} for {} {}", context.project(), profile.name, profile.release));
  option("Date", base::replace_all(base::rfc5322_date(context.time()), "+0000", "UTC"));
  option("Acquire-By-Hash", "yes");
  argv.insert(argv.end(),
              {"-o", "APT::FTPArchive::MD5=false", "-o", "APT::FTPArchive::SHA1=false",
               // A client asks by-hash for the strongest that is listed.
               "-o", "APT::FTPArchive::Release::SHA512=false", "release", (fs::path("dists") / series).string()});
  const auto release = with_end(context.run(argv, top), context.valid_until());
  base::write_file(dists / "Release", release);
  // apt is content with one signature by a key that it knows, as it is with those of Debian's own keys.
  base::write_file(dists / "Release.gpg", context.session().detached_by_all(release));
  base::write_file(dists / "InRelease", context.session().clear_signed_by_all(release));
}

Instructions Apt::instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                               const SiteFacts& site) const {
  const auto& series = profile.package.deb.series;
  const auto keyring = "/etc/apt/keyrings/" + key_file(site.project);
  Instructions out;
  out.file = fmt::format("{}/{}.sources", profile.id, series);
  out.content = fmt::format("Types: deb deb-src\nURIs: {}/{}\nSuites: {}\nComponents: main\nSigned-By: {}\n", site.url,
                            profile.id, series, keyring);
  // What it needs is a dependency. What its dependencies recommend is not asked for: it may listen on the network.
  out.commands = {
      "sudo install -d -m 0755 /etc/apt/keyrings",
      fmt::format("sudo curl -fsSLo {} {}/{}", keyring, site.url, key_file(site.project)),
      fmt::format("sudo curl -fsSLo /etc/apt/sources.list.d/{}.sources {}/{}", site.project, site.url, out.file),
      "sudo apt update",
      "sudo apt install --no-install-recommends " + base::join(package_names(newest, site.project), " ")};
  return out;
}

std::vector<std::string> Apt::faults(const SigningContext& context, const std::vector<const Published*>& entries,
                                     const fs::path& site) const {
  std::vector<std::string> faults;
  const auto series = series_of(entries);
  const auto& distribution = entries.front()->distribution;
  const auto folder = distribution + "/dists/" + series;
  check_release(context, site, folder, faults);
  if (!faults.empty()) return faults;
  const auto top = site / distribution;
  const auto found = check_packages(site, folder, top, faults);
  std::set<std::string> found_sources;
  const auto sources = base::lines(content_of(site / folder / "main/source/Sources"));
  for (std::size_t at = 0; at < sources.size();) {
    auto stanza = fields(sources, at);
    for (const auto& [name, digest] : listed(stanza["Checksums-Sha256"])) {
      const auto path = stanza["Directory"] + "/" + name;
      check_listed(top, path, digest, faults);
      found_sources.insert(path);
    }
  }
  for (const auto& file : files_in(top / "pool" / series)) {
    const auto path = file.lexically_relative(top).string();
    const auto end = ending(path);
    const auto arch = arch_of(path);
    // What an upload needs is in no index; its signature says whose it is.
    if (end == ".changes" || end == ".buildinfo" || end == ".dsc") {
      if (const auto why = context.why_package_not_signed(content_of(file), ""); !why.empty())
        faults.push_back(distribution + "/" + path + ": " + why);
    } else if (arch.empty() && !found_sources.contains(path)) {
      faults.push_back(distribution + "/" + path + " is there, and in no list");
    }
    if (arch.empty()) continue;
    for (const auto& [of, paths] : found) {
      if ((arch == kAll || arch == of) && !paths.contains(path))
        faults.push_back(fmt::format("{}/{} is there, and not in {}/main/binary-{}/Packages", distribution, path,
                                     folder, base::printable(of)));
    }
    if (arch != kAll && !found.contains(arch))
      faults.push_back(distribution + "/" + path + " is there, and in no list");
  }
  return faults;
}

}  // namespace repos
