// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/examine.hpp"

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "repos/manager.hpp"
#include "repos/parts.hpp"
#include "repos/site.hpp"

namespace pipeline {
namespace fs = std::filesystem;

SiteFaults examine(const fs::path& given, const std::string& public_key, base::Runner& runner,
                   const base::Cancel& cancel) {
  SiteFaults out;
  const auto site = fs::absolute(given);  // tools are started in other folders
  if (!fs::is_directory(site)) throw base::Error(site.string() + " is no folder", base::Exit::usage);
  out.catalog = repos::catalog_of(site);
  if (out.catalog.entries.empty()) throw base::Error(site.string() + " holds no packages", base::Exit::usage);
  const base::TempDir home(base::temp_parent(), "orchestrator-verify.");
  repos::Workshop::Setting setting;
  setting.project = out.catalog.entries.front().package;
  setting.path_list = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  setting.log = home.path() / "log";
  setting.environment = {{"LC_ALL", "C.UTF-8"}, {"HOME", home.path()}, {"GNUPGHOME", home.path()}};
  setting.public_key = public_key.empty() ? repos::content_of(site / repos::key_file(setting.project)) : public_key;
  const repos::Workshop workshop(runner, cancel, setting, nullptr);
  out.faults = repos::faults_of_files(workshop, site);
  for (const auto& entry : out.catalog.entries) {
    if (repos::of_release(out.catalog, entry.distribution, entry.release).back() != &entry) continue;
    const auto* manager = repos::find(entry.manager);
    if (manager == nullptr) {
      out.faults.push_back("there are no repositories for " + base::printable(entry.manager));
      continue;
    }
    try {
      const auto more = manager->faults(workshop, entry, site);
      out.faults.insert(out.faults.end(), more.begin(), more.end());
    } catch (const base::Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      out.faults.push_back(repos::folder_of(entry.distribution, entry.release) + ": " + error.what());
    }
  }
  return out;
}

}  // namespace pipeline
