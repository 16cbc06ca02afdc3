#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# boot-state: where a boot stands, in few lines, whatever it finds.
# shellcheck disable=SC2030,SC2031,SC2154,SC2317

bats_require_minimum_version 1.5.0
load lib/boot

teardown() { teardown_boot; }

# fits: status 0, no more than a small terminal's lines, and nothing on standard error.
fits() {
  ends 0
  [[ $(wc -l <<<"$output") -le 24 && -z $stderr ]] || { echo "$output$stderr" && return 1; }
}

asked() {
  disk luks-root --pid 4001
  disk card --pid 4002 --id '' --message 'Please enter TPM2 PIN:'
  boot_state
  fits
  says 'waiting for a passphrase'
  says 'luks-root: Please enter passphrase for disk luks-root:'
  says 'ask.card0: Please enter TPM2 PIN:'
  says 'unlock            to enter a passphrase'
  says 'unlock --pin  '
  says_not 'resume-boot'
}
@test "pending prompts are shown, and unlock" {
  type -P python3 >/dev/null || skip "python3, which plays the disks, is not installed"
  each_shell asked
}

pin_alone() {
  disk tpm --pid 4002 --id '' --message 'Please enter LUKS2 token PIN:'
  boot_state
  fits
  says 'waiting for a PIN'
  says 'unlock --pin  '
}
@test "a PIN that the boot waits for is called one" {
  type -P python3 >/dev/null || skip "python3, which plays the disks, is not installed"
  each_shell pin_alone
}

tried() {
  echo '7 systemd-cryptsetup@sda.service start running' >"$root/jobs"
  boot_state
  fits
  says 'a disk is tried without a passphrase'
  says 'unlock            to wait until its passphrase is asked for'
}
@test "a disk that is tried by a TPM or a key file is no disk that nothing opens" { each_shell tried; }

given_up() {
  stopped emergency.service emergency.target TERM
  unit 'systemd-cryptsetup@luks\x2droot.service' failed
  boot_state
  fits
  says 'stopped in emergency mode'
  says 'systemd-cryptsetup@luks\x2droot.service'
  says 'unlock --retry    '
  says 'resume-boot       '
}
@test "after too many wrong passphrases it names the unit, unlock --retry and resume-boot" { each_shell given_up; }

given_up_early() {
  unit 'systemd-cryptsetup@sda.service' failed
  echo '7 dev-mapper-sda.device start running' >"$root/jobs"
  boot_state
  fits
  says 'waiting for a device'
  says 'dev-mapper-sda.device (start)'
  says 'unlock --retry    '
  says_not resume-boot
}
@test "while the boot still waits for a disk that was given up, it names unlock --retry" { each_shell given_up_early; }

held_by() {
  local unit text
  while read -r unit text; do
    unit "$unit" active
    boot_state
    fits
    says "$text"
    says 'resume-boot       '
    rm "$root/units/$unit"
  done <<'END'
dracut-emergency.service stopped by rd.break
emergency.service stopped in emergency mode
rescue.service stopped in rescue mode
breakpoint-pre-mount.service stopped by rd.systemd.break
emergency.target stopped, with no shell on the console
END
}
@test "each kind of stop has its name" { each_shell held_by; }

progress() {
  printf '%s\n' '5 initrd.target start waiting' '6 dev-sda.device start running' >"$root/jobs"
  boot_state
  fits
  says 'waiting for a device'
  says 'dev-sda.device (start)'
  says_not 'initrd.target'
  echo '8 systemd-fsck-root.service start running' >"$root/jobs"
  boot_state
  fits
  says 'under way'
  : >"$root/jobs"
  boot_state
  says 'nothing is under way'
  says 'resume-boot'
  unit initrd-switch-root.target active
  boot_state
  fits
  says 'the real system is being started'
}
@test "a boot that is under way is told from one that waits, and from one that ends" { each_shell progress; }

many() {
  local number
  for number in {1..30}; do
    unit "broken-$number.service" failed
    echo "$number dev-$number$(printf '%0200d' 0).device start running" >>"$root/jobs"
  done
  stopped emergency.service emergency.target TERM
  boot_state
  fits
  says 'and 26 more'
  [[ $(wc -L <<<"$output") -le 160 ]]
}
@test "thirty failed units and thirty jobs fit" { each_shell many; }

frozen() {
  : >"$root/frozen"
  SECONDS=0
  boot_state
  fits
  says 'systemd does not answer'
  [[ $SECONDS -lt 10 ]]
}
@test "a systemd that does not answer is said, within seconds" { each_shell frozen; }

