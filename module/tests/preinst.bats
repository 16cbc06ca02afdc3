#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the package keeps on Debian and Ubuntu before dracut writes its first image. The script is the package's own, with its paths moved
# into a folder.
# shellcheck disable=SC2016,SC2154

load lib/rebuild

setup() {
  setup_rebuild
  script=$BATS_TEST_TMPDIR/preinst
  sed "s# /boot# $root/boot#g; s#=/boot#=$root/boot#g; s#\"/lib/modules#\"$root/usr/lib/modules#g" "$BATS_TEST_DIRNAME/../../debian/module/preinst" >"$script"
  for kernel in 6.1.0-1 6.12.0-2; do
    echo "image of $kernel" >"$root/boot/initrd.img-$kernel"
    touch "$root/boot/vmlinuz-$kernel"
  done
  touch "$root/boot/vmlinuz-5.0" && echo x >"$root/boot/initrd.img-5.0"
  program df 'printf "Avail\n%s\n" 1000'
}

preinst() { run env PATH="$bin:/usr/bin:/bin" "${shell:-sh}" "$script" "$@"; }
kept() { printf '%s\n' "$root/boot/dracut-sshd-initrd.img-$1.before"; }

@test "the images of the running and of the newest kernel are kept, and it is said how one of them boots" {
  for shell in dash bash; do
    rm -f "$root"/boot/dracut-sshd-*
    preinst install
    ends 0 "dracut-sshd: kept $root/boot/initrd.img-6.12.0-2, which dracut may write anew, as $(kept 6.12.0-2)."
    ends 0 'dracut-sshd-initrd.img-6.12.0-2.before for initrd.img-6.12.0-2; then Ctrl-x.'
    contains "$(kept 6.1.0-1)" 'image of 6.1.0-1'
    contains "$(kept 6.12.0-2)" 'image of 6.12.0-2'
    [ ! -e "$(kept 5.0)" ]
    # A copy: dracut writes into the file.
    echo dracut >"$root/boot/initrd.img-6.12.0-2"
    contains "$(kept 6.12.0-2)" 'image of 6.12.0-2'
    # What was kept stays, whatever comes after it.
    preinst install 1.0.0-1
    contains "$(kept 6.12.0-2)" 'image of 6.12.0-2'
    echo 'image of 6.12.0-2' >"$root/boot/initrd.img-6.12.0-2"
    nothing_left
  done
}

@test "an upgrade, another root and a machine without images keep nothing" {
  preinst upgrade 1.0.0-1
  [ "$status" -eq 0 ] && [ -z "$output" ]
  DPKG_ROOT=/x preinst install
  [ "$status" -eq 0 ] && [ -z "$output" ]
  rm "$root"/boot/initrd.img-*
  preinst install
  [ "$status" -eq 0 ] && [ -z "$output" ]
  rm -r "${root:?}/boot"
  preinst install
  [ "$status" -eq 0 ] && [ -z "$output" ]
  [ -z "$(find "$root" -name '*.before')" ]
}

@test "without room nothing is kept, it is said, and the installation goes on" {
  program df 'printf "Avail\n20\n"'
  head -c 100 /dev/zero >"$root/boot/initrd.img-6.12.0-2"
  preinst install
  ends 0 'MiB free, too little to keep a copy of'
  [ ! -e "$(kept 6.12.0-2)" ]
}

@test "a copy that fails leaves nothing and fails nothing" {
  program cp 'echo half >"${@: -1}"; exit 1'
  preinst install
  [ "$status" -eq 0 ]
  [ -z "$(find "$root/boot" -name 'dracut-sshd-*')" ]
}

@test "what it keeps is what dracut-sshd-check knows by that name" {
  root=$root bash -c '. "$0/../46sshd/initrd.sh"; before_of "$root/boot/initrd.img-6.12.0-2"' "$BATS_TEST_DIRNAME" >"$BATS_TEST_TMPDIR/name"
  contains "$BATS_TEST_TMPDIR/name" "$(kept 6.12.0-2)"
}
