#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut-sshd-rebuild: which image, which program, and that the old image outlives every failure.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/rebuild

setup() {
  setup_rebuild
  image=$root/boot/initramfs-6.1.0-1.img old=$root/boot/dracut-sshd-initramfs-6.1.0-1.img.old
  echo old >"$image"
}

@test "CRYPTTAB= and NETWORK= are the module's settings, and known here" {
  mkdir -p "$root/etc/dracut-sshd"
  printf 'CRYPTTAB=no\nNETWORK=no\n' >"$root/etc/dracut-sshd/initrd.conf"
  rebuild --dry-run
  ends 0
  echo CRYPTTAB=maybe >"$root/etc/dracut-sshd/initrd.conf"
  rebuild --dry-run
  ends 2 'initrd.conf:1: CRYPTTAB is auto or no, not "maybe".'
}

@test "dracut builds aside, the result is checked, the old image is kept, the new one takes its place" {
  rebuild
  ends 0 'initramfs-6.1.0-1.img is new, with sshd in it; the one before is'
  good "$image"
  contains "$old" old
  [[ "$(<"$calls")" == 'dracut --force /boot/.dracut-sshd.'??????' 6.1.0-1 --stdlog 4' ]]
  [ "$(stat -c %a "$image")" = 600 ]
  nothing_left
}

@test "dracut has the usual umask, and the image is private all the same" {
  program dracut 'umask >"$BATS_TEST_TMPDIR/umask"; cat "$makes" >"$2"'
  rebuild
  ends 0
  contains "$BATS_TEST_TMPDIR/umask" 0022
  [ "$(stat -c %a "$image")" = 600 ]
}

@test "a first image needs no old one" {
  rm "$image"
  rebuild
  ends 0 'is new, with sshd in it'
  good "$image"
  [ ! -e "$old" ]
}

@test "a dracut that fails leaves the image alone" {
  program dracut 'echo half >"$2"; exit 1'
  rebuild
  ends 1 'dracut failed for kernel 6.1.0-1'
  contains "$image" old
  [ ! -e "$old" ]
  nothing_left
}

@test "a dracut that writes nothing leaves the image alone" {
  makes=/dev/null rebuild
  ends 1 'dracut failed'
  contains "$image" old
  nothing_left
}

@test "an image without sshd, unit, keys or host key is named as such and not used" {
  for what in sshd sshd.service authorized_keys ssh_host_ed25519_key; do
    grep -v "/$what\$" "$BATS_TEST_TMPDIR/good" >"$BATS_TEST_TMPDIR/bad"
    makes=$BATS_TEST_TMPDIR/bad rebuild
    ends 1 'not in the new image:'
    contains "$image" old
    [ ! -e "$old" ]
    nothing_left
  done
}

@test "a link to sshd without sshd is no sshd" {
  sed 's#usr/sbin/sshd$#& -> ../bin/sshd#' "$BATS_TEST_TMPDIR/good" >"$BATS_TEST_TMPDIR/bad"
  makes=$BATS_TEST_TMPDIR/bad rebuild
  ends 1 'not in the new image: sshd'
}

@test "an image that lsinitrd cannot read is not used" {
  program lsinitrd 'exit 1'
  rebuild
  ends 1 'lsinitrd cannot read'
  contains "$image" old
}

@test "where dracut-sshd(1) is installed it judges the new image" {
  program dracut-sshd '[[ $1 == inspect && $2 == --quiet && $4 == */.dracut-sshd.?????? ]] || exit 2
    printf "error    sshd.libraries        /usr/sbin/sshd cannot start: not there: libx.so\n%31s-> build it again\nIt will NOT let you in.\n" ""; exit 1'
  rebuild
  ends 1 'the new image would let nobody log in and unlock: sshd.libraries: /usr/sbin/sshd cannot start: not there: libx.so'
  contains "$image" old
  nothing_left
}

@test "what dracut-sshd(1) says of networks and disks is a warning, and no more" {
  program dracut-sshd 'printf "error    network.stack         no program that brings up a network is in it\n"; exit 1'
  rebuild
  ends 0 'WARNING: network.stack: no program that brings up a network is in it'
  good "$image"
}

@test "ended in the middle it leaves the image, and nothing of its own" {
  program dracut 'echo half >"$2"; kill -TERM $PPID; sleep 0.2'
  rebuild
  ends 143 ''
  contains "$image" old
  nothing_left
}

@test "a unified kernel image does not take an initramfs's place" {
  { printf 'MZ\n' && cat "$BATS_TEST_TMPDIR/good"; } >"$BATS_TEST_TMPDIR/uki"
  makes=$BATS_TEST_TMPDIR/uki rebuild
  ends 1 'dracut made a unified kernel image'
  contains "$image" old
}

@test "an image behind a link is exchanged where it lies" {
  mkdir "$root/efi" && mv "$image" "$root/efi/initrd" && ln -s ../efi/initrd "$image"
  rebuild
  ends 0 ''
  [ -L "$image" ]
  good "$root/efi/initrd"
  contains "$root/efi/dracut-sshd-initrd.old" old
}

