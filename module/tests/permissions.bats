#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who can read an image.
# shellcheck disable=SC1091,SC2154,SC2317

setup() {
  # shellcheck source=../46sshd/permissions.sh
  . "$BATS_TEST_DIRNAME/../46sshd/permissions.sh"
  # bats's own folder is for its user alone.
  folder=$(mktemp -d /tmp/readers.XXXXXX)
  chmod 755 "$folder"
  image=$folder/initrd.img
  printf x >"$image"
  mount='/ ext4 rw,relatime'
  findmnt() { printf '%s\n' "$mount"; }
}
teardown() { rm -rf "$folder"; }

@test "a file for root alone is" {
  chmod 600 "$image"
  run sshd_readable_by_others "$image"
  [ "$status" -eq 1 ]
}

@test "one that others may read is not" {
  chmod 644 "$image"
  [[ $(sshd_readable_by_others "$image") == *"chmod 0600 $image"* ]]
}

@test "a closed folder above it is enough" {
  chmod 644 "$image"
  chmod 700 "$folder"
  run sshd_readable_by_others "$image"
  [ "$status" -eq 1 ]
}

@test "a file system without modes shows what its mask leaves" {
  chmod 600 "$image"
  mount='/boot vfat rw,relatime,fmask=0022,dmask=0022,codepage=437'
  [[ $(sshd_readable_by_others "$image") == *'/boot (vfat, fmask=0022)'*'fmask=0077'* ]]
  mount='/boot vfat rw,relatime,fmask=0077,dmask=0077,codepage=437'
  run sshd_readable_by_others "$image"
  [ "$status" -eq 1 ]
}

@test "the build says so, loudly" {
  dwarn() { printf 'dwarn: %s\n' "$*"; }
  outfile=$image
  chmod 644 "$image" # the old one's mode, which goes with it
  run sshd_warn_of_readers
  [ "$status" -eq 0 ] && [ -z "$output" ]
  mount='/boot vfat rw,fmask=0022'
  run sshd_warn_of_readers
  [[ $output == 'dwarn: dracut-sshd: others than root can READ THIS IMAGE'* ]]
}
