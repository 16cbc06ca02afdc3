// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "admin/seal_report.hpp"
#include "admin/sealed_image.hpp"
#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/output.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"
#include "seal/new_seal.hpp"
#include "seal/pcr_advice.hpp"
#include "seal/sealed_folder.hpp"
#include "seal/systemd_creds.hpp"
#include "seal/unsealed_setting.hpp"
#include "setup/transaction.hpp"

namespace admin {
namespace {

namespace fs = std::filesystem;

const fs::path kSystem = "/";

void put_document(const nlohmann::ordered_json& document) {
  base::print(document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
}

seal::PcrMask pcrs_of(const std::string& text, const char* option) {
  const auto out = seal::parse_pcrs(text);
  if (!out)
    throw base::Error(fmt::format("{} {}: is not a list of PCRs; expected numbers from 0 to 23, as in 7+14", option,
                                  base::printable(text)),
                      base::Exit::usage);
  return *out;
}

/// `before`: what it is sealed to already, with --reseal.
seal::Policy policy_of(const SealArguments& arguments, const std::optional<seal::SealedFolder>& before) {
  seal::Policy out;
  if (before && before->parsed.credential && before->parsed.credential->needs_tpm) {
    out.pcrs = before->parsed.credential->pcrs;
    if (before->parsed.credential->signed_pcrs != 0) {
      out.signed_pcrs = before->parsed.credential->signed_pcrs;
      out.signer = (kSystem / seal::kFolder / seal::kSigner).string();
    }
  }
  if (!arguments.pcrs.empty()) out.pcrs = pcrs_of(arguments.pcrs, "--pcrs");
  if (!arguments.public_key.empty()) {
    out.signer = fs::absolute(arguments.public_key).string();
    if (!arguments.public_key_pcrs.empty()) out.signed_pcrs = pcrs_of(arguments.public_key_pcrs, "--public-key-pcrs");
  }
  if (const auto why = seal::why_unfit(out.pcrs); !why.empty())
    throw base::Error("--pcrs: " + why, base::Exit::usage).with_hint("PCR 7 is Secure Boot's state, and the default");
  return out;
}

std::string settings_text() { return host::read_small(kSystem / seal::kSettings).value_or(""); }

/// UNSEALED_KEY=no as a line of the settings; as they were, unless it is committed.
class UnsealedSetting {
 public:
  explicit UnsealedSetting(bool unsealed_key) : before_(settings_text()) {
    if (unsealed_key || seal::is_without_unsealed_key(before_)) return;
    base::make_dirs((kSystem / seal::kSettings).parent_path());
    was_there_ = fs::exists(kSystem / seal::kSettings);
    base::write_file(kSystem / seal::kSettings, seal::without_unsealed_key(before_));
    changed_ = true;
  }
  ~UnsealedSetting() {
    if (!changed_) return;
    try {
      if (was_there_)
        base::write_file(kSystem / seal::kSettings, before_);
      else
        fs::remove(kSystem / seal::kSettings);
    } catch (const std::exception&) {  // the line stays: the module reads it only where a key is sealed
    }
  }
  UnsealedSetting(const UnsealedSetting&) = delete;
  UnsealedSetting& operator=(const UnsealedSetting&) = delete;
  void commit() { changed_ = false; }

 private:
  std::string before_;
  bool was_there_ = false;
  bool changed_ = false;
};

void rebuild_images(const base::Context& context, const std::string& otherwise) {
  context.console.status("building the initramfs (dracut-sshd-rebuild --all)");
  base::Command command;
  command.argv = {"dracut-sshd-rebuild", "--all"};
  command.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C.UTF-8"}, {"HOME", "/root"}};
  const auto outcome = context.runner.run(command, context.cancel);
  context.console.clear_status();
  if (outcome.status != 0)
    throw base::Error(
        fmt::format("dracut-sshd-rebuild failed with status {}; {}:\n{}", outcome.status, otherwise, outcome.tail))
        .with_hint("dracut-sshd-rebuild --all tells more; --no-rebuild leaves it to you");
}

/// What is there before anything is done: refusals come first.
struct Before {
  std::optional<seal::SealedFolder> folder;
  seal::Policy policy;
  bool unsealed_key = true;
};

Before look(const SealArguments& arguments, const seal::SystemdCreds& creds) {
  Before out;
  out.folder = seal::read_sealed_folder(kSystem);
  const bool again = arguments.mode == SealMode::reseal;
  if (again && !out.folder) throw base::Error("no host key is sealed here").with_hint("dracut-sshd seal makes one");
  if (!again && out.folder && !arguments.new_key)
    throw base::Error("a host key is sealed here already")
        .with_hint(
            "--reseal seals the same key to what the TPM holds now; --new-key makes another one, which every "
            "desk has to be told");
  if (auto why = creds.why_no_tpm(); !why.empty())
    throw base::Error(why).with_hint(
        "switch the TPM on in the firmware's settings (\"fTPM\", \"PTT\"); a driver may be "
        "missing: journalctl -k -g tpm");
  const auto fips = host::read_small(kSystem / "proc/sys/crypto/fips_enabled");
  if (!again && fips && base::trim(*fips) == "1")
    throw base::Error("in FIPS mode there is no Ed25519 key, and no other kind is sealed");
  out.policy = policy_of(arguments, again ? out.folder : std::nullopt);
  out.unsealed_key = arguments.unsealed_key && !seal::is_without_unsealed_key(settings_text());
  return out;
}

int seal_key(const SealArguments& arguments, const base::Context& context) {
  const bool again = arguments.mode == SealMode::reseal;
  const seal::SystemdCreds creds(arguments.tpm_device, context);
  std::optional<setup::SetupLock> lock;
  if (!arguments.dry_run) {
    lock.emplace(kSystem);
    seal::recover_sealed_folder(kSystem);
  }
  const auto before = look(arguments, creds);
  SealReport report;
  report.notes = seal::notes_on(before.policy.pcrs, kSystem);
  report.planned = before.policy;
  report.unsealed_key = before.unsealed_key;
  report.recovery_key = again ? before.folder->has_recovery : arguments.recovery_key;
  report.resealed = again;
  report.new_lines = !again || (before.unsealed_key && !before.folder->unsealed);
  report.rebuild = arguments.rebuild;
  report.dry_run = arguments.dry_run;
  if (!arguments.dry_run) {
    context.console.status("sealing to the TPM");
    if (again)
      report.by_recovery = seal::reseal_folder({before.policy, before.unsealed_key, false}, creds, kSystem, context) ==
                           seal::OpenedBy::recovery;
    else
      seal::make_sealed_folder({before.policy, before.unsealed_key, arguments.recovery_key}, creds, kSystem, context);
    context.console.clear_status();
    UnsealedSetting setting(again || arguments.unsealed_key);
    seal::Replacement replacement(kSystem);
    if (arguments.rebuild) rebuild_images(context, "the sealed keys are what they were before");
    replacement.commit();
    setting.commit();
    report.folder = seal::read_sealed_folder(kSystem);
  }
  arguments.json ? put_document(to_json(report)) : base::print(to_text(report));
  return 0;
}

int remove_seal(const SealArguments& arguments, const base::Context& context) {
  if (arguments.dry_run) {
    const bool there = seal::read_sealed_folder(kSystem).has_value();
    arguments.json ? put_document({{"schema", 1}, {"would_remove", there}})
                   : base::print(there ? fmt::format("would remove /{}\n", seal::kFolder)
                                       : std::string("no host key is sealed here\n"));
    return 0;
  }
  const setup::SetupLock lock(kSystem);
  seal::Removal removal(kSystem);
  const bool there = removal.was_there();
  if (there && arguments.rebuild) rebuild_images(context, "nothing was removed");
  removal.commit();
  if (arguments.json) {
    put_document({{"schema", 1}, {"removed", there}, {"rebuilt", there && arguments.rebuild}});
    return 0;
  }
  if (!there) {
    base::print("no host key is sealed here\n");
    return 0;
  }
  base::print(fmt::format("removed /{}\n", seal::kFolder));
  if (!arguments.rebuild) base::print("The images still have it. To build them again: dracut-sshd-rebuild --all\n");
  base::print("The initramfs has its other host keys again: dracut-sshd inspect prints the lines for known_hosts.\n");
  return 0;
}

int seal_status(const SealArguments& arguments, const base::Context& context) {
  SealStatus status;
  status.folder = seal::read_sealed_folder(kSystem);
  if (status.folder) {
    if (!status.folder->parsed.credential) {
      status.why = fmt::format("/{}/{} {}", seal::kFolder, seal::kCredential, status.folder->parsed.why);
    } else if (!status.folder->parsed.credential->needs_tpm) {
      status.why = "the key is not sealed to a TPM";
    } else {
      const seal::SystemdCreds creds(arguments.tpm_device, context);
      status.why = creds.why_no_tpm();
      if (status.why.empty())
        status.why = seal::why_not_opened(status.folder->credential, status.folder->sealed, creds, kSystem);
    }
    status.image = credential_of_next_boot(kSystem, context);
    status.without_unsealed = seal::is_without_unsealed_key(settings_text());
  }
  arguments.json ? put_document(to_json(status)) : base::print(to_text(status));
  return status.is_well() ? 0 : 1;
}

}  // namespace

int seal(const SealArguments& arguments, const base::Context& context) {
  if (geteuid() != 0) throw base::Error("the sealed host key is root's: run it as root", base::Exit::usage);
  if (!seal::is_tpm_device(arguments.tpm_device))
    throw base::Error(fmt::format("--tpm-device {}: expected a device, or DRIVER:PARAMETERS of tpm2-tss",
                                  base::printable(arguments.tpm_device)),
                      base::Exit::usage);
  switch (arguments.mode) {
    case SealMode::status:
      return seal_status(arguments, context);
    case SealMode::remove:
      return remove_seal(arguments, context);
    default:
      return seal_key(arguments, context);
  }
}

}  // namespace admin
