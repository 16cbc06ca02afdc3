// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/unlock_options.hpp"

#include <string>

namespace admin {
namespace {

void add_which(CLI::App& verb, UnlockArguments& arguments) {
  auto* hosts = verb.add_option("host", arguments.hosts,
                                "As ssh takes it, or a name, a pattern or a @group of the inventory; USER@ is for the "
                                "real system alone")
                    ->type_name("[USER@]HOST|@GROUP");
  verb.add_flag("--all", arguments.all, "All machines of the inventory")->excludes(hosts);
  verb.add_option("--inventory", arguments.inventory,
                  "A file or folder that names machines, as dracut-sshd-hosts(5) says (default: "
                  "/etc/dracut-sshd/unlock.d, and ~/.config/dracut-sshd/hosts.toml)")
      ->allow_extra_args(false)  // what follows is a host
      ->type_name("FILE");
}

void add_ssh(CLI::App& verb, UnlockArguments& arguments) {
  verb.add_option("--alias", arguments.alias,
                  "What known_hosts calls the initramfs (default: HOST-initramfs, also for the HostName of "
                  "ssh_config and for short names)");
  verb.add_option("--known-hosts", arguments.known_hosts, "Take the initramfs's key from this file alone")
      ->type_name("FILE");
  verb.add_flag("--trust-new-host-key", arguments.trust_new, "Take a key that known_hosts does not know, and keep it");
  verb.add_flag("--accept-unsealed", arguments.accept_unsealed,
                "Go on if the machine's TPM did not open its sealed host key: known_hosts has the other one as "
                "HOST-initramfs-unsealed");
  verb.add_option("--user", arguments.user,
                  "Log in to both systems as (default: root in the initramfs; in the real system USER@, else the "
                  "User of ssh_config, else root)");
  verb.add_option("--port,-p", arguments.port, "The port of the initramfs's sshd (default: ssh's own)");
  verb.add_flag("--same-port", arguments.same_port, "The real system's sshd has that port, too");
  verb.add_option("--identity,-i", arguments.identity, "A private key (default: ssh's own, and the agent's)")
      ->type_name("FILE");
  verb.add_option("--ssh-config,-F", arguments.config, "An ssh_config (default: ssh's own)")->type_name("FILE");
}

void add_passphrase(CLI::App& verb, UnlockArguments& arguments) {
  auto* from = verb.add_option_group("the passphrase (default: the inventory's; without one it is asked for)");
  from->add_option("--passphrase-fd", arguments.descriptor, "Read it from this descriptor; 0 is standard input")
      ->type_name("N")
      ->check(CLI::Range(0, 1023));
  from->add_option("--passphrase-command", arguments.command,
                   "The first line that this prints, for each machine and disk: its environment has HOST, DISK, "
                   "MESSAGE and UNIT")
      ->type_name("COMMAND");
  from->require_option(0, 1);
  verb.add_flag("--pin", arguments.pin,
                "It is the PIN of a TPM, FIDO2 or smart card token, and answers its prompt alone");
}

void add_course(CLI::App& verb, UnlockArguments& arguments) {
  auto* check = verb.add_flag("--check", arguments.check,
                              "Verify all that can be verified without sending anything: keys known, passphrase "
                              "obtainable, machine reachable");
  verb.add_option("--deadline", arguments.deadline, "Give up after so many seconds, for each machine (default: 600)")
      ->check(CLI::Range(1, 604800));
  auto* no_wait = verb.add_flag("--no-wait", arguments.no_wait, "Do not wait for the real system");
  auto* after = verb.add_flag("--after-reboot", arguments.after_reboot,
                              "A real system that is up does not count until it has rebooted");
  verb.add_flag("--reboot", arguments.reboot, "Have the real system reboot first, where it can be unlocked again")
      ->excludes(after)
      ->excludes(check);
  verb.add_option("--wait-for", arguments.ready, "Then wait until this command of the real system succeeds")
      ->type_name("COMMAND")
      ->excludes(no_wait)
      ->excludes(check);
  verb.add_option("--serial", arguments.at_once, "So many machines at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb.add_option("--max-failures", arguments.most_failures, "After so many failures begin with no further machine")
      ->check(CLI::Range(1, 1000000));
  verb.add_option("--notify", arguments.notify, "Run this for each machine that is done; the result is its input")
      ->type_name("COMMAND")
      ->excludes(check);
  verb.add_flag("--detailed-exit-status", arguments.detailed_status, "6 where all were up already, and not 0");
  verb.add_flag("--json", arguments.json, "Events for machines, one JSON object a line, as they happen");
}

}  // namespace

void add_unlock(CLI::App& app, UnlockArguments& arguments) {
  auto* verb = app.add_subcommand(
      "unlock", "Waits for machines in their initramfs, unlocks them, and sees their systems come up");
  verb->footer(
      "Exit status: 0 all are unlocked or were up already, 1 one is not, 2 wrong usage, 3 ssh is not installed, 4 none "
      "has answered, 5 one has shown another host key.");
  add_which(*verb, arguments);
  add_ssh(*verb, arguments);
  add_passphrase(*verb, arguments);
  add_course(*verb, arguments);
}

}  // namespace admin
