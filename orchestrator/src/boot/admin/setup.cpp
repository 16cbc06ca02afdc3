// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "admin/findings_text.hpp"
#include "admin/named_keys.hpp"
#include "admin/next_boot.hpp"
#include "admin/questions.hpp"
#include "admin/seal_step.hpp"
#include "admin/setup_report.hpp"
#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/output.hpp"
#include "base/text.hpp"
#include "detect/machine_state.hpp"
#include "host/small_file.hpp"
#include "setup/client_page.hpp"
#include "setup/findings.hpp"
#include "setup/qr.hpp"
#include "setup/transaction.hpp"

namespace admin {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = "/";

std::map<std::string, std::string> plain_environment() {
  return {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
          {"LC_ALL", "C.UTF-8"},
          {"HOME", "/root"},
          {"DEBIAN_FRONTEND", "noninteractive"}};
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  (void)std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

setup::Choices choices_of(const SetupArguments& arguments) {
  setup::Choices out;
  out.keys = named_keys(arguments.keys, detect::seconds_now());
  out.unlock_only = arguments.unlock_only;
  out.own_host_key = arguments.own_host_key;
  out.port = arguments.port;
  out.network = arguments.network;
  out.install = arguments.install;
  out.replace_generator = arguments.replace_generator;
  return out;
}

/// The permanent address of the NIC that leads out, for the manifest.
std::string nic_address(const detect::Network& network) {
  for (const auto& link : network.chain)
    if (link.kind == detect::LinkKind::nic) return link.permanent_mac;
  return "";
}

bool is_dns_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 && name.front() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string::npos;
}

/// The public keys of these files, as the image will have them.
std::vector<openssh::PublicKey> public_keys_in(const std::vector<std::string>& private_files) {
  std::vector<openssh::PublicKey> out;
  for (const auto& file : private_files) {
    const auto text = host::read_small(file + ".pub");
    if (!text) continue;
    if (auto parsed = openssh::parse_public_key(*text); parsed.key) out.push_back(*parsed.key);
  }
  return out;
}

setup::ClientFacts client_facts(const detect::Machine& machine, const setup::Plan& plan,
                                const NextBootJudgement& boot) {
  setup::ClientFacts out;
  for (const auto& name : machine.system.names)
    if (is_dns_name(name)) out.names.push_back(name);
  if (!machine.network.server.empty()) out.addresses.push_back(machine.network.server);
  if (!plan.network.address.empty() && plan.network.address != machine.network.server)
    out.addresses.push_back(plan.network.address);
  out.port = plan.port;
  if (!machine.network.port.empty()) out.login_port = machine.network.port;
  auto keys = boot.host_keys;
  if (keys.empty()) keys = public_keys_in(machine.keys.host_keys);
  for (const auto& key : keys) {
    out.fingerprints.push_back(openssh::fingerprint(key));
    out.host_keys.push_back(openssh::line_of(key));
  }
  for (const auto& key : boot.unsealed_keys) out.unsealed_keys.push_back(openssh::line_of(key));
  out.own_keys = boot.is_sealed || plan.seal || !machine.keys.host_keys.empty() || plan.make_host_key;
  return out;
}

/// All that a run knows, from step to step.
struct Run {
  const SetupArguments& arguments;
  const base::Context& context;
  detect::SystemCommands commands;
  setup::Choices choices;
  std::optional<setup::Manifest> manifest;
  detect::Machine machine;
  SetupResult result;
  bool seal;

  Run(const SetupArguments& some, const base::Context& a_context)
      : arguments(some), context(a_context), commands(a_context), choices(choices_of(some)), seal(some.seal) {}

