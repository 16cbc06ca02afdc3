// SPDX-License-Identifier: GPL-3.0-or-later
#include "trial/sandboxed_sshd.hpp"

#include <fmt/format.h>

#include <chrono>
#include <set>

#include "base/sandbox.hpp"

namespace trial {
namespace {

using Words = std::vector<std::string>;

constexpr int kAccounts = 3;  // descriptors
constexpr int kAttempts = 4;

/// What a login takes: another user's id, a folder to be shut into, a low port, a terminal's owner. sshd and what it
/// starts have nothing else of root's.
constexpr const char* kCapabilities[] = {
    "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_SETUID",       "CAP_SETGID",      "CAP_SYS_CHROOT",  "CAP_KILL",
    "CAP_CHOWN",     "CAP_FOWNER",           "CAP_DAC_OVERRIDE", "CAP_AUDIT_WRITE", "CAP_SYS_RESOURCE"};

// POSIX sh, the host's. $1: the addresses; $2: whether accounts are put right; then the image's sshd. What is only
// repeated by the image is no proof: its shell puts the figures in.
constexpr const char* kScript = R"(
addresses=$1 fix=$2
shift 2
ulimit -c 0
ulimit -f 131072
ulimit -t 120
ulimit -v 4194304
ip link set lo up || exit 91
for address in $addresses; do ip address add "$address" dev lo || exit 91; done
[ "$fix" = 0 ] || chroot /image /usr/lib/dracut-sshd/fix-accounts </dev/null >/dev/null 2>&1
chroot /image "$@" </dev/null >/tmp/sshd.log 2>&1 &
sshd=$!
listens() { grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$1") [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6; }
read -r number source machine port key </tmp/attempts
turn=0
until listens "$port"; do
  turn=$((turn + 1))
  if [ "$turn" -gt 100 ] || ! kill -0 "$sshd" 2>/dev/null; then
    echo down
    tail -n 3 /tmp/sshd.log | cut -c 1-300 | sed 's/^/said /'
    exit 0
  fi
  sleep 0.1
done
echo up
while read -r number source machine port key; do
  set -- -i "/keys/$key"
  [ ! -e "/keys/$key-cert.pub" ] || set -- "$@" -o "CertificateFile=/keys/$key-cert.pub"
  timeout 20 ssh -F none -T -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o GlobalKnownHostsFile=/dev/null -o ConnectTimeout=10 -o LogLevel=VERBOSE -b "$source" -p "$port" "$@" "root@$machine" \
    'echo tried-$((6 * 7))' </dev/null 2>/tmp/errors | head -c 65536 >/tmp/output
  if grep -q '^tried-42' /tmp/output; then
    echo "login $number ran"
  elif grep -q '^Authenticated to ' /tmp/errors; then
    echo "login $number in"
  else
    echo "login $number refused"
  fi
done </tmp/attempts
tail -n 3 /tmp/sshd.log | cut -c 1-300 | sed 's/^/said /'
)";

void add(Words& argv, const Words& more) { argv.insert(argv.end(), more.begin(), more.end()); }

std::string with_mask(const std::string& address) {
  return address.find(':') == std::string::npos ? address + "/32" : address + "/128";
}

}  // namespace

base::Command sandboxed(const Sandboxed& sshd, const std::string& path) {
  std::set<std::string> addresses;
  std::string attempts;
  for (std::size_t index = 0; index < sshd.attempts.size(); ++index) {
    const auto& [connection, key] = sshd.attempts[index];
    addresses.insert(with_mask(connection.address));
    addresses.insert(with_mask(connection.local_address));
    attempts += fmt::format("{} {} {} {} {}\n", index, connection.address, connection.local_address,
                            connection.local_port, key);
  }
  std::string all;
  for (const auto& address : addresses) all += (all.empty() ? "" : " ") + address;
  base::Command out;
  out.argv = {"bwrap",
              "--unshare-net",
              "--unshare-pid",
              "--unshare-ipc",
              "--unshare-uts",
              "--hostname",
              "initramfs",
              "--unshare-cgroup-try",
              "--die-with-parent",
              "--new-session",
              "--clearenv",
              "--setenv",
              "PATH",
              path,
              "--setenv",
              "LC_ALL",
              "C",
              "--setenv",
              "SYSTEMD_NSS_BYPASS_SYNTHETIC",
              "1",
              "--cap-drop",
              "ALL"};
  for (const auto* capability : kCapabilities) add(out.argv, {"--cap-add", capability});
  add(out.argv, base::system_binds());
  // What programs of /usr reach through /etc.
  for (const auto* file : {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"})
    add(out.argv, {"--ro-bind-try", file, file});
  add(out.argv, {"--file", std::to_string(kAccounts), "/etc/passwd"});
  add(out.argv, {"--file", std::to_string(kAttempts), "/tmp/attempts"});
  add(out.argv, {"--ro-bind", sshd.keys.string(), "/keys"});
  add(out.argv, {"--ro-bind", sshd.tree.string(), "/image", "--bind", (sshd.tree / "etc").string(), "/image/etc"});
  add(out.argv, {"--dev", "/image/dev", "--proc", "/image/proc", "--perms", "1777", "--tmpfs", "/image/tmp", "--perms",
                 "0755", "--tmpfs", "/image/run", "--perms", "0755", "--dir", "/image/run/sshd"});
  add(out.argv, {"--chdir", "/", "--", "sh", "-c", kScript, "sh", all, sshd.fixes_accounts ? "1" : "0"});
  add(out.argv, sshd.sshd);
  out.env = {{"PATH", path}, {"LC_ALL", "C"}};
  out.data = {{kAccounts, "root:x:0:0:root:/tmp:/bin/sh\n"}, {kAttempts, attempts}};
  out.deadline = std::chrono::seconds(300);
  out.dies_with_parent = true;
  return out;
}

}  // namespace trial
