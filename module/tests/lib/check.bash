# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
#
# For dracut-sshd-check: the fake system of rebuild.bash with an sshd, keys and configuration in it. An "image" is a text file:
# what lsinitrd lists, then a line "sources", then what the record of its sources holds.

load lib/rebuild
load lib/roots

setup_check() {
  setup_rebuild
  initdir=$BATS_TEST_TMPDIR/unused
  mkdir -p "$initdir"
  make_root debian13
  image=$root/boot/initramfs-6.1.0-1.img newest=$root/boot/initramfs-6.12.0-2.img
  # dracut-sshd-rebuild is beside dracut-sshd-check; its dracut writes what the module would write.
  program lsinitrd 'if [[ $1 == -f ]]; then [[ $2 != usr/lib/dracut-sshd/sources ]] || sed "1,/^sources\$/d" "$3"; else sed "/^sources\$/,\$d" "$1"; fi'
  program dracut 'make_image >"$2"'
  export -f make_image
  export here=$BATS_TEST_DIRNAME/..
  make_image >"$image"
  make_image >"$newest"
}

# make_image: prints an image that is made of what is there now.
make_image() {
  cat "$BATS_TEST_TMPDIR/good"
  echo sources
  dracutsysrootdir=$root moddir=$here/46sshd bash -c '
    for part in host seal config-files network-settings networkd-files hold digests; do . "$here/46sshd/$part.sh"; done
    sshd_sources'
}

check() { run env PATH="$bin:/usr/bin:/bin" bash "$here/dracut-sshd-check" "$@"; }
