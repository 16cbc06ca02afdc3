#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# orchestrator submit --to ppa, by the real dput and debsign, to a queue that reprepro takes what is signed by the right key from, and
# puts into an archive. So does Launchpad, and it refuses the same: another's signature, a version with other contents, another tarball.

bats_require_minimum_version 1.5.0
load common

both=(--distro ubuntu:26.04 --distro ubuntu:26.10)

setup_file() {
  GNUPGHOME=$(mktemp -d /tmp/submit.XXXXXX) # the name of an agent's socket has to be short
  export GNUPGHOME
  fingerprint=$("$orchestrator" key new --user 'A Packager <a@example.org>' --no-passphrase 2>/dev/null)
  stranger=$("$orchestrator" key new --user 'A Stranger <b@example.org>' --no-passphrase 2>/dev/null)
  export fingerprint stranger
}
teardown_file() {
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}
setup() {
  local tool
  for tool in dput reprepro debsign; do type -P "$tool" >/dev/null || skip "$tool is not installed (ci/deps submit test)"; done
  ppa=$BATS_TEST_TMPDIR/ppa
  dist=$BATS_FILE_TMPDIR/dist # builds are shared; what was uploaded is not
  rm -rf "$dist/for-ppa/submitted"
  mkdir -p "$ppa"/{queue,tmp,conf}
  printf '[local-ppa]\nmethod = local\nincoming = %s\nallow_unsigned_uploads = 0\n' "$ppa/queue" >"$ppa/dput.cf"
  printf 'Name: ppa\nIncomingDir: %s\nTempDir: %s\nAllow: resolute stonking\nCleanup: on_deny on_error unused_files unused_buildinfo_files\n' "$ppa/queue" "$ppa/tmp" >"$ppa/conf/incoming"
  printf 'Codename: %s\nArchitectures: source\nComponents: main\nUploaders: uploaders\n\n' resolute stonking >"$ppa/conf/distributions"
  echo "allow * by key ${fingerprint: -16}" >"$ppa/conf/uploaders"
}

# submit [ARGUMENT...]: the module, or what is asked for
submit() {
  local -a what=(--package module)
  [[ " $* " == *" --package "* ]] && what=()
  local -a where=(--project "$project") key=(--sign "$fingerprint") archive=(--archive "file://$ppa") into=(--out "$dist")
  [[ " $* " == *" --out "* ]] && into=()
  [[ " $* " == *" --project "* ]] && where=()
  [[ " $* " == *" --sign "* ]] && key=()
  [[ " $* " == *" --archive "* ]] && archive=()
  run --separate-stderr "$orchestrator" submit --to ppa=local-ppa "${where[@]}" "${key[@]}" "${archive[@]}" \
    "${into[@]}" --packager "$packager" --config "$ppa/dput.cf" "${what[@]}" "$@"
  echo "status $status"
  echo "$output"
  echo "$stderr"
}
# accept: one upload after the other, as they came in
accept() {
  local file
  while IFS= read -r file; do reprepro -b "$ppa" processincoming ppa "$file" || return; done \
    < <(find "$ppa/queue" -name '*.changes' -printf '%f\n' | LC_ALL=C sort)
}
queued() { find "$ppa/queue" -type f -printf '%f\n' | LC_ALL=C sort | paste -sd ' '; }
# changed FOLDER: the project with other contents of the same version
changed() {
  copy_project "$1"
  echo '# a comment more' >>"$1/module/46sshd/initrd.conf"
}

