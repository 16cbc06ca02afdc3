// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/app.hpp"

#include <CLI/CLI.hpp>
#include <string>

#include "admin/unlock_options.hpp"
#include "admin/verbs.hpp"
#include "admin/watch_options.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/process.hpp"
#include "base/program.hpp"
#include "base/version.hpp"
#include "openssh/address.hpp"
#include "rehearsal/rehearse.hpp"

namespace admin {
namespace {

/// The command line and where its values go. One object, because CLI11 keeps pointers into it.
struct CommandLine {
  CLI::App app{"Proves that the next boot will wait for you, and let you in.", "dracut-sshd"};
  InspectArguments inspect;
  UnlockArguments unlock;
  WatchArguments watch;
  RehearseArguments rehearse;
  SetupArguments setup;
  SealArguments seal;
  DoctorArguments doctor;

  CommandLine() {
    app.set_version_flag("--version", std::string("dracut-sshd ") + base::kVersion);
    app.require_subcommand(1);
    app.footer("See dracut-sshd(1).");
    add_setup();
    add_doctor();
    add_inspect();
    add_rehearse();
    add_unlock(app, unlock);
    add_watch(app, watch);
    add_seal();
  }

  /// The status of a verb that could not do its work.
  [[nodiscard]] int failed() const {
    return app.got_subcommand("inspect") || app.got_subcommand("doctor") ? kCannotTell : 1;
  }

  void add_setup() {
    auto* verb = app.add_subcommand(
        "setup", "Sets up this machine, or HOST over ssh: keys, host key, network, a new initramfs, and its proof");
    verb->footer(
        "Exit status: 0 it will let you in, 1 it will not or nothing was done, 2 wrong usage, 3 a tool is not "
        "installed, "
        "4 it cannot be told.");
    verb->add_option("host", setup.host, "Set up this host from here, over one ssh connection (default: this machine)")
        ->check(why_empty)
        ->type_name("[USER@]HOST");
    auto* yes = verb->add_flag("--yes,-y", setup.yes, "Ask nothing: take what was detected");
    auto* dry = verb->add_flag("--dry-run,-n", setup.dry_run, "Show the plan, and change nothing");
    auto* remove = verb->add_flag("--remove", setup.remove, "Remove the files that setup wrote");
    auto* check =
        verb->add_flag("--check", setup.check, "Say whether the machine's network is still the one that was set up");
    verb->add_option("--key", setup.keys, "A public key, or a file of them, to let in instead of the detected ones")
        ->check(why_empty)
        ->type_name("KEY|FILE")
        ->expected(1)
        ->take_all();
    verb->add_flag("--unlock-only", setup.unlock_only, "The keys that setup writes can do nothing but unlock");
    verb->add_flag("!--no-host-key", setup.own_host_key, "The initramfs uses copies of the system's host keys");
    verb->add_flag("--seal", setup.seal, "Seal a host key of the initramfs to the machine's TPM, too");
    verb->add_option("--port", setup.port, "The port of the initramfs's sshd")->check(why_empty)->type_name("N");
    verb->add_flag("!--no-network", setup.network, "Write no network configuration");
    verb->add_flag("!--no-install", setup.install, "Install no missing packages");
    verb->add_flag("--replace-generator", setup.replace_generator,
                   "Missing packages may replace what makes the initramfs now");
    verb->add_flag("!--no-rehearse", setup.rehearse, "Do not rehearse the boot, even where qemu is installed");
    verb->add_flag("--sshfp", setup.sshfp, "Print DNS records of the host key, too (SSHFP)");
    verb->add_option("--html", setup.html, "Write a page for the desk into a new file")
        ->check(why_empty)
        ->type_name("FILE");
    add_desk_options(*verb);
    verb->add_flag("--json", setup.json, "For machines");
    remove->excludes(check)->excludes(dry);
    check->excludes(yes)->excludes(dry);
  }

