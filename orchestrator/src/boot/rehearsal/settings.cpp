// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/settings.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "rehearsal/make_plan.hpp"

namespace rehearsal {

void add_settings(Overlay& overlay, const inspect::Facts& facts, const Plan& plan) {
  // All that is logged goes to the second serial port, too: also where nobody can log in.
  if (!plan.architecture->second_port.empty())
    overlay["etc/systemd/journald.conf.d/90-rehearsal.conf"] = {
        .content = fmt::format("[Journal]\nForwardToConsole=yes\nMaxLevelConsole=info\nTTYPath=/dev/{}\n",
                               plan.architecture->second_port)};
  if (!plan.nic_name.empty())
    overlay["etc/systemd/network/00-rehearsal.link"] = {
        .content = fmt::format("[Match]\nMACAddress={}\n[Link]\nName={}\n", plan.network.mac, plan.nic_name)};
  // dracut's scripts read these as if they stood on the command line.
  for (const auto& name : facts.image.list("etc/cmdline.d")) {
    const auto text = facts.image.content("etc/cmdline.d/" + name).value_or("");
    std::vector<std::string> kept;
    bool dropped = false;
    for (const auto& word : base::split(base::replace_all(std::string(base::trim(text)), "\n", " "), ' ')) {
      if (why_dropped(word).empty())
        kept.push_back(word);
      else
        dropped = true;
    }
    if (dropped) overlay["etc/cmdline.d/" + name] = {.content = base::join(kept, " ") + "\n"};
  }
}

namespace {

/// An emulated processor may need longer than systemd's 90 s to find a disk. Earlier ones than 254 do not know this;
/// what they know (systemd.default_timeout_start_sec) would hide a service that never gets ready.
constexpr std::string_view kDeviceTimeout = "systemd.default_device_timeout_sec=900";

}  // namespace

std::string cmdline_of(const Plan& plan, bool kvm, bool as_is) {
  auto out = plan.cmdline;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : " ") + words; };
  add("noresume");
  // Without an overlay, what is logged goes to the console.
  if (as_is || plan.architecture->second_port.empty()) add("systemd.journald.forward_to_console=1");
  if (!kvm) add(fmt::format("{} {}", vm::emulated_cmdline(), kDeviceTimeout));
  add("panic=-1");
  add(fmt::format("console={}", plan.architecture->console));
  return out;
}

}  // namespace rehearsal
