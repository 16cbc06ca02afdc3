// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/tpm_finding.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "inspect/check.hpp"
#include "seal/new_seal.hpp"
#include "seal/sealed_folder.hpp"
#include "seal/systemd_creds.hpp"

namespace admin {
namespace {

bool is_this_machines(const inspect::Facts& facts) {
  if (!facts.sealed || facts.options.host != "/" || geteuid() != 0) return false;
  const auto& parsed = facts.sealed->parsed;
  if (!parsed.credential || !parsed.credential->needs_tpm) return false;
  const auto folder = seal::read_sealed_folder("/");
  return folder && folder->credential == facts.sealed->credential;
}

inspect::Finding ask_tpm(const inspect::Facts& facts, const base::Context& context) {
  const seal::SystemdCreds creds("", context);
  auto why = creds.why_no_tpm();
  if (why.empty()) why = seal::why_not_opened(facts.sealed->credential, facts.sealed->key, creds, "/");
  if (why.empty()) return {"hostkeys.opens", inspect::Severity::good, "", ""};
  const bool clear = inspect::has_clear_host_key(facts);
  return {"hostkeys.opens", clear ? inspect::Severity::warning : inspect::Severity::error,
          fmt::format("the TPM does not open the sealed host key ({}): {}", why,
                      clear ? "sshd shows the unsealed one" : "there is no unsealed one, so nobody can log in"),
          "if you know why (an update of the firmware): dracut-sshd seal --reseal"};
}

}  // namespace

inspect::Findings with_tpm(inspect::Findings findings, const inspect::Facts& facts, const base::Context& context) {
  try {
    if (!is_this_machines(facts)) return findings;
    auto finding = ask_tpm(facts, context);
    std::erase_if(findings, [](const inspect::Finding& one) { return one.id == "hostkeys.opens"; });
    const auto behind = std::ranges::find_if(findings.rbegin(), findings.rend(),
                                             [](const inspect::Finding& one) { return one.id == "hostkeys.sealed"; });
    findings.insert(behind.base(), std::move(finding));
  } catch (const base::Error& error) {
    findings.push_back({"hostkeys.opens", inspect::Severity::note,
                        fmt::format("the TPM could not be asked: {}", error.what()), error.hint()});
  }
  return findings;
}

}  // namespace admin