  void look() {
    context.console.status("looking at this machine");
    machine = detect::read_machine({kRoot, commands, context.environment});
    manifest = setup::read_manifest(kRoot);
    plan_again();
    context.console.clear_status();
  }
  void plan_again() {
    const bool sealed = is_sealed_already();
    auto wanted = choices;
    wanted.own_host_key = wanted.own_host_key && !seal && !sealed;
    result.plan = setup::make_plan(machine, wanted, manifest, kRoot);
    if (sealed) result.plan.notes.emplace_back("the sealed host key stays as it is: dracut-sshd seal --status");
    result.plan.seal = seal && !sealed;
    if (!result.plan.seal) return;
    if (const auto why = why_not_to_seal(context); !why.empty()) result.plan.refusals.push_back("--seal: " + why);
  }
};

/// Whether the image has to be built again although no file changed.
bool is_outdated(const NextBootJudgement& boot) {
  if (boot.answer != inspect::Answer::will_let_in) return true;
  return std::ranges::any_of(boot.findings, [](const inspect::Finding& one) {
    return one.id == "image.current" && one.severity != inspect::Severity::good;
  });
}

void ask(Run& run) {
  const auto& cancel = run.context.cancel;
  base::print(plan_text(run.result.plan) + "\n");
  std::fflush(stdout);
  const auto& packages = run.machine.packages;
  if (!packages.install.empty()) {
    const auto what =
        packages.replaced.empty() ? std::string() : fmt::format(" (removes {})", base::join(packages.replaced, ", "));
    for (const auto& tied : run.machine.boot.tied_to_generator)
      if (!packages.replaced.empty())
        run.context.console.warn(fmt::format("works with the present generator alone: {}", tied));
    const bool yes = asked_yes(fmt::format("Run {}{}?", base::shell_quote(packages.install), what),
                               packages.replaced.empty(), cancel);
    run.choices.install = yes;
    run.choices.replace_generator = yes;
  }
  if (!run.result.plan.keys_file.empty() || !run.result.plan.may_log_in.empty()) {
    if (!asked_yes("Let these keys log in?", true, cancel))
      throw base::Error("no key was chosen", base::Exit::usage).with_hint("dracut-sshd setup --key FILE.pub");
  }
  if (!run.seal && !is_sealed_already() && why_not_to_seal(run.context).empty())
    run.seal = asked_yes(
        "Seal a host key of the initramfs to this machine's TPM? After an update of the firmware it has to be sealed "
        "again.",
        false, cancel);
  if (run.result.plan.make_host_key && !run.seal)
    run.choices.own_host_key = asked_yes("Make a host key for the initramfs alone?", true, cancel);
  if (!run.result.plan.network.files.empty())
    run.choices.network = asked_yes("Give the initramfs this network?", true, cancel);
  run.plan_again();
}

void refuse(const Run& run) {
  if (run.result.plan.refusals.empty()) return;
  std::string text = "nothing was changed:";
  for (const auto& one : run.result.plan.refusals) text += "\n  " + base::printable(one, 1000);
  throw base::Error(text);
}

/// The package manager is never interrupted: what it leaves half done may not boot.
void install(Run& run) {
  const auto& argv = run.result.plan.install;
  if (argv.empty()) return;
  run.context.console.line("installing: " + base::shell_quote(argv));
  base::Command command;
  command.argv = argv;
  command.env = plain_environment();
  const base::Cancel never;
  const auto outcome = run.context.runner.run(command, never);
  if (outcome.status != 0)
    throw base::Error(fmt::format("{} failed with status {}:\n{}", argv[0], outcome.status, outcome.tail))
        .with_hint("nothing else was changed");
  run.context.cancel.throw_if_requested();
  if (run.machine.packages.after_reboot)
    throw base::Error("the packages are installed for the next boot, and nothing else was changed")
        .with_hint("reboot, then run dracut-sshd setup again");
  run.look();
  if (!run.result.plan.install.empty())
    run.result.plan.refusals.push_back(fmt::format("{} ended well, and packages are still missing", argv[0]));
  refuse(run);
}

void rebuild(Run& run) {
  run.context.console.status("building the initramfs (dracut-sshd-rebuild --all)");
  base::Command command;
  command.argv = {"dracut-sshd-rebuild", "--all"};
  command.env = plain_environment();
  const auto outcome = run.context.runner.run(command, run.context.cancel);
  run.context.console.clear_status();
  if (outcome.status != 0)
    throw base::Error(
        fmt::format("dracut-sshd-rebuild failed with status {}; the old image boots, and the files that "
                    "were written are gone again:\n{}",
                    outcome.status, outcome.tail));
  run.result.rebuilt = true;
}

Rehearsed rehearse_next_boot(const Run& run) {
  if (!run.arguments.rehearse) return {"--no-rehearse", std::nullopt};
  run.context.console.status("rehearsing the boot in a virtual machine (minutes without KVM)");
  const base::TempDir scratch(base::temp_parent(), "dracut-sshd-setup-");
  base::Command command;
  std::error_code error;
  command.argv = {fs::read_symlink("/proc/self/exe", error).string(), "rehearse", "--json"};
  command.env = plain_environment();
  command.stdout_to = scratch.path() / "rehearsal.json";
  command.log = scratch.path() / "log";
  try {
    const auto outcome = run.context.runner.run(command, run.context.cancel);
    run.context.console.clear_status();
    if (outcome.status == static_cast<int>(base::Exit::missing_tool)) {
      // Where qemu is there, a rehearsal that could not be tried is no success.
      const auto& missing = run.machine.packages.missing;
      const bool without_qemu =
          std::ranges::find(missing, "rehearse", &detect::MissingPackage::purpose) != missing.end();
      if (without_qemu) return {"qemu is not installed", std::nullopt};
      return {"", kCannotTell};
    }
    return {"", outcome.status};
  } catch (const base::Error& fault) {
    run.context.console.warn(fmt::format("the boot could not be rehearsed: {}", fault.what()));
    return {"", kCannotTell};
  }
}

inspect::Answer answer_of(const NextBootJudgement& boot, const Rehearsed& rehearsed) {
  if (boot.answer != inspect::Answer::will_let_in || !rehearsed.status || *rehearsed.status == 0) return boot.answer;
  return *rehearsed.status == kCannotTell ? inspect::Answer::cannot_tell : inspect::Answer::will_not;
}

void write_page(const Run& run, inspect::Findings findings) {
  const auto& result = run.result;
  setup::PageContent page;
  page.title = result.client.names.empty() ? "this machine" : result.client.names.front();
  page.made = utc_now();
  for (const auto& key : result.plan.may_log_in)
    if (key.why_not.empty())
      page.summary.push_back(fmt::format("may log in: {} {} ({})", key.fingerprint, key.comment, key.origin));
  if (!result.plan.network.summary.empty()) page.summary.push_back("network: " + result.plan.network.summary);
  page.facts = result.client;
  page.lines = setup::client_lines(result.client);
  if (const auto text = setup::qr_text(result.client); !text.empty())
    if (const auto code = setup::make_qr(text, run.context)) page.qr_svg = setup::qr_svg(*code);
  findings.insert(findings.end(), result.boot.findings.begin(), result.boot.findings.end());
  page.findings = std::move(findings);
  page.verdict = base::printed(verdict_sentence(result.answer), false);
  page.exit = static_cast<int>(result.answer);
  for (const auto& path : result.written) page.files.push_back({path, purpose_of(result.plan, path)});
  base::write_file(run.arguments.html, setup::page_of(page), 0600);
  run.context.console.line("written: " + run.arguments.html);
}

/// For a phone, where somebody looks at a terminal and qrencode is installed.
void show_qr(const Run& run) {
  if (isatty(STDOUT_FILENO) != 1 || run.result.answer == inspect::Answer::will_not) return;
  const auto text = setup::qr_text(run.result.client);
  if (text.empty()) return;
  if (const auto code = setup::make_qr(text, run.context)) base::print("\n" + setup::qr_terminal(*code));
}

int tell(Run& run) {
  auto& result = run.result;
  result.client = client_facts(run.machine, result.plan, result.boot);
  result.answer = answer_of(result.boot, result.rehearsed);
  if (!run.arguments.html.empty()) write_page(run, setup::findings_of(run.machine));
  if (run.arguments.json)
    base::print(result_json(result).dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
  else
    base::print(result_text(result, run.arguments.sshfp));
  if (!run.arguments.json) show_qr(run);
  return static_cast<int>(result.answer);
}

int dry_run(Run& run) {
  run.result.boot = judge_next_boot(kRoot, run.context);
  const bool build = run.result.plan.changes_files() || is_outdated(run.result.boot);
  run.result.rehearsed.why_not = "--dry-run";
  if (run.arguments.json) {
    (void)tell(run);
  } else {
    base::print(plan_text(run.result.plan) + "\n" + plan_diff(run.result.plan, kRoot, build));
    for (const auto& one : run.result.plan.refusals) run.context.console.warn(base::printable(one, 1000));
  }
  return run.result.plan.refusals.empty() ? 0 : 1;
}

void carry_out(Run& run) {
  auto& result = run.result;
  install(run);
  const auto before = judge_next_boot(kRoot, run.context);
  std::optional<SealStep> sealing;
  if (result.plan.seal) {
    run.context.console.status("sealing a host key to the TPM");
    sealing.emplace(run.context);
  }
  if (!result.plan.changes_files()) {
    if (sealing || is_outdated(before)) rebuild(run);
    if (sealing) sealing->commit();
    return;
  }
  setup::Transaction transaction(result.plan, kRoot, run.context);
  rebuild(run);
  transaction.commit(run.manifest, result.plan.network, nic_address(run.machine.network), utc_now());
  result.written = transaction.changed();
  if (sealing) sealing->commit();
}

int remove(const base::Context& context) {
  const setup::SetupLock lock(kRoot);
  for (const auto& path : setup::Transaction::recover(kRoot)) context.console.line("put back: " + path);
  const auto manifest = setup::read_manifest(kRoot);
  if (!manifest) {
    base::print("nothing to remove: there is no manifest of setup's\n");
    return 0;
  }
  const auto removal = setup::remove_written(*manifest, kRoot);
  for (const auto& path : removal.removed) base::print(fmt::format("removed {}\n", path));
  for (const auto& file : removal.kept) base::print(fmt::format("kept {}: {}\n", file.path, file.why));
  std::error_code ignored;
  if (fs::exists(kRoot / seal::kFolder / seal::kCredential, ignored))
    base::print("A host key is still sealed to the TPM. To remove it: dracut-sshd seal --remove\n");
  base::print("The images still have what was removed. To build them again: dracut-sshd-rebuild --all\n");
  return 0;
}

/// Is the live network still the one that setup wrote? Asked by dracut-sshd-check, outside of any ssh session.
int check(Run& run) {
  if (!run.manifest) {
    base::print("setup has not been run on this machine\n");
    return 0;
  }
  const auto& now = run.result.plan.network;
  if (nic_address(run.machine.network) != run.manifest->network_address || now.summary.empty() ||
      now.summary == run.manifest->network)
    return 0;
  base::print(fmt::format("the network is now {}, and setup wrote {}: run dracut-sshd setup\n",
                          base::printable(now.summary, 300), base::printable(run.manifest->network, 300)));
  return 1;
}

}  // namespace

int setup(const SetupArguments& arguments, const base::Context& context) {
  if (arguments.remove) return remove(context);
  if (!arguments.html.empty() && fs::exists(fs::symlink_status(arguments.html)))
    throw base::Error(arguments.html + ": it is there already", base::Exit::usage).with_hint("name a new file");
  Run run(arguments, context);
  const bool changes = !arguments.dry_run && !arguments.check;
  if (changes && !arguments.yes && !somebody_is_there())
    throw base::Error("there is no terminal to ask at", base::Exit::usage)
        .with_hint("--yes takes what is detected, --dry-run shows it");
  std::optional<setup::SetupLock> lock;
  if (changes) {
    lock.emplace(kRoot);
    for (const auto& path : setup::Transaction::recover(kRoot))
      context.console.line("put back after an interrupted setup: " + path);
  }
  run.look();
  if (arguments.check) return check(run);
  if (arguments.dry_run) return dry_run(run);
  if (!arguments.yes) ask(run);
  refuse(run);
  if (!arguments.yes && !asked_yes("Go ahead?", true, context.cancel)) {
    base::print("nothing was changed\n");
    return 1;
  }
  carry_out(run);
  run.machine.keys = detect::read_keys({kRoot, run.commands, context.environment});
  run.result.boot = judge_next_boot(kRoot, context);
  if (run.result.boot.answer == inspect::Answer::will_let_in)
    run.result.rehearsed = rehearse_next_boot(run);
  else
    run.result.rehearsed.why_not = "inspect already says no";
  return tell(run);
}

}  // namespace admin
