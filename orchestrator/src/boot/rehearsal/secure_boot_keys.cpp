// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/secure_boot_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "initramfs/signature_list.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMost = 1U << 20U;

/// EFI_VARIABLE_AUTHENTICATION_2: a time, and a WIN_CERTIFICATE that says how long it is; the list comes behind.
std::string without_authentication(const std::string& bytes) {
  constexpr std::size_t kTime = 16;
  if (bytes.size() < kTime + 4) return {};
  std::size_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = length << 8U | static_cast<unsigned char>(bytes[kTime + i]);
  return length > bytes.size() - kTime ? "" : bytes.substr(kTime + length);
}

std::string list_of_file(const fs::path& file) {
  auto bytes = base::read_file(file, kMost);
  std::string out;
  for (const auto& certificate : initramfs::certificates_of_file(bytes)) out += initramfs::signature_list(certificate);
  if (!out.empty()) return out;
  if (!bytes.empty() && initramfs::is_signature_list(bytes)) return bytes;
  if (auto list = without_authentication(bytes); !list.empty() && initramfs::is_signature_list(list)) return list;
  throw base::Error(file.string() + ": neither a certificate nor a list of such", base::Exit::usage)
      .with_hint("expected DER, PEM, an EFI signature list (.esl) or a signed one (.auth)");
}

/// "" where the folder has no such file.
std::string list_in(const fs::path& folder, const std::string& name) {
  for (const auto& base : {folder / name, folder / name / name}) {
    for (const auto* suffix : {".esl", ".auth", ".der", ".cer", ".crt", ".pem"}) {
      const fs::path file = base.string() + suffix;
      std::error_code ignored;
      if (fs::is_regular_file(file, ignored)) return list_of_file(file);
    }
  }
  return {};
}

/// There has to be a key above all others, or nothing is checked.
void fill(SecureBootKeys& keys) {
  keys.on = true;
  const auto certificates = initramfs::certificates_in(keys.db);
  if (keys.pk.empty() && !certificates.empty()) keys.pk = initramfs::signature_list(certificates.front());
  if (keys.kek.empty()) keys.kek = keys.pk;
}

}  // namespace

SecureBootKeys keys_of_path(const fs::path& path) {
  SecureBootKeys out;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    out.db = list_of_file(path);
  } else if (const auto variables = host::secure_boot_in(path); !variables.db.empty()) {
    out.pk = variables.pk;
    out.kek = variables.kek;
    out.db = variables.db;
    out.dbx = variables.dbx;
  } else {
    out.pk = list_in(path, "PK");
    out.kek = list_in(path, "KEK");
    out.db = list_in(path, "db");
    out.dbx = list_in(path, "dbx");
  }
  if (out.db.empty())
    throw base::Error(path.string() + ": there is no db", base::Exit::usage)
        .with_hint("name a certificate, or a folder with db.esl, db.auth, db.der or db.pem");
  fill(out);
  out.words = "the keys of " + base::printable(path.string(), 200);
  return out;
}

SecureBootKeys keys_of_machine(const host::SecureBoot& machine) {
  SecureBootKeys out;
  if (machine.setup_mode || machine.db.empty() || !machine.enabled.value_or(false)) {
    out.words = machine.setup_mode ? "it is in setup mode, as on this machine" : "as on this machine";
    return out;
  }
  out.pk = machine.pk;
  out.kek = machine.kek;
  out.db = machine.db;
  out.dbx = machine.dbx;
  out.words = "this machine's own keys (PK, KEK, db, dbx)";
  if (!machine.mok.empty()) {
    out.db += machine.mok;
    out.words += ", and in db those that its shim takes (MOK)";
  }
  fill(out);
  return out;
}

SecureBootKeys keys_of_signer(const std::vector<initramfs::PeSignature>& signatures) {
  SecureBootKeys out;
  const auto signer =
      std::ranges::find_if(signatures, [](const initramfs::PeSignature& one) { return !one.certificate.empty(); });
  if (signer == signatures.end()) {
    out.words = signatures.empty() ? "the image is not signed" : "no certificate is with the image's signature";
    return out;
  }
  out.db = initramfs::signature_list(signer->certificate);
  fill(out);
  out.words = fmt::format(
      "the certificate that signed the image, {}, stands for the machine's keys: that the machine trusts it, is not "
      "shown",
      signer->subject);
  return out;
}

}  // namespace rehearsal
