// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/text.hpp"
#include "inspect/check.hpp"
#include "inspect/exec_check.hpp"
#include "inspect/openings.hpp"
#include "storage/crypttab.hpp"

namespace inspect {
namespace {

/// The disks that crypttab names.
std::vector<std::string> crypttab(const Facts& facts) {
  std::vector<std::string> out;
  for (const auto& line : storage::parse_crypttab(facts.image.content("etc/crypttab").value_or("")))
    out.push_back("crypttab: " + line.name);
  return out;
}

/// The encrypted disks that / , /usr and resume lie on, as far as that is known.
std::vector<std::string> needed(const Facts& facts) {
  std::vector<std::string> out;
  for (const auto& [purpose, top] : facts.storage.needs) {
    for (const auto index : storage::nodes_from(facts.storage, top)) {
      const auto& node = facts.storage.nodes[index];
      if (node.kind == storage::StorageKind::crypt) out.push_back(node.name + ", which " + purpose + " lies on");
    }
  }
  return out;
}

/// What brings systemd-cryptsetup into an image: on a system that has it, dracut's module; else its package first.
std::string remedy_for_program(const Facts& facts) {
  std::string module = "add_dracutmodules+=\" crypt \" in /etc/dracut.conf.d/50-crypt.conf, and dracut-sshd-rebuild";
  std::string package =
      "install the package that has systemd-cryptsetup (on Debian 13 and later: apt install systemd-cryptsetup), and "
      "type "
      "dracut-sshd-rebuild";
  if (!facts.options.host) return package + "; if it is installed: " + module;
  std::error_code ignored;
  for (const auto* file :
       {"usr/lib/systemd/systemd-cryptsetup", "lib/systemd/systemd-cryptsetup", "usr/bin/systemd-cryptsetup"}) {
    if (std::filesystem::exists(*facts.options.host / file, ignored)) return module;
  }
  return package;
}

}  // namespace

void check_crypt(const Facts& facts, Findings& out) {
  const auto program = facts.program("systemd-cryptsetup");
  std::vector<std::string> disks;
  for (const auto& word : facts.cmdline) {
    if (word.starts_with("rd.luks.uuid=") || word.starts_with("rd.luks.name=") || word.starts_with("luks.uuid=") ||
        word.starts_with("luks.name="))
      disks.push_back(word);
  }
  for (auto& name : crypttab(facts)) disks.push_back(std::move(name));
  if (disks.empty()) disks = needed(facts);
  const auto listed = base::printable(base::join(disks, ", "), 300);
  if (program.empty()) {
    if (disks.empty()) return out.push_back({"crypt.present", Severity::note, "no encrypted disk is opened by it", ""});
    return out.push_back({"crypt.present", Severity::error,
                          fmt::format("it is to open {}, but no systemd-cryptsetup is in it", listed),
                          remedy_for_program(facts)});
  }
  const auto generator = cryptsetup_generator(facts);
  if (generator.empty() && !disks.empty())
    return out.push_back({"crypt.present", Severity::error,
                          fmt::format("it is to open {}, but no systemd-cryptsetup-generator is in it, which reads "
                                      "crypttab and rd.luks",
                                      listed),
                          remedy_for_program(facts)});
  for (const auto& each : {program, generator}) {
    const auto why = !each.empty() && facts.has(each) ? why_exec_fails(facts, each) : "";
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
  const bool agent = !answers.empty() && why_exec_fails(facts, answers).empty();
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
