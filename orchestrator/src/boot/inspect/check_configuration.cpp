// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

constexpr std::size_t kShown = 8;

std::string remedy_for(const Facts& facts) {
  return facts.has("usr/lib/dracut-sshd/sources")
             ? "mend /etc/dracut-sshd/sshd_config (or the file in sshd_config.d), and type dracut-sshd-rebuild"
             : "build the image with this module, whose own sshd_config every OpenSSH since 8.0 reads: "
               "dracut-sshd-rebuild";
}

/// Distributions patch keywords and algorithms in: what sshd knows stands in it as a string. Only what is a keyword or
/// algorithm of another version, or of a known patch, may be one here: other words stand in it for other reasons.
bool is_known_to_program(const Facts& facts, const openssh::Finding& finding) {
  const bool may_be = finding.later || (facts.sshd.version && openssh::is_unseen(*facts.sshd.version));
  if (finding.keyword.empty() || !may_be) return false;
  // The daemon itself reads it first. Its table of keywords is in lower case up to 10.5, and as in the manual since.
  const auto bytes = facts.sshd.bytes;
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto same = [&](char a, char b) { return small(a) == small(b); };
  const auto whole = '\0' + finding.keyword + '\0';
  return std::search(bytes.begin(), bytes.end(), whole.begin(), whole.end(), same) != bytes.end();
}

void add(const Facts& facts, Findings& out, const std::vector<openssh::Finding>& findings, const std::string& remedy,
         bool& fatal) {
  std::size_t shown = 0;
  for (const auto& finding : findings) {
    if (is_known_to_program(facts, finding)) continue;
    fatal = fatal || finding.fatal;
    if (++shown > kShown) continue;
    out.push_back({"sshd.configuration", finding.fatal ? Severity::error : Severity::note,
                   base::printable(openssh::to_string(finding), 400), finding.fatal ? remedy : ""});
  }
}

}  // namespace

void check_configuration(const Facts& facts, Findings& out) {
  const auto remedy = remedy_for(facts);
  const auto* node = facts.image.find(facts.sshd.configuration);
  if (node == nullptr)
    return out.push_back(
        {"sshd.configuration", Severity::error, fmt::format("/{} is not there", facts.sshd.configuration), remedy});
  if (!facts.config_there)
    return out.push_back(
        {"sshd.configuration", Severity::unknown,
         fmt::format("/{} has {}: too long to be read here", facts.sshd.configuration, base::human_size(node->size)),
         remedy});
  bool fatal = false;
  add(facts, out, facts.config.findings, remedy, fatal);
  if (facts.sshd.version) add(facts, out, openssh::unknown_to(facts.config, *facts.sshd.version), remedy, fatal);
  if (facts.config.cut)
    out.push_back({"sshd.configuration", Severity::unknown, "it is longer than what is read here", remedy});
  if (!fatal) out.push_back({"sshd.configuration", Severity::good, "/" + facts.sshd.configuration, ""});
}

}  // namespace inspect
