#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A site's key is rolled over: announced, then it signs; or the one before is revoked. By the real tools, with the real GnuPG in a
# home of the test's own. What the package managers say of it is ci/e2e/test_install.py's.

# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

# Of each release the module alone; repositories of several packages are repos.bats's.
releases=(--distro debian:13 --distro fedora:44 --distro arch --distro gentoo)

setup_file() {
  # The name of an agent's socket has to be short.
  GNUPGHOME=$(mktemp -d /tmp/rollover.XXXXXX)
  export GNUPGHOME
  export first second
  first=$("$orchestrator" key new --user 'A Packager <a@example.org>' --no-passphrase 2>/dev/null)
  second=$("$orchestrator" key new --user 'The Same Packager <b@example.org>' --no-passphrase 2>/dev/null)
  build "$BATS_FILE_TMPDIR/dist" --package module "${releases[@]}" >&2
  publish "$BATS_FILE_TMPDIR/site" "${releases[@]}" --sign "$first" --url https://packages.example.org >&2
  cp -a "$BATS_FILE_TMPDIR/site" "$BATS_FILE_TMPDIR/announced"
  publish "$BATS_FILE_TMPDIR/announced" --distro arch --next "$second" >&2
  cp -a "$BATS_FILE_TMPDIR/announced" "$BATS_FILE_TMPDIR/switched"
  publish "$BATS_FILE_TMPDIR/switched" --distro arch --sign "$second" >&2
}
teardown_file() {
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}
setup() {
  site=$BATS_TEST_TMPDIR/site
}

# publish SITE [ARGUMENT...]
publish() {
  local to=$1
  shift
  "$orchestrator" publish --package module --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" --from "$BATS_FILE_TMPDIR/dist" --to "$to" "$@"
}
# begin STATE: the test's own copy of a site
begin() { cp -a "$BATS_FILE_TMPDIR/$1" "$site"; }
# keys FILE: the fingerprints of the primary keys in it
keys() { gpg --batch --with-colons --show-keys "$1" | awk -F: '$1 == "pub" { wanted = 1 } $1 == "fpr" && wanted { print $10; wanted = 0 }'; }
# signers SIGNATURE [FILE]: who has signed
signers() { gpg --batch --status-fd 1 --verify "$@" 2>/dev/null | sed -n 's/^\[GNUPG:\] VALIDSIG \([0-9A-F]*\) .*/\1/p'; }
said() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2]))' "$1/catalog.json" "$2"; }
# mine ACTION...: with a home of the test's own, in which both keys are
mine() {
  local home=$GNUPGHOME
  gpgconf --kill gpg-agent
  GNUPGHOME=$(mktemp -d /tmp/mine.XXXXXX)
  cp -a "$home/." "$GNUPGHOME/"
  echo "$GNUPGHOME" >>"$BATS_TEST_TMPDIR/homes"
}
teardown() {
  [ ! -e "$BATS_TEST_TMPDIR/homes" ] || while read -r home; do
    GNUPGHOME=$home gpgconf --kill all
    rm -rf "$home"
  done <"$BATS_TEST_TMPDIR/homes"
}
revoke() { sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$1.rev" | gpg --batch --quiet --import; }

@test "an announced key lies beside the present one wherever clients fetch it, and signs nothing" {
  begin announced
  local file
  for file in "$site/dracut-sshd.asc" "$site/fedora/44/repodata/repomd.xml.key"; do
    same "$first $second" "$(keys "$file" | paste -sd ' ')"
    # apt reads the first block of a file alone.
    same 1 "$(grep -c -- '-----BEGIN' "$file")"
  done
  same "$second" "$(said "$site" next_key)"
  same "$first" "$(said "$site" key)"
  for file in SHA256SUMS.asc debian/dists/trixie/Release.gpg fedora/44/repodata/repomd.xml.asc arch/rolling/dracut-sshd.db.sig; do
    case $file in *.asc | *.sig) content=${file%.*} ;; *) content=${file%.gpg} ;; esac
    same "$first" "$(signers "$site/$file" "$site/$content")"
  done
  grep -q 'It will be followed by this key' "$site/index.html"
  grep -q "$(sed 's/..../& /g; s/ $//' <<<"$second")" "$site/index.html"
  grep -q -- "pacman-key --lsign-key $first $second" "$site/index.html"
  run --separate-stderr "$orchestrator" verify "$site"
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $output == *"signed with $first"* ]]
}

@test "the announced key is kept by the next publisher, and withdrawn by --next none" {
  begin announced
  before=$(stat -c '%i' "$site/SHA256SUMS.asc")
  publish "$site" "${releases[@]}"
  same "$before" "$(stat -c '%i' "$site/SHA256SUMS.asc")"
  publish "$site" --distro arch --next none
  same "$first" "$(keys "$site/dracut-sshd.asc")"
  same None "$(said "$site" next_key)"
  run ! grep -q "$second" "$site/catalog.json"
  "$orchestrator" verify "$site"
}

