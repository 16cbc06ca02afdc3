// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/boot_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "rehearsal/banner.hpp"
#include "rehearsal/marker.hpp"

namespace rehearsal {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);
constexpr double kMostPatience = 3;  // times the patience that a step has with a silent machine
constexpr std::uint64_t kCapture = 8U << 20U;

}  // namespace

std::string device_timeout(std::string_view console) {
  for (const std::string_view sign : {"Timed out waiting for device", "device/start timed out"}) {
    const auto at = console.find(sign);
    if (at == std::string_view::npos) continue;
    const auto begin = console.rfind('\n', at) + 1;  // npos + 1 is 0
    return base::printable(base::trim(console.substr(begin, console.find('\n', at) - begin)), 200);
  }
  return {};
}

BootSession::BootSession(vm::Guest& guest, BootSessionOptions part, const base::Context& context, OnStep tell)
    : guest_(guest), part_(std::move(part)), context_(context), tell_(std::move(tell)), begin_(part_.begin) {}

bool BootSession::end(const std::string& id, bool done, const std::string& said) {
  const double at = context_.clock.now() - begin_;
  auto detail = said;
  if (!done) {
    auto late = device_timeout(guest_.console());
    if (late.empty()) late = device_timeout(guest_.journal());
    if (!late.empty()) detail += (detail.empty() ? "" : "; ") + std::string("the guest itself gave up: ") + late;
  }
  steps_.push_back({id, done, at, at - last_, std::move(detail)});
  last_ = at;
  tell_(steps_.back());
  return done;
}

bool BootSession::step(const std::string& id, const std::function<Seen()>& look) {
  // A slow machine is given time as long as it gets on: what it prints tells.
  const auto most = kMostPatience * static_cast<double>(part_.patience.count());
  // A firmware reads and digests the whole image before it prints anything of it.
  const auto patience =
      id == "firmware" ? most : static_cast<double>((is_early(id) ? part_.early : part_.patience).count());
  const double begin = context_.clock.now();
  double alive = begin;
  auto written = guest_.written();
  std::string last;
  while (true) {
    const auto seen = look();
    if (seen.done) return end(id, true, seen.detail);
    if (seen.failed) return end(id, false, seen.detail);
    if (!seen.detail.empty()) last = seen.detail;
    if (const auto flood = guest_.flood(); !flood.empty()) return end(id, false, flood);
    if (const auto death = guest_.death(); !death.empty())
      return end(id, false, "the kernel died: " + base::printable(death, 200));
    if (guest_.ended())
      return end(id, false, "the machine has switched itself off" + (last.empty() ? "" : "; " + last));
    const double now = context_.clock.now();
    if (const auto more = guest_.written(); more != written) {
      written = more;
      alive = now;
    }
    if (now - alive > patience || now - begin > most)
      return end(id, false, fmt::format("not within {:.0f} s{}", now - begin, last.empty() ? "" : ": " + last));
    if (part_.between) part_.between();
    context_.clock.sleep(kPause, context_.cancel);
  }
}

std::string BootSession::console_line(std::string_view sign) const {
  const auto text = guest_.console();
  const auto at = text.find(sign);
  if (at == std::string::npos) return {};
  return std::string(base::trim(std::string_view(text).substr(at, text.find('\n', at) - at)));
}

std::string BootSession::console_after(std::string_view sign) const { return base::printable(console_line(sign), 160); }

/// What OVMF says of a boot entry (edk2, OvmfPkg/Library/PlatformBmPrintScLib): that it starts it, once it has checked
/// the signature, or why it does not load it.
BootSession::Seen BootSession::firmware() const {
  for (const std::string_view sign : {"failed to load Boot0000", "failed to start Boot0000"}) {
    const auto line = console_line(sign);
    if (line.empty()) continue;
    const auto why = line.substr(std::min(line.rfind(": ") + 2, line.size()));
    return {false, true, "it refuses the image: " + why};
  }
  const auto line = console_line("starting Boot0000");
  return line.empty() ? Seen{} : Seen{true, false, part_.firmware_words};
}

bool BootSession::until_started() {
  return step("firmware", [&] { return firmware(); });
}