@test "two series are uploaded, the upstream tarball once, and are accepted; a second submit does nothing, on another machine too" {
  submit "${both[@]}"
  [ "$status" -eq 0 ]
  local first='dracut-sshd_1.0.0-1~ubuntu26.04+1~ppa1' second='dracut-sshd_1.0.0-1~ubuntu26.10+1~ppa1'
  same "$first.debian.tar.xz $first.dsc ${first}_source.buildinfo ${first}_source.changes $second.debian.tar.xz $second.dsc ${second}_source.buildinfo ${second}_source.changes dracut-sshd_1.0.0.orig.tar.gz" \
    "$(queued)"
  grep -q 'orig.tar.gz$' "$ppa/queue/${first}_source.changes"
  run ! grep -q 'orig.tar.gz$' "$ppa/queue/${second}_source.changes"
  grep -qx 'Distribution: stonking' "$ppa/queue/${second}_source.changes"

  # What was left out of the second is what dpkg-genchanges leaves out with -sd.
  cp "$ppa"/queue/* "$BATS_TEST_TMPDIR/"
  dpkg-source --no-check --no-copy -x "$BATS_TEST_TMPDIR/$second.dsc" "$BATS_TEST_TMPDIR/tree" >/dev/null
  echo "${second}_source.buildinfo admin optional" >"$BATS_TEST_TMPDIR/tree/debian/files"
  (cd "$BATS_TEST_TMPDIR/tree" && dpkg-genchanges --build=source -sd 2>/dev/null) | grep '^ [0-9a-f]\{64\} ' | sort >"$BATS_TEST_TMPDIR/theirs"
  grep '^ [0-9a-f]\{64\} ' "$ppa/queue/${second}_source.changes" | sort >"$BATS_TEST_TMPDIR/ours"
  diff "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"

  accept
  same '' "$(queued)"
  reprepro -b "$ppa" list stonking | grep -qF "1.0.0-1~ubuntu26.10+1~ppa1"

  submit "${both[@]}"
  [ "$status" -eq 0 ]
  same 2 "$(grep -c 'there already' <<<"$output")"
  same '' "$(queued)"
  rm -rf "$dist/for-ppa/submitted" # what dput has logged is on the other machine
  submit "${both[@]}"
  [ "$status" -eq 0 ]
  same 2 "$(grep -c 'there already' <<<"$output")"
  same '' "$(queued)"
}

@test "both packages are uploaded, each with its tarball, and are accepted; a second submit does nothing" {
  submit --package module --package tools --distro ubuntu:26.10
  [ "$status" -eq 0 ]
  local name
  for name in dracut-sshd dracut-sshd-tools; do
    [ -s "$ppa/queue/${name}_1.0.0.orig.tar.gz" ]
    gpg --batch --quiet --verify "$ppa/queue/${name}_1.0.0-1~ubuntu26.10+1~ppa1_source.changes"
  done
  accept
  same '' "$(queued)"
  same 'dracut-sshd dracut-sshd-tools' "$(reprepro -b "$ppa" list stonking | awk '{ print $2 }' | sort | paste -sd ' ')"
  submit --package module --package tools --distro ubuntu:26.10
  [ "$status" -eq 0 ]
  same 2 "$(grep -c 'there already' <<<"$output")"
  same '' "$(queued)"
}

@test "an interrupted submit goes on: what was uploaded is not uploaded again, and the tarball neither" {
  submit --distro ubuntu:26.04
  [ "$status" -eq 0 ]
  rm "$ppa"/queue/*
  submit "${both[@]}"
  [ "$status" -eq 0 ]
  same 4 "$(queued | wc -w)"
  [[ $(queued) == *26.10* && $(queued) != *orig* ]]
}

@test "a signature by a key that the queue does not know is refused, and so is a .changes that was touched" {
  submit --distro ubuntu:26.04 --sign "$stranger"
  [ "$status" -eq 0 ]
  run accept
  [ "$status" -ne 0 ]
  [[ $output == *"refused"* || $output == *"No distribution accepting"* || $output == *"not allowed"* ]]
  run reprepro -b "$ppa" list resolute
  same '' "$output"

  rm -rf "$dist/for-ppa/submitted" "$ppa"/queue/*
  submit --distro ubuntu:26.04
  sed -i 's/^Urgency: .*/Urgency: high/' "$ppa"/queue/*.changes
  run accept
  [ "$status" -ne 0 ]
}

