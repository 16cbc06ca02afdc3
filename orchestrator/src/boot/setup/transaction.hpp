// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "setup/setup_manifest.hpp"
#include "setup/setup_plan.hpp"

/// Writing what a plan says, so that it is there as a whole or not at all.
namespace setup {

/// One setup at a time: holds the lock of /run/dracut-sshd-setup.lock (flock(2)), which ends with its process.
class SetupLock {
 public:
  /// base::Error if another one runs; it names the process.
  explicit SetupLock(const std::filesystem::path& root);
  ~SetupLock();
  SetupLock(const SetupLock&) = delete;
  SetupLock& operator=(const SetupLock&) = delete;

 private:
  int fd_;
};

/// All files are written beside their places (NAME.setup-new), what is replaced is kept there (NAME.setup-old), and a
/// journal (/var/lib/dracut-sshd/setup.pending) names them before the first is renamed. Whatever ends the process
/// before commit(): the next run finds the journal and puts everything back.
class Transaction {
 public:
  /// Undoes what an earlier run began and did not end; the paths of it. Needs the lock.
  static std::vector<std::string> recover(const std::filesystem::path& root);

  /// Writes the plan's files. base::Error, and nothing is changed, if one cannot be written.
  Transaction(const Plan& plan, const std::filesystem::path& root, const base::Context& context);
  /// Puts everything back, unless it was committed.
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// The files stay. The manifest lists them with those of `before` that are still there.
  void commit(const std::optional<Manifest>& before, const NetworkPlan& network, const std::string& nic_address,
              const std::string& now);
  /// What was written or removed.
  [[nodiscard]] const std::vector<std::string>& changed() const { return changed_; }

 private:
  void make_host_key(const base::Context& context);

  std::filesystem::path root_;
  std::vector<std::string> changed_;
  std::vector<ManifestFile> written_;
  std::vector<std::string> removed_;
  bool done_ = false;
};

/// What --remove did.
struct Removal {
  std::vector<std::string> removed;
  std::vector<KeptFile> kept;  // changed since
};
/// Removes the files of the manifest that are what setup wrote, and the manifest.
[[nodiscard]] Removal remove_written(const Manifest& manifest, const std::filesystem::path& root);

}  // namespace setup
