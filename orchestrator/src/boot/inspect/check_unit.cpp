// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "inspect/boot_words.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

/// Reached in an initramfs before the root file system is there (bootup(7), "Bootup in the initrd").
constexpr std::array<std::string_view, 14> kEarly{
    "sysinit.target", "basic.target",   "initrd.target",        "initrd-root-device.target", "initrd-fs.target",
    "sockets.target", "paths.target",   "network.target",       "network-pre.target",        "network-online.target",
    "timers.target",  "default.target", "remote-fs-pre.target", "cryptsetup-pre.target"};
const std::string kRemoveWord = "remove that word from the kernel's command line";
const std::string kRebuild = "build the image again: dracut-sshd-rebuild";

/// The word of the kernel's command line by which sshd.service is not started, and how.
std::string why_words_keep_it_out(const Facts& facts) {
  if (const auto word = word_that_masks(facts, "sshd.service"); !word.empty())
    return base::printable(word) + " on the kernel's command line masks sshd.service";
  const auto first = first_unit(facts);
  if (first.unit == "emergency.target" || first.unit == "emergency.service")
    return base::printable(first.word) +
           " on the kernel's command line: systemd starts a shell on the console, and nothing else";
  if (!first.unit.empty() && !load_unit(facts.image, first.unit))
    return fmt::format("{} on the kernel's command line: {} is not in the image", base::printable(first.word),
                       base::printable(first.unit));
  return {};
}

}  // namespace

void check_unit(const Facts& facts, Findings& out) {
  const auto error = [&](std::string message, std::string remedy) {
    out.push_back({"sshd.unit", Severity::error, std::move(message), std::move(remedy)});
  };
  if (!facts.unit) return error("no sshd.service is in it", kRebuild);
  const auto& unit = *facts.unit;
  if (unit.masked)
    return error(fmt::format("sshd.service is masked, by /{}", unit.path),
                 "take the mask away, and build the image again");
  if (const auto why = why_words_keep_it_out(facts); !why.empty()) return error(why, kRemoveWord);
  const auto commands = unit.all("Service", "ExecStart");
  if (commands.empty()) return error(fmt::format("/{} starts nothing (no ExecStart=)", unit.path), kRebuild);
  const auto words = words_of(commands.back());
  const auto program =
      words.empty() ? std::string()
                    : words.front().substr(std::min(words.front().find_first_not_of("-@:+!"), words.front().size()));
  const auto real = facts.image.resolve(program);
  if (!program.starts_with('/') || !real || *real != facts.sshd.path)
    return error(fmt::format("/{} starts {}, which is not there", unit.path, base::printable(program)), kRebuild);
  for (const auto& condition : unit.all("Unit", "ConditionPathExists")) {
    if (condition.starts_with('/') && !facts.has(condition.substr(1)) && !condition.starts_with("/run/") &&
        !condition.starts_with("/proc/") && !condition.starts_with("/sys/"))
      return error(fmt::format("sshd.service starts only where {} is, and it is not there", base::printable(condition)),
                   kRebuild);
  }
  const auto targets = wanted_by(facts.image, "sshd.service");
  const auto early = std::ranges::find_if(
      targets, [](const std::string& target) { return std::ranges::find(kEarly, target) != kEarly.end(); });
  if (early == targets.end())
    return error(targets.empty()
                     ? std::string("nothing starts sshd.service: no target wants it")
                     : fmt::format("sshd.service is only wanted by {}, a target the initramfs never reaches",
                                   base::join(targets, ", ")),
                 kRebuild);
  out.push_back({"sshd.unit", Severity::good, fmt::format("sshd.service, wanted by {}", *early), ""});
  const auto dependencies = unit.last("Unit", "DefaultDependencies");
  if (dependencies != "no" && dependencies != "false" && dependencies != "0" && dependencies != "off" &&
      dependencies != "n" && dependencies != "f")
    error("sshd.service waits for sysinit.target, which waits for the passphrase (DefaultDependencies=no is missing)",
          kRebuild);
  for (const auto& setting : unit.all("Unit", "After")) {
    for (const auto& late : words_of(setting)) {
      for (const auto* target : {"sysinit.target", "basic.target", "cryptsetup.target", "initrd-root-device.target",
                                 "initrd-root-fs.target", "initrd-fs.target", "local-fs.target"}) {
        if (late == target)
          error(fmt::format("sshd.service waits for {}, which waits for the passphrase", target), kRebuild);
      }
    }
  }
  for (const auto& file : unit.all("Service", "EnvironmentFile")) {
    if (!file.starts_with('-') && file.find_first_of("*?[") == std::string::npos && !facts.has(file))
      error(fmt::format("sshd.service needs {}, which is not there", base::printable(file)), kRebuild);
  }
  for (const auto& command : unit.all("Service", "ExecStartPre")) {
    const auto first = words_of(command);
    if (first.empty() || first.front().starts_with('-')) continue;
    const auto path = first.front().substr(std::min(first.front().find_first_not_of("@:+!"), first.front().size()));
    if (path.starts_with('/') && !facts.has(path))
      error(fmt::format("sshd.service runs {} first, which is not there", base::printable(path)), kRebuild);
  }
}

void check_type(const Facts& facts, Findings& out) {
  if (!facts.unit || facts.unit->masked) return;
  auto type = facts.unit->last("Service", "Type");
  if (type.empty()) type = "simple";
  const bool waits = type == "notify" || type == "notify-reload";
  if (waits && facts.sshd.notifies == false)
    return out.push_back(
        {"sshd.type", Severity::error, fmt::format("Type={}, and this sshd never says that it is ready", type),
         "a unit for this sshd has Type=simple; this module finds that out by itself: dracut-sshd-rebuild"});
  if (type == "forking" || type == "oneshot" || type == "dbus")
    return out.push_back({"sshd.type", Severity::error,
                          fmt::format("Type={} is nothing for an sshd that stays (sshd -D)", type),
                          "Type=notify, or simple"});
  if (waits && !facts.sshd.notifies)
    return out.push_back({"sshd.type", Severity::unknown,
                          fmt::format("Type={}; whether this sshd can serve it cannot be told", type), ""});
  out.push_back({"sshd.type", Severity::good, "Type=" + type, ""});
}

}  // namespace inspect