@test "another kernel is built with --kernel, every one with --all" {
  rebuild --kernel 6.12.0-2
  ends 0 ''
  good "$root/boot/initramfs-6.12.0-2.img"
  contains "$image" old
  : >"$calls"
  rebuild --all
  ends 0 ''
  good "$image"
  [ "$(wc -l <"$calls")" -eq 2 ]
}

@test "with --all one failure does not keep the others, and is told at the end" {
  program dracut '[[ $3 != 6.1.0-1 ]] && cat "$makes" >"$2"'
  rebuild --all
  ends 1 'failed for: 6.1.0-1'
  good "$root/boot/initramfs-6.12.0-2.img"
  contains "$image" old
}

@test "a kernel that is not installed is refused, and those that are are named" {
  rebuild --kernel gone
  ends 1 'Installed: 6.1.0-1 6.12.0-2 '
}

@test "the administrator's settings win over the distribution's" {
  printf '%s\n' '# mine' "IMAGE='/boot/mine-%k'" >"$root/etc/dracut-sshd/initrd.conf"
  rebuild
  ends 0 ''
  good "$root/boot/mine-6.1.0-1"
  contains "$image" old
}

@test "DRIVER=, an earlier name of GENERATOR=, is still read" {
  mkdir -p "$root/etc/dracut-sshd"
  echo DRIVER=update-initramfs >"$root/etc/dracut-sshd/initrd.conf"
  program update-initramfs 'cat "$makes" >"$root/boot/initramfs-$3.img"'
  rebuild
  ends 0 'is new, with sshd in it'
  called 'update-initramfs -u -k 6.1.0-1'
}

@test "settings are data: nothing in them is run, and what is none is refused with its place" {
  for line in 'IMAGE=/boot/$(touch pwned)' 'IMAGE=/boot/`touch pwned`' 'IMAGE=/boot/../etc/x' 'IMAGE=boot/x' 'IMAGE=/boot/' \
    'GENERATOR=sh' 'DRIVER=sh' 'touch pwned' 'COLOUR=red' 'IMAGE='; do
    printf '\n%s\n' "$line" >"$root/etc/dracut-sshd/initrd.conf"
    rebuild
    ends 2 '/etc/dracut-sshd/initrd.conf:2: '
    called ''
  done
  [ -z "$(find "$root" . -name pwned)" ]
}

@test "--image is taken literally, and refused where it cannot be one" {
  rebuild --image "/boot/other-%k.img"
  ends 0 ''
  good "$root/boot/other-6.1.0-1.img"
  rebuild --image relative
  ends 2 'is no absolute path'
  rebuild --all --image /boot/x
  ends 2 '--all goes with neither'
}

@test "a folder of the Boot Loader Specification goes before the distribution's name" {
  echo token >"$root/etc/machine-id"
  mkdir -p "$root/boot/token/6.1.0-1"
  rebuild
  ends 0 ''
  good "$root/boot/token/6.1.0-1/initrd"
  contains "$image" old
}

@test "the entry token goes before the machine-id, as in kernel-install" {
  mkdir -p "$root/etc/kernel" "$root/efi/gentoo/6.1.0-1" "$root/efi/id/6.1.0-1"
  echo gentoo >"$root/etc/kernel/entry-token" && echo id >"$root/etc/machine-id"
  rebuild
  ends 0 ''
  good "$root/efi/gentoo/6.1.0-1/initrd"
}

@test "copied by hand on another distribution, the image that is there is the one" {
  mv "$image" "$root/boot/initrd.img-6.1.0-1"
  rebuild
  ends 0 ''
  good "$root/boot/initrd.img-6.1.0-1"
  contains "$root/boot/dracut-sshd-initrd.img-6.1.0-1.old" old
}

@test "update-initramfs writes into the image; the old one is a copy, not a link to what is overwritten" {
  sed -i 's/^GENERATOR=.*/GENERATOR=update-initramfs/' "$settings"
  program update-initramfs 'cat "$makes" >"$root/boot/initramfs-$3.img"'
  rebuild
  ends 0 'is new, with sshd in it; the one before is'
  called 'update-initramfs -u -k 6.1.0-1'
  good "$image"
  contains "$old" old
}

@test "an image that update-initramfs spoiled is put back" {
  sed -i 's/^GENERATOR=.*/GENERATOR=update-initramfs/' "$settings"
  program update-initramfs 'echo spoiled >"$root/boot/initramfs-$3.img"'
  rebuild
  ends 1 'is again what it was'
  contains "$image" old
  program update-initramfs 'echo half >"$root/boot/initramfs-$3.img"; exit 1'
  rebuild
  ends 1 'is again what it was'
  contains "$image" old
}

@test "kernel-install is given the kernel" {
  sed -i 's/^GENERATOR=.*/GENERATOR=kernel-install/' "$settings"
  program kernel-install 'cat "$makes" >"$root/boot/initramfs-$2.img"'
  rebuild
  ends 0 ''
  called 'kernel-install add 6.1.0-1 /usr/lib/modules/6.1.0-1/vmlinuz'
}

