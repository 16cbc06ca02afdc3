// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "host/small_file.hpp"
#include "setup/setup_plan.hpp"

namespace setup {
namespace {

constexpr const char* kKeys = "/etc/dracut-sshd/authorized_keys";
constexpr std::string_view kUnlockOnly = "restrict,command=\"unlock\"";

/// A line as the file gets it.
std::string written(const std::string& line, const std::vector<openssh::KeyOption>& options, bool unlock_only) {
  if (!unlock_only || openssh::has_option(options, "command")) return line;
  // Options that are there already stay: from= and expiry-time= restrict as well.
  return fmt::format("{}{}{}", kUnlockOnly, options.empty() ? " " : ",", line);
}

bool has_usable(const std::vector<openssh::AuthorizedLine>& lines, const openssh::PublicKey& key) {
  return std::ranges::any_of(lines, [&](const openssh::AuthorizedLine& line) {
    return line.key && *line.key == key && line.fault.empty() && !line.is_authority();
  });
}

/// Who is in this file, for people.
void tell_lines(Plan& plan, const std::vector<openssh::AuthorizedLine>& lines, const std::string& file,
                const detect::Keys& keys) {
  for (const auto& line : lines) {
    if (!line.key) continue;
    LoginKey one{openssh::fingerprint(*line.key), base::printable(line.key->comment, 60),
                 fmt::format("{}:{}", file, line.number), line.fault};
    if (const auto found = std::ranges::find(keys.candidates, *line.key, &detect::CandidateKey::key);
        one.why_not.empty() && found != keys.candidates.end() && found->origin == one.origin)
      one.why_not = found->why_not;
    plan.may_log_in.push_back(std::move(one));
  }
}

/// The lines that are to be let in: those that were named, else the detected ones that can unlock. An agent's keys only
/// where no file has one: an agent may hold keys for everything.
std::vector<detect::CandidateKey> wanted_keys(const detect::Keys& keys, const Choices& choices,
                                              const std::string& client) {
  std::vector<detect::CandidateKey> out;
  if (!choices.keys.empty()) {
    for (const auto& line : choices.keys) {
      for (const auto& one : openssh::parse_authorized_keys(line, keys.now)) {
        const auto why_not = detect::why_it_cannot_unlock(one, client);
        if (one.key) out.push_back({line, *one.key, "--key", "", one.options, why_not});
      }
    }
    return out;
  }
  for (const bool agent : {false, true}) {
    if (!out.empty()) break;
    for (const auto& one : keys.candidates)
      if (one.why_not.empty() && (one.origin == "agent") == agent) out.push_back(one);
  }
  return out;
}

std::string content_of(const std::vector<detect::CandidateKey>& wanted, const std::string& before, bool unlock_only) {
  std::string out = before;
  if (out.empty())
    out =
        "# Who may log in to the initramfs. Made by dracut-sshd setup from the keys below; it does not overwrite what "
        "you change.\n";
  for (const auto& one : wanted) {
    if (one.origin != "--key") out += fmt::format("# {}\n", one.origin);
    out += written(one.line, one.options, unlock_only) + "\n";
  }
  return out;
}

}  // namespace

void plan_keys(Plan& plan, const detect::Machine& machine, const Choices& choices,
               const std::optional<Manifest>& manifest, const std::filesystem::path& root) {
  const auto& keys = machine.keys;
  auto wanted = wanted_keys(keys, choices, machine.network.client);
  for (const auto& one : wanted) {
    if (!one.why_not.empty())
      plan.notes.push_back(fmt::format("{} {} ({}) cannot unlock the machine by itself: {}",
                                       openssh::fingerprint(one.key), base::printable(one.key.comment, 60), one.origin,
                                       base::printable(one.why_not, 200)));
  }
  plan.keys_file = keys.effective;
  const bool all_in = std::ranges::all_of(
      wanted, [&](const detect::CandidateKey& one) { return has_usable(keys.effective_lines, one.key); });
  const bool ours = keys.effective == kKeys && state_of(kKeys, manifest, root) == FileState::ours;
  if (ours && all_in) plan.unchanged.emplace_back(kKeys);
  const bool admins_own = !keys.effective.empty() && keys.effective != "/root/.ssh/authorized_keys" && !ours;
  if (!keys.effective.empty() && all_in && (!choices.unlock_only || ours || admins_own) && !wanted.empty()) {
    tell_lines(plan, keys.effective_lines, keys.effective, keys);
    if (admins_own) plan.keep.push_back({keys.effective, "it has the keys already"});
    return;
  }
  if (admins_own) {
    tell_lines(plan, keys.effective_lines, keys.effective, keys);
    plan.keep.push_back({keys.effective, "you wrote it"});
    for (const auto& one : wanted) {
      if (!has_usable(keys.effective_lines, one.key))
        plan.notes.push_back(fmt::format("{} {} ({}) is not in {}: add it there if it shall log in",
                                         openssh::fingerprint(one.key), base::printable(one.key.comment, 60),
                                         one.origin, keys.effective));
    }
    return;
  }
  if (wanted.empty()) {
    tell_lines(plan, keys.effective_lines, keys.effective, keys);
    if (std::ranges::any_of(plan.may_log_in, [](const LoginKey& one) { return one.why_not.empty(); })) return;
    plan.refusals.push_back(fmt::format(
        "no key could log in to the initramfs: {} no key that can unlock. Name one: dracut-sshd setup --key FILE.pub "
        "(ssh-keygen -t ed25519 makes one on your desk)",
        keys.user == "root" ? "root has" : "root and " + keys.user + " have"));
    return;
  }
  std::string before;
  if (ours) {
    // Another admin's keys stay.
    before = host::read_small(root / std::filesystem::path(kKeys).relative_path()).value_or("");
    if (!before.empty() && before.back() != '\n') before += '\n';
    std::erase_if(wanted, [&](const detect::CandidateKey& one) { return has_usable(keys.effective_lines, one.key); });
  }
  const PlannedFile file{kKeys, content_of(wanted, before, choices.unlock_only), 0600, "the keys that may log in",
                         false};
  tell_lines(plan, openssh::parse_authorized_keys(file.content, keys.now), kKeys, {});
  plan.keys_file = kKeys;
  plan_file(plan, file, manifest, root);
}

}  // namespace setup
