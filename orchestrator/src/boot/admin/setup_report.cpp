// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/setup_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/findings_text.hpp"
#include "admin/verbs.hpp"
#include "base/output.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"

namespace admin {
namespace {

using inspect::Severity;
using nlohmann::ordered_json;

std::string key_text(const setup::LoginKey& key) {
  return fmt::format("{}{} ({}){}", key.fingerprint, key.comment.empty() ? "" : " " + key.comment, key.origin,
                     key.why_not.empty() ? "" : ": cannot unlock: " + key.why_not);
}

void add(std::string& out, const std::string& head, const std::string& text) {
  out += fmt::format("  {:<12} {}\n", head, text);
}

/// "--- /dev/null", "+++ /etc/...", and every line: files of a dozen lines need no shorter hunks.
std::string diff_of(const std::string& path, const std::string& before, const std::string& after, bool there,
                    bool stays) {
  const auto old_lines = base::lines(before);
  const auto new_lines = base::lines(after);
  auto out =
      fmt::format("--- {}\n+++ {}\n@@ -{},{} +{},{} @@\n", there ? path : "/dev/null", stays ? path : "/dev/null",
                  old_lines.empty() ? 0 : 1, old_lines.size(), new_lines.empty() ? 0 : 1, new_lines.size());
  for (const auto& line : old_lines) out += "-" + line + "\n";
  for (const auto& line : new_lines) out += "+" + line + "\n";
  return out;
}

std::string rehearsal_text(const Rehearsed& rehearsed) {
  if (!rehearsed.status) return "not run: " + rehearsed.why_not;
  if (*rehearsed.status == 0) return "a virtual machine booted it: logged in, unlocked, the root appeared";
  if (*rehearsed.status == kCannotTell) return "this machine's boot cannot be rehearsed: dracut-sshd rehearse says why";
  return "FAILED: dracut-sshd rehearse shows the step";
}

ordered_json paths_of(const std::vector<setup::PlannedFile>& files) {
  auto out = ordered_json::array();
  for (const auto& file : files) out.push_back({{"path", file.path}, {"purpose", file.purpose}});
  return out;
}

}  // namespace

std::string purpose_of(const setup::Plan& plan, const std::string& path) {
  const auto found = std::ranges::find(plan.write, path, &setup::PlannedFile::path);
  if (found != plan.write.end()) return found->purpose;
  return path.starts_with(setup::kHostKey) ? "the host key of the initramfs" : "";
}

std::string plan_text(const setup::Plan& plan) {
  std::string out;
  for (const auto& key : plan.may_log_in) add(out, "may log in", key_text(key));
  add(out, "network", plan.network.summary.empty() ? "not known" : plan.network.summary);
  if (!plan.network.address.empty()) add(out, "address", plan.network.address);
  if (plan.port != "22") add(out, "port", plan.port);
  add(out, "host key",
      plan.seal            ? "a new one, sealed to the TPM, and another one for when the TPM refuses"
      : plan.make_host_key ? "a new one for the initramfs"
                           : "as it is");
  if (!plan.install.empty()) add(out, "install", base::shell_quote(plan.install));
  for (const auto& file : plan.write) add(out, "write", fmt::format("{} ({})", file.path, file.purpose));
  if (plan.make_host_key) add(out, "write", fmt::format("{} (the initramfs's host key)", setup::kHostKey));
  for (const auto& path : plan.remove) add(out, "remove", path);
  for (const auto& file : plan.keep) add(out, "keep", fmt::format("{} ({})", file.path, file.why));
  for (const auto& note : plan.notes) add(out, "note", base::printable(note, 1000));
  return out;
}

std::string plan_diff(const setup::Plan& plan, const std::filesystem::path& root, bool rebuild) {
  std::string out;
  const auto before = [&](const std::string& path) {
    return host::read_small(root / std::filesystem::path(path).relative_path());
  };
  for (const auto& file : plan.write) {
    const auto old = before(file.path);
    out += file.secret ? fmt::format("# {}: its content is secret\n", file.path)
                       : diff_of(file.path, old.value_or(""), file.content, old.has_value(), true);
  }
  for (const auto& path : plan.remove) out += diff_of(path, before(path).value_or(""), "", true, false);
  if (!plan.install.empty()) out += base::shell_quote(plan.install) + "\n";
  if (plan.make_host_key) out += fmt::format("ssh-keygen -t ed25519 -N '' -f {}\n", setup::kHostKey);
  if (plan.seal) out += "dracut-sshd seal --no-rebuild\n";
  if (rebuild || plan.seal) out += "dracut-sshd-rebuild --all\n";
  if (out.empty()) out = "nothing to do\n";
  return out;
}

std::string result_text(const SetupResult& result, bool sshfp) {
  std::string out;
  for (const auto& path : result.written) add(out, "written", path);
  if (result.written.empty()) add(out, "written", "nothing: all files are as they should be");
  add(out, "image", result.rebuilt ? fmt::format("{} (rebuilt)", result.boot.image) : result.boot.image);
  for (const auto& key : result.plan.may_log_in)
    if (key.why_not.empty()) add(out, "may log in", key_text(key));
  if (!result.plan.network.summary.empty()) add(out, "network", result.plan.network.summary);
  for (const auto& key : result.client.fingerprints) add(out, "host key", key);
  for (const auto& note : result.plan.notes) add(out, "note", base::printable(note, 1000));
  if (!result.boot.why.empty()) add(out, "inspect", base::printable(result.boot.why, 1000));
  add(out, "rehearse", rehearsal_text(result.rehearsed));
  const auto bad = findings_text(result.boot.findings, true);
  if (!bad.empty()) out += "\n" + bad;
  if (result.answer != inspect::Answer::will_not) {
    const auto lines = setup::client_lines(result.client);
    if (!lines.known_hosts.empty()) {
      out += "\nOn your desk, into ~/.ssh/known_hosts:\n";
      for (const auto& line : lines.known_hosts) out += "  " + line + "\n";
      out += "into ~/.ssh/config:\n";
      for (const auto& line : base::lines(lines.ssh_config)) out += "  " + line + "\n";
      if (sshfp) {
        out += "into your DNS zone:\n";
        for (const auto& line : lines.sshfp) out += "  " + line + "\n";
      }
      out += fmt::format("Then reboot, and unlock it from there:\n  {}\n", lines.unlock);
    }
  }
  return out + "\n" + verdict_sentence(result.answer) + "\n";
}

ordered_json result_json(const SetupResult& result) {
  const auto lines = setup::client_lines(result.client);
  const auto& plan = result.plan;
  auto login = ordered_json::array();
  for (const auto& key : plan.may_log_in)
    login.push_back(
        {{"fingerprint", key.fingerprint}, {"comment", key.comment}, {"origin", key.origin}, {"why_not", key.why_not}});
  auto written = ordered_json::array();
  for (const auto& path : result.written) written.push_back({{"path", path}, {"purpose", purpose_of(plan, path)}});
  auto kept = ordered_json::array();
  for (const auto& file : plan.keep) kept.push_back({{"path", file.path}, {"why", file.why}});
  return {{"schema", 1},
          {"answer", answer_code(result.answer)},
          {"verdict", base::printed(verdict_sentence(result.answer), false)},
          {"exit", static_cast<int>(result.answer)},
          {"names", result.client.names},
          {"addresses", result.client.addresses},
          {"port", result.client.port},
          {"own_host_key", result.client.own_keys},
          {"host_keys", result.client.host_keys},
          {"unsealed_host_keys", result.client.unsealed_keys},
          {"known_hosts", lines.known_hosts},
          {"ssh_config", lines.ssh_config},
          {"sshfp", lines.sshfp},
          {"unlock", lines.unlock},
          {"network", plan.network.summary},
          {"may_log_in", login},
          {"plan",
           {{"write", paths_of(plan.write)},
            {"make_host_key", plan.make_host_key},
            {"seal", plan.seal},
            {"remove", plan.remove},
            {"install", plan.install},
            {"refusals", plan.refusals}}},
          {"written", written},
          {"unchanged", plan.unchanged},
          {"kept", kept},
          {"notes", plan.notes},
          {"rebuilt", result.rebuilt},
          {"image", result.boot.image},
          {"rehearsal", result.rehearsed.status ? ordered_json(*result.rehearsed.status) : ordered_json()},
          {"rehearsal_text", rehearsal_text(result.rehearsed)},
          {"findings", inspect::findings_json(result.boot.findings)}};
}

}  // namespace admin
