// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <string>

#include "base/text.hpp"
#include "inspect/checks.hpp"
#include "inspect/runnable.hpp"

namespace inspect {
namespace {

/// The disks that crypttab names.
std::vector<std::string> crypttab(const Facts& facts) {
  std::vector<std::string> out;
  for (const auto& raw : base::lines(facts.image.content("etc/crypttab").value_or(""))) {
    const auto line = base::trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    out.emplace_back(line.substr(0, line.find_first_of(" \t")));
  }
  return out;
}

}  // namespace

void check_crypt(const Facts& facts, Findings& out) {
  auto program = facts.program("systemd-cryptsetup");
  if (program.empty()) program = facts.program("cryptsetup");
  std::vector<std::string> disks;
  for (const auto& word : facts.cmdline) {
    if (word.starts_with("rd.luks.uuid=") || word.starts_with("rd.luks.name=") || word.starts_with("luks.uuid=") ||
        word.starts_with("luks.name="))
      disks.push_back(word);
  }
  for (auto& name : crypttab(facts)) disks.push_back("crypttab: " + std::move(name));
  const auto listed = base::printable(base::join(disks, ", "), 300);
  if (program.empty()) {
    if (disks.empty()) return out.push_back({"crypt.present", Severity::note, "no encrypted disk is opened by it", ""});
    return out.push_back(
        {"crypt.present", Severity::error, fmt::format("it is to open {}, but no systemd-cryptsetup is in it", listed),
         "add_dracutmodules+=\" crypt \" in /etc/dracut.conf.d/50-crypt.conf, and dracut-sshd-rebuild"});
  }
  const std::string generator = "usr/lib/systemd/system-generators/systemd-cryptsetup-generator";
  for (const auto& each : {program, generator}) {
    const auto why = facts.has(each) ? why_not_runnable(facts, each) : "";
    if (why.empty()) continue;
    return out.push_back({"crypt.present", disks.empty() ? Severity::warning : Severity::error,
                          fmt::format("/{} cannot start: {}", each, why),
                          "build the image again: dracut-sshd-rebuild"});
  }
  if (!facts.kernels.empty() && !facts.has_driver("dm_crypt"))
    return out.push_back({"crypt.present", disks.empty() ? Severity::note : Severity::error,
                          "the kernel module dm-crypt is not in it",
                          "add_drivers+=\" dm_crypt \" in /etc/dracut.conf.d/50-crypt.conf, and dracut-sshd-rebuild"});
  out.push_back({"crypt.present", Severity::good,
                 disks.empty() ? "which disk is left to the kernel's command line or to what udev finds" : listed, ""});
  const bool unlock = !facts.program("unlock").empty();
  const auto answers = facts.program("systemd-tty-ask-password-agent");
  const bool agent = !answers.empty() && why_not_runnable(facts, answers).empty();
  const bool reply =
      facts.has("usr/lib/systemd/systemd-reply-password") || facts.has("lib/systemd/systemd-reply-password");
  if (unlock && reply)
    return out.push_back(
        {"crypt.agent", Severity::good, agent ? "unlock, systemd-tty-ask-password-agent" : "unlock", ""});
  if (agent) return out.push_back({"crypt.agent", Severity::good, "systemd-tty-ask-password-agent", ""});
  out.push_back({"crypt.agent", Severity::error,
                 "neither unlock nor systemd-tty-ask-password-agent is in it, and able to answer a prompt",
                 "add_dracutmodules+=\" systemd-ask-password \" (dracut 050 and later), and dracut-sshd-rebuild"});
}

}  // namespace inspect
