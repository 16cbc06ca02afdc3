#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What comes of it when a throw-away key logs in to the real sshd of this machine, before anything goes into an image.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian12
  real_sshd
  admin=$(<"$BATS_FILE_TMPDIR/keys/admin.pub")
  record=$BATS_TEST_TMPDIR/dracut-sshd/login
}

# verdict: as dracut asks. $status is what check() says.
verdict() {
  rm -rf "$BATS_TEST_TMPDIR/dracut-sshd"
  : >"$log"
  run module check DRACUT_TMPDIR="$BATS_TEST_TMPDIR"
}
# came OUTCOME [NUMBER [ADDRESS]]
came() { grep -qE $'^login\t'"$1"$'\t[^\t]*\t'"${2-1}"$'\t'"${3-[^	]*}"$'\t' "$record" || { cat "$record" "$log" && return 1; }; }
config() { file /etc/dracut-sshd/sshd_config 'UsePAM no' "$@"; }
says_no() {
  verdict
  [[ $status -eq 0 ]] # sshd goes in all the same: this is not the place to lock somebody out
  told 'derror: dracut-sshd: NO: nobody can log in while this image boots'
  told "$1"
}
says_nothing() {
  verdict
  lacks "$log" derror
  lacks "$log" dwarn
}

@test "a key logs in, and nothing is said of it" {
  says_nothing
  came shell
  [[ -z $(find "$BATS_TEST_TMPDIR/dracut-sshd" -name 'trial*') ]]
}

@test "AuthenticationMethods publickey,password: no" {
  config 'AuthenticationMethods publickey,password'
  says_no '(a key alone is not enough for AuthenticationMethods)'
  came denied
}

@test "PubkeyAcceptedAlgorithms without the key's: no, and with it: yes" {
  config 'PubkeyAcceptedAlgorithms rsa-sha2-512'
  says_no 'not in PubkeyAccepted'
  config 'PubkeyAcceptedAlgorithms ssh-ed25519'
  says_nothing
}

@test "UsePAM yes: no, for there is no PAM in an image" {
  file /etc/dracut-sshd/sshd_config 'Include /etc/ssh/sshd_config.d/*.conf' 'KbdInteractiveAuthentication no' 'UsePAM yes' 'X11Forwarding yes' \
    'PrintMotd no' 'AcceptEnv LANG LC_*' 'Subsystem sftp /usr/lib/openssh/sftp-server'
  says_no PAM
}

@test "AllowGroups, AllowUsers, PermitRootLogin, PubkeyAuthentication, AuthorizedKeysFile elsewhere: no" {
  for line in 'AllowGroups ssh-users' 'AllowUsers admin' 'PermitRootLogin no' 'PubkeyAuthentication no' 'DenyUsers root'; do
    config "$line"
    says_no ''
    came denied
  done
}

@test "where it listens makes no difference" {
  file /etc/default/dracut-sshd 'SSHD_OPTS="-6 -p 2222"'
  config 'Port 2200' 'AddressFamily inet6'
  says_nothing
  came shell
  rm "$root/etc/default/dracut-sshd"
  config 'ListenAddress 192.0.2.99' 'ListenAddress [2001:db8::9]:2200'
  says_nothing
  came shell
}

@test "ForceCommand: what only says something is no login, what unlocks is one" {
  config 'ForceCommand /bin/false'
  says_no 'ForceCommand /bin/false'
  came nothing
  config 'ForceCommand internal-sftp'
  says_no 'ForceCommand internal-sftp'
  config 'ForceCommand unlock --wait 60'
  says_nothing
  came unlock
  config 'ForceCommand systemd-tty-ask-password-agent'
  says_nothing
  came forced
}

@test "forced commands of keys are run" {
  file /root/.ssh/authorized_keys "restrict,command=\"cryptroot-unlock\" $admin" "command=\"/usr/bin/borg serve\" $admin" "no-pty $admin"
  says_nothing
  came unlock 1
  came forced 2
  came shell 3
}

@test "a key that can only print something is no login" {
  file /root/.ssh/authorized_keys "command=\"echo 'Please login as the user debian';sleep 10;exit 142\" $admin"
  says_no "it can only run echo 'Please login as the user debian'"
  came nothing
}

@test "Match Address of a network that nobody comes from makes no alarm" {
  config 'Match Address 192.0.2.0/24' 'PermitRootLogin no'
  says_nothing
  came shell
  came denied 1 192.0.2.0
}

@test "PermitRootLogin no, but from one network: it logs in from there" {
  type -P ip >/dev/null && unshare --net true || skip 'no network namespace can be made here'
  config 'PermitRootLogin no' 'Match Address 10.0.0.0/8,2001:db8::/32' 'PermitRootLogin prohibit-password'
  says_nothing
  came denied 1 203.0.113.7
  came shell 1 10.0.0.0
  came shell 1 2001:db8::
}

