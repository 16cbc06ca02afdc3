#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# orchestrator submit --to copr, by the real copr-cli, to a copr of the test's own on the loopback address; and the way by which copr
# itself makes the source package of a checkout.

bats_require_minimum_version 1.5.0
load common

setup_file() {
  build "$BATS_FILE_TMPDIR/dist" --distro fedora:45 --distro rhel:10 >&2
}
setup() {
  copr=$BATS_TEST_TMPDIR/copr
  clients=$project/build/clients/bin
  mkdir -p "$copr"
  if [[ $BATS_TEST_DESCRIPTION == copr:* ]]; then
    [ -x "$clients/copr-cli" ] || skip "copr-cli is not installed (ci/deps test)"
    "$BATS_TEST_DIRNAME/services/copr-server" "$copr" 3>&- &
    server=$!
    for _ in {1..100}; do [ -e "$copr/port" ] || sleep 0.1; done
    account s3cret-token
  fi
}
teardown() {
  [ -z "${server:-}" ] || kill "$server"
}

# account TOKEN
account() {
  printf '[copr-cli]\nusername = tester\nlogin = tester\ntoken = %s\ncopr_url = http://127.0.0.1:%s\nencrypted = false\n' \
    "$1" "$(<"$copr/port")" >"$copr/config"
}
# submit [ARGUMENT...]
submit() {
  local -a where=(--project "$project") place=(--to copr=tester/sshd) into=(--out "$BATS_FILE_TMPDIR/dist")
  [[ " $* " == *" --project "* ]] && where=()
  [[ " $* " == *" --to "* ]] && place=()
  [[ " $* " == *" --out "* ]] && into=()
  local -a which=(--distro fedora:45) what=(--package module)
  [[ " $* " == *" --distro "* ]] && which=()
  [[ " $* " == *" --package "* ]] && what=()
  run --separate-stderr "$orchestrator" submit "${place[@]}" "${where[@]}" "${into[@]}" --tools "$tools" --packager "$packager" \
    --config "$copr/config" "${which[@]}" "${what[@]}" "$@"
  echo "status $status"
  echo "$output"
  echo "$stderr"
}
uploads() { find "$copr/uploads" -type f | wc -l; }