hostile() {
  mkdir "$root/proc/4001"
  type -P python3 >/dev/null || return 0
  sock a
  ask evil PID=4001 "Socket=$root/run/systemd/ask-password/sck.a" $'Message=\e[2J\a%s \\n' Id=cryptsetup:/dev/sda
  boot_state
  fits
  says '/dev/sda: ?[2J?%s \n'
}
@test "a prompt's text is shown, and not obeyed" { each_shell hostile; }

@test "on this machine, which is no initramfs, it refuses" {
  [ ! -e /etc/initrd-release ] || skip "this machine is an initramfs"
  run -64 env -u DRACUT_SSHD_ROOT sh "$boot/boot-state"
  [[ $output == *'this is no initramfs'* ]]
}

login() {
  printf '#!%s\nexec %s %s "$@"\n' "$BASH" "${shell[*]}" "$boot/boot-state" >"$root/usr/bin/boot-state"
  chmod 755 "$root/usr/bin/boot-state"
  cp "$boot/../profile" "$root/.profile"
  # An interactive shell shows it; what a client runs does not.
  local read_it='. "$HOME/.profile" && echo works'
  run env HOME="$root" DRACUT_SSHD_ROOT="$root" PATH="$root/usr/bin:$PATH" "${shell[@]}" -i -c "$read_it" 3>&-
  says 'nothing is under way'
  run env HOME="$root" DRACUT_SSHD_ROOT="$root" PATH="$root/usr/bin:$PATH" "${shell[@]}" -c "$read_it" 3>&-
  [[ $output == works ]]
  # Without it, and with one that fails, the login goes on.
  printf '#!%s\nexit 9\n' "$BASH" >"$root/usr/bin/boot-state"
  run env HOME="$root" PATH="$root/usr/bin:$PATH" "${shell[@]}" -e -i -c "$read_it" 3>&-
  says works
  rm "$root/usr/bin/boot-state"
  run env HOME="$root" PATH="$root/usr/bin:$PATH" "${shell[@]}" -e -i -c "$read_it" 3>&-
  says works
}
@test "a login shows it, a command does not, and no failure of it ends a login" { each_shell login; }

nobody_opens() {
  installer_layout
  boot_state
  fits
  says 'waiting for a device that nothing opens'
  says "vda5_crypt (LUKS, $uuid) is not open, and nothing asks for its passphrase."
  says "now:      /usr/lib/systemd/systemd-cryptsetup attach vda5_crypt /dev/disk/by-uuid/$uuid"
  says "for good: vda5_crypt UUID=$uuid none luks"
  says 'unlock --attach    '
  says_not 'no record'
  # By the device that the job is about, the same.
  echo '7 dev-mapper-vda5_crypt.device start running' >"$root/jobs"
  boot_state
  says 'attach vda5_crypt '
  # What is there to open it with.
  rm "$root/usr/lib/systemd/systemd-cryptsetup"
  boot_state
  fits
  says 'neither systemd-cryptsetup nor cryptsetup is in this image'
  says_not 'unlock --attach'
  mkdir -p "$root/usr/sbin"
  printf '#!/bin/sh\n' >"$root/usr/sbin/cryptsetup" && chmod 755 "$root/usr/sbin/cryptsetup"
  boot_state
  says "now:      cryptsetup open /dev/disk/by-uuid/$uuid vda5_crypt"
  # A disk that is not there yet.
  rm "$root/dev/disk/by-uuid/$uuid"
  boot_state
  fits
  says 'its disk is not there (yet).'
}
@test "a device that nothing opens: the disk, the command, and the line for crypttab" { each_shell nobody_opens; }

in_emergency() {
  installer_layout
  : >"$root/jobs"
  stopped emergency.service emergency.target TERM
  boot_state
  fits
  says 'stopped in emergency mode'
  says "attach vda5_crypt /dev/disk/by-uuid/$uuid"
  says 'resume-boot  '
}
@test "the same when the boot has given up waiting" { each_shell in_emergency; }

