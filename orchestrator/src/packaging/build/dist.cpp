// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/dist.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "repos/repo_files.hpp"

namespace build {
namespace fs = std::filesystem;
namespace {

std::string digest(const Manifest& manifest, const std::string& name) {
  for (const auto& file : manifest.outputs) {
    if (file.name == name) return file.sha256;
  }
  return "";
}

}  // namespace

Manifest read_proof(const Job& job, const fs::path& out) {
  const auto folder = out / job.profile.key();
  const auto manifest = read_manifest(folder);
  const auto how = fmt::format("orchestrator build --distro {}:{}", job.profile.id, job.profile.release);
  if (!manifest) throw base::Error(fmt::format("{} holds no packages", folder.string())).with_hint(how);
  if (manifest->key != job.key)
    throw base::Error(fmt::format("the packages in {} are not of this source and these tools", folder.string()))
        .with_hint(how + " builds them");
  if (!is_whole(*manifest, folder))
    throw base::Error(fmt::format("the packages in {} are not what was proven there", folder.string()))
        .with_hint(how + " builds them again");
  return *manifest;
}

std::vector<proof::VerifiedArtifact> copy_verified(const Job& job, const Manifest& manifest, const fs::path& out,
                                                   const fs::path& folder) {
  const auto from = out / job.profile.key();
  std::vector<std::string> digests;
  for (const auto& output : job.recipe.outputs) {
    base::make_dirs((folder / output.path).parent_path());
    base::remove_tree(folder / output.path);
    if (fs::is_directory(from / output.name))
      base::copy_tree(from / output.name, folder / output.path, job.project.epoch());
    else
      base::write_file(folder / output.path, repos::content_of(from / output.name));
    digests.push_back(digest(manifest, output.name));
  }
  return proof::recognise(job.recipe, folder, digests);
}

}  // namespace build