@test "a system that ostree booted is rpm-ostree's, whatever the settings say, and arguments given before are kept" {
  touch "$root/run/ostree-booted"
  program rpm-ostree 'if [[ $1 == status ]]; then printf "%s\n" "[" "  [ \"-I\", \"/etc/x y\" ]" "]"; fi'
  rebuild
  ends 0 'reboot'
  [ "$(tail -n 1 "$calls")" = 'rpm-ostree initramfs --enable --arg=-I --arg=/etc/x y' ]
  program rpm-ostree '[[ $1 != status ]] || echo "[]"'
  rebuild
  ends 0 ''
  [ "$(tail -n 1 "$calls")" = 'rpm-ostree initramfs --enable --arg=--force' ]
  contains "$image" old
}

@test "a read-only root with transactional-update gets a new snapshot, on top of the newest one" {
  program transactional-update :
  rebuild
  ends 0 ''
  [[ "$(<"$calls")" != *transactional-update* ]]
  program findmnt 'echo ro,relatime'
  : >"$calls"
  rebuild
  ends 0 'snapshot'
  called 'transactional-update --continue initrd'
}

@test "sdbootutil does it where it says that it is in charge" {
  echo token >"$root/etc/machine-id" && mkdir -p "$root/boot/token/6.1.0-1"
  program sdbootutil '[[ $1 == is-installed ]] || cat "$makes" >"$root/boot/token/$3/initrd-abc"'
  rebuild
  ends 0 ''
  [ "$(tail -n 1 "$calls")" = 'sdbootutil --no-reuse-initrd add-kernel 6.1.0-1' ]
  makes=/dev/null rebuild
  ends 1 'is cut off or damaged'
  program sdbootutil 'exit 1'
  : >"$calls"
  rebuild
  ends 0 ''
  [[ "$(tail -n 1 "$calls")" == dracut* ]]
}

@test "--dry-run shows what would be run and changes nothing" {
  find "$root" -type f -exec sha256sum {} + | sort >"$BATS_TEST_TMPDIR/before"
  rebuild --dry-run
  ends 0 'dracut --force'
  called ''
  find "$root" -type f -exec sha256sum {} + | sort | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "a program that is missing is named" {
  rm "$bin/lsinitrd"
  # Nothing but the fake programs: the machine's own lsinitrd must not be found.
  run env PATH="$bin" "$(type -P bash)" "$BATS_TEST_DIRNAME/../dracut-sshd-rebuild"
  ends 3 'lsinitrd is not installed'
  contains "$image" old
}

@test "unknown arguments and missing values are refused" {
  rebuild --frobnicate
  ends 2 'unknown argument "--frobnicate"'
  rebuild --kernel
  ends 2 '--kernel needs a value'
  rebuild --kernel ../../etc
  ends 2 'is no release of a kernel'
}

@test "--help and --version answer" {
  rebuild --help
  ends 0 '--dry-run'
  rebuild --version
  ends 0 'dracut-sshd-rebuild '
}

@test "without room for another image nothing is begun" {
  program df 'printf "Avail\\n3\\n"'
  rebuild
  ends 1 'MiB are needed; nothing was changed.'
  [[ $(<"$calls") != *'dracut --force'* ]]
  contains "$image" old
  nothing_left
}

@test "without an image its room is told by the others in the folder" {
  head -c 3000000 /dev/zero >"$root/boot/initramfs-6.12.0-2.img"
  rm "$image"
  program df 'printf "Avail\\n2000000\\n"'
  rebuild
  ends 1 "has 1 MiB free, and 4 MiB are needed"
  [ ! -e "$image" ]
}

@test "a unified kernel image is not replaced by a mere initramfs" {
  printf 'MZ\n' >"$image"
  rebuild
  ends 1 'is a unified kernel image, and dracut made a mere initramfs: set uefi=yes in dracut.conf(5).'
  contains "$image" MZ
  nothing_left
}

@test "what one that was killed has left in the folder goes before the room is looked at" {
  touch "$root/boot/.dracut-sshd.a1B2c3" "$root/boot/dracut-sshd-x.old.new" "$root/boot/.dracut-sshd.notes" "$root/boot/other.new"
  rebuild
  ends 0 'is new'
  [ ! -e "$root/boot/.dracut-sshd.a1B2c3" ] && [ ! -e "$root/boot/dracut-sshd-x.old.new" ]
  [ -e "$root/boot/.dracut-sshd.notes" ]
  [ -e "$root/boot/other.new" ]
}

@test "a second one waits for the first" {
  exec 5>"$root/run/dracut-sshd-rebuild.lock"
  flock 5
  (rebuild && printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/said") 5>&- &
  sleep 1
  contains "$image" old
  exec 5>&-
  wait
  grep -q 'waiting for another' "$BATS_TEST_TMPDIR/said"
  good "$image"
}

@test "on Arch an image may be called by its kernel's own name" {
  rm "$image"
  echo linux-lts >"$root/usr/lib/modules/6.1.0-1/pkgbase"
  echo old >"$root/boot/initramfs-linux-lts.img"
  rebuild
  ends 0 'initramfs-linux-lts.img is new'
  good "$root/boot/initramfs-linux-lts.img"
}
