#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# BEACON=: what goes into an image for it, and what is said where it cannot go in.
# shellcheck disable=SC1091,SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian13
  file /etc/hostname 'db1'
  elf "$root/usr/bin/ssh-keygen" SSHSIG
  elf "$root/usr/bin/bash" '/dev/udp/*/*'
  for name in cat mkdir rm sleep curl; do elf "$root/usr/bin/$name" "$name"; done
  conf=$initdir/usr/lib/dracut-sshd/beacon.conf
}

setting() { file /etc/dracut-sshd/initrd.conf "$@"; }
# refused TEXT: no beacon, for this reason; sshd goes in all the same.
refused() {
  : >"$log"
  rm -rf "$initdir/usr/lib/dracut-sshd/beacon" "$conf" "$initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-beacon.service"
  module install
  told "derror: dracut-sshd: the BEACON stays out of this image, and nobody is told that a prompt waits: $1"
  absent "$initdir/usr/lib/dracut-sshd/beacon"
  absent "$conf"
  absent "$initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-beacon.service"
  [ -e "$initdir/usr/sbin/sshd" ]
}

@test "without the setting, and with no, there is none" {
  for line in '' BEACON=no; do
    setting "$line"
    module install
    absent "$conf"
    absent "$initdir/usr/lib/dracut-sshd/beacon"
    absent "$initdir/usr/bin/ssh-keygen"
    lacks "$log" BEACON
    lacks "$log" 'beacon:'
  done
}

@test "by datagrams: the programs, the unit, the settings" {
  setting 'BEACON=udp://192.0.2.9:7022'
  module install
  told 'dinfo: dracut-sshd: beacon: while a prompt waits, db1-initramfs says so to 192.0.2.9 port 7022 by udp, signed by /etc/ssh/ssh_host_ed25519_key'
  [ "$(<"$conf")" = $'name db1-initramfs\nudp 192.0.2.9 7022\nkey /etc/ssh/ssh_host_ed25519_key' ]
  mode_of 600 "$conf"
  mode_of 755 "$initdir/usr/lib/dracut-sshd/beacon"
  for name in ssh-keygen bash cat mkdir rm sleep; do [ -x "$initdir/usr/bin/$name" ]; done
  absent "$initdir/usr/bin/curl"
  [ -L "$initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-beacon.service" ]
  lacks "$log" derror
}

@test "by https: curl, its settings, which hold the path, and the authorities" {
  setting 'BEACON="https://unlock.example.org:8443/beacon?token=x"'
  file /etc/ssl/certs/ca-certificates.crt system
  file /usr/lib/libnss_dns.so.2 x
  module install
  lacks "$log" derror
  lacks "$log" token
  [ -x "$initdir/usr/bin/curl" ]
  holds "$initdir/usr/lib/dracut-sshd/beacon.curl" 'url = "https://unlock.example.org:8443/beacon?token=x"'
  mode_of 600 "$initdir/usr/lib/dracut-sshd/beacon.curl"
  [ "$(<"$initdir/usr/lib/dracut-sshd/beacon-ca.pem")" = system ]
  [ -e "$initdir/usr/lib/libnss_dns.so.2" ]
  grep -q '^https unlock.example.org$' "$conf"
  lacks "$initdir/usr/lib/dracut-sshd/sources" token
  # The administrator's own come before the system's.
  file /etc/dracut-sshd/beacon-ca.pem own
  module install
  [ "$(<"$initdir/usr/lib/dracut-sshd/beacon-ca.pem")" = own ]
  grep -q '  /etc/dracut-sshd/beacon-ca.pem$' "$initdir/usr/lib/dracut-sshd/sources"
}

@test "a change of the setting or of the name makes the image old" {
  setting 'BEACON=udp://192.0.2.9:7022'
  module install
  one=$(grep BEACON "$initdir/usr/lib/dracut-sshd/sources")
  [[ $one == *'  BEACON= and BEACON_NAME= in /etc/dracut-sshd/initrd.conf' ]]
  for line in 'BEACON=udp://192.0.2.9:7023' $'BEACON=udp://192.0.2.9:7022\nBEACON_NAME=other'; do
    setting "$line"
    module install
    [ "$(grep BEACON "$initdir/usr/lib/dracut-sshd/sources")" != "$one" ]
  done
  setting ''
  module install
  lacks "$initdir/usr/lib/dracut-sshd/sources" BEACON
}

