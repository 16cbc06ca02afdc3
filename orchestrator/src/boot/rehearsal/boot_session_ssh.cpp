// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of a play that are seen over ssh; play.cpp has their order, and the others.
#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/text.hpp"
#include "rehearsal/boot_session.hpp"

namespace rehearsal {
namespace {

constexpr std::uint64_t kLongestLog = 1U << 20U;
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

std::optional<base::Outcome> BootSession::try_login() {
  if (!part_.target.control.empty()) {
    if (!login_) login_ = std::make_unique<remote::SharedLogin>(part_.target, part_.login_log, context_.environment);
    if (!login_->up()) {
      auto outcome = login_->ended();
      if (outcome) login_.reset();
      return outcome;
    }
  }
  return ssh("[ -e /etc/initrd-release ]", nullptr, std::chrono::seconds(45));
}

BootSession::Seen BootSession::login() {
  const auto tried = try_login();
  if (!tried) return {};
  const auto& outcome = *tried;
  const auto detail = last_line(outcome.tail);
  switch (remote::reached(outcome)) {
    case remote::Reached::ran:
      (void)end("hostkey", true, "");
      if (outcome.status != 0)
        return {
            false, true,
            fmt::format("this is not an initramfs, or its shell cannot run (status {}): {}", outcome.status, detail)};
      return {true, false, ""};
    case remote::Reached::wrong_key:
    case remote::Reached::unknown_key:
      (void)end("hostkey", false, "sshd shows another host key than the one in the image");
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

BootSession::Seen BootSession::offer() {
  if (part_.offered.empty())
    return {false, true,
            "no key lies in the image that sshd could take; where a certificate lets you in, name its key: --key FILE"};
  auto target = part_.target;
  target.identity.clear();
  target.control.clear();
  auto command = remote::ssh_command(target, remote::System::initramfs, "true", nullptr, context_.environment);
  command.env.erase("SSH_AUTH_SOCK");
  // Before the host's name: all of them in one connection, and not one is signed with.
  const auto at = std::ranges::find(command.argv, std::string("-l"));
  std::vector<std::string> keys{"-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey"};
  for (const auto& key : part_.offered) keys.insert(keys.end(), {"-i", key.file});
  command.argv.insert(at, keys.begin(), keys.end());
  std::ranges::replace(command.argv, std::string("LogLevel=ERROR"), std::string("LogLevel=DEBUG1"));
  command.deadline = std::chrono::seconds(60);
  command.log = part_.offer_log;
  (void)context_.runner.run(command, context_.cancel);
  std::set<std::string> taken;
  for (const auto& line : base::lines(base::read_file(part_.offer_log, kLongestLog))) {
    for (const auto& key : part_.offered) {
      if (line.find("Server accepts key:") != std::string::npos && line.find(key.fingerprint) != std::string::npos)
        taken.insert(key.fingerprint);
    }
  }
  auto [good, detail] = outcome_of(part_.offered, taken);
  return {good, !good, std::move(detail)};
}

BootSession::Seen BootSession::prompts() {
  auto outcome = ssh("unlock --list", nullptr, std::chrono::seconds(30));
  if (outcome.status == kNotFound)
    outcome = ssh("systemd-tty-ask-password-agent --list", nullptr, std::chrono::seconds(30));
  if (remote::reached(outcome) != remote::Reached::ran) return {false, false, last_line(outcome.tail)};
  std::size_t count = 0;
  if (outcome.status == 0) {
    for (const auto& line : base::lines(outcome.tail))
      count += line.find("assphrase") != std::string::npos || line.find('\t') != std::string::npos;
  }
  const auto why = part_.unopened.empty() ? "" : ": nothing in the image opens " + base::join(part_.unopened, ", ");
  if (count == 0) return {false, false, "nothing is asked for" + why};
  if (first_prompt_ < 0) first_prompt_ = context_.clock.now();
  if (count < part_.disks && context_.clock.now() - first_prompt_ < kMorePrompts) return {};
  if (count < part_.disks && !part_.unopened.empty())
    return {false, true, fmt::format("{} of {} disks ask{}", count, part_.disks, why)};
  return {true, false, fmt::format("{} of {}", count, part_.disks)};
}

BootSession::Seen BootSession::send(const remote::Secret& passphrase, bool wrong) {
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

BootSession::Seen BootSession::emergency() {
  const auto outcome = ssh("systemctl is-active dracut-emergency.service dracut-pre-pivot.service emergency.service",
                           nullptr, std::chrono::seconds(30));
  const auto lines = base::lines(outcome.tail);
  if (std::ranges::none_of(lines, [](const std::string& line) { return line.starts_with("activ"); }))
    return {false, false, "no emergency shell"};
  context_.clock.sleep(std::chrono::seconds(3), context_.cancel);  // it may be on its way only
  const auto ended = ssh("resume-boot", nullptr, std::chrono::seconds(60));
  if (ended.status == kNotFound) return {false, true, "resume-boot is not in the image"};
  return {true, false, "resume-boot ended it"};
}

base::Outcome BootSession::ssh(const std::string& command, const remote::Secret* passphrase,
                               std::chrono::seconds deadline) {
  auto run = remote::ssh_command(part_.target, remote::System::initramfs, command, passphrase, context_.environment);
  run.deadline = deadline;
  run.dies_with_parent = true;
  auto outcome = context_.runner.run(run, context_.cancel);
  for (auto& [fd, bytes] : run.data) std::fill(bytes.begin(), bytes.end(), '\0');
  return outcome;
}

}  // namespace rehearsal
