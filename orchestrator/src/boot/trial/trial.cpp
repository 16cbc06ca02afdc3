// SPDX-License-Identifier: GPL-3.0-or-later
#include "trial/trial.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/find_program.hpp"
#include "base/text.hpp"
#include "initramfs/extract.hpp"
#include "inspect/check.hpp"
#include "inspect/command_use.hpp"
#include "openssh/address.hpp"
#include "openssh/login.hpp"
#include "openssh/pattern.hpp"
#include "trial/sandboxed_sshd.hpp"
#include "trial/stand_ins.hpp"

namespace trial {
namespace {

namespace fs = std::filesystem;
using Kind = openssh::CommandUse::Kind;
using Result = Tried::Result;

constexpr std::size_t kMostAddresses = 24;
constexpr std::size_t kMostLogins = 48;
constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string why_not_here() {
  if (geteuid() != 0) return "it needs root: sshd changes to other accounts";
  for (const auto* program : {"bwrap", "ssh", "ssh-keygen", "ip", "chroot", "timeout"}) {
    if (!base::find_program(program, kPath)) return fmt::format("{} is not installed", program);
  }
  return {};
}

/// A place that something is mounted on has to be a folder, and no link to elsewhere.
std::string why_not_in(const fs::path& tree) {
  for (const auto* name : {"etc", "dev", "proc", "tmp", "run"}) {
    std::error_code code;
    fs::create_directory(tree / name, code);
    if (fs::symlink_status(tree / name, code).type() != fs::file_type::directory)
      return fmt::format("/{} of the image is not a folder", name);
  }
  return {};
}

/// Each address once, and each of the machine's addresses and ports; a name of the client's cannot be given to it.
std::vector<openssh::Connection> connections(const inspect::Facts& facts, bool& too_many) {
  std::vector<openssh::LoginKey> keys;
  for (const auto& file : facts.key_files) {
    for (const auto& line : file.lines)
      if (line.key && line.fault.empty()) keys.push_back({*line.key, false, {}, line.from()});
  }
  std::vector<openssh::Connection> out;
  std::set<std::string> seen;
  for (auto connection : openssh::connections_of(facts.config, keys, facts.connection, openssh::Elsewhere::named)) {
    if (!connection.host.empty()) continue;
    if (!facts.options.from.empty()) connection.address = facts.options.from;
    // ssh reaches an IPv6 address from one of its own kind alone.
    const bool v6 = connection.address.find(':') != std::string::npos;
    if (v6 != (connection.local_address.find(':') != std::string::npos)) {
      if (connection.local_address != facts.connection.local_address) continue;
      connection.local_address = v6 ? "2001:db8:fedc::2" : "198.51.100.2";
    }
    if (!seen.insert(fmt::format("{} {} {}", connection.address, connection.local_address, connection.local_port))
             .second)
      continue;
    too_many = out.size() == kMostAddresses;
    if (too_many) break;
    out.push_back(std::move(connection));
  }
  return out;
}

/// Where ListenAddress names an address, the machine has it.
std::string listened(const inspect::Facts& facts) {
  for (const auto& argument : openssh::all_arguments(facts.effective.values, "listenaddress")) {
    auto host = argument.substr(0, argument.find(':'));
    const auto address = openssh::parse_address(host);
    if (address && !openssh::is_loopback(*address) && host != "0.0.0.0") return host;
  }
  return {};
}

std::vector<std::string> sshd_of(const inspect::Facts& facts) {
  std::vector<std::string> out{"/" + facts.sshd.path, "-D", "-e"};
  for (const auto& argument : facts.sshd.arguments)
    if (argument != "-D" && argument != "-e") out.push_back(argument);
  return out;
}

/// What was printed for each attempt: "ran", "in", "refused".
std::map<std::size_t, std::string> read(const std::string& text, Trial& out) {
  std::map<std::size_t, std::string> results;
  for (const auto& line : base::lines(text)) {
    const auto words = base::split(line, ' ');
    if (line == "up") out.up = true;
    if (words.front() == "said" && line.size() > 5 && out.said.size() < 3)
      out.said.push_back(base::printable(line.substr(5), 300));
    if (words.front() == "login" && words.size() == 3)
      results[static_cast<std::size_t>(std::strtoul(words[1].c_str(), nullptr, 10))] = words[2];
  }
  return results;
}

/// A login whose command is another's is worth what that command is.
Result worth(const inspect::Facts& facts, const openssh::Connection& connection, const StandIn& key,
             const std::string& seen) {
  if (seen == "ran") return Result::in;
  if (seen != "in") return Result::out;
  const auto effective = openssh::effective(facts.config, connection);
  const auto* forced = openssh::find_value(effective.values, "forcecommand");
  const bool by_config = forced != nullptr && !openssh::same_word(forced->rest, "none");
  if (!by_config && !key.has_command) return Result::out;
  switch (inspect::use_of_command(facts, by_config ? forced->rest : key.command).kind) {
    case Kind::useful:
      return Result::in;
    case Kind::useless:
      return Result::out;
    case Kind::unknown:
      return Result::unknown;
  }
  return Result::unknown;
}

void judge(const inspect::Facts& facts, const Sandboxed& sshd, const StandIns& keys,
           const std::map<std::size_t, std::string>& results, Trial& out) {
  const bool machine = std::ranges::any_of(sshd.attempts, [&](const Attempt& one) {
    const auto& first = sshd.attempts.front().connection;
    return one.connection.local_port != first.local_port || one.connection.local_address != first.local_address;
  });
  for (std::size_t index = 0; index < sshd.attempts.size(); ++index) {
    const auto& attempt = sshd.attempts[index];
    auto from = attempt.connection.address;
    if (machine) from += fmt::format(" to {} port {}", attempt.connection.local_address, attempt.connection.local_port);
    const auto seen = results.find(index);
    const auto key = std::ranges::find(keys.all, attempt.key, &StandIn::name);
    const auto result = seen == results.end() ? Result::out : worth(facts, attempt.connection, *key, seen->second);
    // The best key counts.
    const auto known = std::ranges::find(out.tried, from, &Tried::from);
    if (known == out.tried.end())
      out.tried.push_back({from, result});
    else if (known->result != Result::in && result != Result::out)
      known->result = result;
  }
}

Trial run(initramfs::Source& source, const inspect::Facts& facts, const base::Context& context) {
  Trial out;
  const base::TempDir work(base::temp_parent(), "dracut-sshd-try-");
  Sandboxed sshd;
  sshd.tree = work.path() / "image";
  sshd.keys = work.path() / "keys";
  base::make_dirs(sshd.keys);
  (void)initramfs::extract(source, facts.image, sshd.tree, false);
  // Root's folders of the image are entered by sshd's other account.
  fs::permissions(sshd.tree, fs::perms(0755));
  out.why_not = why_not_in(sshd.tree);
  if (!out.why_not.empty()) return out;
  const auto keys = make_stand_ins(facts, sshd.tree, sshd.keys, kPath, context);
  out.left_out = keys.left_out;
  if (keys.all.empty()) {
    out.why_not =
        keys.left_out.empty() ? "there is no key in the image that another could stand for" : keys.left_out.front();
    return out;
  }
  bool too_many = false;
  const auto own = listened(facts);
  for (auto connection : connections(facts, too_many)) {
    if (!own.empty() && connection.local_address == facts.connection.local_address) connection.local_address = own;
    for (const auto& key : keys.all) {
      too_many = too_many || sshd.attempts.size() == kMostLogins;
      if (sshd.attempts.size() < kMostLogins) sshd.attempts.push_back({connection, key.name});
    }
  }
  if (too_many) out.left_out.emplace_back("more addresses and keys than are tried");
  sshd.sshd = sshd_of(facts);
  sshd.fixes_accounts = facts.puts_accounts_right;
  auto command = sandboxed(sshd, kPath);
  command.stdout_to = work.path() / "results";
  const auto done = context.runner.run(command, context.cancel);
  const auto text = base::read_file(command.stdout_to, 1U << 20U);
  const auto results = read(text, out);
  if (text.find("down") == std::string::npos && !out.up) {
    const auto said = base::lines(done.tail);
    out.why_not = done.timed_out ? "it took too long" : said.empty() ? "bubblewrap cannot run it here" : said.back();
    return out;
  }
  judge(facts, sshd, keys, results, out);
  return out;
}

bool is_replaced(const inspect::Finding& finding) {
  // What a login shows better than reading. Whether the machine has an address that sshd listens on, it does not show.
  constexpr std::string_view kIds[] = {"sshd.libraries",   "sshd.helpers", "sshd.configuration", "sshd.login",
                                       "sshd.pam",         "sshd.privsep", "keys.authorized",    "keys.modes",
                                       "hostkeys.present", "account.root", "account.shell"};
  if (finding.id == "sshd.listen") return finding.severity == inspect::Severity::error;
  return std::ranges::find(kIds, finding.id) != std::end(kIds);
}

std::string list_of(const Trial& trial, Result result) {
  std::string out;
  std::size_t count = 0;
  for (const auto& one : trial.tried) {
    if (one.result != result) continue;
    if (++count <= 6) out += (out.empty() ? "" : ", ") + one.from;
  }
  return count > 6 ? fmt::format("{} and {} more", out, count - 6) : out;
}

}  // namespace

Trial try_logins(initramfs::Source& source, const inspect::Facts& facts, const base::Context& context) {
  Trial out;
  out.why_not = why_not_here();
  if (facts.sshd.path.empty()) out.why_not = "there is no sshd in the image";
  if (facts.sealed && !inspect::has_clear_host_key(facts))
    out.why_not = "its host key is sealed, and nothing but the machine's TPM opens it";
  if (!out.why_not.empty()) return out;
  try {
    return run(source, facts, context);
  } catch (const base::Error& error) {
    out.why_not = error.what();
  }
  return out;
}

inspect::Findings with_trial(const inspect::Findings& findings, const Trial& trial) {
  using inspect::Severity;
  auto out = findings;
  const auto add = [&out](Severity severity, const std::string& message, std::string remedy = {}) {
    out.push_back({"sshd.try", severity, base::printable(message, 900), std::move(remedy)});
  };
  if (!trial.why_not.empty()) {
    add(Severity::note, "no login was tried: " + trial.why_not);
    return out;
  }
  const auto refused = list_of(trial, Result::out);
  const auto unclear = list_of(trial, Result::unknown);
  const auto in = list_of(trial, Result::in);
  const auto said = trial.said.empty() ? "" : "; sshd: " + base::join(trial.said, "; ");
  if (!in.empty()) {
    for (auto& finding : out) {
      const bool bad = finding.severity == Severity::error || finding.severity == Severity::unknown;
      if (bad && is_replaced(finding)) finding.severity = Severity::warning;
    }
  }
  if (in.empty() && unclear.empty())
    add(trial.left_out.empty() ? Severity::error : Severity::unknown,
        (trial.up ? "sshd let nobody in" : "sshd ended at its start") + said,
        "the other findings say why, or run it again with the key that you use");
  else if (!refused.empty() || !unclear.empty())
    add(Severity::unknown,
        fmt::format("let in from {}; not from {}", in.empty() ? "nowhere for certain" : in,
                    refused.empty() ? unclear : refused),
        "--from ADDRESS says where you will come from");
  else
    add(Severity::good, "logged in from " + in);
  for (const auto& key : trial.left_out) add(Severity::note, "not tried: " + key);
  return out;
}

}  // namespace trial