  void add_desk_options(CLI::App& verb) {
    verb.add_option("--program", setup.program,
                    "With HOST: a static dracut-sshd to carry along (default: this program)")
        ->check(why_empty)
        ->type_name("FILE");
    verb.add_option("--ssh-config,-F", setup.ssh_config, "With HOST: an ssh_config (default: ssh's own)")
        ->check(why_empty)
        ->type_name("FILE");
    verb.add_option("--identity,-i", setup.identity, "With HOST: a private key (default: ssh's own, and the agent's)")
        ->check(why_empty)
        ->type_name("FILE");
    verb.add_option("--ssh-port", setup.ssh_port, "With HOST: the port of its running sshd (default: ssh's own)")
        ->check(CLI::Range(1, 65535))
        ->type_name("N");
    verb.add_flag("--write-config", setup.write_config,
                  "With HOST: add the Include line for its stanza to your ssh_config");
  }

  void add_doctor() {
    auto* verb = app.add_subcommand(
        "doctor", "Says what decides whether this machine's next boot can be unlocked; changes nothing");
    verb->footer("Exit status: 0 it will let you in, 1 it will not, 2 wrong usage, 4 it cannot be told.");
    verb->add_flag("--json", doctor.json, "For machines");
    verb->add_flag("--quiet,-q", doctor.quiet, "Only what is wrong");
    auto* explain = verb->add_subcommand("explain", "Explains a check, or lists those of the machine");
    explain->add_option("check", doctor.explain, "The check's name: host.keys")->check(why_empty)->type_name("CHECK");
    explain->add_flag("--json", doctor.json, "For machines");
    explain->callback([this] { doctor.explains = true; });
    verb->require_subcommand(0, 1);
  }

  void add_rehearse() {
    auto* verb = app.add_subcommand(
        "rehearse",
        "Boots the initramfs in a virtual machine, against scratch disks: logs in, unlocks, sees the root appear");
    verb->footer(
        "Exit status: 0 unlocked, 1 not, 2 wrong usage, 3 a tool is not installed (qemu), 4 it cannot be rehearsed.");
    verb->add_option("--image", rehearse.image,
                     "An initramfs or a unified kernel image (default: this machine's next boot)")
        ->type_name("FILE");
    verb->add_option("--kernel", rehearse.kernel, "The kernel to boot (default: the image's)")->type_name("FILE");
    verb->add_option("--release", rehearse.release,
                     "The kernel's release: of which kernel the image is, where none is named");
    verb->add_option("--cmdline", rehearse.cmdline, "The kernel's command line (default: the next boot's)");
    verb->add_option("--root", rehearse.root, "Where that system's files are, if not at /")->type_name("FOLDER");
    verb->add_option("--key", rehearse.key, "A private key that has to log in (default: a throw-away one)")
        ->type_name("FILE");
    verb->add_option("--disk", rehearse.disks, "luks=UUID or fs=UUID: a disk that there has to be; the root's first")
        ->type_name("SPEC")
        ->expected(1)
        ->take_all();
    auto* keys = verb->add_option("--secure-boot-keys", rehearse.secure_boot_keys,
                                  "Of a UKI: what the firmware trusts, a certificate, a signature list, or a folder of "
                                  "such (default: as this machine; with --image, the image's own signer)")
                     ->check(why_empty)
                     ->type_name("FILE|FOLDER");
    verb->add_flag("--no-firmware", rehearse.no_firmware, "Of a UKI: boot its kernel and initramfs without a firmware")
        ->excludes(keys);
    verb->add_flag("--as-is", rehearse.as_is, "Add nothing to the image")->needs("--key");
    auto* breaks = verb->add_flag("--break", rehearse.breaks, "Stop in the emergency shell (rd.break), and resume");
    auto* wrong = verb->add_flag("--wrong-passphrase", rehearse.wrong, "Try a wrong passphrase first");
    verb->add_flag("--interactive", rehearse.interactive, "Leave the waiting machine to you")
        ->excludes(breaks)
        ->excludes(wrong);
    verb->add_flag("--console", rehearse.console, "Show what its console prints");
    verb->add_option("--report", rehearse.report,
                     "Keep report and logs in this new folder (default: where it fails, one of its own)")
        ->type_name("FOLDER");
    verb->add_option("--memory", rehearse.memory, "MiB")->capture_default_str()->check(CLI::Range(256, 65536));
    verb->add_option("--patience", rehearse.patience,
                     "Seconds for each step while nothing new is logged (default: 60; 180 without KVM)")
        ->check(CLI::Range(5, 3600));
    verb->add_flag("--emulate", rehearse.emulate, "Do not use KVM");
    verb->add_flag("--json", rehearse.json, "For machines");
  }

