// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"

/// One verb a file. Each prints its result on stdout, its talk on the console, and returns the exit status.
namespace admin {

inline constexpr int kCannotTell = 4;

enum class InspectMode { judge, list, tree, cat, extract, diff, explain };

struct InspectArguments {
  InspectMode mode = InspectMode::judge;
  std::string image;  // a path, "-", or "": this machine's next boot
  std::string kernel;
  std::string cmdline;
  std::string root = "/";
  bool host = false;
  bool json = false;
  bool quiet = false;
  bool devices = false;
  std::string from;    // the address that root will come from; "": not known
  bool tries = false;  // log in to the image's sshd
  std::string cat;
  std::string extract;
  std::string other;
  bool sshfp = false;  // print DNS records, too
  std::string html;
  std::string explain;  // "": all checks
};

struct UnlockArguments {
  std::vector<std::string> hosts;      // words: NAME, USER@NAME, @GROUP, a pattern
  bool all = false;                    // of the inventory
  std::vector<std::string> inventory;  // files and folders; none: the usual places
  std::string alias;
  std::string user;  // "": root
  std::string port;
  std::string identity;
  std::string known_hosts;
  std::string config;
  std::string command;  // that prints the passphrase
  int descriptor = -1;  // to read it from
  std::optional<unsigned> deadline;
  std::string ready;           // a command of the real system that has to succeed
  std::string notify;          // a command for each result
  unsigned at_once = 64;       // machines
  unsigned most_failures = 0;  // 0: no limit
  bool check = false;
  bool reboot = false;
  bool trust_new = false;
  bool accept_unsealed = false;
  bool same_port = false;
  bool pin = false;
  bool no_wait = false;
  bool after_reboot = false;
  bool detailed_status = false;
  bool json = false;
};

struct WatchArguments {
  std::vector<std::string> hosts;      // words, as of unlock; none: all of the inventory
  std::vector<std::string> inventory;  // files and folders; none: the usual places
  std::string user;                    // "": root
  std::string port;
  std::string identity;
  std::string known_hosts;
  std::string config;
  std::string command;  // that prints a passphrase; "": the inventory's
  std::string approve;  // a command, or ""
  std::string notify;   // a command, or ""
  std::string listen;   // ADDRESS:PORT, or ""
  std::string metrics;  // a file, or ""
  double interval = 5;
  double hold = 90;
  unsigned parallel = 32;
  bool json = false;
};

struct RehearseArguments {
  std::string image;
  std::string kernel;   // a file
  std::string release;  // of the kernel
  std::string cmdline;
  std::string key;
  std::string root = "/";
  std::string report;            // a folder to keep it all in
  std::string secure_boot_keys;  // a file or a folder
  std::vector<std::string> disks;
  unsigned memory = 1024;
  unsigned patience = 0;
  bool as_is = false;
  bool breaks = false;
  bool wrong = false;
  bool interactive = false;
  bool emulate = false;
  bool no_firmware = false;
  bool console = false;
  bool json = false;
};

struct SetupArguments {
  std::string host;               // "[USER@]HOST" to set up from this desk; "": this machine
  std::vector<std::string> keys;  // public keys, or files of them
  bool unlock_only = false;
  bool own_host_key = true;
  bool seal = false;  // a host key to the TPM
  std::string port;
  bool network = true;
  bool install = true;
  bool replace_generator = false;
  bool rehearse = true;
  bool yes = false;
  bool dry_run = false;
  bool remove = false;
  bool check = false;
  bool json = false;
  bool sshfp = false;  // print DNS records, too
  std::string html;    // where the page goes; "": none is written
  // With `host` alone:
  std::string program;        // a static dracut-sshd for the host; "": this one
  std::string ssh_config;     // "": ssh's own
  std::string identity;       // a private key's file; "": ssh's own, the agent's
  std::string ssh_port;       // of the host's running sshd; "": ssh's own
  bool write_config = false;  // add the Include line to the user's ssh_config
};

enum class SealMode { seal, status, reseal, remove };

struct SealArguments {
  SealMode mode = SealMode::seal;
  std::string pcrs;        // "": 7, or those that it is sealed to already
  std::string public_key;  // a PEM file: of signed policies
  std::string public_key_pcrs;
  std::string tpm_device;  // for systemd-creds; "": this machine's own
  bool unsealed_key = true;
  bool recovery_key = true;
  bool new_key = false;  // also where there is a sealed one
  bool rebuild = true;
  bool dry_run = false;
  bool json = false;
};

struct DoctorArguments {
  bool explains = false;
  std::string explain;  // a check's name; "": all
  bool json = false;
  bool quiet = false;
};

int setup(const SetupArguments& arguments, const base::Context& context);
/// `arguments.host` from this desk.
int desk_setup(const SetupArguments& arguments, const base::Context& context);
int seal(const SealArguments& arguments, const base::Context& context);
int doctor(const DoctorArguments& arguments, const base::Context& context);
int rehearse(const RehearseArguments& arguments, const base::Context& context);
/// `cancel` is the context's: Ctrl-\ at the prompt asks it, too.
int unlock(const UnlockArguments& arguments, const base::Context& context, base::Cancel& cancel);
int watch_hosts(const WatchArguments& arguments, const base::Context& context);
int inspect(const InspectArguments& arguments, const base::Context& context);

}  // namespace admin
