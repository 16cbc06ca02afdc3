// SPDX-License-Identifier: GPL-3.0-or-later
#include "repos/site.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/manager.hpp"
#include "repos/repo_files.hpp"

namespace repos {
namespace fs = std::filesystem;
namespace {

fs::path beside(const fs::path& site, const char* ending) {
  return site.parent_path() / ("." + site.filename().string() + ending);
}

constexpr std::uint64_t kLargest = 64U << 20U;

base::Error changed(const fs::path& site, const std::string& fault) {
  return base::Error(fmt::format("{} is not as it was published: {}", site.string(), base::printable(fault, 400)))
      .with_hint("orchestrator verify tells all of it; publish to a new folder when you do not know who did that");
}

/// The signed list, and what is wrong with it.
Digests read_sums(const std::string& list, std::vector<std::string>& faults) {
  Digests out;
  for (const auto& line : base::lines(list)) {
    if (line.size() < 67 || line.substr(64, 2) != "  ")
      faults.push_back(fmt::format("{}: \"{}\" is not a valid line", kSums, base::printable(line)));
    else
      out[line.substr(66)] = line.substr(0, 64);
  }
  return out;
}

/// Why the list is none of this key's; "" when it is.
std::string signature_fault(const SigningContext& context, const std::string& list, const std::string& signature) {
  if (signature.empty()) return fmt::format("{} is not signed", kSums);
  const auto why = context.why_not_signed(list, signature);
  return why.empty() ? "" : fmt::format("{}: {}", kSums, why);
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

void remove_draft(const fs::path& site) { base::remove_tree(beside(site, ".new")); }

Draft::Draft(fs::path site, const Digests& carried) : site_(std::move(site)), folder_(beside(site_, ".new")) {
  remove_draft(site_);
  // Nobody else has made it in the meantime, and nobody else can enter it.
  if (::mkdir(folder_.c_str(), 0700) != 0) throw base::system_error("making the folder " + folder_.string());
  try {
    for (const auto& [path, digest] : carried) {
      const auto file = base::read_below(site_, path, kLargest);
      if (base::sha256(file.bytes) != digest) throw changed(site_, path + " is another file than the one listed");
      base::create_below(folder_, path, file);
      known_[path] = digest;
    }
  } catch (...) {
    base::remove_tree(folder_);
    throw;
  }
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
  if (const auto [there, is_first] = put_.try_emplace(place, digest); !is_first && there->second != digest)
    throw base::Error(place + " is there with other contents: another package that is published now has it, too");
  const auto known = known_.find(place);
  if (known == known_.end() || known->second != digest) {
    write(place, content);
    base::set_times(folder_ / place, time);
  }
  entry.files.push_back({place, digest, content.size()});
}

void Draft::put(const proof::VerifiedArtifact& artifact, const std::string& place, std::int64_t time,
                Published& entry) {
  if (!base::is_safe_relative(place)) throw base::Error(place + " is not a valid relative path");
  const auto before = entry.files.size();
  std::string digest;
  if (fs::is_directory(artifact.path())) {
    const auto files = files_of(artifact.path());
    std::vector<fs::path> paths(files.begin(), files.end());
    std::ranges::sort(paths);
    std::string list;  // as proof::digest_of makes it
    for (const auto& path : paths) {
      put_file(artifact.path() / path, fmt::format("{}/{}", place, path.string()), time, entry);
      list += fmt::format("{}  {}\n", entry.files.back().sha256, path.string());
    }
    digest = base::sha256(list);
  } else {
    put_file(artifact.path(), place, time, entry);
    digest = entry.files.back().sha256;
  }
  if (entry.files.size() == before || digest != artifact.sha256())
    throw base::Error(artifact.name() + " has changed since it was proven");
}

void Draft::put_beside(const fs::path& file, const std::string& place) { write(place, content_of(file)); }

void Draft::write(const std::string& place, const std::string& content) {
  if (!base::is_safe_relative(place)) throw base::Error(place + " is not a valid relative path");
  base::make_dirs((folder_ / place).parent_path());
  base::write_file(folder_ / place, content);
  known_[place] = base::sha256(content);
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

std::string Draft::sums(const std::set<std::string>& packages) const {
  std::string out;
  for (const auto& path : files_of(folder_)) {
    if (path == kSums || path == fmt::format("{}.asc", kSums)) continue;
    const auto digest = base::sha256(base::read_below(folder_, path, kLargest).bytes);
    if (packages.contains(path)) {
      const auto known = known_.find(path);
      if (known == known_.end() || known->second != digest)
        throw base::Error(path + " has changed since it was proven");
    }
    out += fmt::format("{}  {}\n", digest, path);
  }
  return out;
}

void Draft::finish(const SigningContext& context, const Catalog& catalog) {
  std::set<std::string> packages;
  for (const auto& entry : catalog.entries) {
    for (const auto& file : entry.files) {
      // An overlay's Manifest names the sources of all versions that are there: it belongs to the lists.
      if (fs::path(file.path).filename() != "Manifest") packages.insert(file.path);
    }
  }
  const auto list = sums(packages);
  write(kSums, list);
  write(fmt::format("{}.asc", kSums), context.session().detached_by_all(list));
  // Whoever published, with whatever umask: a web server's account reads, and nobody else writes.
  base::set_modes(folder_, 0755, 0644);
  base::sync_tree(folder_);
  base::replace_tree(folder_, site_);
}

std::vector<std::string> faults_of_files(const SigningContext& context, const fs::path& site) {
  std::vector<std::string> faults;
  const auto list = content_or_fault(site, kSums, faults);
  const auto signature = content_or_fault(site, fmt::format("{}.asc", kSums), faults);
  if (!faults.empty()) return faults;
  if (const auto why = signature_fault(context, list, signature); !why.empty()) faults.push_back(why);
  const auto listed = read_sums(list, faults);
  for (const auto& [path, digest] : listed) check_listed(site, path, digest, faults);
  for (const auto& path : files_of(site)) {
    if (!listed.contains(path) && path != kSums && path != fmt::format("{}.asc", kSums))
      faults.push_back(base::printable(path, 400) + " is there, and in no list");
  }
  return faults;
}

Digests carried(const SigningContext& context, const fs::path& site) {
  if (!fs::exists(site) || fs::is_empty(site)) return {};
  std::vector<std::string> faults;
  const auto list = content_or_fault(site, kSums, faults);
  const auto signature = content_or_fault(site, fmt::format("{}.asc", kSums), faults);
  if (!faults.empty()) throw changed(site, faults.front());
  if (const auto why = signature_fault(context, list, signature); !why.empty()) throw changed(site, why);
  auto listed = read_sums(list, faults);
  if (!faults.empty()) throw changed(site, faults.front());
  std::set<std::string> there;
  for (const auto& path : files_of(site)) {
    if (!listed.contains(path) && path != kSums && path != fmt::format("{}.asc", kSums))
      throw changed(site, path + " is there, and in no list");
    there.insert(path);
  }
  for (const auto& [path, digest] : listed) {
    if (!there.contains(path)) throw changed(site, path + " is listed, and is not there");
  }
  return listed;
}

}  // namespace repos
