// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "base/files.hpp"
#include "seal/sealed_folder.hpp"
#include "seal/systemd_creds.hpp"

/// Making sealed keys, so that nothing is replaced before the TPM has opened what was sealed.
namespace seal {

/// A private folder for keys in the clear, in memory: /run, which has to be a tmpfs (base::Error if not). What a killed
/// run left there goes.
[[nodiscard]] base::TempDir private_folder(const std::filesystem::path& root);

struct Request {
  Policy policy;
  bool unsealed_key = true;
  bool recovery_key = true;
};

/// New keys, in kFreshFolder: sealed, and opened once by the same TPM for comparison. base::Error, and no such folder,
/// if anything is not as it has to be.
void make_sealed_folder(const Request& request, const SystemdCreds& creds, const std::filesystem::path& root,
                        const base::Context& context);

/// By what the sealed key was opened.
enum class OpenedBy { tpm, recovery };

/// The same key as in kFolder, sealed to what the TPM holds now, in kFreshFolder; all else is copied, and an unsealed
/// key is made where there is none. base::Error if neither the TPM nor the recovery key opens it.
[[nodiscard]] OpenedBy reseal_folder(const Request& request, const SystemdCreds& creds,
                                     const std::filesystem::path& root, const base::Context& context);

/// Whether the TPM opens a credential now, and to the key that `expected` says. "" if so, else why not.
[[nodiscard]] std::string why_not_opened(const std::string& credential,
                                         const std::optional<openssh::PublicKey>& expected, const SystemdCreds& creds,
                                         const std::filesystem::path& root);

/// kFreshFolder is in the place of kFolder; what was there comes back unless it is committed.
class Replacement {
 public:
  explicit Replacement(std::filesystem::path root);
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  void commit();

 private:
  std::filesystem::path root_;
  bool had_old_ = false;
  bool done_ = false;
};

/// Puts right what an interrupted run left: kFolder is whole, and the other two are gone.
void recover_sealed_folder(const std::filesystem::path& root);

/// Sealing is off; kFolder comes back unless this is committed.
class Removal {
 public:
  explicit Removal(std::filesystem::path root);
  ~Removal();
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  void commit();
  [[nodiscard]] bool was_there() const { return was_there_; }

 private:
  std::filesystem::path root_;
  bool was_there_ = false;
  bool done_ = false;
};

}  // namespace seal
