// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/tree.hpp"

namespace build {

/// dist/<key>/manifest.json: what lies there, from which inputs it was made, and what the package installs.
struct Manifest {
  struct File {
    std::string name, sha256;
    std::uint64_t size = 0;
  };
  std::string key, format, distribution, release, version;
  bool isolated = false;  // built in a sandbox: only then are the bytes those of every other machine
  double seconds = 0;     // how long it took, to start long jobs first the next time
  std::vector<File> outputs;
  base::ListedTree tree;  // content is left out: its sha256 is written
};

[[nodiscard]] std::string to_json(const Manifest& manifest);
/// Nothing when there is none, or it is not ours or broken. `tree` is not read back.
[[nodiscard]] std::optional<Manifest> read_manifest(const std::filesystem::path& folder);
/// Whether every output that the manifest names lies beside it with its digest, and nothing else does.
[[nodiscard]] bool is_whole(const Manifest& manifest, const std::filesystem::path& folder);

}  // namespace build
