#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that is whole is known by its bytes, and so is one that was cut off.
# shellcheck disable=SC2154

load lib/rebuild
load lib/archive

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  # The machine's own would have its say.
  mkdir bin && printf '#!/bin/sh\nexit 4\n' >bin/dracut-sshd && chmod 755 bin/dracut-sshd
  PATH=$PWD/bin:$PATH
  # shellcheck source=../46sshd/image-state.sh
  . "$BATS_TEST_DIRNAME/../46sshd/image-state.sh"
  make_tree tree word
}

is() { [[ $(image_state "$2") == "$1" ]] || { echo "$2 is $(image_state "$2"), not $1" && return 1; }; }

@test "of each kind of compression, with and without an archive before it, the whole one is whole and the cut one broken" {
  for kind in plain gzip zstd xz lz4 bzip2; do
    type -P "${kind/plain/cat}" >/dev/null || continue
    for early in '' early; do
      pack tree "$kind" "$early" >image
      is whole image
      for percent in 1 5 30 60 98; do
        cut_off image "$percent" >part
        is broken part
      done
    done
  done
}

@test "where the part that is compressed never came, what is before it does not do" {
  pack tree zstd early >image
  size=$(cd early && find . -print0 | LC_ALL=C sort -z | cpio -o0 -Hnewc --quiet | wc -c)
  head -c "$size" image >part
  is broken part
}

@test "three archives in a row are one image, as initramfs-tools makes it" {
  make_tree more more
  { pack tree plain early && pack more plain && pack tree gzip; } >image
  is whole image
  cut_off image 90 >part
  is broken part
}

@test "the word that ends an archive may be in a file of it" {
  printf 'TRAILER!!!' >tree/usr/a
  pack tree plain >image
  is whole image
  cut_off image 50 >part
  is broken part
}

@test "a file that is empty, or whose bytes never came to the disk, is broken" {
  : >image
  is broken image
  head -c 100000 /dev/zero >image
  is broken image
  for kind in gzip zstd; do
    pack tree "$kind" >image
    dd if=/dev/zero of=image bs=1000 seek=100 count=50 conv=notrunc status=none
    is broken image
  done
}

@test "zeros at the end are no fault, and what is no image is not called broken" {
  pack tree gzip >image
  head -c 3000 /dev/zero >>image
  is whole image
  echo 'no image' >image
  is unknown image
  is unknown nowhere
}

@test "a compressor that is not there, and bytes that follow, make nobody sure" {
  pack tree zstd >image
  echo more >>image
  is unknown image
  mkdir few && for name in od tr tail stat grep cat cpio sed; do ln -s "$(type -P "$name")" few/; done
  pack tree zstd >image
  run env PATH="$PWD/few" "$BASH" -c ". \"$BATS_TEST_DIRNAME/../46sshd/image-state.sh\"; image_state image"
  [ "$output" = unknown ]
}

@test "what dracut-sshd(1) says of the file is believed" {
  pack tree gzip >image
  printf '#!/bin/sh\necho "error    image.whole   at byte 7: it ends"\nexit 1\n' >bin/dracut-sshd
  is broken image
  printf '#!/bin/sh\necho "error    keys.modes   sshd passes over keys"\nexit 1\n' >bin/dracut-sshd
  cut_off image 50 >part
  is whole part
}
