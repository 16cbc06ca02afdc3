// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "inspect/check.hpp"
#include "inspect/command_use.hpp"
#include "inspect/exec_check.hpp"

namespace inspect {
namespace {

constexpr std::array kPrivsepFolders{"/run/sshd",  "/usr/share/empty.sshd", "/var/empty/sshd",
                                     "/var/empty", "/var/lib/empty",        "/var/chroot/ssh"};

/// A whole string of a program: between zeros.
bool holds(std::string_view bytes, std::string_view text) {
  for (auto at = bytes.find(text); at != std::string_view::npos; at = bytes.find(text, at + 1)) {
    const bool begins = at == 0 || bytes[at - 1] == '\0';
    const bool ends = at + text.size() == bytes.size() || bytes[at + text.size()] == '\0';
    if (begins && ends) return true;
  }
  return false;
}

/// The first whole string that ends with `tail`, and is an absolute path.
std::string path_ending(std::string_view bytes, std::string_view tail) {
  for (auto at = bytes.find(tail); at != std::string_view::npos; at = bytes.find(tail, at + 1)) {
    const auto end = at + tail.size();
    if (end < bytes.size() && bytes[end] != '\0') continue;
    const auto zero = bytes.rfind('\0', at);
    const auto begin = zero == std::string_view::npos ? 0 : zero + 1;
    const auto whole = bytes.substr(begin, end - begin);
    if (whole.starts_with('/') && whole.size() < 256) return std::string(whole);
  }
  return {};
}

/// Whatever lies in the image's /run, systemd mounts an empty file system over it.
bool is_made_at_boot(const Facts& facts, const std::string& folder) {
  if (facts.unit->last("Service", "RuntimeDirectory").find(folder.substr(5)) != std::string::npos) return true;
  for (const auto& command : facts.unit->all("Service", "ExecStartPre")) {
    if (command.find(folder) != std::string::npos) return true;
  }
  for (const std::string dir : {"usr/lib/tmpfiles.d", "etc/tmpfiles.d"}) {
    for (const auto& name : facts.image.list(dir)) {
      if (facts.image.content(dir + "/" + name).value_or("").find(" " + folder + " ") != std::string_view::npos)
        return true;
    }
  }
  return false;
}

}  // namespace

void check_present(const Facts& facts, Findings& out) {
  if (!facts.sshd.path.empty()) {
    const auto version = facts.sshd.version ? "OpenSSH " + openssh::to_string(*facts.sshd.version)
                                            : std::string("of a version that cannot be told");
    return out.push_back({"sshd.present", Severity::good, fmt::format("/{}, {}", facts.sshd.path, version), ""});
  }
  const bool stopped = std::ranges::any_of(facts.image.faults, [](const initramfs::Fault& fault) {
    return fault.kind == initramfs::Fault::Kind::limit || fault.kind == initramfs::Fault::Kind::unreadable;
  });
  if (stopped)
    return out.push_back({"sshd.present", Severity::unknown, "as far as it could be read, there is no sshd in it", ""});
  std::string why = "there is no sshd in it";
  if (!facts.program("dropbear").empty()) why += ", but dropbear, which is another one's";
  if (facts.has_module("sshd"))
    why += "; dracut's module sshd had its turn, and left it out: the build's log has the reason";
  out.push_back({"sshd.present", Severity::error, why,
                 facts.by_dracut ? "install dracut-sshd and openssh-server, put your key into "
                                   "/etc/dracut-sshd/authorized_keys, and type dracut-sshd-rebuild"
                                 : "install dracut, dracut-sshd and openssh-server"});
}

void check_libraries(const Facts& facts, Findings& out) {
  const auto why = why_exec_fails(facts, facts.sshd.path);
  if (!why.empty())
    return out.push_back({"sshd.libraries", Severity::error, fmt::format("/{} cannot start: {}", facts.sshd.path, why),
                          "build the image again: dracut-sshd-rebuild"});
  const auto closure = facts.closure_of(facts.sshd.path);
  out.push_back({"sshd.libraries", Severity::good, fmt::format("{} of them", closure.libraries.size()), ""});
}

void check_helpers(const Facts& facts, Findings& out) {
  const auto& sshd = facts.sshd;
  if (!sshd.version || sshd.bytes.empty())
    return out.push_back({"sshd.helpers", Severity::unknown, "which programs this sshd runs cannot be told",
                          "compare with: strings " + sshd.path + " | grep sshd-"});
  std::string listed;
  std::vector<std::string_view> programs{sshd.bytes};  // that may name the next one
  const auto need = [&](std::string_view keyword, std::string_view name, openssh::Version since) {
    if (*sshd.version < since) return;
    auto path = openssh::argument_of(facts.effective.values, keyword, "");
    for (const auto bytes : programs) {
      if (path.empty()) path = path_ending(bytes, "/" + std::string(name));
    }
    if (path.empty()) {
      out.push_back({"sshd.helpers", Severity::unknown, fmt::format("where {} has to be cannot be told", name), ""});
      return;
    }
    if (const auto why = why_exec_fails(facts, path.substr(1)); !why.empty())
      out.push_back({"sshd.helpers", Severity::error, fmt::format("{}: {}", path, why),
                     "build the image again with this module, which takes it along: dracut-sshd-rebuild"});
    else
      listed += (listed.empty() ? "" : ", ") + path;
    if (const auto bytes = facts.image.content(path.substr(1))) programs.push_back(*bytes);
  };
  const auto before = out.size();
  need("sshdsessionpath", "sshd-session", {9, 8, 0});
  need("sshdauthpath", "sshd-auth", {10, 0, 0});
  if (out.size() == before)
    out.push_back({"sshd.helpers", Severity::good,
                   listed.empty() ? "OpenSSH " + openssh::to_string(*sshd.version) + " runs none" : listed, ""});
}

void check_privsep(const Facts& facts, Findings& out) {
  const auto passwd = facts.image.content("etc/passwd");
  bool account = facts.puts_accounts_right;
  for (const auto& line : base::lines(passwd.value_or(""))) account = account || line.starts_with("sshd:");
  const bool at_boot = facts.has_module("systemd-sysusers");
  if (!account && !at_boot)
    out.push_back({"sshd.privsep", Severity::error, "/etc/passwd has no account sshd",
                   "build the image again with this module, which makes one: dracut-sshd-rebuild"});
  std::vector<std::string_view> programs{facts.sshd.bytes};
  if (const auto helper = path_ending(facts.sshd.bytes, "/sshd-session"); !helper.empty())
    programs.push_back(facts.image.content(helper.substr(1)).value_or(""));
  for (const std::string folder : kPrivsepFolders) {
    if (std::ranges::none_of(programs, [&](std::string_view bytes) { return holds(bytes, folder); })) continue;
    const auto* node = facts.image.find(folder.substr(1));
    if (folder.starts_with("/run/")) {
      if (!facts.unit || facts.unit->masked) return;  // it is the unit's to make, and that it is not there was said
      if (is_made_at_boot(facts, folder)) {
        if (account || at_boot) out.push_back({"sshd.privsep", Severity::good, folder + ", made at boot", ""});
        return;
      }
      out.push_back({"sshd.privsep", Severity::error, folder + " is made by nothing: /run is empty at boot",
                     "the unit needs RuntimeDirectory=sshd; this module's has it: dracut-sshd-rebuild"});
      return;
    }
    if (node != nullptr && node->is_directory() && node->uid == 0 && (node->mode & 022U) == 0) {
      if (account || at_boot) out.push_back({"sshd.privsep", Severity::good, folder, ""});
      return;
    }
    out.push_back(
        {"sshd.privsep", Severity::error,
         node == nullptr ? folder + " is not there" : folder + " is not a folder of root's that only root can write",
         "build the image again with this module, which makes it: dracut-sshd-rebuild"});
    return;
  }
  out.push_back({"sshd.privsep", Severity::note, "the folder that this sshd confines itself in cannot be told", ""});
}

void check_shell(const Facts& facts, Findings& out) {
  std::string shell = "/bin/sh";
  if (!facts.root_lines.empty() && facts.root_lines.front().size() > 6) shell = facts.root_lines.front()[6];
  if (shell.empty()) shell = "/bin/sh";
  auto why = why_exec_fails(facts, shell.substr(shell.starts_with('/') ? 1 : 0));
  if (why.empty() && is_no_shell(shell))
    return out.push_back({"account.shell", Severity::error,
                          fmt::format("root's shell {} ends every login, and every command", base::printable(shell)),
                          "give root a shell in /etc/passwd (chsh -s /bin/bash root), and type dracut-sshd-rebuild"});
  if (why.empty()) return out.push_back({"account.shell", Severity::good, shell, ""});
  // The script looks whether a shell is there, and no closer.
  const auto* node = facts.image.find(shell);
  const bool replaced = facts.puts_accounts_right && (node == nullptr || !node->is_file() || (node->mode & 0111U) == 0);
  if (replaced) {
    for (const std::string other : {"/bin/bash", "/usr/bin/bash", "/bin/sh", "/usr/bin/sh"}) {
      if (!why_exec_fails(facts, other.substr(1)).empty()) continue;
      return out.push_back(
          {"account.shell", Severity::good,
           fmt::format("{} cannot run ({}); {} is put in its place before sshd starts", shell, why, other), ""});
    }
  }
  out.push_back(
      {"account.shell", Severity::error, fmt::format("root's shell {} cannot run: {}", base::printable(shell), why),
       "take it along: install_items+=\" " + base::printable(shell) + " \" in /etc/dracut.conf.d/50-shell.conf"});
}

}  // namespace inspect
