// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/watch_options.hpp"

#include <string>

namespace admin {
namespace {

/// What is given for an option that nobody leaves empty on purpose: a script's variable was not set.
std::string why_empty(const std::string& value) { return value.empty() ? "expected a value, got \"\"" : ""; }

void add_text(CLI::App& verb, const char* name, std::string& value, const char* about, const char* type) {
  verb.add_option(name, value, about)->check(why_empty)->type_name(type);
}

}  // namespace

void add_watch(CLI::App& app, WatchArguments& arguments) {
  auto* verb = app.add_subcommand(
      "watch", "Watches machines, and unlocks each that waits in its initramfs; runs until it is stopped");
  verb->footer("Exit status: of the signal that ends it; 1 it cannot work, 2 wrong usage, 3 ssh is not installed.");
  verb->add_option("host", arguments.hosts,
                   "A name, a pattern or a @group of the inventory, or a name as ssh takes it (default: all of the "
                   "inventory that do not say watch = false)")
      ->type_name("HOST|@GROUP");
  verb->add_option("--inventory", arguments.inventory,
                   "A file or folder that names machines, as dracut-sshd-hosts(5) says (default: "
                   "/etc/dracut-sshd/unlock.d, and ~/.config/dracut-sshd/hosts.toml)")
      ->allow_extra_args(false)  // what follows is a host
      ->type_name("FILE");
  add_text(*verb, "--passphrase-command", arguments.command,
           "The first line that this prints, for each machine and disk, in the place of what the inventory says: its "
           "environment has HOST, DISK, MESSAGE and UNIT",
           "COMMAND");
  add_text(*verb, "--approve", arguments.approve, "Send only if this succeeds, with HOST in its environment",
           "COMMAND");
  add_text(*verb, "--notify", arguments.notify,
           "Run at each change, with HOST, STATE, STATE_BEFORE and TEXT in its environment", "COMMAND");
  add_text(*verb, "--listen", arguments.listen, "Listen for beacons (UDP)", "ADDRESS:PORT");
  add_text(*verb, "--metrics", arguments.metrics, "Write metrics for Prometheus's textfile collector", "FILE");
  verb->add_option("--interval", arguments.interval, "Seconds after which a host that has lost its power is noticed")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  verb->add_option("--hold", arguments.hold,
                   "Seconds for which a connection is kept, below LoginGraceTime; 0: closed at once, and another one "
                   "every --interval")
      ->capture_default_str()
      ->check(CLI::Range(0, 3600));
  verb->add_option("--parallel", arguments.parallel, "Machines that are unlocked at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  add_text(*verb, "--user", arguments.user, "Log in as (default: root)", "NAME");
  add_text(*verb, "--port,-p", arguments.port, "The port of the initramfs's sshd (default: ssh's own)", "PORT");
  add_text(*verb, "--known-hosts", arguments.known_hosts, "Take the initramfs's keys from this file alone", "FILE");
  add_text(*verb, "--identity,-i", arguments.identity, "A private key (default: ssh's own, and the agent's)", "FILE");
  add_text(*verb, "--ssh-config,-F", arguments.config, "An ssh_config (default: ssh's own)", "FILE");
  verb->add_flag("--json", arguments.json, "One line of JSON for each change, on standard output");
}

}  // namespace admin
