// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/play.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "rehearsal/banner.hpp"
#include "rehearsal/marker.hpp"
#include "vm/packets.hpp"

namespace rehearsal {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);
constexpr double kMostPatience = 3;  // times the patience that a step has with a silent machine
constexpr std::uint64_t kCapture = 8U << 20U;
constexpr double kMorePrompts = 15;  // seconds after the first, for the others
constexpr int kNotFound = 127;       // the shell's, for a command that is not there
constexpr int kNothingAsked = 2;     // dracut-sshd-unlock(8)

// Where this module's unlock is not in the image, systemd's own tools serve: one answer to all prompts of disks.
constexpr std::string_view kAnswerAll =
    "IFS= read -r p; for f in /run/systemd/ask-password/ask.*; do s=; while IFS= read -r l; do case $l in Socket=*) "
    "s=${l#Socket=} ;; esac; done <\"$f\"; [ -z \"$s\" ] || printf %s \"$p\" | /usr/lib/systemd/systemd-reply-password "
    "1 "
    "\"$s\"; done";

std::string last_line(const std::string& text) {
  const auto lines = base::lines(text);
  for (auto each = lines.rbegin(); each != lines.rend(); ++each) {
    if (!base::trim(*each).empty()) return base::printable(base::trim(*each), 200);
  }
  return {};
}

}  // namespace

Play::Play(vm::Guest& guest, Part part, const std::map<std::string, std::string>& environment, base::Runner& runner,
           const base::Cancel& cancel, remote::Clock& clock, Tell tell)
    : guest_(guest),
      part_(std::move(part)),
      environment_(environment),
      runner_(runner),
      cancel_(cancel),
      clock_(clock),
      tell_(std::move(tell)),
      begin_(part_.begin) {}

bool Play::end(const std::string& id, bool done, const std::string& detail) {
  const double at = clock_.now() - begin_;
  steps_.push_back({id, done, at, at - last_, detail});
  last_ = at;
  tell_(steps_.back());
  return done;
}

bool Play::step(const std::string& id, const std::function<Seen()>& look) {
  // A slow machine is given time as long as it gets on: what it prints tells.
  const auto patience = static_cast<double>(part_.patience.count());
  const double begin = clock_.now();
  double alive = begin;
  auto written = guest_.written();
  std::string last;
  while (true) {
    const auto seen = look();
    if (seen.done) return end(id, true, seen.detail);
    if (seen.failed) return end(id, false, seen.detail);
    if (!seen.detail.empty()) last = seen.detail;
    if (const auto death = guest_.death(); !death.empty())
      return end(id, false, "the kernel died: " + base::printable(death, 200));
    if (guest_.ended())
      return end(id, false, "the machine has switched itself off" + (last.empty() ? "" : "; " + last));
    const double now = clock_.now();
    if (const auto more = guest_.written(); more != written) {
      written = more;
      alive = now;
    }
    if (now - alive > patience || now - begin > kMostPatience * patience)
      return end(id, false, fmt::format("not within {:.0f} s{}", now - begin, last.empty() ? "" : ": " + last));
    if (part_.between) part_.between();
    clock_.sleep(kPause, cancel_);
    cancel_.throw_if_requested();
  }
}

std::string Play::console_after(std::string_view sign) const {
  const auto text = guest_.console();
  const auto at = text.find(sign);
  if (at == std::string::npos) return {};
  return base::printable(base::trim(std::string_view(text).substr(at, text.find('\n', at) - at)), 160);
}

bool Play::until_prompt() {
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
  return step("kernel", kernel) &&
         step("initrd",
              [&] {
                return printed({"systemd[1]: Running in init", "systemd[1]: systemd ", "Welcome to "});
              }) &&
         step("network", [&] { return network(); }) && step("banner", [&] { return banner(); }) &&
         step("login", [&] { return login(); }) &&
         ((part_.offered.empty() && !part_.throw_away) || step("keys", [&] { return offer(); })) &&
         (part_.disks == 0 || step("prompt", [&] { return prompts(); }));
}

