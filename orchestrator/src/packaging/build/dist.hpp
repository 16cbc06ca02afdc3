// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "build/job.hpp"
#include "build/manifest.hpp"
#include "proof/prove.hpp"

/// dist/ as a shelf that proven packages are taken from.
namespace build {

/// The proof that lies beside the packages: what they were when they were proven. base::Error when there are none, when
/// they were made of something else than this job, or have changed since.
[[nodiscard]] Manifest read_proof(const Job& job, const std::filesystem::path& out);

/// Copies the outputs into `folder`, where the recipe has them and in the place of what is there, and recognises them:
/// nobody else can change what is in a private folder. The manifest is not signed: what is to be signed is proven
/// again.
[[nodiscard]] std::vector<proof::VerifiedArtifact> copy_verified(const Job& job, const Manifest& manifest,
                                                                 const std::filesystem::path& out,
                                                                 const std::filesystem::path& folder);

}  // namespace build
