// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "inspect/check.hpp"
#include "openssh/access.hpp"

namespace inspect {
namespace {

constexpr std::size_t kShown = 8;

std::string remedy_for(const Facts& facts) {
  return facts.has("usr/lib/dracut-sshd/sources")
             ? "mend /etc/dracut-sshd/sshd_config (or the file in sshd_config.d), and type dracut-sshd-rebuild"
             : "build the image with this module, whose own sshd_config every OpenSSH since 8.0 reads: "
               "dracut-sshd-rebuild";
}

/// Distributions patch keywords in, and newer versions bring some: what sshd knows stands in it as a string.
bool is_known_to_program(const Facts& facts, const std::string& keyword) {
  if (keyword.empty()) return false;
  auto session = openssh::argument_of(facts.effective.values, "sshdsessionpath", "");
  for (const auto* path :
       {"usr/lib/openssh/sshd-session", "usr/libexec/openssh/sshd-session", "usr/lib/ssh/sshd-session",
        "usr/libexec/ssh/sshd-session", "usr/lib/misc/sshd-session", "usr/lib64/misc/sshd-session"}) {
    if (session.empty() && facts.has(path)) session = path;
  }
  const auto whole = '\0' + keyword + '\0';
  return facts.sshd.bytes.find(whole) != std::string_view::npos ||
         facts.image.content(session).value_or("").find(whole) != std::string_view::npos;
}

void add(const Facts& facts, Findings& out, const std::vector<openssh::Finding>& findings, const std::string& remedy,
         bool& fatal) {
  std::size_t shown = 0;
  for (const auto& finding : findings) {
    if (is_known_to_program(facts, finding.keyword)) continue;
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

void check_login(const Facts& facts, Findings& out) {
  std::vector<openssh::LoginKey> keys;
  for (const auto& file : facts.key_files) {
    for (const auto& line : file.lines) {
      if (line.fault.empty() && line.key) keys.push_back({*line.key, line.has_command(), line.is_authority()});
    }
  }
  std::vector<openssh::PublicKey> host_keys;
  for (const auto& key : facts.host_keys) {
    if (key.key.public_part) host_keys.push_back(*key.key.public_part);
  }
  bool good = true;
  for (const auto& objection : openssh::judge_root_login(facts.effective, keys, host_keys,
                                                         facts.sshd.version.value_or(openssh::Version{10, 0, 0}))) {
    if (objection.keyword == "RevokedKeys") {
      // A file that is not there revokes every key.
      const auto path = openssh::argument_of(facts.effective.values, "revokedkeys", "none");
      if (facts.has(path)) continue;
      good = false;
      out.push_back({"sshd.login", Severity::error,
                     fmt::format("RevokedKeys {} is not in the image: sshd takes no key at all", base::printable(path)),
                     objection.remedy});
      continue;
    }
    good = good && !objection.certain;
    out.push_back({"sshd.login", objection.certain ? Severity::error : Severity::warning,
                   fmt::format("{}{}", objection.origin.empty() ? "" : objection.origin + ": ", objection.why),
                   objection.remedy});
  }
  const auto pam = openssh::argument_of(facts.effective.values, "usepam", "no");
  if (pam == "yes" && !facts.has("etc/pam.d/sshd")) {
    good = false;
    out.push_back({"sshd.login", Severity::error, "UsePAM yes, and /etc/pam.d/sshd is not there: PAM refuses everybody",
                   "say UsePAM no in /etc/dracut-sshd/sshd_config"});
  }
  if (good) out.push_back({"sshd.login", Severity::good, "", ""});
}

}  // namespace inspect