@test "copr: one source package of each distribution and package is built in all of its chroots, and a second submit does nothing" {
  local -a both=(--distro fedora:45 --distro rhel:10 --package module --package tools)
  submit "${both[@]}"
  [ "$status" -eq 0 ]
  same 4 "$(uploads)"
  [[ $output == *'fedora-45-aarch64'*succeeded* && $output == *'epel-10-x86_64'*succeeded* ]]
  [[ $stderr == *'fedora-45-x86_64: running'* ]]
  local file name
  for file in fedora-45:fc45 rhel-10:el10; do
    for name in dracut-sshd dracut-sshd-tools; do
      cmp "$BATS_FILE_TMPDIR/dist/${file%:*}${name#dracut-sshd}/$name"-1.0.0-*.src.rpm "$copr"/uploads/*"-$name-1.0.0-"*."${file#*:}".src.rpm
    done
  done

  submit "${both[@]}" --json
  [ "$status" -eq 0 ]
  same 4 "$(uploads)"
  [ "$(grep -c '"verdict": "there already"' <<<"$output")" -eq 4 ]
  # nobody is told the token
  run ! grep -rqF s3cret-token "$BATS_FILE_TMPDIR/dist" "$copr/requests"
}

@test "copr: a build that fails is told, and may be tried again" {
  touch "$copr/fail"
  submit
  [ "$status" -eq 1 ]
  [[ $output == *FAILED* && $stderr == *'fedora-45-x86_64: failed'* ]]
  rm "$copr/fail"
  submit --no-wait
  [ "$status" -eq 0 ]
  [[ $output == *submitted* || $output == *'there already'* ]]
}

@test "copr: a wrong token is an error, and is not tried again" {
  account expired
  submit
  [ "$status" -eq 1 ]
  [[ $stderr == *'Login invalid/expired'*'HTTP 401'* && $stderr == *'hint: copr knows you by the token'* ]]
  [[ $stderr != *'trying again'* ]]
  same 0 "$(uploads)"
}

@test "copr: where it says that it is too busy, or is not well, it is asked again" {
  printf '%s\n' 'monitor 503' 'upload 429' >"$copr/faults"
  submit --no-wait
  [ "$status" -eq 0 ]
  [[ $stderr == *'HTTP 503); trying again in '*'(2 of 5)'* && $stderr == *'Slow down. (HTTP 429); trying again'* ]]
  same 1 "$(uploads)"
}

@test "copr: it gives up in the end" {
  printf 'monitor 500\n%.0s' 1 2 3 >"$copr/faults"
  submit --tries 2
  [ "$status" -eq 1 ]
  [[ $stderr == *'tried 2 times'* ]]
  same 0 "$(uploads)"
}

@test "copr: an upload that is cut off is made again" {
  printf '%s\n' 'upload cut' >"$copr/faults"
  submit --no-wait
  [ "$status" -eq 0 ]
  [[ $stderr == *'trying again'* ]]
  same 1 "$(uploads)"
}

@test "copr: an upload whose answer was lost is not made twice" {
  printf '%s\n' 'upload lost' >"$copr/faults"
  submit
  [ "$status" -eq 0 ]
  [[ $stderr == *'it is there, and being built'* ]]
  same 1 "$(uploads)"
}

@test "copr: a project that is not there is told, with the command that makes it" {
  submit --to copr=tester/other
  [ "$status" -eq 1 ]
  [[ $stderr == *'Project tester/other does not exist'* && $stderr == *'copr-cli create --chroot fedora-45-'*' tester/other'* ]]
}

@test "copr: a source package of the tools that was changed is not uploaded on the word of dist/manifest.json" {
  local top=$BATS_TEST_TMPDIR/top folder=$BATS_TEST_TMPDIR/dist/fedora-45-tools
  mkdir -p "$BATS_TEST_TMPDIR/dist" "$top"/{SOURCES,SPECS,SRPMS}
  cp -a "$BATS_FILE_TMPDIR/dist/fedora-45-tools" "$folder"
  (cd "$top/SOURCES" && rpm2cpio "$folder"/*.src.rpm | cpio --quiet -i && mv ./*.spec ../SPECS/)
  sed -i 's#^%cmake_build#&\ntouch /ran#' "$top"/SPECS/*.spec
  grep -qx 'touch /ran' "$top"/SPECS/*.spec
  rpmbuild --quiet -bs --nodeps --define "_topdir $top" --define 'dist .fc45' "$top"/SPECS/*.spec
  mv "$top"/SRPMS/*.src.rpm "$folder/$(cd "$folder" && echo ./*.src.rpm)"
  forge_proof "$folder"
  submit --package tools --out "$BATS_TEST_TMPDIR/dist"
  [ "$status" -eq 1 ]
  same 0 "$(uploads)"
}

@test "a release past its end is refused with the day, and what copr does not build too" {
  submit --distro suse:15.6
  [ "$status" -eq 2 ]
  [[ $stderr == *'its support ended on 2026-04-30'* ]]
  submit --distro debian:13
  [ "$status" -eq 2 ]
  [[ $stderr == *'copr builds nothing for Debian'* ]]
  submit --distro 'suse:*' --dry-run
  [ "$status" -eq 0 ]
  [[ $stderr == *'its support ended on 2026-04-30; skipped'* && $output != *leap-15.6* ]]
}

@test "a client that is missing is named with its package" {
  ! type -P copr-cli >/dev/null || skip "copr-cli is installed on this machine"
  copy_project "$BATS_TEST_TMPDIR/elsewhere"
  submit --project "$BATS_TEST_TMPDIR/elsewhere" --out "$BATS_TEST_TMPDIR/dist"
  [ "$status" -eq 3 ]
  [[ $stderr == *'missing: copr-cli (package copr-cli)'* ]]
}

@test "of a clean checkout, make makes the source package that the spec's name says, and the module's builds with nothing but dist and a release's own macros defined" {
  local tree=$BATS_TEST_TMPDIR/clean out=$BATS_TEST_TMPDIR/out
  copy_project "$tree"
  cp -r "$project/.copr" "$project/ci" "$tree/"
  mkdir -p "$out" "$BATS_TEST_TMPDIR/home"
  # As copr calls it: in the checkout, with a spec that is empty; nothing of the user's or the machine's in the environment.
  srpm() {
    env -i HOME="$BATS_TEST_TMPDIR/home" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      make -C "$tree" -f "$tree/.copr/Makefile" srpm outdir="$1" spec="$2" ORCHESTRATOR="$orchestrator"
  }
  srpm "$out" ""
  [[ $(ls "$out") == dracut-sshd-1.0.0-1.fc*.src.rpm ]]
  local spec name
  for spec in rhel.spec:dracut-sshd:el module/suse.spec:dracut-sshd: tools/fedora.spec:dracut-sshd-tools:fc tools/rhel.spec:dracut-sshd-tools:el; do
    rm -rf "$BATS_TEST_TMPDIR/other"
    srpm "$BATS_TEST_TMPDIR/other" "${spec%%:*}"
    name=${spec#*:}
    [[ $(ls "$BATS_TEST_TMPDIR/other") == "${name%:*}"-1.0.0-1*".${name#*:}"*.src.rpm ]] || {
      ls "$BATS_TEST_TMPDIR/other"
      false
    }
  done
  env -i HOME="$BATS_TEST_TMPDIR/home" PATH=/usr/bin:/bin \
    rpmbuild --rebuild --nodeps --load "$project/spec/host/macros" --dbpath "$BATS_TEST_TMPDIR/db" --define "_topdir $BATS_TEST_TMPDIR/top" --define 'dist .fc99' "$out"/*.src.rpm >"$out/log" 2>&1 || {
    tail "$out/log"
    false
  }
  same 'dracut-sshd-1.0.0-1.fc99.noarch.rpm' "$(basename "$BATS_TEST_TMPDIR"/top/RPMS/noarch/*.rpm)"
  rpm_says "$BATS_TEST_TMPDIR"/top/RPMS/noarch/*.rpm --list >"$out/files"
  grep -q '/dracut/modules.d/46sshd/module-setup.sh$' "$out/files"
}
