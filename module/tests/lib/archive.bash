# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154
#
# Real images for the tests of dracut-sshd-rebuild and dracut-sshd-check: cpio archives, plain and compressed, with and without one for the
# processor's microcode before them.

# make_tree FOLDER WORD: what is in an image; WORD tells one from another. Most of it does not compress.
make_tree() {
  mkdir -p "$1"/{usr/sbin,usr/lib/systemd/system,usr/lib/dracut-sshd,etc/ssh,root/.ssh}
  printf '%s\n' "$2" >"$1/init"
  head -c 400000 /dev/urandom >"$1/usr/sbin/sshd"
  printf '[Service]\n' >"$1/usr/lib/systemd/system/sshd.service"
  printf 'key\n' >"$1/etc/ssh/ssh_host_ed25519_key"
  cat "${key:-/dev/null}" >"$1/root/.ssh/authorized_keys"
}

# pack FOLDER COMPRESSOR [early]: prints the image.
pack() {
  local folder=$1 early
  if [[ ${3-} ]]; then
    early=$BATS_TEST_TMPDIR/early
    mkdir -p "$early/kernel/x86/microcode" && head -c 20000 /dev/urandom >"$early/kernel/x86/microcode/GenuineIntel.bin"
    (cd "$early" && find . -print0 | LC_ALL=C sort -z | cpio -o0 -Hnewc --quiet)
  fi
  (cd "$folder" && find . -print0 | LC_ALL=C sort -z | cpio -o0 -Hnewc --quiet) | case $2 in
    plain) cat ;;
    zstd) zstd -qc ;;
    *) "$2" -c ;;
  esac
}

# real_lsinitrd: one that reads such images, as lsinitrd does: by the first bytes, without a word about what is cut off.
real_lsinitrd() {
  program lsinitrd 'name=""
if [[ $1 == -f ]]; then name=$2; shift 2; fi
case $(od -An -tx1 -N 4 "$1" | tr -d " ") in
  1f8b*) cat=zcat ;;
  28b52ffd) cat="zstd -dcq" ;;
  *) cat=cat ;;
esac
if [[ $name ]]; then $cat "$1" 2>/dev/null | cpio -i --quiet --to-stdout "$name" "./$name" 2>/dev/null
else $cat "$1" 2>/dev/null | cpio -itv --quiet 2>/dev/null; fi; exit 0'
}

# word_of FILE: which image it is.
word_of() { zstd -dcq "$1" 2>/dev/null | cpio -i --quiet --to-stdout ./init 2>/dev/null; }

# cut FILE PERCENT: what is left of one whose writing ended in the middle.
cut_off() { head -c $(($(stat -c %s "$1") * $2 / 100)) -- "$1"; }

# setup_real: the fake system of rebuild.bash with real images: $BATS_TEST_TMPDIR/first is the one that is there, "second" what is built.
setup_real() {
  setup_rebuild
  key=$BATS_FILE_TMPDIR/key
  [[ -e $key.pub ]] || ssh-keygen -q -t ed25519 -N '' -C admin@laptop -f "$key"
  key+=.pub
  for name in first second; do
    make_tree "$BATS_TEST_TMPDIR/tree" "$name"
    pack "$BATS_TEST_TMPDIR/tree" zstd >"$BATS_TEST_TMPDIR/$name"
  done
  real_lsinitrd
  image=$root/boot/initramfs-6.1.0-1.img old=$root/boot/dracut-sshd-initramfs-6.1.0-1.img.old
  cp "$BATS_TEST_TMPDIR/first" "$image"
  makes=$BATS_TEST_TMPDIR/second
  export image old makes
}

# is_image FILE NAME
is_image() { cmp -- "$BATS_TEST_TMPDIR/$2" "$1" || { ls -lA "$root/boot" && return 1; }; }

# killed: starts the program, and kills it and all that it has started when $BATS_TEST_TMPDIR/begun is there.
killed() {
  rm -f "$BATS_TEST_TMPDIR/begun"
  PATH="$bin:/usr/bin:/bin" setsid bash "$BATS_TEST_DIRNAME/../dracut-sshd-rebuild" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
  local leader=$! i
  for ((i = 0; i < 200; i++)); do
    [[ ! -e $BATS_TEST_TMPDIR/begun ]] || break
    sleep 0.05
  done
  [[ -e $BATS_TEST_TMPDIR/begun ]] || { cat -- "$BATS_TEST_TMPDIR/said" && return 1; }
  kill -KILL -- "-$leader"
  wait "$leader" || true
}
