// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "host/secure_boot.hpp"
#include "initramfs/der.hpp"
#include "initramfs/signature_list.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

std::string signer_of(const initramfs::PeSignature& signature) {
  return fmt::format("{} (SHA256 {}, issued by {})", signature.subject.empty() ? "a nameless one" : signature.subject,
                     signature.fingerprint.substr(0, 16), signature.issuer);
}

/// By the certificate itself, or by whose name stands in it as its issuer's.
bool is_trusted(const initramfs::PeSignature& signature, const std::string& list) {
  return std::ranges::any_of(initramfs::certificates_in(list), [&](const std::string& each) {
    const auto certificate = initramfs::certificate_of(each);
    return each == signature.certificate || (certificate && certificate->subject == signature.issuer_name);
  });
}

constexpr const char* kSign =
    "have what makes the image sign it, and build it again: dracut-sshd-rebuild (docs/uki.md)";

}  // namespace

void check_signed(const Facts& facts, Findings& out) {
  if (!facts.image.is_uki) return;
  const auto add = [&](Severity severity, const std::string& message, const std::string& remedy = "") {
    out.push_back({"image.signed", severity, message, remedy});
  };
  const auto machine = facts.options.host ? host::secure_boot(*facts.options.host) : host::SecureBoot();
  const bool checked = machine.enabled.value_or(false) && !machine.setup_mode;
  const auto& signatures = facts.image.signatures;
  if (signatures.empty())
    return add(checked ? Severity::error : Severity::note,
               checked ? "it is not signed, and Secure Boot is on: the firmware does not start it"
                       : "it is not signed: no firmware with Secure Boot on starts it",
               kSign);
  const auto good = std::ranges::find(signatures, "", &initramfs::PeSignature::fault);
  if (good == signatures.end()) {
    const auto& first = signatures.front();
    return add(checked                       ? Severity::error
               : machine.enabled.has_value() ? Severity::warning
                                             : Severity::unknown,
               fmt::format("its signature{} is none: {}; no firmware with Secure Boot on starts it",
                           first.subject.empty() ? "" : " by " + signer_of(first), first.fault),
               kSign);
  }
  if (checked && !is_trusted(*good, machine.db) && !is_trusted(*good, machine.mok))
    return add(
        Severity::unknown,
        fmt::format("it is signed by {}, whom neither the firmware's db nor shim's keys (MOK) name", signer_of(*good)),
        "enroll that certificate, or sign with a key that is enrolled; mokutil --db shows what is");
  add(Severity::good, fmt::format("signed by {}", signer_of(*good)));
}

}  // namespace inspect
