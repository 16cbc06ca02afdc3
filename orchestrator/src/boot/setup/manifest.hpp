// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace setup {

/// What an earlier run wrote: /var/lib/dracut-sshd/setup.json. Only files that it lists are ever changed or removed.
struct ManifestFile {
  std::string path;
  std::string sha256;  // of what was written
};

struct Manifest {
  std::vector<ManifestFile> files;
  std::string written;         // when, UTC
  std::string network_digest;  // sha256 of the network plan's files and summary: tells when the live network differs
};

inline constexpr const char* kManifest = "var/lib/dracut-sshd/setup.json";

/// Nothing where there is none; base::Error where it is broken or lists a path that setup never writes.
[[nodiscard]] std::optional<Manifest> read_manifest(const std::filesystem::path& root);
[[nodiscard]] std::string manifest_text(const Manifest& manifest);

/// The only places that setup writes to; everything else in a manifest is refused.
[[nodiscard]] bool is_ours_to_write(const std::string& path);

}  // namespace setup
