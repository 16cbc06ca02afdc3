// SPDX-License-Identifier: GPL-3.0-or-later
#include "verify/examine.hpp"

#include <fmt/format.h>

#include <algorithm>
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

}  // namespace

SiteFaults examine(const fs::path& given, const ExamineOptions& options, const base::Context& context) {
  SiteFaults out;
  const auto site = fs::absolute(given);  // tools are started in other folders
  if (!fs::is_directory(site)) throw base::Error(site.string() + " is no folder", base::Exit::usage);
  const auto catalog = repos::catalog_of(site);
  if (catalog.entries.empty()) throw base::Error(site.string() + " holds no packages", base::Exit::usage);
  const base::TempDir home(base::temp_parent(), "orchestrator-verify.");
  repos::SigningContext::Setting setting;
  setting.project = catalog.entries.front().package;
  setting.path_list = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  setting.log = home.path() / "log";
  setting.environment = {{"LC_ALL", "C.UTF-8"}, {"HOME", home.path()}, {"GNUPGHOME", home.path()}};
  setting.public_key =
      options.public_key.empty() ? repos::content_of(site / repos::key_file(setting.project)) : options.public_key;
  const auto keys = signing::public_keys(setting.public_key, context);
  if (keys.size() != 1)
    throw base::Error(fmt::format("{} keys where there should be one", keys.size()))
        .with_hint("name a file with the one key that you trust: --key FILE");
  out.fingerprint = keys.front().primary.fingerprint;
  out.warning = signing::expiry_warning(keys.front(), options.now);
  if (const auto end = signing::good_until(keys.front(), options.now); end != 0 && end <= options.now)
    out.faults.push_back(std::exchange(out.warning, ""));
  if (const auto fault = age_fault(catalog, options.newer_than); !fault.empty()) out.faults.push_back(fault);
  if (catalog.fingerprint != out.fingerprint)
    out.faults.push_back(
        fmt::format("{} names another key: {}", repos::kCatalog, base::printable(catalog.fingerprint)));
  const repos::SigningContext signing_context(context, setting, nullptr);
  auto more = repos::faults_of_files(signing_context, site);
  out.faults.insert(out.faults.end(), more.begin(), more.end());
  for (const auto& entry : catalog.entries) {
    if (repos::of_release(catalog, entry.distribution, entry.release).back() != &entry) continue;
    const auto* manager = repos::find(entry.manager);
    if (manager == nullptr) {
      out.faults.push_back("there are no repositories for " + base::printable(entry.manager));
      continue;
    }
    try {
      more = manager->faults(signing_context, entry, site);
      out.faults.insert(out.faults.end(), more.begin(), more.end());
    } catch (const base::Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      out.faults.push_back(repos::folder_of(entry.distribution, entry.release) + ": " + error.what());
    }
  }
  return out;
}

}  // namespace verify
