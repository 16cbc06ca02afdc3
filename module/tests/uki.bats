#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Systems that boot unified kernel images: what makes them is asked, and what it makes is checked, signature included.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154

load lib/rebuild
load lib/pe

setup() {
  setup_rebuild
  mkdir -p "$root/efi/EFI/Linux" "$root/etc/kernel"
  echo token >"$root/etc/kernel/entry-token"
  uki=$root/efi/EFI/Linux/token-6.1.0-1.efi
  kept=$root/efi/EFI/Linux/dracut-sshd-token-6.1.0-1.efi.old
  pe "$BATS_TEST_TMPDIR/good" "$BATS_TEST_TMPDIR/unsigned.efi"
  pe "$BATS_TEST_TMPDIR/good" "$BATS_TEST_TMPDIR/signed.efi" signature
  export uki
  # The listing is in the section.
  program lsinitrd 'grep -aE "^[-d]rw" "$1"'
}

# by_kernel_install: layout=uki, and a kernel-install that copies what $makes names, as 90-uki-copy.install does.
by_kernel_install() {
  echo 'layout=uki' >"$root/etc/kernel/install.conf"
  program kernel-install '[[ ! $makes ]] || install -m 0644 "$makes" "$root/efi/EFI/Linux/token-$2.efi"'
  makes=$BATS_TEST_TMPDIR/signed.efi
}

# by_dracut: uefi=yes in dracut.conf(5).
by_dracut() {
  mkdir -p "$root/etc/dracut.conf.d"
  echo 'uefi="yes"' >"$root/etc/dracut.conf.d/uefi.conf"
  echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
  uki=$root/efi/EFI/Linux/linux-6.1.0-1-0123456789abcdef0123456789abcdef.efi
  makes=$BATS_TEST_TMPDIR/signed.efi
}

# secure_boot: it is on.
secure_boot() {
  mkdir -p "$root/sys/firmware/efi/efivars"
  printf '\6\0\0\0\1' >"$root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
}

@test "kernel-install makes the unified kernel image, whatever the setting says; no bare initramfs is built" {
  by_kernel_install
  rebuild
  ends 0 'token-6.1.0-1.efi is new, with sshd in it'
  called 'kernel-install add 6.1.0-1 /usr/lib/modules/6.1.0-1/vmlinuz'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  [ -z "$(ls "$root/boot")" ]
}

@test "the image before it is kept under a name that no boot loader takes for an entry" {
  by_kernel_install
  pe "$BATS_TEST_TMPDIR/good" "$uki" before
  cp "$uki" "$BATS_TEST_TMPDIR/before"
  rebuild
  ends 0 'the one before is'
  cmp "$BATS_TEST_TMPDIR/before" "$kept"
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  nothing_left
}

@test "not one byte is written to the image after kernel-install" {
  by_kernel_install
  program kernel-install 'install -m 0644 "$makes" "$uki"; stat -c "%i %y" "$uki" >"$BATS_TEST_TMPDIR/when"'
  rebuild
  ends 0 ''
  [ "$(stat -c "%i %y" "$uki")" = "$(<"$BATS_TEST_TMPDIR/when")" ]
}

@test "an image without sshd is not kept: the one before returns" {
  by_kernel_install
  grep -v '/sshd$' "$BATS_TEST_TMPDIR/good" >"$BATS_TEST_TMPDIR/bad"
  pe "$BATS_TEST_TMPDIR/bad" "$BATS_TEST_TMPDIR/bad.efi" signature
  cp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  makes=$BATS_TEST_TMPDIR/bad.efi rebuild
  ends 1 'not in the new image: sshd'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
}

@test "a signature that is missing is noticed where there was one, or where Secure Boot is on" {
  by_kernel_install
  makes=$BATS_TEST_TMPDIR/unsigned.efi rebuild
  ends 0 'is new'
  secure_boot
  rm "$uki"
  makes=$BATS_TEST_TMPDIR/unsigned.efi rebuild
  ends 1 'is not signed, and Secure Boot is on: the firmware would not start it.'
  [[ $output == *SecureBootPrivateKey=* ]]
  rm -r "$root/sys"
  cp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  makes=$BATS_TEST_TMPDIR/unsigned.efi rebuild
  ends 1 'the new unified kernel image is not signed, and the one before it is.'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
}

@test "a kernel-install that makes none is not taken for success" {
  by_kernel_install
  cp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  makes='' rebuild
  ends 1 'is systemd-ukify installed?'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
}

@test "where tries are counted the image has another name each time" {
  by_kernel_install
  cp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  program kernel-install 'rm -f "$root"/efi/EFI/Linux/token-$2*.efi; install -m 0644 "$makes" "$root/efi/EFI/Linux/token-$2+3.efi"'
  rebuild
  ends 0 'token-6.1.0-1+3.efi is new'
  [ -e "$root/efi/EFI/Linux/dracut-sshd-token-6.1.0-1+3.efi.old" ]
  grep -v '/sshd$' "$BATS_TEST_TMPDIR/good" >"$BATS_TEST_TMPDIR/bad"
  pe "$BATS_TEST_TMPDIR/bad" "$BATS_TEST_TMPDIR/bad.efi" signature
  mv "$root/efi/EFI/Linux/token-6.1.0-1+3.efi" "$uki"
  makes=$BATS_TEST_TMPDIR/bad.efi rebuild
  ends 1 'not in the new image: sshd'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  [ ! -e "$root/efi/EFI/Linux/token-6.1.0-1+3.efi" ]
}

