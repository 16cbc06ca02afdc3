// SPDX-License-Identifier: GPL-3.0-or-later
#include "seal/new_seal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <array>
#include <cstdio>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "openssh/private_key.hpp"
#include "openssh/wire.hpp"

namespace seal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongest = 64U << 10U;  // of a key
constexpr long kTmpfs = 0x01021994;             // statfs(2), f_type
constexpr long kRamfs = 0x858458f6;
constexpr std::string_view kPrefix = "dracut-sshd-seal-";

bool is_in_memory(const fs::path& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) throw base::system_error(folder.string());
  return status.f_type == kTmpfs || status.f_type == kRamfs;
}

bool has(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void make_key(const fs::path& key, const std::string& comment, const base::Context& context) {
  base::Command command;
  command.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key.string()};
  command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}, {"HOME", "/nonexistent"}};
  command.deadline = std::chrono::seconds(60);
  const auto outcome = context.runner.run(command, context.cancel);
  if (outcome.status != 0 || outcome.timed_out)
    throw base::Error(fmt::format("ssh-keygen could not make a host key: {}", outcome.tail));
}

bool have_same_bytes(const fs::path& one, const fs::path& other) {
  std::string left;
  std::string right;
  const openssh::Cleansed left_cleansed(left);
  const openssh::Cleansed right_cleansed(right);
  left = base::read_file(one, kLongest);
  right = base::read_file(other, kLongest);
  return left == right;
}

/// The public half of a private key's file.
std::optional<openssh::PublicKey> public_half(const fs::path& key) {
  std::string text;
  const openssh::Cleansed cleansed(text);
  text = base::read_file(key, kLongest);
  return openssh::read_private(text).public_part;
}

void copy_key(const fs::path& from, const fs::path& to, unsigned mode) {
  std::string text;
  const openssh::Cleansed cleansed(text);
  text = base::read_file(from, kLongestCredential);
  base::write_file(to, text, mode);
}

/// Sealed into `to`, opened again, and compared.
void seal_checked(const fs::path& key, const fs::path& to, const Policy& policy, const SystemdCreds& creds) {
  creds.seal(key, to, policy);
  const auto opened = key.parent_path() / "opened";
  if (auto why = creds.open(to, opened); !why.empty())
    throw base::Error("the TPM does not open what was sealed to it just now: " + why)
        .with_hint(policy.signer.empty()
                       ? std::string("dracut-sshd seal --pcrs LIST seals to other PCRs")
                       : std::string("a signed policy needs the signature of what is booted now, in "
                                     "/run/systemd/tpm2-pcr-signature.json: boot a signed UKI first"));
  if (!have_same_bytes(key, opened)) throw base::Error("the TPM opens another key than the one that was sealed to it");
  fs::remove(opened);
}

void keep_checked(const fs::path& key, const fs::path& to, const SystemdCreds& creds) {
  creds.keep(key, to);
  const auto opened = key.parent_path() / "opened";
  if (auto why = creds.open(to, opened); !why.empty())
    throw base::Error("the recovery key cannot be opened again: " + why).with_hint("--no-recovery-key makes none");
  if (!have_same_bytes(key, opened)) throw base::Error("the recovery key opens to another key than it was made of");
  fs::remove(opened);
}

/// kFreshFolder, empty and private; removed again unless it is kept.
class FreshFolder {
 public:
  explicit FreshFolder(const fs::path& root) : path_(root / kFreshFolder) {
    base::make_dirs(path_.parent_path());
    base::remove_tree(path_);
    if (::mkdir(path_.c_str(), 0700) != 0) throw base::system_error(path_.string());
  }
  ~FreshFolder() {
    if (kept_) return;
    try {
      base::remove_tree(path_);
    } catch (const std::exception&) {  // the next run removes it
    }
  }
  FreshFolder(const FreshFolder&) = delete;
  FreshFolder& operator=(const FreshFolder&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  void keep() {
    base::sync_tree(path_);
    kept_ = true;
  }

 private:
  fs::path path_;
  bool kept_ = false;
};

void add_unsealed_key(const FreshFolder& fresh, const fs::path& work, const base::Context& context) {
  make_key(work / kUnsealed, "initramfs, unsealed", context);
  copy_key(work / kUnsealed, fresh.path() / kUnsealed, 0600);
  copy_key(work / kUnsealedPublic, fresh.path() / kUnsealedPublic, 0644);
}

/// What is beside the credential in every case.
void add_policy(const FreshFolder& fresh, const Policy& policy) {
  if (!policy.signer.empty()) copy_key(policy.signer, fresh.path() / kSigner, 0644);
}

}  // namespace

base::TempDir private_folder(const fs::path& root) {
  const auto parent = root / "run";
  if (!is_in_memory(parent))
    throw base::Error(parent.string() +
                      ": is not a tmpfs; expected one, because a key in the clear must not reach a disk")
        .with_hint("run this on the booted system, not in a chroot without its /run");
  base::remove_abandoned(parent, kPrefix);
  return base::TempDir(parent, kPrefix);
}