  void add_seal() {
    auto* verb = app.add_subcommand(
        "seal", "Seals a host key of the initramfs to this machine's TPM, so that no disk holds it in the clear");
    verb->footer(
        "Exit status: 0 done, or the TPM opens the key; 1 not; 2 wrong usage, 3 a tool is not installed "
        "(systemd-creds).");
    const auto add_mode = [this, verb](const char* name, SealMode mode, const char* about) {
      return verb->add_flag_callback(
          name, [this, mode] { seal.mode = mode; }, about);
    };
    auto* status =
        add_mode("--status", SealMode::status, "Say what is sealed, to what, and whether the TPM opens it now");
    auto* reseal = add_mode("--reseal", SealMode::reseal, "Seal the same key to what the TPM holds now");
    auto* remove =
        add_mode("--remove", SealMode::remove, "Remove the sealed key: the initramfs has its other host keys again");
    auto* pcrs = verb->add_option("--pcrs", seal.pcrs,
                                  "The TPM's registers whose values have to stay as they are (default: 7; with "
                                  "--reseal as before)")
                     ->check(why_empty)
                     ->type_name("LIST");
    auto* key = verb->add_option("--public-key", seal.public_key,
                                 "Whoever has the private half may sign which values other registers have")
                    ->check(CLI::ExistingFile)
                    ->type_name("PEM");
    auto* key_pcrs = verb->add_option("--public-key-pcrs", seal.public_key_pcrs, "These registers (default: 11)")
                         ->check(why_empty)
                         ->type_name("LIST")
                         ->needs(key);
    verb->add_option("--tpm-device", seal.tpm_device, "As --tpm2-device= of systemd-creds (default: this machine's)")
        ->check(why_empty)
        ->type_name("DEVICE");
    auto* unsealed = verb->add_flag("!--no-unsealed-key", seal.unsealed_key,
                                    "No second key for when the TPM refuses: then nobody can log in");
    auto* recovery = verb->add_flag("!--no-recovery-key", seal.recovery_key,
                                    "No copy on the root file system for --reseal after the TPM has refused");
    auto* fresh = verb->add_flag("--new-key", seal.new_key, "Make a new key, although there is a sealed one");
    auto* rebuild = verb->add_flag("!--no-rebuild", seal.rebuild, "Do not build the initramfs again");
    auto* dry = verb->add_flag("--dry-run,-n", seal.dry_run, "Say what would be done, and change nothing");
    verb->add_flag("--json", seal.json, "For machines");
    for (auto* option : {pcrs, key, key_pcrs, rebuild, dry}) status->excludes(option);
    for (auto* option : {pcrs, key, key_pcrs}) remove->excludes(option);
    for (auto* mode : {status, reseal, remove}) {
      for (auto* option : {unsealed, recovery, fresh}) mode->excludes(option);
    }
    status->excludes(reseal)->excludes(remove);
    reseal->excludes(remove);
  }

  /// What is given for an option or an argument that nobody leaves empty on purpose: a script's variable was not set.
  static std::string why_empty(const std::string& value) { return value.empty() ? "expected a value, got \"\"" : ""; }

  static std::string why_no_address(const std::string& value) {
    return openssh::parse_address(value) ? "" : "expected an address such as 192.0.2.7, got \"" + value + "\"";
  }

  CLI::Option* add_image(CLI::App& command, const char* name, const char* about) {
    return command.add_option(name, inspect.image, about)->check(why_empty)->type_name("FILE");
  }
  CLI::App* add_inspect_command(CLI::App& verb, const char* name, const char* about, InspectMode mode) {
    auto* command = verb.add_subcommand(name, about);
    command->callback([this, mode] { inspect.mode = mode; });
    return command;
  }

