// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace setup {

/// What an earlier run wrote. Only files that it lists are ever changed or removed, and only as long as they are what
/// was written.
struct ManifestFile {
  std::string path;
  std::string sha256;  // of what was written
  bool operator==(const ManifestFile&) const = default;
};

struct Manifest {
  std::vector<ManifestFile> files;
  std::string written;          // when: UTC, ISO 8601
  std::string network;          // NetworkPlan::summary of then
  std::string network_address;  // permanent hardware address of the interface that it is about; "": not known
  bool operator==(const Manifest&) const = default;

  /// Nothing if the file is not listed.
  [[nodiscard]] const ManifestFile* find(const std::string& path) const;
};

inline constexpr const char* kManifest = "var/lib/dracut-sshd/setup.json";

/// Nothing where there is none; base::Error where it is broken or lists a path that setup never writes.
[[nodiscard]] std::optional<Manifest> read_manifest(const std::filesystem::path& root);
[[nodiscard]] std::string manifest_text(const Manifest& manifest);

/// The only places that setup writes to.
[[nodiscard]] bool is_place_of_setup(const std::string& path);

}  // namespace setup
