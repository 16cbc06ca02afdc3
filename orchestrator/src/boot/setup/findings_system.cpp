// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "setup/findings_parts.hpp"

namespace setup {
namespace {

using inspect::Findings;
using inspect::Severity;

/// Whether the machine that this runs on has a boot that an image could be made for.
void judge_own_boot(const detect::System& system, Findings& out) {
  constexpr const char* kId = "host.system";
  const auto name = system.pretty_name.empty() ? "a system that says not what it is" : system.pretty_name;
  if (!system.container.empty())
    return out.push_back(
        {kId, Severity::error,
         fmt::format("this is a container ({}): it has no boot of its own", base::printable(system.container)),
         "run it on the machine that boots: dracut-sshd doctor"});
  if (system.chroot)
    return out.push_back({kId, Severity::error,
                          "this is a chroot: what boots is not the system that is looked at, and its devices, mounts "
                          "and network are another's",
                          "boot the system itself, and type: dracut-sshd doctor"});
  if (!system.systemd)
    return out.push_back(
        {kId, Severity::error,
         fmt::format("{} does not run systemd here, which starts sshd in the initramfs; so looks a chroot "
                     "without /proc, too",
                     base::printable(name, 100)),
         "boot the system itself; the module needs one with systemd (dracut-sshd(7))"});
  out.push_back({kId, Severity::good, base::printable(name, 100), ""});
}

void judge_updates(const detect::System& system, Findings& out) {
  if (system.ostree)
    out.push_back(
        {"host.updates", Severity::note,
         "the system is an ostree deployment: packages are layered and are there after a reboot, and an image "
         "that is built here cannot read root's home; keys have to be in /etc/dracut-sshd/authorized_keys",
         "rpm-ostree initramfs --enable"});
  if (system.read_only_usr)
    out.push_back(
        {"host.updates", Severity::note,
         "the system is a read-only snapshot: packages and images go into a new one, which the next boot takes",
         "transactional-update initrd"});
}

bool opens_disks(const detect::MissingPackage& package) {
  return package.purpose == "cryptsetup-generator" || package.purpose == "cryptsetup";
}

std::string package_text(const detect::MissingPackage& package) {
  return package.name.empty() ? package.what : fmt::format("{} (package {})", package.what, package.name);
}

struct Missing {
  std::vector<std::string> needed;    // a package manager has them, or may have
  std::vector<std::string> nowhere;   // none has
  std::vector<std::string> unneeded;  // for nothing is encrypted
  std::vector<std::string> optional;
};

Missing sort_missing(const detect::Machine& machine) {
  Missing out;
  for (const auto& package : machine.packages.missing) {
    const auto text = package_text(package);
    if (!package.required)
      out.optional.push_back(text);
    else if (opens_disks(package) && machine.disks.nothing_encrypted)
      out.unneeded.push_back(text);
    else if (package.name.empty() || (package.available_known && !package.available))
      out.nowhere.push_back(text);
    else
      out.needed.push_back(text);
  }
  return out;
}

}  // namespace

void add_system_findings(const detect::Machine& machine, Findings& out) {
  const auto& system = machine.system;
  judge_own_boot(system, out);
  if (system.root)
    out.push_back({"host.root", Severity::good, "this runs as root", ""});
  else
    out.push_back({"host.root", Severity::error,
                   "this does not run as root: keys, images and the headers of encrypted disks cannot be read",
                   "sudo dracut-sshd doctor"});
  if (system.names.empty())
    out.push_back({"host.names", Severity::warning,
                   "this machine has no name by which a client could tell it from others",
                   "hostnamectl hostname NAME"});
  else
    out.push_back({"host.names", Severity::good, listed(system.names), ""});
  judge_updates(system, out);
  add_faults("host.system", Severity::warning, system.faults, out);
}

void add_package_findings(const detect::Machine& machine, Findings& out) {
  constexpr const char* kId = "host.packages";
  const auto& packages = machine.packages;
  const auto missing = sort_missing(machine);
  const auto install = base::shell_quote(packages.install);
  if (!missing.needed.empty())
    out.push_back({kId, Severity::error, fmt::format("not installed: {}", listed(missing.needed)),
                   install.empty() ? "install them with the system's package manager"
                                   : install + (packages.after_reboot ? ", and reboot" : "")});
  if (!missing.nowhere.empty()) {
    const auto refresh = packages.refresh.empty() ? std::string() : base::shell_quote(packages.refresh) + ", or ";
    out.push_back(
        {kId, Severity::error,
         fmt::format("not installed, and in no repository that is configured here: {}", listed(missing.nowhere)),
         refresh + "install its package file, or add a repository that has it; then: dracut-sshd doctor"});
  }
  if (missing.needed.empty() && missing.nowhere.empty())
    out.push_back({kId, Severity::good, "the module, and all that it takes into an image, are installed", ""});
  if (!missing.unneeded.empty())
    out.push_back(
        {kId, Severity::note,
         fmt::format("not installed, and not needed while nothing is encrypted: {}", listed(missing.unneeded)), ""});
  if (!packages.replaced.empty())
    out.push_back(
        {"host.packages.removed", Severity::warning, fmt::format("{} removes {}", install, listed(packages.replaced)),
         "see host.generator for what that changes; the image that is there now stays until the next is built"});
  if (!missing.optional.empty())
    out.push_back({"host.packages.optional", Severity::note, fmt::format("not installed: {}", listed(missing.optional)),
                   base::shell_quote(packages.install_optional)});
  add_faults(kId, Severity::unknown, packages.faults, out);
}

}  // namespace setup
