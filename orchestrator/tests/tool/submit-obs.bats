#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# orchestrator submit --to obs, by the real osc, to a service of the test's own on the loopback address. That OBS can build what it gets is
# ci/e2e/test_obs.py's to show.

bats_require_minimum_version 1.5.0
load common

setup_file() {
  build "$BATS_FILE_TMPDIR/dist" --distro fedora:45 --distro debian:13 >&2
}
setup() {
  type -P osc >/dev/null || skip "osc is not installed (ci/deps submit)"
  obs=$BATS_TEST_TMPDIR/obs
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$obs" "$HOME"
  "$BATS_TEST_DIRNAME/services/obs-server" "$obs" 3>&- &
  server=$!
  for _ in {1..100}; do [ -e "$obs/port" ] || sleep 0.1; done
  account s3cret
}
teardown() {
  [ -z "${server:-}" ] || kill "$server"
}
# account PASSWORD
account() {
  local url
  url=http://127.0.0.1:$(<"$obs/port")
  printf '[general]\napiurl = %s\n\n[%s]\nuser = tester\npass = %s\nallow_http = 1\n' "$url" "$url" "$1" >"$obs/oscrc"
  printf 'credentials_mgr_class = osc.credentials.PlaintextConfigFileCredentialsManager\n' >>"$obs/oscrc"
  chmod 600 "$obs/oscrc"
}
# submit [ARGUMENT...]
submit() {
  local -a where=(--project "$project") place=(--to obs=home:tester) into=(--out "$BATS_FILE_TMPDIR/dist")
  [[ " $* " == *" --project "* ]] && where=()
  [[ " $* " == *" --to "* ]] && place=()
  [[ " $* " == *" --out "* ]] && into=()
  local -a what=(--package module)
  [[ " $* " == *" --package "* ]] && what=()
  run --separate-stderr "$orchestrator" submit "${place[@]}" "${where[@]}" "${into[@]}" --packager "$packager" \
    --config "$obs/oscrc" --distro fedora:45 --distro debian:13 "${what[@]}" "$@"
  echo "status $status"
  echo "$output"
  echo "$stderr"
}
commits() { [ ! -e "$obs/commits" ] || cat "$obs/commits"; }

@test "recipes of the repositories, tarballs and patches are committed at once, and a second submit does nothing" {
  submit
  [ "$status" -eq 0 ]
  same 'dracut-sshd 1.0.0' "$(commits)"
  local name
  for name in dracut-sshd-Fedora_45.spec dracut-sshd-Debian_13.dsc dracut-sshd-1.0.0.tar.gz dracut-sshd_1.0.0.orig.tar.gz; do
    [ -s "$obs/files/$name" ] || {
      echo "no $name"
      false
    }
  done
  cmp "$obs/files/dracut-sshd-Debian_13.dsc" "$BATS_FILE_TMPDIR"/dist/debian-13/*.dsc
  # All that the recipes name is there; of an address rpm takes the last part.
  while IFS= read -r name; do
    name=${name##*/}
    [ -e "$obs/files/$(sed 's/%{name}/dracut-sshd/; s/%{version}/1.0.0/' <<<"$name")" ]
  done < <(sed -n 's/^\(Source\|Patch\)[0-9]*: *//p' "$obs/files/dracut-sshd-Fedora_45.spec")
  (cd "$obs/files" && dpkg-source --no-check --no-copy -x dracut-sshd-Debian_13.dsc "$BATS_TEST_TMPDIR/tree" >/dev/null)

  submit
  [ "$status" -eq 0 ]
  [[ $output == *'there already'* ]]
  same 1 "$(commits | wc -l)"
  run ! grep -rqF s3cret "$BATS_FILE_TMPDIR/dist" "$obs/requests"
}

@test "each package goes to the one of its name" {
  submit --package module --package tools
  [ "$status" -eq 0 ]
  same 'dracut-sshd 1.0.0 dracut-sshd-tools 1.0.0' "$(commits | sort | paste -sd ' ')"
  local name
  for name in dracut-sshd-tools-Fedora_45.spec dracut-sshd-tools-Debian_13.dsc dracut-sshd-tools-1.0.0.tar.gz dracut-sshd-tools_1.0.0.orig.tar.gz; do
    [ -s "$obs/files-tools/$name" ] || {
      ls "$obs/files-tools"
      false
    }
  done
  same '' "$(find "$obs/files" -name '*tools*')"
  submit --package module --package tools
  [ "$status" -eq 0 ]
  same 2 "$(commits | wc -l)"
  # a place of one package's takes one
  submit --package module --package tools --to obs=home:tester/dracut-sshd
  [ "$status" -eq 2 ]
  [[ $stderr == *'--package chooses one'* ]]
}

@test "what steers OBS stays, and what is of an older version goes" {
  mkdir -p "$obs/files"
  echo '<services/>' >"$obs/files/_service"
  echo old >"$obs/files/dracut-sshd-0.9.tar.gz"
  submit
  [ "$status" -eq 0 ]
  [ -e "$obs/files/_service" ]
  [ ! -e "$obs/files/dracut-sshd-0.9.tar.gz" ]
}

@test "where it is not well, or the line is cut, it is asked again" {
  printf '%s\n' 'GET/source 503' 'PUT/source 429' >"$obs/faults"
  submit
  [ "$status" -eq 0 ]
  [[ $stderr == *'HTTP 503'*'trying again'* ]]
  same 1 "$(commits | wc -l)"
}

@test "a wrong password is an error, and is not tried again" {
  account wrong
  submit
  [ "$status" -eq 1 ]
  [[ $stderr == *401* && $stderr == *'hint: osc must know your account'* && $stderr != *'trying again'* ]]
}

@test "a package that is not there is told, with the command that makes it" {
  submit --to obs=home:tester/other
  [ "$status" -eq 1 ]
  [[ $stderr == *'osc meta pkg --edit home:tester other'* ]]
}