@test "a key that was not announced does not sign, and the announcement is told; the present one is not announced" {
  cp -a "$BATS_FILE_TMPDIR/site" "$site"
  run publish "$site" --distro arch --sign "$second"
  [ "$status" -eq 2 ]
  [[ $output == *"is signed with $first"*"--next $second"* ]]
  run publish "$site" --distro arch --next "$first"
  [ "$status" -eq 2 ]
  [[ $output == *'has that key already'* ]]
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'Ed <ed@example.org>' ed25519 sign 1y
  ed=$(gpg --with-colons --list-secret-keys ed@example.org | awk -F: '/^fpr/ { print $10; exit }')
  build "$BATS_TEST_TMPDIR/dist" --package module --distro rhel:8
  run "$orchestrator" publish --package module --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" \
    --from "$BATS_TEST_TMPDIR/dist" --to "$site" --distro rhel:8 --next "$ed"
  [ "$status" -eq 2 ]
  [[ $output == *'cannot read a key of type ed25519'* ]]
  diff -r "$BATS_FILE_TMPDIR/site" "$site"
}

@test "after the switch the new key signs the lists of all releases, and both sign what apt and people read" {
  begin switched
  same "$second" "$(said "$site" key)"
  same "['$first']" "$(said "$site" old_keys)"
  same "$second $first" "$(keys "$site/dracut-sshd.asc" | paste -sd ' ')"
  cd "$site"
  both=$(printf '%s\n' "$first" "$second" | sort)
  same "$both" "$(signers SHA256SUMS.asc SHA256SUMS | sort)"
  same "$both" "$(signers debian/dists/trixie/InRelease | sort)"
  same "$both" "$(signers debian/dists/trixie/Release.gpg debian/dists/trixie/Release | sort)"
  same "$second" "$(signers fedora/44/repodata/repomd.xml.asc fedora/44/repodata/repomd.xml)"
  same "$second" "$(signers arch/rolling/dracut-sshd.db.sig arch/rolling/dracut-sshd.db)"
  same "$second" "$(git --git-dir gentoo/rolling/overlay.git log -1 --format=%GP main)"
  # The packages are those that were there.
  for file in fedora/44/packages debian/pool arch/rolling/*.zst arch/rolling/*.zst.sig gentoo/rolling/distfiles; do
    diff -r "$BATS_FILE_TMPDIR/site/$file" "$file"
  done
  run --separate-stderr "$orchestrator" verify .
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $output == *"signed with $second"* ]]
  # One who fetched the key when it was announced verifies with that file; one who has the old one alone learns why not.
  "$orchestrator" verify . --key "$BATS_FILE_TMPDIR/announced/dracut-sshd.asc"
  run "$orchestrator" verify . --key "$BATS_FILE_TMPDIR/site/dracut-sshd.asc"
  [ "$status" -eq 1 ]
  [[ $output == *"catalog.json names another key: $second"* ]]
}

@test "once switched nothing is touched, and a version comes as ever" {
  begin switched
  before=$(stat -c '%i' "$site/SHA256SUMS.asc")
  publish "$site" "${releases[@]}"
  same "$before" "$(stat -c '%i' "$site/SHA256SUMS.asc")"
  build "$BATS_TEST_TMPDIR/dist" --package module --distro suse:16.0
  "$orchestrator" publish --package module --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" \
    --from "$BATS_TEST_TMPDIR/dist" --to "$site" --distro suse:16.0
  "$orchestrator" verify "$site"
}

@test "the old key leaves when no package needs it and its secret part is gone" {
  mine
  begin switched
  gpg --batch --yes --delete-secret-keys "$first"
  publish "$site" --distro arch
  # Packages are still signed with it; but nothing else is.
  same "$second $first" "$(keys "$site/dracut-sshd.asc" | paste -sd ' ')"
  copy_project "$BATS_TEST_TMPDIR/project"
  sed -i "0,/^## /s//## 9.0.1 - 2026-11-25\n\n- Another version.\n\n&/" "$BATS_TEST_TMPDIR/project/CHANGELOG.md"
  build "$BATS_TEST_TMPDIR/dist" --package module --project "$BATS_TEST_TMPDIR/project" "${releases[@]}"
  "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" --packager "$packager" \
    "${releases[@]}" --from "$BATS_TEST_TMPDIR/dist" --to "$site" --keep 1
  same "$second" "$(keys "$site/dracut-sshd.asc")"
  same "$second" "$(signers "$site/debian/dists/trixie/InRelease")"
  same None "$(said "$site" old_keys)"
  "$orchestrator" verify "$site"
}

@test "a site is not taken over by a key that the keyring merely holds" {
  mine
  GNUPGHOME=$(mktemp -d /tmp/evil.XXXXXX)
  echo "$GNUPGHOME" >>"$BATS_TEST_TMPDIR/homes"
  evil=$("$orchestrator" key new --user 'Evil <e@example.org>' --no-passphrase 2>/dev/null)
  gpg --export "$evil" >"$BATS_TEST_TMPDIR/evil.gpg"
  cp -a "$BATS_FILE_TMPDIR/announced" "$site"
  sed -i "s/\"key\": \"$first\"/\"key\": \"$evil\"/" "$site/catalog.json"
  (
    cd "$site" && find . -type f ! -name 'SHA256SUMS*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS
    gpg --batch --yes --armor --local-user "$evil" --detach-sign SHA256SUMS
  )
  GNUPGHOME=$(head -n 1 "$BATS_TEST_TMPDIR/homes")
  gpg --batch --quiet --import "$BATS_TEST_TMPDIR/evil.gpg"
  run publish "$site" --distro arch --sign "$second"
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *'not known as a key of yours'* ]]
}

@test "a revoked key does not sign; another one signs all anew, and the revocation is published" {
  mine
  cp -a "$BATS_FILE_TMPDIR/site" "$site"
  revoke "$first"
  run publish "$site" "${releases[@]}"
  [ "$status" -eq 2 ]
  [[ $output == *'it is revoked'*'publish --sign'* ]]
  run publish "$site" "${releases[@]}" --sign "$second"
  [ "$status" -eq 2 ]
  [[ $output == *'--url https://packages.example.org'* ]]
  run publish "$site" --distro arch --sign "$second" --url https://packages.example.org
  [ "$status" -eq 2 ]
  [[ $output == *'--distro debian:13'*'--distro fedora:44'* ]]
  diff -r "$BATS_FILE_TMPDIR/site" "$site"
  # Somebody who has the key has put something there: nothing of it stays.
  echo evil >"$site/fedora/44/packages/evil.rpm"
  run --separate-stderr publish "$site" "${releases[@]}" --sign "$second" --url https://packages.example.org
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [ ! -e "$site/fedora/44/packages/evil.rpm" ]
  same "$second $first" "$(keys "$site/dracut-sshd.asc" | paste -sd ' ')"
  same r "$(gpg --batch --with-colons --show-keys "$site/dracut-sshd.asc" | awk -F: '$1 == "pub" { last = $2 } END { print last }')"
  same "['$first']" "$(said "$site" revoked_keys)"
  same "$second" "$(signers "$site/debian/dists/trixie/InRelease")"
  same "$second" "$(signers "$site"/arch/rolling/*.zst.sig "$site"/arch/rolling/*.zst)"
  grep -q 'Revoked: trust nothing' "$site/index.html"
  "$orchestrator" verify "$site"
  run "$orchestrator" verify "$BATS_FILE_TMPDIR/site" --key "$site/dracut-sshd.asc"
  [ "$status" -eq 1 ]
  before=$(stat -c '%i' "$site/SHA256SUMS.asc")
  publish "$site" "${releases[@]}"
  same "$before" "$(stat -c '%i' "$site/SHA256SUMS.asc")"
}

@test "what cannot be proven again is dropped with the revoked key, and said" {
  mine
  cp -a "$BATS_FILE_TMPDIR/site" "$site"
  copy_project "$BATS_TEST_TMPDIR/project"
  sed -i "0,/^## /s//## 9.0.1 - 2026-11-25\n\n- Another version.\n\n&/" "$BATS_TEST_TMPDIR/project/CHANGELOG.md"
  build "$BATS_TEST_TMPDIR/dist" --package module --project "$BATS_TEST_TMPDIR/project" "${releases[@]}"
  revoke "$first"
  run --separate-stderr "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" \
    --packager "$packager" "${releases[@]}" --from "$BATS_TEST_TMPDIR/dist" --to "$site" --sign "$second" --url https://packages.example.org
  echo "$stderr"
  [ "$status" -eq 0 ]
  [[ $stderr == *'dropped: fedora 44 '*'begins anew'* ]]
  [ "$(grep -c 'dropped: ' <<<"$stderr")" -eq 4 ]
  [ -z "$(find "$site" -name '*1.0.0*')" ]
  "$orchestrator" verify "$site"
}

@test "after a revocation no package is forgotten because nobody named it" {
  mine
  build "$BATS_TEST_TMPDIR/dist" --package module --package tools --distro debian:13
  # both SITE ARGUMENT...
  both() {
    "$orchestrator" publish --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" --distro debian:13 \
      --from "$BATS_TEST_TMPDIR/dist" --to "$site" --url https://packages.example.org "$@"
  }
  both --package module --package tools --sign "$first"
  "$orchestrator" verify "$site"
  revoke "$first"
  run both --package module --sign "$second"
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *'name these, too: dracut-sshd-tools source for debian 13'* ]]
  both --package module --package tools --sign "$second"
  [ -n "$(find "$site/debian/pool" -name 'dracut-sshd-tools_*.dsc')" ]
  "$orchestrator" verify "$site"
}

@test "--valid-for says until when: in Release and in the catalog, kept, renewed, and ended" {
  cp -a "$BATS_FILE_TMPDIR/site" "$site"
  publish "$site" --distro arch --valid-for 10
  until=$(said "$site" valid_until)
  [ $((until - $(date +%s))) -gt $((9 * 86400)) ]
  release=$site/debian/dists/trixie/Release
  same "$until" "$(date -d "$(sed -n 's/^Valid-Until: //p' "$release")" +%s)"
  grep -q '^Valid-Until: ' "$site/debian/dists/trixie/InRelease"
  "$orchestrator" verify "$site"
  before=$(stat -c '%i' "$site/SHA256SUMS.asc")
  publish "$site" "${releases[@]}"
  same "$before" "$(stat -c '%i' "$site/SHA256SUMS.asc")"
  sleep 1.1
  publish "$site" --distro arch --valid-for 10
  [ "$(said "$site" valid_until)" -gt "$until" ]
  publish "$site" --distro arch --valid-for 0
  same None "$(said "$site" valid_until)"
  run ! grep -q Valid-Until "$release"
  "$orchestrator" verify "$site"
}

@test "what was valid until yesterday is refused by verify" {
  cp -a "$BATS_FILE_TMPDIR/site" "$site"
  publish "$site" --distro arch --valid-for 1
  python3 - "$site/catalog.json" <<'P'
import json, sys, time
file = sys.argv[1]
catalog = json.load(open(file))
catalog["valid_until"] = int(time.time()) - 5
open(file, "w").write(json.dumps(catalog, indent=1) + "\n")
P
  (
    cd "$site" && find . -type f ! -name 'SHA256SUMS*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS
    gpg --batch --yes --armor --local-user "$first" --detach-sign SHA256SUMS
  )
  run "$orchestrator" verify "$site"
  [ "$status" -eq 1 ]
  same 1 "$(grep -c 'it was valid until' <<<"$output")"
  run publish "$site" --distro arch
  [ "$status" -eq 2 ]
  [[ $output == *'--valid-for DAYS'* ]]
}

@test "--dry-run says what would be published, signed anew and removed, and writes nothing" {
  cp -a "$BATS_FILE_TMPDIR/announced" "$site"
  copy_project "$BATS_TEST_TMPDIR/project"
  sed -i "0,/^## /s//## 9.0.1 - 2026-11-25\n\n- Another version.\n\n&/" "$BATS_TEST_TMPDIR/project/CHANGELOG.md"
  build "$BATS_TEST_TMPDIR/dist" --package module --project "$BATS_TEST_TMPDIR/project" --distro arch
  state() { find "$BATS_TEST_TMPDIR/dist" "$BATS_TEST_TMPDIR"/.[!.]* "$site" -printf '%p %T@ %i\n' 2>/dev/null | sort; }
  state >"$BATS_TEST_TMPDIR/before"
  dry() {
    "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" --packager "$packager" \
      --from "$BATS_TEST_TMPDIR/dist" --to "$site" --distro arch --sign "$second" --keep 1 --dry-run "$@"
  }
  run --separate-stderr dry
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $stderr == *'would be signed anew: debian/13'*'would be removed, as there are newer ones: arch rolling dracut-sshd 1.'*'nothing was written'* ]]
  run --separate-stderr dry --json
  python3 - <<P
import json
said = json.loads('''$output''')
assert said["dry_run"] and said["changes"] and said["key"] == "$second" and said["old_keys"] == ["$first"], said
assert [(row["version"], row["verdict"]) for row in said["packages"]] == [("9.0.1-1", "published")], said
assert sorted(said["signed_anew"]) == ["debian/13", "fedora/44", "gentoo/rolling"] and len(said["pruned"]) == 1, said
P
  diff "$BATS_TEST_TMPDIR/before" <(state)
  run publish "$BATS_TEST_TMPDIR/none/site" --distro arch --dry-run --sign "$first" --url https://x.example
  [ "$status" -eq 0 ]
  [ ! -e "$BATS_TEST_TMPDIR/none" ]
}
