#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The units on the host: whether they are enabled is a preset's and the administrator's matter. By the real systemctl, in a root of the
# test's own.

bats_require_minimum_version 1.5.0

setup() {
  type -P systemctl >/dev/null || skip "systemctl is not installed"
  root=$BATS_TEST_TMPDIR/root
  units=$root/usr/lib/systemd/system
  mkdir -p "$units" "$root/etc/systemd/system" "$root/usr/lib/systemd/system-preset"
  local kind mode source destination
  while read -r kind mode source destination _; do
    [[ $kind == file && $destination == /usr/lib/systemd/* ]] || continue
    install -Dm "$mode" "$BATS_TEST_DIRNAME/../$source" "$root$destination"
  done <"$BATS_TEST_DIRNAME/../install.list"
}
both=(dracut-sshd-check.service dracut-sshd-check.path)
state() { systemctl --root="$root" is-enabled "$1" 2>/dev/null || true; }
wanted() { find "$root" -path '*.wants/*' -printf '%f\n' -o -path '*.target.d/*' -type f -printf '%f\n' | LC_ALL=C sort | paste -sd ' '; }

@test "nothing starts the units unless they are enabled, and a preset that enables nothing leaves them so" {
  [ "$(wanted)" = '' ]
  echo 'disable *' >"$root/usr/lib/systemd/system-preset/99-default.preset"
  systemctl --root="$root" preset "${both[@]}"
  [ "$(state dracut-sshd-check.service) $(state dracut-sshd-check.path)" = 'disabled disabled' ]
  [ "$(wanted)" = '' ]
}

@test "a preset enables them, and one command of the administrator's does, or undoes it" {
  echo 'enable dracut-sshd-check.*' >"$root/usr/lib/systemd/system-preset/50-own.preset"
  systemctl --root="$root" preset "${both[@]}"
  [ "$(wanted)" = 'dracut-sshd-check.path dracut-sshd-check.service' ]
  systemctl --root="$root" disable dracut-sshd-check.service
  [ "$(wanted)" = '' ]
  systemctl --root="$root" enable dracut-sshd-check.service
  [ "$(state dracut-sshd-check.service) $(state dracut-sshd-check.path)" = 'enabled enabled' ]
}
