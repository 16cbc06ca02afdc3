// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "host/host.hpp"
#include "inspect/check.hpp"
#include "inspect/exec_check.hpp"
#include "openssh/key.hpp"
#include "seal/sealed_folder.hpp"

namespace inspect {
namespace {

const char* const kUnseal = "usr/lib/dracut-sshd/unseal";
const char* const kUnsealUnit = "dracut-sshd-unseal.service";

/// systemd opens them by these names, at run time (systemd's src/shared/tpm2-util.c).
constexpr std::array kTpmLibraries{"libtss2-esys.so.0", "libtss2-mu.so.0", "libtss2-rc.so.0",
                                   "libtss2-tcti-device.so.0"};

/// Of the kernel's drivers/char/tpm, those that make a /dev/tpmrm0.
constexpr std::array kTpmDrivers{"tpm_crb",          "tpm_tis",     "tpm_tis_spi",  "tpm_tis_i2c",
                                 "tpm_tis_i2c_cr50", "tpm_ibmvtpm", "tpm_ftpm_tee", "tpm_tis_synquacer",
                                 "tpm_vtpm_proxy",   "tpm_svsm"};

/// Where a library lies in the image, in a folder that the loader looks into by itself; "" if it is in none.
std::string library_path(const Facts& facts, const std::string& name) {
  std::vector<std::string> folders{"usr/lib64", "usr/lib", "lib64", "lib"};
  for (const auto* top : {"usr/lib", "lib"}) {
    for (const auto& entry : facts.image.list(top)) {
      if (entry.find("-linux-gnu") != std::string::npos) folders.push_back(std::string(top) + "/" + entry);
    }
  }
  for (const auto& folder : folders) {
    if (facts.has(folder + "/" + name)) return folder + "/" + name;
  }
  return "";
}

/// What systemd-creds lacks to open a credential.
void add_program_faults(const Facts& facts, std::vector<std::string>& out) {
  const auto program = facts.program("systemd-creds");
  if (program.empty())
    out.emplace_back("systemd-creds is not in it");
  else if (auto why = why_exec_fails(facts, program); !why.empty())
    out.push_back(fmt::format("/{} cannot start: {}", program, why));
  for (const auto* name : kTpmLibraries) {
    const auto path = library_path(facts, name);
    if (path.empty()) {
      out.push_back(fmt::format("{} is not in it, or not where the loader looks", name));
      continue;
    }
    const auto closure = facts.closure_of(path);
    for (const auto& missing : closure.missing)
      out.push_back(fmt::format("/{} needs {}, which is not in it", path, base::printable(missing.soname)));
  }
}

/// Why the key in it stays sealed, whatever the TPM says.
std::vector<std::string> faults_of_seal(const Facts& facts) {
  std::vector<std::string> out;
  const auto& sealed = *facts.sealed;
  if (sealed.credential.empty())
    out.push_back(fmt::format("/{} is empty, or too long", seal::kImageCredential));
  else if (!sealed.parsed.credential && !sealed.parsed.unknown_kind)
    out.push_back(fmt::format("/{} {}", seal::kImageCredential, sealed.parsed.why));
  else if (sealed.parsed.credential && sealed.parsed.credential->needs_host_secret)
    out.emplace_back("it is encrypted with the secret of the real root file system, which is not open yet");
  if (!sealed.key) out.push_back(fmt::format("/{} is not a public key", seal::kImagePublic));
  const auto unit = load_unit(facts.image, kUnsealUnit);
  const auto wanted = wanted_by(facts.image, kUnsealUnit);
  if (!facts.has(kUnseal) || !unit || unit->masked)
    out.push_back(fmt::format("{} is not in it, or masked", kUnsealUnit));
  else if (std::ranges::find(wanted, "sshd.service") == wanted.end())
    out.push_back(fmt::format("nothing starts {}: sshd.service does not want it", kUnsealUnit));
  add_program_faults(facts, out);
  const bool has_driver = facts.kernels.empty() ||
                          std::ranges::any_of(kTpmDrivers, [&](const char* name) { return facts.has_driver(name); });
  if (!has_driver) out.emplace_back("no driver for a TPM is in it");
  return out;
}

/// The system has a sealed key, and the image has none, or another one.
void compare_with_system(const Facts& facts, Findings& out) {
  if (!facts.options.host) return;
  std::optional<seal::SealedFolder> folder;
  try {
    folder = seal::read_sealed_folder(*facts.options.host);
  } catch (const std::exception& error) {
    return out.push_back({"hostkeys.sealed", Severity::note, base::printable(error.what(), 300), ""});
  }
  if (!folder) return;
  if (!facts.sealed)
    return out.push_back(
        {"hostkeys.sealed", Severity::warning,
         fmt::format("/{} has a sealed host key, and the image has none", seal::kFolder),
         "dracut-sshd-rebuild; the lines of its log that begin with dracut-sshd: say what is missing"});
  if (folder->credential != facts.sealed->credential)
    out.push_back({"hostkeys.sealed", Severity::warning,
                   fmt::format("the image has another sealed host key than /{}", seal::kFolder),
                   "dracut-sshd-rebuild"});
}

}  // namespace

void check_sealed(const Facts& facts, Findings& out) {
  compare_with_system(facts, out);
  if (!facts.sealed) return;
  const bool clear = has_clear_host_key(facts);
  const auto faults = faults_of_seal(facts);
  const auto& parsed = facts.sealed->parsed;
  if (!faults.empty())
    return out.push_back(
        {"hostkeys.sealed", clear ? Severity::warning : Severity::error,
         fmt::format("the sealed host key stays sealed, {}: {}",
                     clear ? "and sshd shows the unsealed one" : "and there is no unsealed one, so sshd does not start",
                     base::join(faults, "; ")),
         "dracut-sshd-rebuild; the lines of its log that begin with dracut-sshd: say what is missing"});
  if (!parsed.credential)
    return out.push_back(
        {"hostkeys.sealed", clear ? Severity::warning : Severity::unknown,
         fmt::format("/{} {}: whether the TPM opens it cannot be told", seal::kImageCredential, parsed.why),
         "dracut-sshd seal --status, as root on the machine itself, asks the TPM"});
  out.push_back({"hostkeys.sealed", Severity::good, parsed.credential->policy(), ""});
  if (!parsed.credential->needs_tpm)
    out.push_back({"hostkeys.sealed", Severity::warning, "it is not sealed to a TPM: who has the image can open it",
                   "dracut-sshd seal --new-key"});
  const auto& unsealed = facts.host_keys;
  const bool same = std::ranges::any_of(
      unsealed, [&](const HostKey& key) { return key.key.public_part && *key.key.public_part == *facts.sealed->key; });
  if (same)
    out.push_back({"hostkeys.sealed", Severity::warning,
                   "the sealed host key is in the image once more, in the clear: who has the image can read it",
                   "dracut-sshd seal --new-key"});
  if (!clear)
    out.push_back({"hostkeys.opens", Severity::warning,
                   "there is no unsealed host key: sshd starts only where the TPM opens the sealed one",
                   "dracut-sshd seal --status, as root on the machine itself, asks the TPM"});
}

}  // namespace inspect