void make_sealed_folder(const Request& request, const SystemdCreds& creds, const fs::path& root,
                        const base::Context& context) {
  const auto work = private_folder(root);
  const auto key = work.path() / kName;
  make_key(key, "initramfs", context);
  seal_checked(key, work.path() / kCredential, request.policy, creds);
  if (request.recovery_key) keep_checked(key, work.path() / kRecovery, creds);
  FreshFolder fresh(root);
  if (request.unsealed_key) add_unsealed_key(fresh, work.path(), context);
  copy_key(work.path() / kPublic, fresh.path() / kPublic, 0644);
  if (request.recovery_key) copy_key(work.path() / kRecovery, fresh.path() / kRecovery, 0600);
  add_policy(fresh, request.policy);
  // The last one: it is what switches sealing on.
  copy_key(work.path() / kCredential, fresh.path() / kCredential, 0600);
  context.cancel.throw_if_requested();
  fresh.keep();
}

OpenedBy reseal_folder(const Request& request, const SystemdCreds& creds, const fs::path& root,
                       const base::Context& context) {
  const auto folder = root / kFolder;
  const auto work = private_folder(root);
  const auto key = work.path() / kName;
  auto by = OpenedBy::tpm;
  if (const auto tpm_says = creds.open(folder / kCredential, key); !tpm_says.empty()) {
    by = OpenedBy::recovery;
    const auto recovery_says = has(folder / kRecovery) ? creds.open(folder / kRecovery, key) : "there is none";
    if (!recovery_says.empty())
      throw base::Error(
          fmt::format("the TPM does not open the sealed key ({}), and the recovery key does not help ({})", tpm_says,
                      recovery_says))
          .with_hint("a new key has to be made, and every desk told: dracut-sshd seal --new-key");
  }
  const auto half = public_half(key);
  const auto text = has(folder / kPublic) ? base::read_file(folder / kPublic, kLongest) : std::string();
  const auto beside = openssh::parse_public_key(base::trim(text)).key;
  if (!half || !beside || !(*half == *beside))
    throw base::Error(fmt::format("{}: is not the public half of the sealed key", (folder / kPublic).string()))
        .with_hint("make a new key, and tell every desk: dracut-sshd seal --new-key");
  seal_checked(key, work.path() / kCredential, request.policy, creds);
  FreshFolder fresh(root);
  for (const auto& [name, mode] : std::array<std::pair<const char*, unsigned>, 4>{
           {{kPublic, 0644}, {kRecovery, 0600}, {kUnsealed, 0600}, {kUnsealedPublic, 0644}}}) {
    if (has(folder / name)) copy_key(folder / name, fresh.path() / name, mode);
  }
  if (request.unsealed_key && !has(folder / kUnsealed)) add_unsealed_key(fresh, work.path(), context);
  add_policy(fresh, request.policy);
  copy_key(work.path() / kCredential, fresh.path() / kCredential, 0600);
  context.cancel.throw_if_requested();
  fresh.keep();
  return by;
}

std::string why_not_opened(const std::string& credential, const std::optional<openssh::PublicKey>& expected,
                           const SystemdCreds& creds, const fs::path& root) {
  const auto work = private_folder(root);
  const auto sealed = work.path() / kCredential;
  base::write_file(sealed, credential, 0600);
  if (auto why = creds.open(sealed, work.path() / kName); !why.empty()) return why;
  const auto half = public_half(work.path() / kName);
  if (!half) return "what it opens to is not a private key";
  if (!expected || !(*half == *expected)) return "it opens to another key than its public half says";
  return "";
}

Replacement::Replacement(fs::path root) : root_(std::move(root)) {
  const auto current = root_ / kFolder;
  const auto fresh = root_ / kFreshFolder;
  const auto old = root_ / kOldFolder;
  base::remove_tree(old);
  had_old_ = has(current);
  if (!had_old_) {
    fs::rename(fresh, current);
    return;
  }
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, current.c_str(), RENAME_EXCHANGE) == 0) {
    fs::rename(fresh, old);
    return;
  }
  // A file system that cannot exchange: who ends between these two leaves kOldFolder alone, for recover_sealed_folder.
  fs::rename(current, old);
  try {
    fs::rename(fresh, current);
  } catch (...) {
    fs::rename(old, current);
    throw;
  }
}

Replacement::~Replacement() {
  if (done_) return;
  try {
    base::remove_tree(root_ / kFolder);
    if (had_old_) fs::rename(root_ / kOldFolder, root_ / kFolder);
  } catch (const std::exception&) {  // what is there is whole, and seal --status says what it is
  }
}

void Replacement::commit() {
  done_ = true;
  base::remove_tree(root_ / kOldFolder);
}

void recover_sealed_folder(const fs::path& root) {
  base::remove_tree(root / kFreshFolder);
  if (has(root / kFolder))
    base::remove_tree(root / kOldFolder);
  else if (has(root / kOldFolder))
    fs::rename(root / kOldFolder, root / kFolder);
}

Removal::Removal(fs::path root) : root_(std::move(root)) {
  recover_sealed_folder(root_);
  was_there_ = has(root_ / kFolder);
  if (was_there_) fs::rename(root_ / kFolder, root_ / kOldFolder);
}

Removal::~Removal() {
  if (done_ || !was_there_) return;
  std::error_code ignored;  // recover_sealed_folder does it once more
  fs::rename(root_ / kOldFolder, root_ / kFolder, ignored);
}

void Removal::commit() {
  done_ = true;
  base::remove_tree(root_ / kOldFolder);
}

}  // namespace seal
