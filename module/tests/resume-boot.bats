#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# resume-boot: which signal ends which shell, and what is left alone.
# shellcheck disable=SC2030,SC2031,SC2154,SC2317

bats_require_minimum_version 1.5.0
load lib/boot

teardown() { teardown_boot; }

# signals: those that were sent, in order.
signals() { sed -n 's/^--no-pager kill --signal=//p' "$root/calls" | tr '\n' ' '; }

sulogin() {
  stopped emergency.service emergency.target TERM
  resume_boot
  ends 0
  says 'ending the shell of emergency.service'
  says 'the boot goes on'
  [[ $(signals) == 'HUP emergency.service TERM emergency.service ' ]]
  # The shell's own end asks for the default target, and a second request could disturb it.
  not_called ' default$'
  not_called 'reset-failed'
}
@test "sulogin, which ignores HUP, ends on TERM" { each_shell sulogin; }

interactive() {
  stopped emergency.service emergency.target HUP
  resume_boot
  ends 0
  [[ $(signals) == 'HUP emergency.service ' ]]
}
@test "a shell that somebody has opened ends on HUP, and nothing else is sent" { each_shell interactive; }

stubborn() {
  stopped rescue.service rescue.target KILL
  resume_boot
  ends 0
  [[ $(signals) == 'HUP rescue.service TERM rescue.service KILL rescue.service ' ]]
  called '--no-pager reset-failed rescue.service'
  called '--no-pager --no-block default'
  [[ $(<"$root/units/rescue.target") == inactive ]]
}
@test "KILL is the last resort, and then the default target is asked for" { each_shell stubborn; }

immortal() {
  stopped emergency.service emergency.target ''
  resume_boot
  ends 1
  says 'the shell of emergency.service (process 777) does not end'
}
@test "a shell that does not end is a failure" { each_shell immortal; }

broken() {
  for unit in dracut-emergency breakpoint-pre-udev breakpoint-pre-basic breakpoint-pre-mount breakpoint-pre-switch-root; do
    unit "$unit.service" activating
    printf 777 >"$root/pids/$unit.service"
    printf TERM >"$root/ends/$unit.service"
    resume_boot
    ends 0
    says "ending the shell of $unit.service"
    # dracut's hook, or systemd, goes on by itself.
    not_called ' default$'
    rm "$root"/{units,pids}/"$unit.service"
  done
}
@test "rd.break and each of systemd's breakpoints are left without asking for a target" { each_shell broken; }

next_break() {
  unit dracut-emergency.service active
  printf 777 >"$root/pids/dracut-emergency.service"
  printf TERM >"$root/ends/dracut-emergency.service"
  # The next rd.break= is reached as soon as this one is left.
  printf 'printf active >"$root/units/dracut-emergency.service"; printf 778 >"$root/pids/dracut-emergency.service"\n' >"$root/on-end"
  resume_boot
  ends 0
  says 'has stopped again: dracut-emergency.service'
  [[ $(signals) == 'HUP dracut-emergency.service TERM dracut-emergency.service ' ]]
}
@test "the next rd.break is reached, said, and not run over" { each_shell next_break; }

stuck() {
  unit emergency.service activating
  printf 0 >"$root/pids/emergency.service"
  resume_boot
  ends 1
  says 'has been starting or stopping for 10 s'
  not_called 'kill'
}
@test "a shell that has not started yet is sent nothing" { each_shell stuck; }

stopping() {
  # No main process: ExecStopPost= is at work.
  unit emergency.service deactivating
  unit emergency.target active
  (sleep 2 && printf inactive >"$root/units/emergency.service" && printf inactive >"$root/units/emergency.target") 3>&- &
  printf 0 >"$root/pids/emergency.service"
  resume_boot
  ends 0
  not_called 'kill'
}
@test "a unit that is leaving by itself is sent nothing" { each_shell stopping; }

shell_gone() {
  unit emergency.service failed
  unit emergency.target active
  resume_boot
  ends 0
  called '--no-pager --no-block default'
  says 'the boot goes on'
}
@test "emergency mode whose shell was killed is left by the default target" { each_shell shell_gone; }

under_way() {
  echo '1 dev-sda.device start running' >"$root/jobs"
  resume_boot
  ends 0
  says 'nothing has stopped'
  not_called 'kill|default|reset-failed'
}
@test "a boot that is under way is left alone" { each_shell under_way; }

switching() {
  unit initrd-switch-root.target activating
  stopped emergency.service emergency.target TERM
  resume_boot
  ends 0
  says 'the real system is being started'
  not_called 'kill|default'
}
@test "while the root is switched nothing is touched" { each_shell switching; }

idle() {
  resume_boot
  ends 0
  called '--no-pager --no-block default'
}
@test "with no shell and no job the default target is started" { each_shell idle; }

frozen() {
  : >"$root/frozen"
  resume_boot
  ends 1
  says 'systemd does not answer'
}
@test "a systemd that does not answer is a failure, within seconds" { each_shell frozen; }

outside() {
  rm "$root/etc/initrd-release"
  stopped emergency.service emergency.target TERM
  resume_boot
  ends 1
  says 'this is no initramfs'
  [[ ! -s $root/calls ]]
}
@test "outside an initramfs it refuses, and asks nothing of systemd" { each_shell outside; }

@test "on this machine, which is no initramfs, it refuses" {
  [ ! -e /etc/initrd-release ] || skip "this machine is an initramfs"
  for sh in dash bash; do
    run -1 env -u DRACUT_SSHD_ROOT "$sh" "$boot/resume-boot"
    [[ $output == *'this is no initramfs'* ]]
  done
}

@test "it takes no arguments" {
  run -64 sh "$boot/resume-boot" emergency
  run -0 sh "$boot/resume-boot" --help
}
