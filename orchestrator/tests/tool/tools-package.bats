#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The package dracut-sshd-tools: each format's own tool takes its recipe. That they build is seen by e2e.tools.

# each @test is a subshell
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

setup() { out=$BATS_TEST_TMPDIR/out; }

# make RELEASE...: the recipes and source packages, into $out; a tool that is missing skips the test
make() {
  run --separate-stderr "$project/ci/tools-package" --source --packager "$packager" --out "$out" "$@"
  echo "$output" "$stderr"
  if [ "$status" -eq 77 ]; then skip "${output##*SKIPPED: }"; fi
}

@test "source packages are the same twice, whatever the umask and the time zone" {
  local first=$out
  make debian:12 debian:14 ubuntu fedora suse rhel:9
  [ "$status" -eq 0 ]
  out=$BATS_TEST_TMPDIR/again
  umask 077
  TZ=Asia/Tokyo make debian:12 debian:14 ubuntu fedora suse rhel:9
  [ "$status" -eq 0 ]
  rm -f "$first"/*.log "$out"/*.log
  diff -r "$first" "$out"
  [ "$(find "$out" -name '*.dsc' | wc -l)" -eq 3 ]
  [ "$(find "$out" -name '*.src.rpm' | wc -l)" -eq 3 ]
}

@test "the tarball holds the program's source and nothing of the machine, and no test" {
  make debian:13
  [ "$status" -eq 0 ]
  local list top
  list=$(tar --numeric-owner -tvzf "$out"/debian-13/*.orig.tar.gz)
  top=$(awk '{ print $6 }' <<<"$list" | cut -d / -f 1 | sort -u)
  [[ $top == dracut-sshd-tools-* ]]
  [ "$(awk '{ print $2 }' <<<"$list" | sort -u)" = 0/0 ]
  [ "$(awk '{ print $4, $5 }' <<<"$list" | sort -u | wc -l)" -eq 1 ]
  for file in CMakeLists.txt CHANGELOG.md LICENSES/GPL-3.0-or-later.txt orchestrator/src/boot/dracut_sshd.cpp orchestrator/man/dracut-sshd.1; do
    grep -qE " $top/$file\$" <<<"$list"
  done
  run grep -E "/(tests|package|build|debian)/" <(grep -v "/orchestrator/src/" <<<"$list")
  [ "$status" -eq 1 ]
}

@test "one spec serves Fedora, RHEL and SUSE, and differs in what it needs" {
  make fedora rhel:9 suse
  [ "$status" -eq 0 ]
  cmp "$out"/fedora-*/*.spec "$out"/rhel-9/*.spec
  cmp "$out"/fedora-*/*.spec "$out"/suse-*/*.spec
  # the spec of an SRPM is parsed by the rpm of the machine that asks: what is written into the SRPM's head was asked there
  [[ $(rpm_says "$(echo "$out"/fedora-*/*.src.rpm)" --requires) == *json-devel* ]]
  [[ $(rpm_says "$(echo "$out"/suse-*/*.src.rpm)" --requires) == *nlohmann_json-devel* ]]
}

@test "RHEL 8 and Leap 15 are refused, with the reason" {
  for release in rhel:8 suse:15.6; do
    make "$release"
    [ "$status" -eq 1 ]
    [[ $stderr == *"is not for "*"too old for it"* ]]
    [ ! -e "$out/${release/:/-}" ]
  done
}

@test "makepkg takes the PKGBUILD, and shellcheck finds nothing in it" {
  make arch
  [ "$status" -eq 0 ]
  grep -qx 'pkgbase = dracut-sshd-tools' "$out"/arch-*/.SRCINFO
  grep -qx '	optdepends = dracut-sshd: .*' "$out"/arch-*/.SRCINFO
  # makepkg reads the variables, and sets those that are not assigned
  shellcheck --shell bash --exclude SC2034,SC2154,SC2164 "$out"/arch-*/PKGBUILD
}

@test "portage takes the ebuild, and pkgcheck finds nothing in it" {
  make gentoo
  [ "$status" -eq 0 ]
  [[ $output == *"pkgcheck: nothing"* ]]
  grep -q '^DIST dracut-sshd-tools-.*tar.gz ' "$out"/gentoo-*/Manifest
}

@test "what does not exist is refused before anything is written" {
  make debian:13 debian:11
  [ "$status" -eq 2 ]
  make nolinux
  [ "$status" -eq 2 ]
  make ../distros/fedora
  [ "$status" -eq 2 ]
  [ ! -e "$out" ]
}
