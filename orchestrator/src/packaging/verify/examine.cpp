// SPDX-License-Identifier: GPL-3.0-or-later
#include "verify/examine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/manager.hpp"
#include "repos/repo_files.hpp"
#include "repos/site.hpp"
#include "signing/session.hpp"

namespace verify {
namespace fs = std::filesystem;

namespace {

/// The newest time in the catalog, which the signed list covers: somebody who hands out an old state of a site, with
/// its good signatures, cannot change that.
std::string age_fault(const repos::Catalog& catalog, std::int64_t newer_than) {
  std::int64_t newest = 0;
  for (const auto& entry : catalog.entries) newest = std::max(newest, entry.time);
  if (newest >= newer_than) return "";
  return fmt::format("the newest packages are of {}, expected some of {} or later", base::iso_date(newest),
                     base::iso_date(newer_than));
}

/// The key that lists have to be signed with, and those of packages: of the given file, or of the site's own, and none
/// that is revoked. Of an own one, every key must be named by the catalog.
void take_keys(SiteFaults& out, repos::SigningContext::Setting& setting, const ExamineOptions& options,
               const repos::Catalog& catalog, const fs::path& site, const base::Context& context) {
  const auto name = repos::key_file(setting.project);
  const auto text = options.public_key.empty() ? repos::content_of(site / name) : options.public_key;
  auto known = catalog.old;
  known.insert(known.end(), {catalog.fingerprint, catalog.next});
  std::vector<std::string> packages;
  const signing::Key* present = nullptr;
  const auto keys = signing::public_keys(text, context);
  for (const auto& key : keys) {
    const auto& one = key.primary.fingerprint;
    const bool is_revoked = key.primary.revoked || std::ranges::find(catalog.revoked, one) != catalog.revoked.end();
    const bool is_known = is_revoked || std::ranges::find(known, one) != known.end();
    if (!is_known && options.public_key.empty())
      out.faults.push_back(fmt::format("{} holds the key {}, which {} does not name", name, one, repos::kCatalog));
    if (one == catalog.fingerprint && is_revoked) out.faults.push_back(fmt::format("the key {} is revoked", one));
    if (!is_revoked && one != catalog.next) packages.push_back(one);
    if (!is_revoked && (present == nullptr || one == catalog.fingerprint)) present = &key;
  }
  if (present == nullptr)
    throw base::Error("there is no key to verify with, or it is revoked: name one, with --key FILE");
  out.fingerprint = present->primary.fingerprint;
  out.next = catalog.next;
  out.warning = signing::expiry_warning(*present, options.now);
  if (const auto end = signing::good_until(*present, options.now); end != 0 && end <= options.now)
    out.faults.push_back(std::exchange(out.warning, ""));
  if (catalog.fingerprint != out.fingerprint)
    out.faults.push_back(
        fmt::format("{} names another key: {}", repos::kCatalog, base::printable(catalog.fingerprint)));
  setting.public_key = signing::one_block({text}, {out.fingerprint}, context);
  setting.site.package_keys = packages.empty() ? "" : signing::one_block({text}, packages, context);
}

std::vector<SitePackage> packages_of(const repos::Catalog& catalog) {
  std::map<std::string, SitePackage> found;
  std::map<std::string, std::set<std::string>> releases;
  std::map<std::string, std::set<std::string>> versions;
  for (const auto& entry : catalog.entries) {
    auto& one = found[entry.package];
    const auto release = repos::folder_of(entry.distribution, entry.release);
    one.name = entry.package;
    if (!repos::is_for_all(entry)) one.architectures.insert(entry.arch);
    releases[one.name].insert(release);
    versions[one.name].insert(release + " " + entry.version);
    one.releases = releases[one.name].size();
    one.versions = versions[one.name].size();
  }
  std::vector<SitePackage> out;
  for (auto& [unused, one] : found) out.push_back(std::move(one));
  return out;
}

}  // namespace

SiteFaults examine(const fs::path& given, const ExamineOptions& options, const base::Context& context) {
  SiteFaults out;
  const auto site = fs::absolute(given);  // tools are started in other folders
  if (!fs::is_directory(site)) throw base::Error(site.string() + " is not a folder", base::Exit::usage);
  const auto catalog = repos::catalog_of(site);
  if (catalog.entries.empty()) throw base::Error(site.string() + " holds no packages", base::Exit::usage);
  const base::TempDir home(base::temp_parent(), "orchestrator-verify.");
  repos::SigningContext::Setting setting;
  setting.project = catalog.project;
  setting.path_list = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  setting.log = home.path() / "log";
  setting.environment = {{"LC_ALL", "C.UTF-8"}, {"HOME", home.path()}, {"GNUPGHOME", home.path()}};
  take_keys(out, setting, options, catalog, site, context);
  if (const auto fault = age_fault(catalog, options.newer_than); !fault.empty()) out.faults.push_back(fault);
  if (catalog.valid_until != 0 && catalog.valid_until <= options.now)
    out.faults.push_back(
        fmt::format("it was valid until {}: its owner has to publish again, or somebody hands out an "
                    "old state",
                    base::iso_date(catalog.valid_until)));
  const repos::SigningContext signing_context(context, setting, nullptr);
  auto more = repos::faults_of_files(signing_context, site);
  out.faults.insert(out.faults.end(), more.begin(), more.end());
  std::set<std::string> releases;
  for (const auto& entry : catalog.entries) {
    const auto release = repos::folder_of(entry.distribution, entry.release);
    if (!releases.insert(release).second) continue;
    const auto* manager = repos::find(entry.manager);
    if (manager == nullptr) {
      out.faults.push_back("there are no repositories for " + base::printable(entry.manager));
      continue;
    }
    try {
      more = manager->faults(signing_context, repos::of_release(catalog, entry.distribution, entry.release), site);
      out.faults.insert(out.faults.end(), more.begin(), more.end());
    } catch (const base::Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      out.faults.push_back(release + ": " + error.what());
    }
  }
  out.packages = packages_of(catalog);
  return out;
}

}  // namespace verify