bool Play::after_prompt() {
  if (part_.disks > 0) {
    if (part_.wrong != nullptr && !step("wrong", [&] { return send(*part_.wrong, true); })) return false;
    if (!step("unlock", [&] { return send(*part_.passphrase, false); })) return false;
  }
  if (part_.breaks && !step("break", [&] { return emergency(); })) return false;
  return until_off();
}

bool Play::until_off() {
  if (!step("root", [&] { return root(); })) return false;
  if (!step("handover", [&] { return handover(); })) return false;
  const bool off = step("off", [&] { return guest_.ended() ? Seen{true, false, ""} : Seen{}; });
  return off;
}

Play::Seen Play::network() {
  std::string capture;
  try {
    if (std::filesystem::exists(guest_.logs().packets)) capture = base::read_file(guest_.logs().packets, kCapture);
  } catch (const base::Error&) {
    return {};  // longer than anybody has to look at
  }
  const auto heard = vm::hear(capture, part_.card.mac, part_.card.address);
  if (heard.given == part_.card.address) return {true, false, heard.given + " by DHCP"};
  if (heard.speaks) return {true, false, part_.card.address};
  if (!heard.other.empty())
    return {false, false, fmt::format("the card speaks from {}, and {} was expected", heard.other, part_.card.address)};
  if (heard.asked) return {false, false, "it asks for an address by DHCP, and takes none"};
  if (heard.tagged) return {false, false, "it speaks in a VLAN, which the virtual network has not"};
  return {false, false, heard.any ? "the card is up, and nobody gives it an address" : "the card says nothing"};
}

Play::Seen Play::banner() {
  auto said = first_words("127.0.0.1", guest_.port(), cancel_);
  if (said.starts_with("SSH-")) return {true, false, base::printable(base::trim(said), 100)};
  return {false, false,
          said.empty() ? "nobody answers at its port" : "what answers is no sshd: " + base::printable(said)};
}

Play::Seen Play::login() {
  const auto outcome = ssh("[ -e /etc/initrd-release ]", nullptr, std::chrono::seconds(45));
  const auto detail = last_line(outcome.tail);
  switch (remote::reached(outcome)) {
    case remote::Reached::ran:
      (void)end("hostkey", true, "");
      if (outcome.status != 0)
        return {false, true,
                fmt::format("this is no initramfs, or its shell cannot run (status {}): {}", outcome.status, detail)};
      return {true, false, ""};
    case remote::Reached::wrong_key:
    case remote::Reached::unknown_key:
      (void)end("hostkey", false, "sshd shows another host key than the one that lies in the image");
      return {false, true, detail};
    case remote::Reached::refused:
      // Three are enough: later OpenSSH servers lock a source out that goes on.
      if (++denied_ == 3) return {false, true, "refused: " + detail};
      return {false, false, "refused: " + detail};
    case remote::Reached::local_fault:
      return {false, true, "ssh cannot work: " + detail};
    case remote::Reached::no_answer:
      return {false, false, detail};
  }
  return {};
}

Play::Seen Play::offer() {
  if (part_.offered.empty())
    return {false, true,
            "no key lies in the image that sshd could take; where a certificate lets you in, name its key: --key FILE"};
  auto target = part_.target;
  target.identity.clear();
  auto command = remote::ssh_command(target, remote::System::initramfs, "true", nullptr, environment_);
  command.env.erase("SSH_AUTH_SOCK");
  // Before the host's name: all of them in one connection, and not one is signed with.
  const auto at = std::ranges::find(command.argv, std::string("-l"));
  std::vector<std::string> keys{"-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey"};
  for (const auto& key : part_.offered) keys.insert(keys.end(), {"-i", key.file});
  command.argv.insert(at, keys.begin(), keys.end());
  std::ranges::replace(command.argv, std::string("LogLevel=ERROR"), std::string("LogLevel=DEBUG1"));
  command.deadline = std::chrono::seconds(60);
  command.log = part_.offer_log;
  (void)runner_.run(command, cancel_);
  std::vector<std::string> taken;
  for (const auto& line : base::lines(base::read_file(part_.offer_log, kCapture))) {
    for (const auto& key : part_.offered) {
      if (line.find("Server accepts key:") != std::string::npos && line.find(key.fingerprint) != std::string::npos)
        taken.push_back(key.fingerprint);
    }
  }
  const auto said = fmt::format("{} of {}", taken.size(), part_.offered.size());
  if (taken.empty()) return {false, true, "sshd takes none of the keys that lie in the image"};
  return {true, false,
          said + (taken.size() == part_.offered.size()
                      ? ""
                      : "; not all of them: sshd tries so many and no more, or an option forbids one")};
}