  void add_inspect_commands(CLI::App& verb) {
    constexpr const char* kAny = "The image; - for standard input (default: of this machine's next boot)";
    constexpr const char* kThis = "The image; - for standard input";
    const auto add_next_boot = [this](CLI::App& command) {
      command.add_option("--kernel", inspect.kernel, "Without an image: the kernel's release whose image it is")
          ->type_name("RELEASE");
      command.add_option("--root", inspect.root, "Where this machine's files are, if not at /")->type_name("FOLDER");
    };
    auto* list = add_inspect_command(verb, "list", "Lists the files in an image", InspectMode::list);
    add_image(*list, "image", kAny);
    add_next_boot(*list);
    list->add_flag("--json", inspect.json, "For machines");

    auto* tree = add_inspect_command(verb, "tree", "Shows which folders and dracut modules take how much space",
                                     InspectMode::tree);
    add_image(*tree, "image", kAny);
    add_next_boot(*tree);
    auto* json = tree->add_flag("--json", inspect.json, "For machines");
    tree->add_option("--html", inspect.html, "Write a page with a treemap into a new file")
        ->check(why_empty)
        ->type_name("FILE")
        ->excludes(json);

    auto* cat = add_inspect_command(verb, "cat", "Prints a file in an image", InspectMode::cat);
    add_image(*cat, "image", kThis)->required();
    cat->add_option("path", inspect.cat, "The file's path in it")->required()->check(why_empty)->type_name("PATH");

    auto* extract =
        add_inspect_command(verb, "extract", "Writes all files in an image into a new folder", InspectMode::extract);
    add_image(*extract, "image", kThis)->required();
    extract->add_option("folder", inspect.extract, "A folder that does not exist yet")
        ->required()
        ->check(why_empty)
        ->type_name("FOLDER");
    extract->add_flag("--devices", inspect.devices, "Extract device nodes, too, which only root can");

    auto* diff = add_inspect_command(verb, "diff", "Compares two images", InspectMode::diff);
    diff->add_option("old", inspect.other, "The older image")->required()->check(why_empty)->type_name("FILE");
    add_image(*diff, "new", "The newer image; - for standard input (default: of this machine's next boot)");
    add_next_boot(*diff);
    diff->add_flag("--json", inspect.json, "For machines");
    diff->footer("Exit status: 0 nothing differs, 1 something does, 2 wrong usage, 4 an image could not be read.");

    auto* explain = add_inspect_command(verb, "explain", "Explains a check, or lists all", InspectMode::explain);
    explain->add_option("check", inspect.explain, "The check's name: sshd.present")
        ->check(why_empty)
        ->type_name("CHECK");
    explain->add_flag("--json", inspect.json, "For machines");
    verb.require_subcommand(0, 1);
  }

  /// As the user typed it; CLI11 itself has no name for an option that the help does not show.
  static std::string spelled(const CLI::Option* option) {
    const auto& names = option->get_lnames();
    return names.empty() ? option->get_name(true) : "--" + names.front();
  }

  /// What the commands were before, as options: for one release, and not in the help.
  void add_inspect_aliases(CLI::App& verb) {
    const std::vector<std::pair<CLI::Option*, InspectMode>> modes{
        {verb.add_flag("--list"), InspectMode::list},
        {verb.add_flag("--tree"), InspectMode::tree},
        {verb.add_option("--cat", inspect.cat)->check(why_empty), InspectMode::cat},
        {verb.add_option("--extract", inspect.extract)->check(why_empty), InspectMode::extract},
        {verb.add_option("--diff", inspect.other)->check(why_empty), InspectMode::diff},
        {verb.add_option("--explain", inspect.explain)->expected(0, 1), InspectMode::explain}};
    for (const auto& [option, mode] : modes) option->group("");
    auto* html = verb.add_option("--html", inspect.html)->check(why_empty)->group("");
    auto* devices = verb.add_flag("--devices", inspect.devices)->group("");
    verb.final_callback([this, &verb, modes, html, devices] {
      if (!verb.get_subcommands().empty()) {
        for (const auto* option : verb.get_options()) {
          if (option->count() > 0)
            throw CLI::ValidationError(spelled(option),
                                       "expected behind " + verb.get_subcommands()[0]->get_name() + ", not before it");
        }
        return;
      }
      const CLI::Option* said = nullptr;
      for (const auto& [option, mode] : modes) {
        if (option->count() == 0) continue;
        if (said != nullptr) throw CLI::ValidationError(spelled(option), "does not go with " + spelled(said));
        said = option;
        inspect.mode = mode;
      }
      const auto needs = [&](const CLI::Option* option, InspectMode mode, const char* other) {
        if (option->count() > 0 && inspect.mode != mode)
          throw CLI::ValidationError(spelled(option), std::string("goes with ") + other + " alone");
      };
      needs(html, InspectMode::tree, "tree");
      needs(devices, InspectMode::extract, "extract");
      if (inspect.json && (inspect.mode == InspectMode::cat || inspect.mode == InspectMode::extract))
        throw CLI::ValidationError("--json", "does not go with " + spelled(said));
    });
  }

