// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "formats/format.hpp"
#include "model/finding.hpp"
#include "model/recipe.hpp"

namespace proof {

struct Report;

/// A file that was proven to be what its profile says. Only prove() makes one, and recognise() of what it made.
class VerifiedArtifact {
 public:
  [[nodiscard]] const std::filesystem::path& path() const {
    return path_;
  }                                                                    // in the job's folder; a folder for an overlay
  [[nodiscard]] const std::string& name() const { return name_; }      // in dist/<key>/
  [[nodiscard]] const std::string& sha256() const { return sha256_; }  // of a folder: of its sorted list of digests
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  VerifiedArtifact() = default;
  friend Report prove(const formats::Format&, const formats::Ingredients&, const model::Recipe&,
                      const std::filesystem::path&, const std::vector<std::string>&);
  friend std::vector<VerifiedArtifact> recognise(const model::Recipe&, const std::filesystem::path&,
                                                 const std::vector<std::string>&);
  std::filesystem::path path_;
  std::string name_, sha256_;
  std::uint64_t size_ = 0;
};

struct Report {
  model::Findings findings;                // empty: proven
  std::vector<VerifiedArtifact> verified;  // empty when there are findings
  base::ListedTree tree;                   // what the binary package installs, for the manifest
};

/// Digest of an output, file or folder, for the caller to take before the reading steps run. base::Error when it is not
/// there, or a link.
[[nodiscard]] std::string digest_of(const std::filesystem::path& output);

/// Compares every reading of a finished job with what the ingredients promise. `digests` are those of the outputs, in
/// the recipe's order, from before they were read: reading must not have changed them.
[[nodiscard]] Report prove(const formats::Format& format, const formats::Ingredients& from, const model::Recipe& recipe,
                           const std::filesystem::path& job, const std::vector<std::string>& digests);

/// The outputs in `job`, where the recipe has them, when each still has the digest that it had when it was proven (in
/// the recipe's order). base::Error names the one that has not.
[[nodiscard]] std::vector<VerifiedArtifact> recognise(const model::Recipe& recipe, const std::filesystem::path& job,
                                                      const std::vector<std::string>& proven);

}  // namespace proof
