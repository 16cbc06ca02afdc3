#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The image's program unseal: what it takes for the host key, and what it leaves when the TPM refuses.
# shellcheck disable=SC1091,SC2030,SC2031,SC2034,SC2154,SC2317

bats_require_minimum_version 1.5.0
load lib/boot

# image [SHELL]: an initramfs with a sealed key and an unsealed one, and a TPM that opens the first.
image() {
  local name
  sealed=$root/usr/lib/dracut-sshd/sealed ssh=$root/etc/ssh
  mkdir -p "$sealed" "$ssh" "$root/dev" "$root/sys/firmware/acpi/tables"
  if [[ ! -e $BATS_FILE_TMPDIR/sealed ]]; then
    ssh-keygen -q -t ed25519 -N '' -C sealed -f "$BATS_FILE_TMPDIR/sealed"
    ssh-keygen -q -t ed25519 -N '' -C unsealed -f "$BATS_FILE_TMPDIR/unsealed"
  fi
  cp "$BATS_FILE_TMPDIR/sealed.pub" "$sealed/ssh_host_ed25519_key.pub"
  echo 'what the TPM knows' >"$sealed/ssh_host_ed25519_key.cred"
  printf '%s\n' 'sealed SHA256:aaa' 'unsealed SHA256:bbb' >"$sealed/fingerprints"
  cp "$BATS_FILE_TMPDIR/unsealed" "$ssh/ssh_host_ed25519_key"
  cp "$BATS_FILE_TMPDIR/unsealed.pub" "$ssh/ssh_host_ed25519_key.pub"
  : >"$root/dev/tpmrm0"
  for name in mkdir mv rm chmod; do ln -s "$(type -P "$name")" "$root/usr/bin/$name"; done
  creds "printf '%s\\n' \"\$(<$BATS_FILE_TMPDIR/sealed)\""
  # It waits for less long.
  sed 's/^waits=10 /waits=1 /; s/^opens=25 /opens=1 /' "$boot/unseal" >"$root/unseal"
  [[ $(diff "$boot/unseal" "$root/unseal" | grep -c '^>') -eq 2 ]]
}
# creds BODY: the image's systemd-creds.
creds() {
  printf '#!%s\necho "$*" >>%s\n%s\n' "$BASH" "$root/calls" "$1" >"$root/usr/bin/systemd-creds"
  chmod 755 "$root/usr/bin/systemd-creds"
}
unseal() { run env DRACUT_SSHD_ROOT="$root" "${shell[@]}" "$root/unseal" 3>&-; }
# came_of_it LINE
came_of_it() { [[ $(<"$root/run/dracut-sshd/host-key") == "$1" ]] || { cat "$root/run/dracut-sshd/host-key" && echo "$output" && return 1; }; }
is_key() { cmp "$ssh/ssh_host_ed25519_key" "$BATS_FILE_TMPDIR/$1" && cmp "$ssh/ssh_host_ed25519_key.pub" "$BATS_FILE_TMPDIR/$1.pub"; }
nothing_left() { [[ -z $(find "$ssh" -name '.*' -type f) ]]; }

opens() {
  image
  cp "$BATS_FILE_TMPDIR/unsealed" "$ssh/ssh_host_rsa_key"
  cp "$BATS_FILE_TMPDIR/unsealed.pub" "$ssh/ssh_host_ed25519_key-cert.pub"
  unseal
  [ "$status" -eq 0 ]
  came_of_it sealed
  is_key sealed
  [ "$(cd "$ssh" && echo *)" = 'ssh_host_ed25519_key ssh_host_ed25519_key.pub' ]
  [ "$(stat -c %a "$ssh/ssh_host_ed25519_key")" = 600 ]
  [ "$(stat -c %a "$root/run/dracut-sshd/host-key")" = 644 ]
  nothing_left
  [[ $output == *'sshd shows it: SHA256:aaa'* ]]
  grep -qxF -- "decrypt --name=ssh_host_ed25519_key $sealed/ssh_host_ed25519_key.cred -" "$root/calls"
}
@test "the TPM opens it: it is the only host key" { each_shell opens; }

# stays_sealed REASON
stays_sealed() {
  unseal
  [ "$status" -eq 0 ]
  came_of_it "unsealed $1"
  is_key unsealed
  nothing_left
  [[ $output == *"STAYS SEALED ($1); sshd shows the UNSEALED one: SHA256:bbb"* ]]
}
refuses() {
  image
  creds 'echo half of a; exit 1'
  stays_sealed refused
}
@test "the TPM refuses: the unsealed key stays" { each_shell refuses; }

other_content() {
  image
  creds 'echo something else'
  stays_sealed damaged
  creds 'printf "%s\n" "-----BEGIN OPENSSH PRIVATE KEY-----" "cut off"'
  stays_sealed damaged
  creds :
  stays_sealed damaged
}
@test "what comes out of it is no private key: the unsealed one stays" { each_shell other_content; }

