#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the default build has against memory errors, as the built programs show it.
# shellcheck disable=SC2154,SC2317

bats_require_minimum_version 1.5.0
load common

setup() {
  command -v readelf >/dev/null || skip "readelf is not installed"
  programs=${BUILD_DIR:-$project/build}/orchestrator
  grep -q '^CMAKE_BUILD_TYPE:[A-Z]*=\(RelWithDebInfo\)\?$' "${BUILD_DIR:-$project/build}/CMakeCache.txt" || skip "not the default build type"
}

# each FUNCTION: for each program that was built
each() {
  local program
  for program in dracut-sshd orchestrator; do
    [ ! -x "$programs/$program" ] || "$1" "$programs/$program"
  done
}

@test "position-independent, and all addresses resolved and read-only before main()" {
  check() {
    readelf --wide --file-header "$1" | grep -q 'Type: *DYN'
    readelf --wide --program-headers "$1" | grep -q GNU_RELRO
    readelf --wide --dynamic "$1" | grep -q 'FLAGS.*BIND_NOW'
    readelf --wide --dynamic "$1" | grep -q 'FLAGS_1.*NOW.*PIE'
  }
  each check
}

@test "no writable and executable memory" {
  check() {
    readelf --wide --program-headers "$1" | grep -q 'GNU_STACK.* RW '
    ! readelf --wide --program-headers "$1" | grep -q 'RWE'
  }
  each check
}

@test "a stack that was overwritten, and a buffer that is too small, end the program" {
  check() {
    readelf --wide --dyn-syms "$1" | grep -q '__stack_chk_fail'
    readelf --wide --dyn-syms "$1" | grep -q '__[a-z]*_chk@'
    readelf --wide --dyn-syms "$1" | grep -q '__glibcxx_assert_fail'
  }
  if ! readelf --wide --dyn-syms "$programs/dracut-sshd" | grep -q GLIBC_; then skip "another C library than glibc"; fi
  each check
}