bool BootSession::until_prompt() {
  const auto printed = [&](std::initializer_list<std::string_view> signs) {
    for (const auto sign : signs) {
      if (auto line = console_after(sign); !line.empty()) return Seen{true, false, line};
    }
    return Seen{};
  };
  const auto kernel = [&] {
    const auto line = console_after("Linux version ");
    return line.empty() ? Seen{} : Seen{true, false, line.substr(0, line.find(' ', 14))};
  };
  return (!part_.firmware || until_started()) && step("kernel", kernel) &&
         step("initrd",
              [&] {
                return printed({"systemd[1]: Running in init", "systemd[1]: systemd ", "Welcome to "});
              }) &&
         step("network", [&] { return network(); }) && step("banner", [&] { return banner(); }) &&
         step("login", [&] { return login(); }) &&
         ((part_.offered.empty() && !part_.throw_away) || step("keys", [&] { return offer(); })) &&
         (part_.disks == 0 || step("prompt", [&] { return prompts(); }));
}

bool BootSession::after_prompt() {
  if (part_.disks > 0) {
    if (part_.wrong != nullptr && !step("wrong", [&] { return send(*part_.wrong, true); })) return false;
    if (!step("unlock", [&] { return send(*part_.passphrase, false); })) return false;
  }
  if (part_.breaks && !step("break", [&] { return emergency(); })) return false;
  return until_off();
}

bool BootSession::until_off() {
  if (!step("root", [&] { return root(); })) return false;
  if (!step("handover", [&] { return handover(); })) return false;
  const bool off = step("off", [&] { return guest_.ended() ? Seen{true, false, ""} : Seen{}; });
  return off;
}

vm::GuestTraffic BootSession::heard() const {
  try {
    if (std::filesystem::exists(guest_.logs().packets))
      return vm::parse_capture(base::read_file(guest_.logs().packets, kCapture), part_.network.mac,
                               part_.network.address);
  } catch (const base::Error&) {
    // longer than anybody has to look at
  }
  return {};
}

BootSession::Seen BootSession::network() {
  const auto heard = this->heard();
  if (heard.given == part_.network.address) return {true, false, heard.given + " by DHCP"};
  if (heard.speaks) return {true, false, part_.network.address};
  if (!heard.other.empty())
    return {false, false,
            fmt::format("the network interface sends from {}; expected {}", heard.other, part_.network.address)};
  // Who has a fixed address says nothing until somebody asks for it, as qemu does for whoever connects.
  if (heard.any && !heard.asked && !heard.tagged)
    (void)first_words(
        "127.0.0.1", guest_.port(), [this] { return this->heard().answers; }, context_.cancel);
  if (heard.asked) return {false, false, "it asks for an address by DHCP, and takes none"};
  if (heard.tagged) return {false, false, "it speaks in a VLAN, which the virtual network has not"};
  return {false, false,
          heard.any ? "the network interface is up, but gets no address" : "the network interface sends nothing"};
}

BootSession::Seen BootSession::banner() {
  auto said = first_words(
      "127.0.0.1", guest_.port(), [this] { return heard().answers; }, context_.cancel);
  if (said.starts_with("SSH-")) return {true, false, base::printable(base::trim(said), 100)};
  return {false, false,
          said.empty() ? "nobody answers at its port" : "what answers is not an sshd: " + base::printable(said)};
}

BootSession::Seen BootSession::root() {
  if (without_kernel(guest_.console()).find(marker_line(part_.token, "root")) != std::string::npos)
    return {true, false, ""};
  return {};
}

BootSession::Seen BootSession::handover() {
  const auto text = without_kernel(guest_.console());
  if (text.find(marker_line(part_.token, "end")) == std::string::npos) return {};
  std::vector<std::string> left;
  bool sshd = false;
  for (const auto& raw : base::lines(text)) {
    const auto at = raw.find(marker_line(part_.token, ""));
    if (at == std::string::npos) continue;
    const auto words = base::split(raw.substr(at + marker_line(part_.token, "").size()), ' ');
    if (words.size() < 2) continue;
    sshd = sshd || (words[0] == "process" && words[1].starts_with("sshd"));
    const auto said = base::printable(words[0] + " " + words[1], 80);
    if (std::ranges::find(left, said) == left.end()) left.push_back(said);
  }
  return {!sshd, sshd, left.empty() ? "" : "left behind: " + base::join(left, ", ")};
}

}  // namespace rehearsal