@test "another generator than dracut is named, and nothing is built" {
  by_kernel_install
  for line in initrd_generator=mkosi-initrd initrd_generator=booster uki_generator=mkosi; do
    printf 'layout=uki\n%s\n' "$line" >"$root/etc/kernel/install.conf"
    rebuild
    ends 1 "without dracut ($line in install.conf)"
    called ''
  done
}

@test "drop-ins of install.conf count, and those of /etc before the others" {
  by_kernel_install
  rm "$root/etc/kernel/install.conf"
  mkdir -p "$root"/{usr/lib,etc}/kernel/install.conf.d
  echo 'layout=uki' >"$root/usr/lib/kernel/install.conf.d/10-uki.conf"
  rebuild
  ends 0 'token-6.1.0-1.efi is new'
  : >"$calls"
  echo 'layout=bls' >"$root/etc/kernel/install.conf.d/10-uki.conf"
  makes=$BATS_TEST_TMPDIR/good rebuild
  ends 0 'initramfs-6.1.0-1.img is new'
  [[ $(<"$calls") == dracut* ]]
}

@test "dracut with uefi=yes makes the image aside, signs it itself, and it is renamed into its place" {
  by_dracut
  cp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  rebuild
  ends 0 'linux-6.1.0-1-0123456789abcdef0123456789abcdef.efi is new, with sshd in it; the one before is'
  [[ $(<"$calls") == 'dracut --force /efi/EFI/Linux/.dracut-sshd.'??????' 6.1.0-1 --stdlog 4' ]]
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  makes=$BATS_TEST_TMPDIR/unsigned.efi rebuild
  ends 1 'is not signed, and the one before it is.'
  [[ $output == *uefi_secureboot_key=* ]]
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  makes=$BATS_TEST_TMPDIR/good rebuild
  ends 1 'dracut made a mere initramfs: set uefi=yes'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  nothing_left
}

@test "the first unified kernel image needs no folder of its own" {
  by_dracut
  rmdir "$root/efi/EFI/Linux"
  rebuild
  ends 0 'is new, with sshd in it'
  cmp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
}

@test "an image of another kernel is not taken for this one's" {
  by_kernel_install
  for name in token-6.1.0-10 token-6.1.0-1-extra token-16.1.0-1; do cp "$BATS_TEST_TMPDIR/signed.efi" "$root/efi/EFI/Linux/$name.efi"; done
  makes='' rebuild
  ends 0 'where it put the image is not known here'
}

@test "an image that was cut off is broken, in a section or in its signature; a whole one is whole" {
  # shellcheck source=module/46sshd/image-state.sh
  . "$BATS_TEST_DIRNAME/../46sshd/image-state.sh"
  PATH="$bin:$PATH"
  [ "$(image_state "$BATS_TEST_TMPDIR/signed.efi")" = whole ]
  [ "$(image_state "$BATS_TEST_TMPDIR/unsigned.efi")" = whole ]
  is_signed "$BATS_TEST_TMPDIR/signed.efi"
  run is_signed "$BATS_TEST_TMPDIR/unsigned.efi"
  [ "$status" -ne 0 ]
  for left in 1 60 100 300 $(($(stat -c %s "$BATS_TEST_TMPDIR/signed.efi") - 1)); do
    head -c "$left" "$BATS_TEST_TMPDIR/signed.efi" >"$BATS_TEST_TMPDIR/cut.efi"
    [ "$(image_state "$BATS_TEST_TMPDIR/cut.efi")" = broken ] || [ "$left" = 1 ]
  done
}

@test "dracut-sshd-check looks at the unified kernel image, and a package's hook leaves it to kernel-install's" {
  by_kernel_install
  cp "$BATS_TEST_TMPDIR/signed.efi" "$uki"
  run env PATH="$bin:/usr/bin:/bin" bash "$BATS_TEST_DIRNAME/../dracut-sshd-check" --kernel 6.1.0-1
  [[ $output == *"token-6.1.0-1.efi (kernel 6.1.0-1)"* ]]
  run env PATH="$bin:/usr/bin:/bin" bash "$BATS_TEST_DIRNAME/../dracut-sshd-check" --after kernel 6.1.0-1
  [ -z "$output" ]
  run env PATH="$bin:/usr/bin:/bin" KERNEL_INSTALL_STAGING_AREA=/tmp bash "$BATS_TEST_DIRNAME/../dracut-sshd-check" --after kernel 6.1.0-1
  [[ $output == *token-6.1.0-1.efi* ]]
}
