// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/seal_report.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "openssh/key.hpp"
#include "setup/client_lines.hpp"

namespace admin {
namespace {

using nlohmann::ordered_json;

std::string report_row(std::string_view head, const std::string& text) {
  return fmt::format("  {:<10} {}\n", head, base::printable(text, 2000));
}

std::string print_of(const std::optional<openssh::PublicKey>& key) {
  return key ? openssh::fingerprint(*key) : "cannot be read";
}

/// The lines that a desk needs of this machine.
setup::ClientLines lines_of(const seal::SealedFolder& folder) {
  setup::ClientFacts facts;
  utsname system{};
  std::string name = uname(&system) == 0 ? system.nodename : "";
  if (!setup::is_host_name(name) || name.starts_with("localhost")) name = "HOST";
  facts.names.push_back(name.substr(0, name.find('.')));
  if (facts.names.front() != name) facts.names.push_back(name);
  if (folder.sealed) facts.host_keys.push_back(openssh::line_of(*folder.sealed));
  if (folder.unsealed) facts.unsealed_keys.push_back(openssh::line_of(*folder.unsealed));
  return setup::client_lines(facts);
}

std::string lines_text(const seal::SealedFolder& folder) {
  const auto lines = lines_of(folder);
  if (lines.known_hosts.empty()) return "";
  const auto& first = lines.known_hosts.front();
  std::string out = fmt::format(
      "\nEvery desk has to replace its line for this initramfs: {}\nFor ~/.ssh/known_hosts, under the names that you "
      "type:\n",
      base::shell_quote({"ssh-keygen", "-R", first.substr(0, first.find(' '))}));
  for (const auto& line : lines.known_hosts) out += "  " + line + "\n";
  return out;
}

ordered_json policy_json(const seal::Credential& credential) {
  ordered_json out{{"pcrs", seal::text_of(credential.pcrs)}, {"bank", credential.bank}};
  if (credential.signed_pcrs != 0) {
    out["signed_pcrs"] = seal::text_of(credential.signed_pcrs);
    out["signer"] = credential.signer;
  }
  out["text"] = credential.policy();
  return out;
}

ordered_json folder_json(const seal::SealedFolder& folder) {
  ordered_json out{{"folder", fmt::format("/{}", seal::kFolder)}};
  out["policy"] = folder.parsed.credential ? policy_json(*folder.parsed.credential) : ordered_json();
  out["host_key"] = folder.sealed ? ordered_json(openssh::line_of(*folder.sealed)) : ordered_json();
  out["unsealed_host_key"] = folder.unsealed ? ordered_json(openssh::line_of(*folder.unsealed)) : ordered_json();
  out["recovery_key"] = folder.has_recovery;
  out["known_hosts"] = lines_of(folder).known_hosts;
  return out;
}

std::string folder_text(const seal::SealedFolder& folder) {
  std::string out = report_row(
      "sealed", fmt::format("{} to {}", print_of(folder.sealed),
                            folder.parsed.credential ? folder.parsed.credential->policy() : folder.parsed.why));
  out += report_row("unsealed", folder.unsealed ? print_of(folder.unsealed) + ", shown where the TPM refuses"
                                                : "none: where the TPM refuses, nobody can log in");
  out += report_row("recovery", folder.has_recovery
                                    ? fmt::format("/{}/{}, by this system's own secret", seal::kFolder, seal::kRecovery)
                                    : "none: if the TPM refuses, a new key has to be made");
  return out;
}

std::string planned_text(const SealReport& report) {
  std::string out = report_row(
      "would seal", fmt::format("{} to PCR {}{}", report.resealed ? "the same host key" : "a new host key",
                                seal::text_of(report.planned.pcrs),
                                report.planned.signer.empty()
                                    ? ""
                                    : fmt::format(", and PCR {} signed by {}",
                                                  seal::text_of(report.planned.signed_pcrs), report.planned.signer)));
  out += report_row("unsealed", report.unsealed_key
                                    ? (report.resealed ? "as it is" : "a second key, for when the TPM refuses")
                                    : "none");
  out += report_row("recovery", report.recovery_key ? "by this system's own secret" : "none");
  if (report.rebuild) out += report_row("would run", "dracut-sshd-rebuild --all");
  return out;
}

}  // namespace

SealStatus::InImage SealStatus::in_image() const {
  if (!image.why.empty() || !folder) return InImage::unknown;
  if (!image.credential) return InImage::none;
  return *image.credential == folder->credential ? InImage::same : InImage::other;
}

bool SealStatus::is_well() const {
  const auto where = in_image();
  return folder && why.empty() && (where == InImage::same || where == InImage::unknown);
}

std::string to_text(const SealReport& report) {
  std::string out;
  if (report.folder) {
    out += folder_text(*report.folder);
    if (report.by_recovery) out += report_row("note", "the TPM had refused; the recovery key opened it");
  } else {
    out += planned_text(report);
  }
  for (const auto& note : report.notes) out += report_row("note", note);
  if (!report.folder) return out + "nothing was changed\n";
  if (!report.rebuild) out += report_row("note", "no image has it yet: dracut-sshd-rebuild --all");
  if (report.new_lines) out += lines_text(*report.folder);
  return out;
}

ordered_json to_json(const SealReport& report) {
  ordered_json out{{"schema", 1}, {"dry_run", report.dry_run}, {"resealed", report.resealed}};
  out["pcrs"] = seal::text_of(report.planned.pcrs);
  if (!report.planned.signer.empty()) out["signed_pcrs"] = seal::text_of(report.planned.signed_pcrs);
  out["opened_by"] = !report.resealed || report.dry_run ? ordered_json() : report.by_recovery ? "recovery" : "tpm";
  out["rebuilt"] = report.rebuild && !report.dry_run;
  out["notes"] = report.notes;
  if (report.folder) out["sealed"] = folder_json(*report.folder);
  return out;
}

std::string to_text(const SealStatus& status) {
  if (!status.folder) return "no host key is sealed here (dracut-sshd seal)\n";
  std::string out = folder_text(*status.folder);
  if (status.without_unsealed && status.folder->unsealed)
    out += report_row("note", "UNSEALED_KEY=no keeps the unsealed key out of images");
  out += report_row("TPM", status.why.empty() ? "opens it now" : "does NOT open it: " + status.why);
  switch (status.in_image()) {
    case SealStatus::InImage::same:
      out += report_row("image", status.image.image + " has it");
      break;
    case SealStatus::InImage::other:
      out += report_row("image", status.image.image + " has ANOTHER one: dracut-sshd-rebuild --all");
      break;
    case SealStatus::InImage::none:
      out += report_row("image", status.image.image + " does NOT have it: dracut-sshd-rebuild --all");
      break;
    case SealStatus::InImage::unknown:
      out += report_row("image", "cannot be told: " + status.image.why);
      break;
  }
  if (!status.why.empty()) {
    out += status.folder->unsealed && !status.without_unsealed ? "The next boot shows the unsealed host key. "
                                                               : "Nobody can log in to the next boot's initramfs. ";
    out += "After an update of the firmware: dracut-sshd seal --reseal\n";
  }
  return out;
}

ordered_json to_json(const SealStatus& status) {
  ordered_json out{{"schema", 1}, {"sealed", status.folder.has_value()}};
  if (!status.folder) return out;
  out["opens"] = status.why.empty();
  out["why"] = status.why;
  const auto where = status.in_image();
  out["image"] = {{"path", status.image.image},
                  {"has_it", where == SealStatus::InImage::unknown ? ordered_json()
                                                                   : ordered_json(where == SealStatus::InImage::same)},
                  {"why", status.image.why}};
  out["key"] = folder_json(*status.folder);
  return out;
}

}  // namespace admin