@test "a version that is there with other contents is refused, here and by the queue; so is another upstream tarball" {
  submit --distro ubuntu:26.04
  accept
  rm -rf "$dist/for-ppa/submitted"

  # another tarball, in a new revision
  changed "$BATS_TEST_TMPDIR/other"
  submit --distro ubuntu:26.04 --project "$BATS_TEST_TMPDIR/other" --out "$BATS_TEST_TMPDIR/dist" --revision 2
  [ "$status" -eq 1 ]
  [[ $stderr == *'local-ppa has another dracut-sshd_1.0.0.orig.tar.gz'*'--source FILE'* ]]
  submit --distro ubuntu:26.04 --project "$BATS_TEST_TMPDIR/other" --out "$BATS_TEST_TMPDIR/dist" --revision 2 --archive none
  [ "$status" -eq 0 ]
  run accept
  [ "$status" -ne 0 ]
  [[ $output == *orig.tar.gz* ]]
  rm -f "$ppa"/queue/*

  # the same tarball and version, another packaging
  copy_project "$BATS_TEST_TMPDIR/third"
  echo '# a comment more' >>"$BATS_TEST_TMPDIR/third/debian/module/rules"
  submit --distro ubuntu:26.04 --project "$BATS_TEST_TMPDIR/third" --out "$BATS_TEST_TMPDIR/dist"
  [ "$status" -eq 1 ]
  [[ $stderr == *'already, with other contents'*'--revision N'* ]]
  submit --distro ubuntu:26.04 --project "$BATS_TEST_TMPDIR/third" --out "$BATS_TEST_TMPDIR/dist" --archive none
  [ "$status" -eq 0 ]
  run accept
  [ "$status" -ne 0 ]
}

@test "what is written for a PPA of Launchpad is what dput reads" {
  run --separate-stderr "$orchestrator" submit --to ppa=ppa:tester/sshd --project "$project" --packager "$packager" --package module --distro ubuntu:26.10 --dry-run
  [ "$status" -eq 0 ]
  sed -n '/^  writes: dput.cf$/,/^  [^ ]/s/^    //p' <<<"$output" >"$BATS_TEST_TMPDIR/dput.cf"
  run dput --config "$BATS_TEST_TMPDIR/dput.cf" --host-list
  [ "$status" -eq 0 ]
  [[ $output == *'ppa => ppa.launchpad.net  (Upload method: ftp'* ]]
  grep -qx 'incoming = ~tester/sshd/ubuntu' "$BATS_TEST_TMPDIR/dput.cf"
}

@test "without a key, or a PPA, it is refused before anything is built" {
  run "$orchestrator" submit --to ppa=ppa:tester/sshd --project "$project" --packager "$packager" --out "$BATS_TEST_TMPDIR/dist"
  [ "$status" -eq 2 ]
  [[ $output == *'--sign FINGERPRINT'* ]]
  run "$orchestrator" submit --to ppa --project "$project" --packager "$packager"
  [ "$status" -eq 2 ]
  [[ $output == *'a PPA was not named'* ]]
  run find "$BATS_TEST_TMPDIR/dist" -name '*.dsc'
  same '' "$output"
}

@test "nothing is signed or uploaded on the word of dist/manifest.json" {
  local package folder
  for package in module tools; do
    submit --distro ubuntu:26.04 --package "$package"
    [ "$status" -eq 0 ]
    rm -r "$ppa"/queue/* "$dist/for-ppa/submitted"
    folder=$dist/for-ppa/ubuntu-26.04
    [[ $package == module ]] || folder=$folder-$package
    sed -i 's/^Maintainer: .*/Maintainer: Somebody Else <else@example.org>/' "$folder"/*.dsc
    forge_proof "$folder"
    submit --distro ubuntu:26.04 --package "$package"
    [ "$status" -eq 1 ]
    [[ $stderr == *Maintainer* ]]
    same '' "$(queued)"
    rm -r "$folder"
  done
}
