#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut-sshd-rebuild that is killed, or loses its power, at any point: what boots next is whole, and the next run mends the rest. The
# images are real.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/rebuild
load lib/archive

setup() { setup_real; }

in_place() { echo GENERATOR=update-initramfs >"$root/etc/dracut-sshd/initrd.conf"; }
half='cut() { head -c 200000 "$makes" >"$1"; touch "$BATS_TEST_TMPDIR/begun"; sleep 20; }'

@test "killed while dracut writes aside: the image is the one before, and nothing stays after the next run" {
  program dracut "$half; cut \"\$2\""
  killed
  is_image "$image" first
  program dracut 'cat "$makes" >"$2"'
  rebuild
  ends 0 'is new'
  is_image "$image" second
  is_image "$old" first
  nothing_left
}

@test "dracut 107 and later write FILE.tmp: what is left of three that were killed goes" {
  program dracut "$half; cut \"\$2.tmp\""
  for _ in 1 2 3; do
    killed
    # The next one has swept what was left before it.
    [ "$(find "$root/boot" -name '.dracut-sshd.*.tmp' | wc -l)" -eq 1 ]
  done
  program dracut 'cat "$makes" >"$2.tmp" && mv "$2.tmp" "$2"'
  rebuild
  ends 0 'is new'
  is_image "$image" second
  nothing_left
}

@test "ended by a signal while dracut writes FILE.tmp nothing is left" {
  program dracut 'echo half >"$2.tmp"; kill -TERM $PPID; sleep 0.2; exit 1'
  rebuild
  is_image "$image" first
  nothing_left
}

@test "an image whose compression nothing here unpacks: killed in place, the one before is put back all the same" {
  in_place
  printf 'no magic: the one before' >"$image"
  program update-initramfs 'printf "no magic: half" >"$image"; touch "$BATS_TEST_TMPDIR/begun"; sleep 20'
  killed
  [ "$(<"$image")" = 'no magic: half' ]
  [ "$(<"$old")" = 'no magic: the one before' ]
  program update-initramfs 'exit 1'
  rebuild
  ends 1 'was cut off or damaged; the one before it'
  [ "$(<"$image")" = 'no magic: the one before' ]
  nothing_left
  # one that was written whole before the kill stays
  program update-initramfs 'cat "$makes" >"$image"; touch "$BATS_TEST_TMPDIR/begun"; sleep 20'
  killed
  program update-initramfs 'exit 1'
  rebuild
  is_image "$image" second
  nothing_left
}

@test "killed in the middle of writing in place, the one before is put back first, and is never lost" {
  in_place
  program update-initramfs "$half; cut \"\$image\""
  killed
  [ "$(stat -c %s "$image")" = 200000 ]
  is_image "$old" first
  # Twice, and a run that fails: the half image never becomes the one that is kept.
  killed
  is_image "$old" first
  program update-initramfs 'head -c 1000 "$makes" >"$image"; exit 1'
  rebuild
  ends 1 'was cut off or damaged; the one before it'
  ends 1 'is again what it was'
  is_image "$image" first
  program update-initramfs 'cat "$makes" >"$image"'
  rebuild
  ends 0 'is new'
  is_image "$image" second
  is_image "$old" first
  nothing_left
}

@test "a generator that was killed when it had removed the image: the one before returns" {
  in_place
  mv "$image" "$old"
  program update-initramfs 'exit 1'
  rebuild
  ends 1 'is in its place again'
  is_image "$image" first
}

@test "ended by a signal while a generator writes in place, the one before is put back at once" {
  in_place
  program update-initramfs 'head -c 1000 "$makes" >"$image"; kill -TERM $PPID; sleep 0.2'
  rebuild
  ends 143 'is again what it was'
  is_image "$image" first
}