  void add_inspect() {
    auto* verb = app.add_subcommand("inspect", "Looks into an initramfs: will it let you in, and if not, why?");
    verb->footer("Exit status: 0 it will let you in, 1 it will not, 2 wrong usage, 4 it cannot be told.");
    add_image(*verb, "image",
              "An initramfs or a unified kernel image; - for standard input (default: of this machine's next boot)");
    verb->add_option("--kernel", inspect.kernel,
                     "The release of the kernel that the image is for; without an image, whose image")
        ->type_name("RELEASE");
    verb->add_option("--cmdline", inspect.cmdline, "The kernel's command line that it will be booted with")
        ->type_name("TEXT");
    verb->add_flag("--host", inspect.host,
                   "Compare with this machine: its files, its network interfaces (default without an image)");
    verb->add_option("--root", inspect.root, "Where that machine's files are, if not at /")->type_name("FOLDER");
    verb->add_option("--from", inspect.from, "The address that you will log in from")
        ->check(why_no_address)
        ->type_name("ADDRESS");
    verb->add_flag("--try", inspect.tries,
                   "Log in to the image's own sshd, in a sandbox: only for an image that you trust");
    verb->add_flag("--json", inspect.json, "For machines");
    verb->add_flag("--quiet,-q", inspect.quiet, "Only what is wrong");
    add_inspect_commands(*verb);
    add_inspect_aliases(*verb);
  }
};

int guarded(const CommandLine& line, const base::Context& context, base::Cancel& cancel) {
  try {
    if (line.app.got_subcommand("setup"))
      return line.setup.host.empty() ? setup(line.setup, context) : desk_setup(line.setup, context);
    if (line.app.got_subcommand("doctor")) return doctor(line.doctor, context);
    if (line.app.got_subcommand("seal")) return seal(line.seal, context);
    if (line.app.got_subcommand("unlock")) return unlock(line.unlock, context, cancel);
    if (line.app.got_subcommand("watch")) return watch_hosts(line.watch, context);
    if (line.app.got_subcommand("rehearse")) return rehearse(line.rehearse, context);
    return inspect(line.inspect, context);
  } catch (const rehearsal::CannotRehearse& error) {
    base::tell(base::Error(error.what()), context.console);
    return kCannotTell;
  } catch (const base::Error& error) {
    base::tell(error, context.console);
    if (error.exit() == base::Exit::usage || error.exit() == base::Exit::missing_tool)
      return static_cast<int>(error.exit());
    return line.failed();
  } catch (const base::Interrupted&) {
    throw;
  } catch (const std::exception& error) {  // memory, the file system
    base::tell(base::Error(error.what()), context.console);
    return line.failed();
  }
}

}  // namespace

int dracut_sshd(int argc, char** argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? base::written(0, kCannotTell) : static_cast<int>(base::Exit::usage);
  }
  return base::run_program(
      [&](const base::Context& context, base::Cancel& cancel) {
        base::ignore_openssl_configuration();
        return guarded(line, context, cancel);
      },
      line.failed());
}

}  // namespace admin
