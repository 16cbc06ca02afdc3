// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "detect/machine_state.hpp"
#include "setup/choices.hpp"
#include "setup/network_files.hpp"
#include "setup/planned_file.hpp"
#include "setup/setup_manifest.hpp"

namespace setup {

/// A file that an admin wrote, or changed after setup had written it: it stays as it is.
struct KeptFile {
  std::string path;
  std::string why;
};

/// Whom the image will let in.
struct LoginKey {
  std::string fingerprint;  // "SHA256:..."
  std::string comment;      // untrusted
  std::string origin;       // "/root/.ssh/authorized_keys:1"
  std::string why_not;      // why this key cannot unlock; "": it can
};

struct Plan {
  std::vector<PlannedFile> write;      // not there yet, or with other content
  std::vector<std::string> unchanged;  // there already, by an earlier run
  std::vector<std::string> remove;     // by an earlier run, and not wanted any more
  std::vector<KeptFile> keep;
  bool make_host_key = false;        // by ssh-keygen(1): the key is in no plan
  bool seal = false;                 // a host key is sealed to the TPM, too: by the caller
  std::vector<std::string> install;  // the package manager's command; empty: nothing is missing
  NetworkPlan network;
  std::vector<LoginKey> may_log_in;  // by the keys that the image will have
  std::string keys_file;             // which those are in
  std::string port = "22";
  std::vector<std::string> notes;
  std::vector<std::string> refusals;  // why nothing is done; each with what to type

  /// Whether carrying it out would change a file of the system.
  [[nodiscard]] bool changes_files() const { return !write.empty() || !remove.empty() || make_host_key; }
};

inline constexpr const char* kHostKey = "/etc/ssh/dracut_ssh_host_ed25519_key";

/// What setup would do on this machine. Reads the files that it would write, and changes nothing.
[[nodiscard]] Plan make_plan(const detect::Machine& machine, const Choices& choices,
                             const std::optional<Manifest>& manifest, const std::filesystem::path& root);

// Its parts, for this room's own files.

/// Where a path of the system lies below `root`.
[[nodiscard]] std::filesystem::path on_system(const std::filesystem::path& root, const std::string& path);

/// How a file on the system compares with the manifest.
enum class FileState { absent, ours, foreign };
[[nodiscard]] FileState state_of(const std::string& path, const std::optional<Manifest>& manifest,
                                 const std::filesystem::path& root);
/// Which keys may log in, and the file that says so where one has to be written.
void plan_keys(Plan& plan, const detect::Machine& machine, const Choices& choices,
               const std::optional<Manifest>& manifest, const std::filesystem::path& root);
/// Adds a file to `write`, `unchanged` or `keep`.
void plan_file(Plan& plan, PlannedFile file, const std::optional<Manifest>& manifest,
               const std::filesystem::path& root);

}  // namespace setup
