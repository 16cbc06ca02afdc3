#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a process that was killed has left is removed by the next one, and nothing else is.

bats_require_minimum_version 1.5.0
load common

setup() {
  dist=$BATS_TEST_TMPDIR/dist
  site=$BATS_TEST_TMPDIR/site
  # The names of agents' sockets have to be short.
  short=$(mktemp -d /tmp/left.XXXXXX)
  mkdir -m 0700 "$short/tmp" "$short/gnupg"
  export TMPDIR=$short/tmp GNUPGHOME=$short/gnupg
}
teardown() {
  gpgconf --kill all
  rm -rf "$short"
}

publish() {
  "$orchestrator" publish --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" --from "$dist" --to "$site" --distro arch --package module \
    --sign "$fingerprint" --url https://packages.example.org
}
left() { find "$TMPDIR" "$dist" "$BATS_TEST_TMPDIR" -maxdepth 1 \( -name 'orchestrator-*' -o -name '.publish.*' -o -name '.site.new' -o -name .work \); }
agent_runs() { ! gpg-connect-agent --no-autostart /bye 2>&1 | grep -q 'no gpg-agent running'; }
# killed COMMAND...: started, and killed as soon as all of the patterns in `until` are there
killed() {
  setsid "$@" >/dev/null 2>&1 3>&- &
  local victim=$! pattern there
  for _ in {1..6000}; do
    there=1
    for pattern in "${until[@]}"; do compgen -G "$pattern" >/dev/null || there=; done
    [[ -z $there ]] || break
    sleep 0.01
  done
  kill -KILL -- "-$victim"
  wait "$victim" || true
  [[ -n $there ]]
}

@test "folders and the agent of a publisher that was killed go with the next one" {
  fingerprint=$("$orchestrator" key new --user 'A Packager <a@example.org>' --no-passphrase 2>/dev/null)
  build "$dist" --package module --distro arch
  export -f publish
  export orchestrator project tools packager dist site fingerprint
  until=("$TMPDIR/orchestrator-sign.*/gnupg/gpg.conf" "$TMPDIR/orchestrator-agent.*/agent" "$dist/.publish.*")
  killed bash -c publish
  echo "after the kill: $(left)"
  [ "$(left | wc -l)" -ge 3 ]
  agent_runs
  publish
  [ -z "$(left)" ]
  run ! agent_runs
  "$orchestrator" verify "$site"
}

@test "the jobs' folders of a builder that was killed go with the next one, whatever that builds" {
  until=("$dist/.work/*")
  export -f build
  export orchestrator project tools packager
  killed bash -c 'build "$1" --distro arch' _ "$dist"
  [ -n "$(left)" ]
  build "$dist" --distro fedora:44
  [ -z "$(left)" ]
}

@test "what somebody is at work in, what another user has, and what has another name stays" {
  mkdir -m 0700 "$TMPDIR"/orchestrator-{sign,gpg,out}.abcdef "$TMPDIR/orchestrator-notes" "$TMPDIR/orchestrator-rehearse.abcdef"
  mkdir "$TMPDIR/orchestrator-key.abcdef"
  ((EUID != 0)) || chown nobody "$TMPDIR/orchestrator-gpg.abcdef"
  ln -s "$TMPDIR/orchestrator-notes" "$TMPDIR/orchestrator-apt.abcdef"
  exec 9<"$TMPDIR/orchestrator-sign.abcdef"
  flock -n 9
  "$orchestrator" key list
  exec 9<&-
  kept="apt.abcdef key.abcdef notes rehearse.abcdef sign.abcdef"
  ((EUID != 0)) || kept="apt.abcdef gpg.abcdef key.abcdef notes rehearse.abcdef sign.abcdef"
  same "$kept" "$(find "$TMPDIR" -mindepth 1 -maxdepth 1 -printf '%f\n' | sed 's/orchestrator-//' | LC_ALL=C sort | paste -sd ' ')"
  "$orchestrator" key list
  [ ! -e "$TMPDIR/orchestrator-sign.abcdef" ]
}