somebody_opens() {
  installer_layout
  generated 'systemd-cryptsetup@vda5_crypt.service' vda5_crypt "$uuid"
  boot_state
  fits
  says_not 'nothing asks'
  says 'waiting for a device'
  rm "$root"/run/systemd/generator/*
  # By another name.
  generated 'systemd-cryptsetup@luks\x2dother.service' luks-other "$uuid"
  boot_state
  says_not 'nothing asks'
  rm "$root"/run/systemd/generator/*
  # Open already, by its name, or by its UUID under another one.
  mkdir -p "$root/sys/block/dm-0/dm"
  echo vda5_crypt >"$root/sys/block/dm-0/dm/name"
  boot_state
  says_not 'nothing asks'
  echo other >"$root/sys/block/dm-0/dm/name"
  echo "CRYPT-LUKS2-${uuid//-/}-other" >"$root/sys/block/dm-0/dm/uuid"
  boot_state
  says_not 'nothing asks'
}
@test "nothing of it where a unit opens the disk, or it is open" { each_shell somebody_opens; }

no_record() {
  installer_layout
  rm "$root/usr/lib/dracut-sshd/storage"
  boot_state
  fits
  # A logical volume's name is not a disk's.
  says "attach luks-$uuid /dev/disk/by-uuid/$uuid"
  says 'This image has no record'
  echo '7 dev-mapper-vda5_crypt.device start running' >"$root/jobs"
  boot_state
  says "attach vda5_crypt /dev/disk/by-uuid/$uuid"
  printf '%s\n' '7 dev-mapper-luks\x2dhome.device start running' >"$root/jobs"
  boot_state
  says "attach luks-home /dev/disk/by-uuid/$uuid"
  # With two of them the name is nobody's.
  printf 'E:ID_FS_UUID=%s\nE:ID_FS_TYPE=crypto_LUKS\n' "${uuid//a/b}" >"$root/run/udev/data/b254:6"
  boot_state
  fits
  says "luks-${uuid//a/b} (LUKS"
  says "luks-$uuid (LUKS"
  # rd.break is no fault of a disk's.
  : >"$root/jobs"
  stopped dracut-emergency.service emergency.target TERM
  boot_state
  says_not 'nothing asks'
}
@test "without a record the encrypted disks that udev knows are named" { each_shell no_record; }

hostile_record() {
  installer_layout
  local number
  {
    printf 'version\t1\nnode\t1\tcrypt\t%s\t%s\t-\n' '$(reboot)' "$uuid" "x' -rf" "$uuid" $'e\e[2J' "$uuid" ok "$uuid;reboot" -x "$uuid" . "$uuid" \
      "$(printf '%0200d' 0)" "$uuid" ok '../../../../../../../etc/x-y' ok ''
    printf 'node\nnode\t\t\t\n\t\t\n\xff\xfe\t1\n'
    printf 'node\t9\tcrypt\tgood\t%s\t-' "${uuid//a/c}"
  } >"$root/usr/lib/dracut-sshd/storage"
  boot_state
  fits
  says_not "$uuid"
  for number in {1..50}; do printf 'node\t%d\tcrypt\tdisk%d\t%08d-1111-2222-3333-444444444444\t-\n' "$number" "$number" "$number"; done >"$root/usr/lib/dracut-sshd/storage"
  boot_state
  fits
  says 'disk1 (LUKS'
  says 'and more.'
  says_not 'disk4 (LUKS'
}
@test "a record that is nobody's is not obeyed" { each_shell hostile_record; }

ending() {
  type -P python3 >/dev/null || return 0
  disk sda --pid 4001
  echo 'quiet rd.shell=0 *' >"$root/proc/cmdline"
  boot_state
  fits
  says 'after too many wrong passphrases the machine halts or powers off: rd.shell=0'
  echo 'rd.emergency=reboot rd.shell=0' >"$root/proc/cmdline"
  boot_state
  says 'the machine restarts'
  for line in 'rd.shell=0 rd.shell=1' 'rd.shell=0 rd.break=pre-mount' 'panic=30 rd.emergency=reboot' 'rd.shellx=0'; do
    echo "$line" >"$root/proc/cmdline"
    boot_state
    says_not Beware
  done
  mkdir -p "$root/etc/cmdline.d"
  echo 'rd.shell=no' >"$root/etc/cmdline.d/a.conf"
  boot_state
  says Beware
}
@test "with rd.shell=0 it says what wrong passphrases do" { each_shell ending; }

lone_prompt() {
  disk zfs --id '' --unit '' --message 'Encrypted ZFS password for rpool/ROOT'
  boot_state
  fits
  says 'Asked for  Encrypted ZFS password for rpool/ROOT'
  says 'unlock            to enter a passphrase'
  says_not 'Asked too'
}
@test "the only prompt for a passphrase is one that unlock answers, with or without a disk's Id" { each_shell lone_prompt; }