another_key() {
  image
  ln -s "$(type -P ssh-keygen)" "$root/usr/bin/ssh-keygen"
  unseal
  came_of_it sealed
  teardown_boot
  setup_boot
  image
  ln -s "$(type -P ssh-keygen)" "$root/usr/bin/ssh-keygen"
  creds "printf '%s\\n' \"\$(<$BATS_FILE_TMPDIR/unsealed)\""
  stays_sealed damaged
}
@test "where there is ssh-keygen, a key of another public half is none" { each_shell another_key; }

no_program() {
  image
  rm "$root/usr/bin/systemd-creds"
  stays_sealed no-program
}
@test "without systemd-creds the unsealed key stays" { each_shell no_program; }

hangs() {
  image
  creds "exec $(type -P sleep) 60"
  SECONDS=0
  stays_sealed timeout
  [ "$SECONDS" -lt 10 ]
}
@test "a TPM that does not answer holds the boot for no longer than its time" { each_shell hangs; }

no_tpm() {
  image
  rm "$root/dev/tpmrm0"
  SECONDS=0
  stays_sealed no-tpm
  [ "$SECONDS" -lt 2 ]
  [ ! -s "$root/calls" ]
}
@test "where the firmware knows of no TPM, none is waited for" { each_shell no_tpm; }

late_tpm() {
  image
  rm "$root/dev/tpmrm0"
  : >"$root/sys/firmware/acpi/tables/TPM2"
  sed -i 's/^waits=1 /waits=8 /' "$root/unseal"
  (sleep 1 && : >"$root/dev/tpmrm0") 3>&- &
  unseal
  came_of_it sealed
  wait
}
@test "a TPM that is announced is waited for" { each_shell late_tpm; }

no_acpi() {
  image
  rm -r "$root/dev/tpmrm0" "$root/sys/firmware"
  stays_sealed no-tpm
  : >"$root/dev/tpmrm0"
  unseal
  came_of_it sealed
}
@test "where no firmware says anything, one is waited for, too, but not for ever" { each_shell no_acpi; }

no_key_at_all() {
  image
  rm "$ssh"/*
  creds 'exit 1'
  unseal
  [ "$status" -eq 1 ]
  came_of_it 'none refused'
  [[ $output == *'nobody can log in'* ]]
  [ -z "$(ls -A "$ssh")" ]
  # The next try.
  creds "printf '%s\\n' \"\$(<$BATS_FILE_TMPDIR/sealed)\""
  unseal
  [ "$status" -eq 0 ]
  came_of_it sealed
  is_key sealed
}
@test "without an unsealed key it fails, and is tried again with sshd" { each_shell no_key_at_all; }

signed_policy() {
  image
  mkdir -p "$root/.extra"
  echo '{}' >"$root/.extra/tpm2-pcr-signature.json"
  unseal
  came_of_it sealed
  grep -qF -- "--tpm2-signature=$root/.extra/tpm2-pcr-signature.json" "$root/calls"
}
@test "a signature of PCRs that came with the kernel is handed over" { each_shell signed_policy; }

signed_policy_of_a_phase() {
  image
  mkdir -p "$root/.extra" "$root/usr/lib/systemd/system"
  echo '{}' >"$root/.extra/tpm2-pcr-signature.json"
  : >"$root/usr/lib/systemd/system/systemd-pcrphase-initrd.service"
  printf '#!%s\necho "$*" >>%s\necho active\n' "$BASH" "$root/calls" >"$root/usr/bin/systemctl"
  chmod 755 "$root/usr/bin/systemctl"
  unseal
  came_of_it sealed
  [ "$(sed -n 1p "$root/calls")" = 'is-active systemd-pcrphase-initrd.service' ]
  [[ $(sed -n 2p "$root/calls") == decrypt* ]]
  # One that never comes is not waited for without end.
  printf '#!%s\necho activating\n' "$BASH" >"$root/usr/bin/systemctl"
  unseal
  came_of_it sealed
}
@test "PCR 11 is as it was signed once the phase of the initramfs is noted there" { each_shell signed_policy_of_a_phase; }

says_so() {
  image
  boot_state
  says_not 'Host key'
  unseal
  boot_state
  says 'Host key   sealed: the TPM has opened it'
  echo 'unsealed refused' >"$root/run/dracut-sshd/host-key"
  boot_state
  says 'Host key   UNSEALED: the TPM has not opened the sealed one (refused)'
}
@test "boot-state tells which key is shown" { each_shell says_so; }

@test "outside an initramfs it changes nothing" {
  shell=("$(type -P dash || type -P bash)")
  setup_boot
  image
  rm "$root/etc/initrd-release"
  unseal
  [ "$status" -eq 64 ]
  is_key unsealed
  [ ! -e "$root/run/dracut-sshd" ]
  teardown_boot
}
