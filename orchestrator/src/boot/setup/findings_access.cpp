// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "setup/findings_parts.hpp"

namespace setup {
namespace {

using detect::CandidateKey;
using inspect::Findings;
using inspect::Severity;

constexpr const char* kOwnFile = "/etc/dracut-sshd/authorized_keys";

std::string candidate_text(const CandidateKey& candidate) {
  auto out = openssh::fingerprint(candidate.key);
  if (!candidate.key.comment.empty()) out += " " + base::printable(candidate.key.comment, 60);
  return fmt::format("{} ({})", out, base::printable(candidate.origin, 120));
}

bool has_key(const std::vector<openssh::AuthorizedLine>& lines, const openssh::PublicKey& key) {
  return std::ranges::any_of(lines,
                             [&](const auto& line) { return line.key && line.fault.empty() && *line.key == key; });
}

/// What the module would take today.
void judge_effective(const detect::Keys& keys, Findings& out) {
  constexpr const char* kId = "host.keys";
  const auto file = base::printable(keys.effective, 120);
  std::size_t fine = 0;
  for (const auto& line : keys.effective_lines) {
    if (line.fault.empty() && line.key)
      ++fine;
    else
      out.push_back({kId, Severity::warning,
                     fmt::format("{}:{}: {}", file, line.number,
                                 base::printable(line.fault.empty() ? "there is no key in it" : line.fault, 200)),
                     ""});
  }
  if (fine == 0)
    return out.push_back({kId, Severity::error,
                          fmt::format("{} is what an image takes, and no key in it is valid", file),
                          fmt::format("put a public key there, or remove it: {} is taken next", kOwnFile)});
  std::vector<std::string> useless;
  std::vector<std::string> useful;
  for (const auto& candidate : keys.candidates) {
    if (!has_key(keys.effective_lines, candidate.key)) continue;
    (candidate.why_not.empty() ? useful : useless).push_back(candidate_text(candidate));
  }
  if (useful.empty() && useless.size() >= fine)
    return out.push_back({kId, Severity::error,
                          fmt::format("{} is what an image takes, and none of its keys can unlock the machine: {}",
                                      file, listed(useless, 4)),
                          fmt::format("put another key into {}", kOwnFile)});
  out.push_back({kId, Severity::good,
                 useful.empty() ? fmt::format("{} is what an image takes", file)
                                : fmt::format("{} is what an image takes: {}", file, listed(useful, 4)),
                 ""});
}

void judge_candidates(const detect::Keys& keys, Findings& out) {
  constexpr const char* kId = "host.keys";
  std::vector<std::string> useful;
  for (const auto& candidate : keys.candidates) {
    if (candidate.why_not.empty()) useful.push_back(candidate_text(candidate));
  }
  if (keys.effective.empty() && useful.empty())
    out.push_back({kId, Severity::error, "no public key is here that could be let in to an image",
                   "from the desk: ssh-copy-id root@HOST; or install -D -m 0600 FILE " + std::string(kOwnFile)});
  else if (keys.effective.empty())
    out.push_back(
        {kId, Severity::warning,
         fmt::format("no file with keys is there that an image takes; these could be let in: {}", listed(useful, 4)),
         fmt::format("dracut-sshd setup, or write them into {}", kOwnFile)});
  for (const auto& candidate : keys.candidates) {
    if (!candidate.why_not.empty())
      out.push_back(
          {"host.keys.limited", Severity::warning,
           fmt::format("{} unlocks nothing: {}", candidate_text(candidate), base::printable(candidate.why_not, 200)),
           fmt::format("let in another key, or this one without its options, by {}", kOwnFile)});
  }
}

void judge_host_keys(const detect::Keys& keys, Findings& out) {
  if (!keys.host_keys.empty())
    return out.push_back({"host.hostkeys", Severity::good,
                          fmt::format("the initramfs has host keys of its own: {}", listed(keys.host_keys)), ""});
  out.push_back({"host.hostkeys", Severity::note,
                 "the initramfs has no host key of its own: an image has copies of the system's",
                 "ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key"});
}

void judge_daemon(const detect::Machine& machine, Findings& out) {
  const auto& daemon = machine.daemon;
  // Without one, host.packages says so.
  if (!daemon.program.empty()) out.push_back({"host.sshd", Severity::good, base::printable(daemon.program, 100), ""});
  const auto port = base::printable(daemon.image_port, 20);
  out.push_back({"host.port", Severity::good,
                 daemon.port_from.empty() ? fmt::format("sshd of the initramfs listens on port {}", port)
                                          : fmt::format("sshd of the initramfs listens on port {} ({})", port,
                                                        base::printable(daemon.port_from, 100)),
                 ""});
  if (daemon.own_configuration)
    out.push_back({"host.sshd.configuration", Severity::note,
                   "/etc/dracut-sshd/sshd_config takes the place of the module's configuration",
                   "dracut-sshd inspect"});
  if (!daemon.drop_ins.empty())
    out.push_back({"host.sshd.configuration", Severity::note,
                   fmt::format("{} add to sshd's configuration in an image", listed(daemon.drop_ins)),
                   "dracut-sshd inspect"});
  if (!daemon.irrelevant.empty())
    out.push_back({"host.sshd.irrelevant", Severity::note,
                   fmt::format("of the system's sshd, and without effect in an image: {}", listed(daemon.irrelevant)),
                   "for an image: /etc/dracut-sshd/sshd_config.d/NAME.conf"});
  add_faults("host.sshd", Severity::warning, daemon.faults, out);
}

}  // namespace

void add_access_findings(const detect::Machine& machine, Findings& out) {
  if (!machine.keys.effective.empty()) judge_effective(machine.keys, out);
  judge_candidates(machine.keys, out);
  judge_host_keys(machine.keys, out);
  add_faults("host.keys", Severity::unknown, machine.keys.faults, out);
  judge_daemon(machine, out);
}

}  // namespace setup