@test "addresses that are none are refused" {
  for value in udp://192.0.2.9 udp://192.0.2.9:0 udp://192.0.2.9:70000 udp://2001:db8::9:7022x 'udp://[2001:db8::9]' udp://-o:7022 'udp://$(id):7022' \
    'udp://a/b:7022' udp://:7022 http://unlock.example.org/ https:// 'https://user@unlock.example.org/' 'https://unlock.example.org/a b' \
    'https://unlock.example.org/"' 'https://unlock.example.org/\x' tcp://192.0.2.9:7022 yes; do
    setting "BEACON=$value"
    refused 'BEACON='
  done
  for value in udp://192.0.2.9:7022 'udp://[2001:db8::9]:7022' 'udp://[fe80::1%eth0]:7022' udp://unlock.example.org:7022; do
    setting "BEACON=$value"
    : >"$log"
    module install
    lacks "$log" derror
    grep -qE '^udp [^] []+ 7022$' "$conf"
  done
}

@test "the name is HOST-initramfs, or what is said, and has no other characters" {
  name() { module install && sed -n 's/^name //p' "$conf"; }
  setting 'BEACON=udp://192.0.2.9:7022'
  [ "$(name)" = db1-initramfs ]
  file /etc/hostname '# the name' '' 'db1.example.org'
  [ "$(name)" = db1.example.org-initramfs ]
  file /etc/hostname db1-initramfs
  [ "$(name)" = db1-initramfs ]
  setting 'BEACON=udp://192.0.2.9:7022' 'BEACON_NAME=My_db.1'
  [ "$(name)" = My_db.1 ]
  for value in 'a b' 'a"b' 'a/b' 'bücher' "$(printf '%0260d' 1)"; do
    setting 'BEACON=udp://192.0.2.9:7022' "BEACON_NAME=$value"
    refused 'it has no name of letters, digits'
  done
  for value in localhost localhost.localdomain 'db"1'; do
    setting 'BEACON=udp://192.0.2.9:7022'
    file /etc/hostname "$value"
    refused 'it has no name of letters, digits'
  done
}

@test "what is missing is said: ssh-keygen, a new one, bash, curl, authorities" {
  setting 'BEACON=udp://192.0.2.9:7022'
  rm "$root/usr/bin/ssh-keygen"
  refused 'ssh-keygen, which would sign its messages, is not installed'
  elf "$root/usr/bin/ssh-keygen" old
  refused '/usr/bin/ssh-keygen cannot sign messages. That needs OpenSSH 8.1 or later'
  elf "$root/usr/bin/ssh-keygen" SSHSIG
  elf "$root/usr/bin/bash" none
  refused 'there is no bash that can send datagrams'
  rm "$root/usr/bin/bash"
  refused 'there is no bash that can send datagrams'
  setting 'BEACON=https://unlock.example.org/'
  refused 'there are no certificates of authorities'
  rm "$root/usr/bin/curl"
  refused 'curl, which would send its messages, is not installed'
}

@test "an Ed25519 key comes before others, and keys of the initramfs before the system's" {
  setting 'BEACON=udp://192.0.2.9:7022'
  ssh-keygen -q -t rsa -b 2048 -N '' -f "$root/etc/ssh/dracut_ssh_host_rsa_key"
  ssh-keygen -q -t ecdsa -N '' -f "$root/etc/ssh/dracut_ssh_host_ecdsa_key"
  module install
  [ "$(sed -n 's/^key //p' "$conf")" = $'/etc/ssh/ssh_host_ecdsa_key\n/etc/ssh/ssh_host_rsa_key' ]
  ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/dracut_ssh_host_ed25519_key"
  module install
  [ "$(sed -n 's/^key //p' "$conf" | head -n 1)" = /etc/ssh/ssh_host_ed25519_key ]
}

# here FUNCTION...: on this system, whose own programs are tried.
here() {
  sshd_tree=$BATS_TEST_TMPDIR/tree dracutsysrootdir='' moddir=$moddir bash -c '. "$moddir/host.sh"; . "$moddir/seal.sh"; . "$moddir/beacon.sh"; '"$1" here "${@:2}"
}

@test "this system's ssh-keygen signs, with a key of each kind and with a throw-away one" {
  keys=$BATS_TEST_TMPDIR/keys
  mkdir -p "$keys" "$BATS_TEST_TMPDIR/tmp"
  ssh-keygen -q -t ed25519 -N '' -f "$keys/ed"
  ssh-keygen -q -t rsa -b 4096 -N '' -f "$keys/rsa"
  echo nonsense >"$keys/bad"
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  [ "$(here 'sshd_beacon_signs "$1"' "$keys/ed")" -lt 400 ]
  [ "$(here 'sshd_beacon_signs "$1"' "$keys/absent")" -lt 400 ]
  [ "$(here 'sshd_beacon_signs "$1"' "$keys/rsa")" -gt 1400 ]
  run here 'sshd_beacon_signs "$1"' "$keys/bad"
  [ "$status" -ne 0 ]
  [ -z "$(ls -A "$TMPDIR")" ]
}

@test "this system's bash sends datagrams" {
  run here 'sshd_setting() { echo udp://127.0.0.1:7; }; sshd_beacon_lacks_way'
  [ "$status" -ne 0 ]
  [ -z "$output" ]
}