@test "a broken image is never kept over a whole one, nor is one that nothing is known of" {
  cp "$image" "$old"
  head -c 100000 "$BATS_TEST_TMPDIR/second" >"$image"
  program dracut 'exit 1'
  rebuild
  ends 1 'is in its place again'
  is_image "$image" first
  # Both broken: there is nothing to put back, and nothing to keep.
  head -c 100000 "$BATS_TEST_TMPDIR/second" >"$image"
  rm -f "$old"
  program dracut 'cat "$makes" >"$2"'
  rebuild
  ends 0 'is new, with sshd in it'
  [ ! -e "$old" ]
  is_image "$image" second
  cp "$BATS_TEST_TMPDIR/first" "$old"
  echo 'what is this' >"$image"
  rebuild
  ends 0 'is new'
  is_image "$old" first
}

@test "an image that dracut cut off is not used, whatever lsinitrd says of it" {
  program dracut 'head -c 390000 "$makes" >"$2"'
  program lsinitrd "cat '$BATS_TEST_TMPDIR/good'"
  rebuild
  ends 1 'is cut off or damaged; is'
  is_image "$image" first
  nothing_left
}

@test "what a copy needs to outlive a power cut is on the disk before the generator begins" {
  in_place
  program sync 'exec /usr/bin/sync "$@"'
  program update-initramfs 'cat "$makes" >"$image"'
  rebuild
  ends 0 'is new'
  [[ $(sed -n 1p "$calls") == 'sync -- /boot/dracut-sshd-initramfs-6.1.0-1.img.old.new' ]]
  [[ $(sed -n 2p "$calls") == 'sync -- /boot/dracut-sshd-initramfs-6.1.0-1.img.writing' ]]
  [[ $(sed -n 3p "$calls") == update-initramfs* ]]
}

@test "an update-initramfs that is dracut's own is not needed: the image is built aside" {
  in_place
  program update-initramfs 'if dracut ${OPTS} --force "${initramfs}"; then :; fi'
  rebuild
  ends 0 'is new'
  [[ $(<"$calls") == 'dracut --force /boot/.dracut-sshd.'* ]]
  program dracut 'head -c 1000 "$makes" >"$2"; exit 1'
  rebuild
  ends 1 'was not touched'
  is_image "$image" second
  # What it does besides is done: boot loaders that do not read the file have their hooks there.
  mkdir -p "$root/etc/initramfs/post-update.d"
  program run-parts :
  rebuild
  [[ $(<"$calls") != *run-parts* ]]
  program dracut 'cat "$makes" >"$2"'
  rebuild
  ends 0 ''
  [ "$(tail -n 1 "$calls")" = "run-parts --arg=6.1.0-1 --arg=/boot/initramfs-6.1.0-1.img /etc/initramfs/post-update.d" ]
  program run-parts 'exit 1'
  rebuild
  ends 1 'what boots next may be the old one'
}

@test "so with a kernel-install whose initramfs is dracut's; with another generator, a plugin switched off or a unified image it is asked" {
  echo GENERATOR=kernel-install >"$root/etc/dracut-sshd/initrd.conf"
  plugin=$root/usr/lib/kernel/install.d/50-dracut.install
  mkdir -p "${plugin%/*}" "$root/etc/kernel/install.d" && touch "$plugin" && chmod 755 "$plugin"
  program kernel-install 'cat "$makes" >"$image"'
  asks() { : >"$calls" && rebuild && ends 0 '' && [[ $(<"$calls") == "$1"* ]] || { echo "$output" && cat "$calls" && return 1; }; }
  asks 'dracut --force'
  printf '# mine\ninitrd_generator=dracut\nlayout=bls\n' >"$root/etc/kernel/install.conf"
  asks 'dracut --force'
  echo 'initrd_generator=mkosi-initrd' >"$root/etc/kernel/install.conf"
  asks 'kernel-install add'
  echo 'layout=uki' >"$root/etc/kernel/install.conf"
  asks 'kernel-install add'
  rm "$root/etc/kernel/install.conf"
  ln -s /dev/null "$root/etc/kernel/install.d/50-dracut.install"
  asks 'kernel-install add'
}