@test "from= is tried from where it lets in, and elsewhere" {
  type -P ip >/dev/null && unshare --net true || skip 'no network namespace can be made here'
  file /root/.ssh/authorized_keys "from=\"10.1.0.0/16,!10.1.2.3\" $admin"
  says_nothing
  came denied 1 203.0.113.7
  came shell 1 10.1.0.0
  file /root/.ssh/authorized_keys "from=\"desk.example.org\" $admin"
  says_no 'permitted host'
}

@test "without a network namespace a pipe does, and what depends on addresses is untested" {
  try() {
    rm -rf "$BATS_TEST_TMPDIR/dracut-sshd"
    : >"$log"
    module 'timeout() { while [[ $1 == -* || $1 =~ ^[0-9]+$ ]]; do if [[ $1 == -k ]]; then shift; fi; shift; done; [[ $1 != unshare ]] && "$@"; }; check' \
      DRACUT_TMPDIR="$BATS_TEST_TMPDIR"
  }
  try
  came shell 1 -
  file /root/.ssh/authorized_keys "from=\"10.1.0.0/16\" $admin"
  try
  came shell 1 -
  config 'PermitRootLogin no' 'Match Address 10.0.0.0/8' 'PermitRootLogin prohibit-password'
  try
  came untested 1 -
  told 'dwarn: dracut-sshd: UNTESTED: no key could be tried (it depends on an address, and none could be had here)'
  config 'PermitRootLogin no'
  file /root/.ssh/authorized_keys "$admin"
  try
  came denied 1 -
  # Without a namespace no command of the administrator's is run.
  config 'PermitRootLogin yes'
  file /root/.ssh/authorized_keys "command=\"kill -9 $$\" $admin"
  try
  came forced 1 -
  file /root/.ssh/authorized_keys "$admin"
  config "ForceCommand kill -9 $$"
  try
  came forced 1 -
}

@test "an expired key, and kinds of keys" {
  file /root/.ssh/authorized_keys "expiry-time=\"20200101\" $admin"
  says_no ''
  came denied
  for type in rsa ecdsa; do
    ssh-keygen -q -t "$type" -N '' -C "$type" -f "$BATS_TEST_TMPDIR/$type"
    file /root/.ssh/authorized_keys "$(<"$BATS_TEST_TMPDIR/$type.pub")"
    says_nothing
    came shell
  done
}

@test "a key on a token cannot be made: untested, and sshd's own words are looked at" {
  file /root/.ssh/authorized_keys 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHVyiO63/WzGeJVsRiVdeZdnLuLkNXNfbJcmLzCaHjxtAAAABHNzaDo= token'
  config 'PermitRootLogin no'
  verdict
  came untested
  told 'UNTESTED: no key could be tried'
  told "sshd's configuration says \"permitrootlogin no\""
}

@test "a user CA, and a cert-authority among the keys" {
  file /root/.ssh/authorized_keys "cert-authority,principals=\"admins,root\" $admin"
  says_nothing
  came shell
  rm "$root/root/.ssh/authorized_keys"
  file /etc/ssh/ca.pub "$admin"
  config 'TrustedUserCAKeys /etc/ssh/ca.pub'
  says_nothing
  came shell
  config 'TrustedUserCAKeys /etc/ssh/ca.pub' 'PermitRootLogin no'
  says_no ''
}

@test "of many keys only so many are tried, and what is alike is tried once" {
  for number in {1..40}; do echo "environment=\"A=$number\" $admin"; done >"$root/root/.ssh/authorized_keys"
  verdict
  [[ $(grep -c shell "$record") -eq 16 && $(grep -c 'too many' "$record") -eq 24 ]]
  for number in {1..40}; do echo "$admin"; done >"$root/root/.ssh/authorized_keys"
  says_nothing
  [[ $(grep -c shell "$record") -eq 40 ]]
}

@test "the log and the image have what came of it" {
  type -P ip >/dev/null && unshare --net true || skip 'no network namespace can be made here'
  file /root/.ssh/authorized_keys "from=\"10.1.0.0/16\" $admin" "$admin" "from=\"desk.example.org\" $admin"
  config 'Match Address 192.0.2.0/24' 'PermitRootLogin no'
  rm -rf "$BATS_TEST_TMPDIR/dracut-sshd"
  module 'check && install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR"
  told 'dinfo: dracut-sshd: may log in (/root/.ssh/authorized_keys, key 1, only from 10.1.0.0): '
  told 'dinfo: dracut-sshd: may log in (/root/.ssh/authorized_keys, key 2, but not from 192.0.2.0): '
  told 'dwarn: dracut-sshd: key 3 in /root/.ssh/authorized_keys does NOT log in, as it was tried ('
  cmp "$record" "$initdir/usr/lib/dracut-sshd/login"
}