Play::Seen Play::prompts() {
  auto outcome = ssh("unlock --list", nullptr, std::chrono::seconds(30));
  if (outcome.status == kNotFound)
    outcome = ssh("systemd-tty-ask-password-agent --list", nullptr, std::chrono::seconds(30));
  if (remote::reached(outcome) != remote::Reached::ran) return {false, false, last_line(outcome.tail)};
  std::size_t count = 0;
  if (outcome.status == 0) {
    for (const auto& line : base::lines(outcome.tail))
      count += line.find("assphrase") != std::string::npos || line.find('\t') != std::string::npos;
  }
  if (count == 0) return {false, false, "nothing is asked for"};
  if (first_prompt_ < 0) first_prompt_ = clock_.now();
  if (count < part_.disks && clock_.now() - first_prompt_ < kMorePrompts) return {};
  return {true, false, fmt::format("{} of {}", count, part_.disks)};
}

Play::Seen Play::send(const remote::Secret& passphrase, bool wrong) {
  auto outcome = ssh("unlock --wait 60", &passphrase, std::chrono::seconds(240));
  if (outcome.status == kNotFound) {
    outcome = ssh(std::string(kAnswerAll), &passphrase, std::chrono::seconds(60));
    return {true, false, "by systemd's own agent: what became of it is not said"};
  }
  const auto detail = last_line(outcome.tail);
  const auto reached = remote::reached(outcome);
  if (reached == remote::Reached::no_answer) return {!wrong, wrong, "the boot went on, and ended the session"};
  if (reached != remote::Reached::ran) return {false, true, detail};
  if (wrong)
    return {outcome.status == 1, outcome.status != 1,
            outcome.status == 1 ? detail : fmt::format("unlock ended with {}: {}", outcome.status, detail)};
  if (outcome.status == 0) return {true, false, detail};
  if (outcome.status == kNothingAsked) return {false, false, detail};
  return {false, true, fmt::format("unlock ended with {}: {}", outcome.status, detail)};
}

Play::Seen Play::emergency() {
  const auto outcome = ssh("systemctl is-active dracut-emergency.service dracut-pre-pivot.service emergency.service",
                           nullptr, std::chrono::seconds(30));
  const auto lines = base::lines(outcome.tail);
  if (std::ranges::none_of(lines, [](const std::string& line) { return line.starts_with("activ"); }))
    return {false, false, "no emergency shell"};
  clock_.sleep(std::chrono::seconds(3), cancel_);  // it may be on its way only
  const auto ended = ssh("resume-boot", nullptr, std::chrono::seconds(60));
  if (ended.status == kNotFound) return {false, true, "resume-boot is not in the image"};
  return {true, false, "resume-boot ended it"};
}

Play::Seen Play::root() {
  if (guest_.console().find(marker_line(part_.token, "root")) != std::string::npos) return {true, false, ""};
  return {};
}

Play::Seen Play::handover() {
  const auto text = guest_.console();
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

base::Outcome Play::ssh(const std::string& command, const remote::Secret* passphrase, std::chrono::seconds deadline) {
  auto run = remote::ssh_command(part_.target, remote::System::initramfs, command, passphrase, environment_);
  run.deadline = deadline;
  run.dies_with_parent = true;
  auto outcome = runner_.run(run, cancel_);
  for (auto& [fd, bytes] : run.data) std::fill(bytes.begin(), bytes.end(), '\0');
  return outcome;
}

}  // namespace rehearsal
