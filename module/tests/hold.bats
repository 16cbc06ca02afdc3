#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# HOLD=: who holds the boot, how long, and what the image gets.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154

bats_require_minimum_version 1.5.0
load lib/boot

setup() {
  here=$BATS_TEST_DIRNAME/..
  read -ra shell <<<"$(type -P dash || type -P bash)"
  setup_boot
  group=$root/sys/fs/cgroup/system.slice/sshd.service
  mkdir -p "$group" "$root/run"
}
teardown() { teardown_boot; }

# process PID NAME: one of sshd's control group.
process() {
  mkdir -p "$root/proc/$1"
  echo "$2" >"$root/proc/$1/comm"
  echo "$1" >>"$group/cgroup.procs"
}
# holds SECONDS: under the shell of most images.
holds() { DRACUT_SSHD_ROOT=$root "${shell[@]}" "$boot/hold" "$@"; }

@test "nobody is logged in: who has only connected holds nothing" {
  process 10 sshd
  process 11 sshd-session
  run holds 60
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [ ! -e "$root/run/dracut-sshd/held" ]
}

@test "a shell holds the boot until its time is over" {
  process 10 sshd
  process 12 bash
  run holds 2
  [ "$status" -eq 0 ]
  [[ $output == *'at most 2 s'*'the boot goes on'* ]]
  [ ! -e "$root/run/dracut-sshd/held" ]
}

@test "resume-boot ends it, and boot-state says that it waits" {
  process 12 bash
  holds 60 >"$BATS_TEST_TMPDIR/said" 3>&- &
  pid=$!
  for _ in {1..100}; do
    [ ! -e "$root/run/dracut-sshd/held" ] || break
    sleep 0.1
  done
  boot_state
  says 'waiting because somebody is logged in (HOLD=60)'
  says 'resume-boot       to let the boot go on'
  resume_boot
  ends 0
  says 'the boot goes on'
  wait "$pid"
  [ ! -e "$root/run/dracut-sshd/held" ]
  [ ! -e "$root/run/dracut-sshd/resume" ]
}

@test "the last session's end ends it, in a group of version 1, too" {
  rm -r "$group"
  group=$root/sys/fs/cgroup/systemd/system.slice/sshd.service
  mkdir -p "$group"
  process 12 sh
  holds 60 >"$BATS_TEST_TMPDIR/said" 3>&- &
  pid=$!
  for _ in {1..100}; do
    [ ! -e "$root/run/dracut-sshd/held" ] || break
    sleep 0.1
  done
  : >"$group/cgroup.procs"
  wait "$pid"
  [[ $(<"$BATS_TEST_TMPDIR/said") == *'the boot goes on' ]]
}

@test "the setting is a number of seconds, and anything else is none" {
  local value
  mkdir -p "$root/etc/dracut-sshd"
  reads() { (dracutsysrootdir=$root && . "$here/46sshd/host.sh" && . "$here/46sshd/hold.sh" && sshd_hold); }
  run reads
  [ "$status" -ne 0 ]
  for value in 1 3600 86400 '"60"' "'60'"; do
    printf 'HOLD=%s\n' "$value" >"$root/etc/dracut-sshd/initrd.conf"
    [[ $(reads) == "${value//[\"\']/}" ]]
  done
  for value in no 0 86401 1x -1 ' ' '$(id)' 99999; do
    printf 'HOLD=%s\n' "$value" >"$root/etc/dracut-sshd/initrd.conf"
    run reads
    [ "$status" -ne 0 ]
  done
}
