// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/site.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/manager.hpp"
#include "repos/parts.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

fs::path beside(const fs::path& site, const char* ending) {
  return site.parent_path() / ("." + site.filename().string() + ending);
}

/// The same tree of hard links. A file in it may be replaced, and never written to.
void link_tree(const fs::path& from, const fs::path& to) {
  base::make_dirs(to);
  for (const auto& path : files_of(from)) {
    base::make_dirs((to / path).parent_path());
    // Where there are no hard links a copy does, with its time, which metadata records.
    if (::link((from / path).c_str(), (to / path).c_str()) == 0) continue;
    fs::copy_file(from / path, to / path);
    fs::last_write_time(to / path, fs::last_write_time(from / path));
  }
}

std::string sums(const fs::path& site) {
  std::string out;
  for (const auto& path : files_of(site)) {
    if (path != kSums && path != fmt::format("{}.asc", kSums))
      out += fmt::format("{}  {}\n", base::sha256_of_file(site / path), path);
  }
  return out;
}

}  // namespace

Catalog catalog_of(const fs::path& site) {
  if (!fs::exists(site) || fs::is_empty(site)) return {};
  if (!fs::exists(site / kCatalog)) {
    throw base::Error(site.string() + " holds something else than packages that were published here", base::Exit::usage)
        .with_hint("choose a folder that does not exist yet: it is exchanged as a whole");
  }
  try {
    return read_catalog(content_of(site / kCatalog));
  } catch (const base::Error& error) {
    throw error.with_context((site / kCatalog).string());
  }
}

std::vector<std::string> files_of(const fs::path& site) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(site)) {
    if (entry.is_symlink() || (!entry.is_directory() && !entry.is_regular_file()))
      throw base::Error(base::printable(entry.path().string(), 400) + " is neither a file nor a folder");
    if (entry.is_regular_file()) out.push_back(entry.path().lexically_relative(site).string());
  }
  std::ranges::sort(out);
  return out;
}

fs::path place_of(const fs::path& given) {
  auto site = fs::weakly_canonical(fs::absolute(given));
  if (!site.has_filename()) site = site.parent_path();
  if (!site.has_filename())
    throw base::Error(given.string() + " cannot be exchanged as a whole", base::Exit::usage)
        .with_hint("name a folder below one that you may write to");
  return site;
}

fs::path lock_of(const fs::path& site) { return beside(site, ".lock"); }

Draft::Draft(fs::path site) : site_(std::move(site)), folder_(beside(site_, ".new")) {
  base::remove_tree(folder_);
  if (fs::exists(site_))
    link_tree(site_, folder_);
  else
    base::make_dirs(folder_);
}

Draft::~Draft() {
  try {
    base::remove_tree(folder_);
  } catch (const std::exception&) {  // the next publisher removes it
  }
}

void Draft::put_file(const fs::path& file, const std::string& place, std::int64_t time, Published& entry) {
  const auto content = content_of(file);
  const auto digest = base::sha256(content);
  const auto target = folder_ / place;
  if (!fs::exists(target) || base::sha256_of_file(target) != digest) {
    base::make_dirs(target.parent_path());
    base::write_file(target, content);
    base::set_times(target, time);
  }
  entry.files.push_back({place, digest, content.size()});
}

void Draft::put(const proof::VerifiedArtifact& artifact, const std::string& place, std::int64_t time,
                Published& entry) {
  if (!base::is_safe_relative(place)) throw base::Error(place + " is no place in a site");
  if (fs::is_directory(artifact.path())) {
    for (const auto& path : files_of(artifact.path()))
      put_file(artifact.path() / path, fmt::format("{}/{}", place, path), time, entry);
  } else {
    put_file(artifact.path(), place, time, entry);
    if (entry.files.back().sha256 != artifact.sha256())
      throw base::Error(artifact.name() + " has changed since it was proven");
  }
}

void Draft::put_beside(const fs::path& file, const std::string& place) { write(place, content_of(file)); }

void Draft::write(const std::string& place, const std::string& content) {
  if (!base::is_safe_relative(place)) throw base::Error(place + " is no place in a site");
  base::make_dirs((folder_ / place).parent_path());
  base::write_file(folder_ / place, content);
}

void Draft::remove(const std::vector<Published>& gone, const Catalog& kept) {
  std::set<std::string> still;
  for (const auto& entry : kept.entries) {
    for (const auto& file : entry.files) still.insert(file.path);
  }
  for (const auto& entry : gone) {
    for (const auto& file : entry.files) {
      if (still.contains(file.path)) continue;
      fs::remove(folder_ / file.path);
      fs::remove(folder_ / (file.path + ".sig"));
    }
  }
}

void Draft::finish(const Workshop& workshop) {
  const auto list = sums(folder_);
  write(kSums, list);
  write(fmt::format("{}.asc", kSums), workshop.session().detached(list, true));
  fs::permissions(folder_, fs::perms(0755));
  base::replace_tree(folder_, site_);
}

std::vector<std::string> faults_of_files(const Workshop& workshop, const fs::path& site) {
  std::vector<std::string> faults;
  const auto list = content_or_fault(site, kSums, faults);
  const auto signature = content_or_fault(site, fmt::format("{}.asc", kSums), faults);
  if (!faults.empty()) return faults;
  if (signature.empty()) {
    faults.push_back(fmt::format("{} is not signed", kSums));
  } else if (const auto why = workshop.why_not_signed(list, signature); !why.empty()) {
    faults.push_back(fmt::format("{}: {}", kSums, why));
  }
  std::set<std::string> listed = {kSums, fmt::format("{}.asc", kSums)};
  for (const auto& line : base::lines(list)) {
    if (line.size() < 67 || line.substr(64, 2) != "  ") {
      faults.push_back(fmt::format("{}: \"{}\" is no line of it", kSums, base::printable(line)));
      continue;
    }
    listed.insert(line.substr(66));
    check_listed(site, line.substr(66), line.substr(0, 64), faults);
  }
  for (const auto& path : files_of(site)) {
    if (!listed.contains(path)) faults.push_back(base::printable(path, 400) + " is there, and in no list");
  }
  return faults;
}

void refuse_changed(const Workshop& workshop, const fs::path& site) {
  if (!fs::exists(site) || fs::is_empty(site)) return;
  const auto faults = faults_of_files(workshop, site);
  if (!faults.empty())
    throw base::Error(
        fmt::format("{} is not as it was published: {}", site.string(), base::printable(faults.front(), 400)))
        .with_hint("orchestrator verify tells all of it; publish to a new folder when you do not know who did that");
}

}  // namespace repos
