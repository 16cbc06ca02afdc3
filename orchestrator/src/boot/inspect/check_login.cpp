// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "inspect/check.hpp"
#include "inspect/command_use.hpp"
#include "openssh/login.hpp"
#include "openssh/pattern.hpp"

namespace inspect {
namespace {

openssh::LoginFacts login_facts(const Facts& facts) {
  openssh::LoginFacts out;
  for (const auto& file : facts.key_files) {
    for (const auto& line : file.lines) {
      if (line.fault.empty() && line.key)
        out.keys.push_back({*line.key, line.is_authority(), line.command(), line.from()});
    }
  }
  if (facts.authorities.why_none.empty()) {
    for (const auto& key : facts.authorities.keys) out.keys.push_back({key, true, {}, {}});
  }
  for (const auto& key : facts.host_keys) {
    if (key.key.public_part) out.host_keys.push_back(*key.key.public_part);
  }
  out.version = facts.sshd.version.value_or(openssh::Version{10, 0, 0});
  out.judge_command = [&facts](std::string_view command) { return use_of_command(facts, command); };
  return out;
}

Severity severity_of(openssh::Weight weight) {
  switch (weight) {
    case openssh::Weight::refuses:
      return Severity::error;
    case openssh::Weight::depends:
      return Severity::unknown;
    case openssh::Weight::risk:
      return Severity::warning;
  }
  return Severity::error;
}

/// The folder that root is shut into has to be root's, and to hold root's shell.
void check_chroot(const Facts& facts, Findings& out) {
  const auto named = openssh::argument_of(facts.effective.values, "chrootdirectory", "none");
  if (openssh::same_word(named, "none") || named == "/") return;
  auto folder = base::replace_all(base::replace_all(named, "%h", "/" + facts.home), "%u", "root");
  if (folder.starts_with('/')) folder.erase(0, 1);
  const auto* node = facts.image.find(folder);
  std::string shell = "/bin/sh";
  if (!facts.root_lines.empty() && facts.root_lines.front().size() > 6 && !facts.root_lines.front()[6].empty())
    shell = facts.root_lines.front()[6];
  std::string why;
  if (node == nullptr || !node->is_directory())
    why = "is not in the image";
  else if (node->uid != 0 || (node->mode & 022U) != 0)
    why = "is not a folder that only root can write";
  else if (!facts.has(folder + shell))
    why = fmt::format("holds no {}", shell);
  out.push_back(
      {"sshd.login", why.empty() ? Severity::unknown : Severity::error,
       base::printable(fmt::format("ChrootDirectory {} {}", named,
                                   why.empty() ? "shuts root in: whether that can unlock cannot be told" : why),
                       400),
       "ChrootDirectory none"});
}

}  // namespace

void check_login(const Facts& facts, Findings& out) {
  const auto before = out.size();
  const auto known = login_facts(facts);
  for (const auto& objection : openssh::judge_root_login(facts.config, facts.connection, known, facts.options.from)) {
    const bool by_place = objection.weight == openssh::Weight::depends && facts.options.from.empty();
    out.push_back({"sshd.login", severity_of(objection.weight),
                   fmt::format("{}{}", objection.origin.empty() ? "" : objection.origin + ": ", objection.why),
                   by_place ? objection.remedy + "; --from ADDRESS says where you will come from" : objection.remedy});
  }
  if (!facts.revoked_why.empty())
    out.push_back(
        {"sshd.login", Severity::error, facts.revoked_why, "RevokedKeys none, or put the file into the image"});
  if (!openssh::same_word(openssh::argument_of(facts.effective.values, "authorizedkeyscommand", "none"), "none"))
    out.push_back({"sshd.login", Severity::note, "AuthorizedKeysCommand may know further keys, or none", ""});
  check_chroot(facts, out);
  const bool good = std::none_of(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), [](const Finding& one) {
    return one.severity == Severity::error || one.severity == Severity::unknown;
  });
  if (good) out.push_back({"sshd.login", Severity::good, "", ""});
}

}  // namespace inspect
