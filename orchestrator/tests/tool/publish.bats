#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Signed repositories, by the real tools, with the real GnuPG in a home of the test's own. That package managers accept and
# refuse what they should is ci/e2e/test_install.py's.

# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

# Of each release the module alone; repositories of several packages are repos.bats's.
releases=(--distro debian:13 --distro fedora:44 --distro suse:16.0 --distro arch --distro gentoo)

setup_file() {
  # The name of an agent's socket has to be short.
  GNUPGHOME=$(mktemp -d /tmp/publish.XXXXXX)
  export GNUPGHOME
  fingerprint=$("$orchestrator" key new --user 'A Packager <a@example.org>' --no-passphrase 2>/dev/null)
  export fingerprint
  build "$BATS_FILE_TMPDIR/dist" --package module "${releases[@]}" >&2
  publish "$BATS_FILE_TMPDIR/site" "${releases[@]}" --sign "$fingerprint" --url https://packages.example.org >&2
}
teardown_file() {
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}
setup() {
  dist=$BATS_FILE_TMPDIR/dist
  site=$BATS_FILE_TMPDIR/site
}

# publish SITE [ARGUMENT...]
publish() {
  local to=$1
  shift
  "$orchestrator" publish --package module --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" --from "$BATS_FILE_TMPDIR/dist" --to "$to" "$@"
}
first() { publish "$@" --sign "$fingerprint" --url https://packages.example.org; }

@test "all that was published is signed, listed and there" {
  gpg --export --armor "$fingerprint" >"$BATS_TEST_TMPDIR/key.asc"
  run --separate-stderr "$orchestrator" verify "$site" --key "$BATS_TEST_TMPDIR/key.asc"
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $output == *"signed with $fingerprint"* ]]
  [ -z "$stderr" ]
  (cd "$site" && sha256sum --quiet --check SHA256SUMS)
  gpg --verify "$site/SHA256SUMS.asc" "$site/SHA256SUMS"
}

@test "the lines to type are those of docs/install.md" {
  python3 - "$site/catalog.json" "$project/docs/install.md" "$fingerprint" <<'END'
import json, sys
catalog, page, fingerprint = json.load(open(sys.argv[1])), open(sys.argv[2]).read().splitlines(), sys.argv[3]
entries = catalog.get("entries") or catalog["packages"]
assert len({entry["distribution"] for entry in entries}) == 5
for entry in entries:
    *lines, last = ["    " + line.replace(fingerprint, "FINGERPRINT") for line in entry["commands"]]
    first = page.index(lines[0])
    assert page[first:first + len(lines)] == lines, (entry["distribution"], lines)
    # The document names all packages; here are those that can be made here.
    assert page[first + len(lines)].startswith(last), (entry["distribution"], last)
END
}

@test "with the site's own key, verify says what that is worth" {
  run --separate-stderr "$orchestrator" verify "$site"
  [ "$status" -eq 0 ]
  [[ $stderr == *"compare its fingerprint"* ]]
}

@test "the same packages and key give the same bytes, in another folder and at another time" {
  sleep 1.1
  (umask 077 && first "$BATS_TEST_TMPDIR/again" "${releases[@]}")
  diff -r "$site" "$BATS_TEST_TMPDIR/again"
}

@test "release by release it becomes the same repositories" {
  local release
  for release in gentoo arch fedora:44 suse:16.0 debian:13; do first "$BATS_TEST_TMPDIR/slowly" --distro "$release"; done
  # What lists all of them has another order.
  diff -r -x catalog.json -x 'SHA256SUMS*' "$site" "$BATS_TEST_TMPDIR/slowly"
  "$orchestrator" verify "$BATS_TEST_TMPDIR/slowly"
}

@test "a second time nothing is touched" {
  before=$(stat -c '%i %Y' "$site" "$site/SHA256SUMS.asc")
  run --separate-stderr publish "$site" "${releases[@]}" --json
  [ "$status" -eq 0 ]
  [ "$(python3 -c 'import json, sys; print({row["verdict"] for row in json.load(sys.stdin)["packages"]})' <<<"$output")" = "{'unchanged'}" ]
  same "$before" "$(stat -c '%i %Y' "$site" "$site/SHA256SUMS.asc")"
}

@test "no agent is left behind, and one that runs is not stopped" {
  gpgconf --kill all
  first "$BATS_TEST_TMPDIR/one" --distro arch
  run gpg-connect-agent --no-autostart /bye
  [[ $output == *"no gpg-agent running"* ]]
  gpgconf --launch gpg-agent
  first "$BATS_TEST_TMPDIR/two" --distro arch
  run gpg-connect-agent --no-autostart /bye
  [[ $output != *"no gpg-agent running"* ]]
  gpgconf --kill all
}

@test "a folder may be named with a slash at its end, or by a link, and never is the root itself" {
  first "$BATS_TEST_TMPDIR/one/" --distro arch
  publish "$BATS_TEST_TMPDIR/one/" --distro fedora:44
  ln -s one "$BATS_TEST_TMPDIR/two"
  publish "$BATS_TEST_TMPDIR/two/" --distro suse:16.0
  "$orchestrator" verify "$BATS_TEST_TMPDIR/two/"
  [ -L "$BATS_TEST_TMPDIR/two" ]
  same 'arch catalog.json dracut-sshd.asc fedora index.html SHA256SUMS SHA256SUMS.asc suse' \
    "$(find "$BATS_TEST_TMPDIR/one" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort -f | paste -sd ' ')"
  run first / --distro arch
  [ "$status" -eq 2 ]
  [[ $output == *'cannot be exchanged'* ]]
}

@test "a full disk leaves the site as it was" {
  ((EUID == 0)) || skip "only root can mount a small disk"
  unshare --mount true || skip "mount namespaces are forbidden here"
  export -f publish first
  export orchestrator project tools packager
  # shellcheck disable=SC2016
  unshare --mount bash -euc 'mkdir "$1/small" && mount -t tmpfs -o size=800k none "$1/small"
    first "$1/small/site" --distro arch && cp -a "$1/small/site" "$1/before"
    publish "$1/small/site" --distro fedora:44 --distro suse:16.0 --distro debian:13 && exit 3
    diff -r "$1/small/site" "$1/before" && ls -A "$1/small"' _ "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/said" 2>&1 || {
    cat "$BATS_TEST_TMPDIR/said"
    false
  }
  grep 'No space left' "$BATS_TEST_TMPDIR/said"
  same $'.site.lock\nsite' "$(tail -n 2 "$BATS_TEST_TMPDIR/said")"
}

@test "a passphrase is asked for by the user's own pinentry, and is nowhere else" {
  export GNUPGHOME=$BATS_FILE_TMPDIR/protected
  [[ ${#GNUPGHOME} -lt 80 ]] || GNUPGHOME=$(mktemp -d /tmp/protected.XXXXXX)
  [[ -d $GNUPGHOME ]] || mkdir -m 0700 "$GNUPGHOME"
  cat >"$GNUPGHOME/pinentry" <<'P'
#!/bin/bash
echo "OK ready"
while read -r word _; do
  case $word in
    GETPIN) echo asked >>"${0%/*}/asked" && echo "D open-sesame-4711" && echo OK ;;
    BYE) echo OK && exit 0 ;;
    *) echo OK ;;
  esac
done
P
  chmod 755 "$GNUPGHOME/pinentry"
  echo "pinentry-program $GNUPGHOME/pinentry" >"$GNUPGHOME/gpg-agent.conf"
  own=$("$orchestrator" key new --user 'A Careful Packager <c@example.org>')
  [ -s "$GNUPGHOME/asked" ]
  # Another agent, which knows nothing yet.
  gpgconf --kill all
  rm "$GNUPGHOME/asked"
  publish "$BATS_TEST_TMPDIR/site" --distro arch --distro fedora:44 --sign "$own" --url https://x.example >"$BATS_TEST_TMPDIR/said" 2>&1
  [ -s "$GNUPGHOME/asked" ]
  "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  run grep -r open-sesame-4711 "$BATS_TEST_TMPDIR/site" "$BATS_TEST_TMPDIR/said" "$dist/.logs"
  [ "$status" -eq 1 ]
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}

@test "it signs, too, where the user has a folder below /run/user, and leaves nothing there" {
  # GnuPG then looks for the agents of other homes there.
  ((EUID == 0)) || skip "only root can lay another /run over this one"
  unshare --mount true || skip "mount namespaces are forbidden here"
  export -f publish first
  export orchestrator project tools packager
  # shellcheck disable=SC2016
  unshare --mount bash -euc 'mount -t tmpfs none /run && mkdir -p -m 0700 "/run/user/$UID"
    first "$1" --distro arch && find /run/user ! -type d' _ "$BATS_TEST_TMPDIR/site" >"$BATS_TEST_TMPDIR/said"
  cat "$BATS_TEST_TMPDIR/said"
  run grep /run/user "$BATS_TEST_TMPDIR/said"
  [ "$status" -eq 1 ]
  "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
}

@test "signatures are of no day that is yet to come" {
  copy_project "$BATS_TEST_TMPDIR/project"
  sed -i '0,/^## /s//## 9.9.9 - 2099-01-01\n\n- From the future.\n\n&/' "$BATS_TEST_TMPDIR/project/CHANGELOG.md"
  build "$BATS_TEST_TMPDIR/dist" --package module --project "$BATS_TEST_TMPDIR/project" --distro debian:13
  "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" --packager "$packager" --distro debian:13 \
    --from "$BATS_TEST_TMPDIR/dist" --to "$BATS_TEST_TMPDIR/site" --sign "$fingerprint" --url https://packages.example.org
  date=$(sed -n 's/^Date: //p' "$BATS_TEST_TMPDIR/site/debian/dists/trixie/Release")
  [ "$(date -d "$date" +%s)" -le "$(date +%s)" ]
}

@test "whatever is changed is found, and named" {
  local file count=0
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  cd "$BATS_TEST_TMPDIR/site"
  for file in SHA256SUMS SHA256SUMS.asc debian/dists/trixie/InRelease debian/dists/trixie/Release.gpg debian/pool/trixie/*.deb \
    debian/pool/trixie/*.dsc fedora/44/packages/*.noarch.rpm fedora/44/repodata/repomd.xml fedora/44/repodata/repomd.xml.asc \
    fedora/44/repodata/*primary.xml.gz arch/rolling/*.db arch/rolling/*.db.sig arch/rolling/*.zst arch/rolling/*.zst.sig \
    gentoo/rolling/overlay/*/*/*.ebuild gentoo/rolling/distfiles/*.gz index.html; do
    cp "$file" "$BATS_TEST_TMPDIR/kept"
    # One bit, in the middle.
    python3 - "$file" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[1], "wb").write(data)
P
    run "$orchestrator" verify .
    echo "$file: $status: $output"
    [ "$status" -eq 1 ]
    # A signature is named by what it signs.
    name=${file%.asc} name=${name%.gpg}
    [[ $output == *"${name%.sig}"* ]]
    cp "$BATS_TEST_TMPDIR/kept" "$file"
    count=$((count + 1))
  done
  [ "$count" -ge 17 ]
  "$orchestrator" verify .
}

@test "what is missing and what nobody listed is found" {
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  cd "$BATS_TEST_TMPDIR/site"
  echo >fedora/44/packages/another.rpm
  run "$orchestrator" verify .
  [ "$status" -eq 1 ]
  [[ $output == *"another.rpm is there, and in no list"* ]]
  rm fedora/44/packages/another.rpm debian/pool/trixie/*.deb
  run "$orchestrator" verify .
  [ "$status" -eq 1 ]
  [[ $output == *"is listed, and is not there"* ]]
}

# relist FOLDER: what somebody does who can write to the server, and has another key
relist() {
  (
    cd "$1" && find . -type f ! -name 'SHA256SUMS*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS
    gpg --batch --yes --armor --local-user "$2" --detach-sign SHA256SUMS
  )
}

@test "a site that was signed anew with another key is refused by those who know the key" {
  gpg --export --armor "$fingerprint" >"$BATS_TEST_TMPDIR/key.asc"
  other=$("$orchestrator" key new --user 'Another <b@example.org>' --no-passphrase 2>/dev/null)
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  relist "$BATS_TEST_TMPDIR/site" "$other"
  run "$orchestrator" verify "$BATS_TEST_TMPDIR/site" --key "$BATS_TEST_TMPDIR/key.asc"
  [ "$status" -eq 1 ]
  [[ $output == *SHA256SUMS* ]]
  gpg --batch --yes --delete-secret-and-public-key "$other"
}

@test "a site with another key in the place of its own is not said to be signed with the old one" {
  other=$("$orchestrator" key new --user 'Another <b@example.org>' --no-passphrase 2>/dev/null)
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  gpg --export --armor "$other" >"$BATS_TEST_TMPDIR/site/dracut-sshd.asc"
  relist "$BATS_TEST_TMPDIR/site" "$other"
  run "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"catalog.json names another key: $fingerprint"* ]]
  [[ $output != *"signed with"* ]]
  gpg --export --armor "$fingerprint" >>"$BATS_TEST_TMPDIR/site/dracut-sshd.asc"
  run "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  [ "$status" -eq 1 ]
  [[ $output == *"dracut-sshd.asc holds the key $other, which catalog.json does not name"* ]]
  [[ $output != *"signed with $fingerprint"* ]]
  gpg --batch --yes --delete-secret-and-public-key "$other"
}

@test "nothing that git finds in a site is run, neither by verify nor by publish" {
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  cd "$BATS_TEST_TMPDIR/site/gentoo/rolling"
  local file=$BATS_TEST_TMPDIR/ran
  printf '#!/bin/sh\necho "$0" >>%s\n' "$file" >"$BATS_TEST_TMPDIR/evil"
  chmod 755 "$BATS_TEST_TMPDIR/evil"
  git config --file overlay.git/config core.fsmonitor "$BATS_TEST_TMPDIR/evil"
  git config --file overlay.git/config gpg.program "$BATS_TEST_TMPDIR/evil"
  git config --file overlay.git/config core.hooksPath "$BATS_TEST_TMPDIR"
  git config --file overlay.git/config filter.x.clean "$BATS_TEST_TMPDIR/evil"
  echo '* filter=x' >overlay/.gitattributes
  run "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *overlay.git/config* ]]
  [ ! -e "$file" ]
  # One who can sign the list again is the publisher; anybody else is refused.
  run publish "$BATS_TEST_TMPDIR/site" --distro rhel:8 --distro arch
  [ ! -e "$file" ]
  build "$BATS_TEST_TMPDIR/dist" --package module --distro fedora:43
  run "$orchestrator" publish --package module --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" --distro fedora:43 \
    --from "$BATS_TEST_TMPDIR/dist" --to "$BATS_TEST_TMPDIR/site"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'not as it was published'* ]]
  [ ! -e "$file" ]
}

@test "the list alone, signed anew with the right key, does not save a package that was exchanged" {
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  for file in "$BATS_TEST_TMPDIR"/site/fedora/44/packages/*.noarch.rpm "$BATS_TEST_TMPDIR"/site/debian/pool/trixie/*.deb \
    "$BATS_TEST_TMPDIR"/site/arch/rolling/*.zst "$BATS_TEST_TMPDIR"/site/gentoo/rolling/overlay/*/*/*.ebuild \
    "$BATS_TEST_TMPDIR"/site/gentoo/rolling/distfiles/*.gz; do
    printf x >>"$file"
    relist "$BATS_TEST_TMPDIR/site" "$fingerprint"
    run "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"${file##*/}"* ]]
    truncate -s -1 "$file"
  done
}

@test "whoever has a file of the site open changes nothing that is published later" {
  local round
  first "$BATS_TEST_TMPDIR/site" --distro debian:13
  deb=$(echo "$BATS_TEST_TMPDIR"/site/debian/pool/trixie/*_all.deb)
  # A second name of the old file is what an open descriptor is.
  ln "$deb" "$BATS_TEST_TMPDIR/held"
  publish "$BATS_TEST_TMPDIR/site" --distro arch
  [ ! "$deb" -ef "$BATS_TEST_TMPDIR/held" ]
  echo evil >>"$BATS_TEST_TMPDIR/held"
  "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  # Written to while the next publisher is at work: it is refused, or it comes too late.
  cat >"$BATS_TEST_TMPDIR/swap" <<'P'
import os, sys, time
deb, draft = sys.argv[1:]
file = os.open(deb, os.O_RDWR)
end = time.monotonic() + 60
while not os.path.exists(draft) and time.monotonic() < end: time.sleep(0.0005)
time.sleep(float(os.environ["WAIT"]))
os.ftruncate(file, 0)
os.pwrite(file, b"evil", 0)
P
  for round in 0 0.02 0.2; do
    rm -rf "$BATS_TEST_TMPDIR/copy" && cp -a "$BATS_TEST_TMPDIR/site" "$BATS_TEST_TMPDIR/copy"
    WAIT=$round python3 "$BATS_TEST_TMPDIR/swap" "$(echo "$BATS_TEST_TMPDIR"/copy/debian/pool/trixie/*_all.deb)" \
      "$BATS_TEST_TMPDIR/.copy.new" 3>&- &
    run publish "$BATS_TEST_TMPDIR/copy" --distro fedora:44
    wait
    echo "$round: $status: $output"
    if [ "$status" -eq 0 ]; then
      "$orchestrator" verify "$BATS_TEST_TMPDIR/copy"
    else
      [[ $output == *'not as it was published: debian/pool/trixie/'* ]]
    fi
  done
}

@test "what others can write to is neither published nor published to, and the command that mends it is told" {
  local place
  first "$BATS_TEST_TMPDIR/www/site" --distro arch
  # check PLACE TEXT
  check() {
    run publish "$BATS_TEST_TMPDIR/www/site" --distro fedora:44
    echo "$1: $status: $output"
    [ "$status" -eq 2 ]
    [[ $output == *"$1: $2"* ]]
  }
  for place in "$BATS_TEST_TMPDIR/www" "$BATS_TEST_TMPDIR/www/site" "$BATS_TEST_TMPDIR"/www/site/arch/rolling/*.zst "$dist" \
    "$dist/fedora-44" "$dist"/fedora-44/*.noarch.rpm; do
    chmod g+w "$place"
    check "$place" group
    [[ $output == *chmod*go-w*"$place"* ]]
    chmod go-w "$place"
    ((EUID == 0)) || continue
    chown 33 "$place"
    check "$place" 'belongs to user 33'
    chown 0 "$place"
  done
  [ ! -e "$BATS_TEST_TMPDIR/www/.site.new" ]
  # Nothing of it is left writable, whatever the umask.
  (umask 0 && publish "$BATS_TEST_TMPDIR/www/site" --distro fedora:44)
  run find "$BATS_TEST_TMPDIR/www/site" -perm /022
  same '' "$output"
}

@test "nothing is signed on the word of dist/manifest.json" {
  local release
  # forged RELEASE DISTRO TEXT
  forged() {
    forge_proof "$BATS_TEST_TMPDIR/dist/$1"
    run "$orchestrator" publish --package module --project "$project" --tools "$tools" --packager "$packager" --from "$BATS_TEST_TMPDIR/dist" \
      --to "$BATS_TEST_TMPDIR/site" --distro "$2" --sign "$fingerprint" --url https://packages.example.org --allow-placeholders
    echo "$1: $status: $output"
    [ "$status" -eq 1 ]
    [[ $output == *"$3"* ]]
    [ ! -e "$BATS_TEST_TMPDIR/site" ]
    rm -r "$BATS_TEST_TMPDIR/dist/$1" && cp -a "$dist/$1" "$BATS_TEST_TMPDIR/dist/$1"
  }
  cp -a "$dist" "$BATS_TEST_TMPDIR/dist"
  cd "$BATS_TEST_TMPDIR/dist"

  mkdir "$BATS_TEST_TMPDIR/arch" && bsdtar -xpf arch-rolling/*.zst -C "$BATS_TEST_TMPDIR/arch"
  echo 'post_install() { id; }' >"$BATS_TEST_TMPDIR/arch/.INSTALL"
  (cd "$BATS_TEST_TMPDIR/arch" && bsdtar --uid 0 --gid 0 --uname root --gname root -cf - .[A-Z]* [a-z]* | zstd -qc) >"$BATS_TEST_TMPDIR/package"
  cp "$BATS_TEST_TMPDIR/package" arch-rolling/*.zst
  forged arch-rolling arch .INSTALL

  printf '\npkg_setup() { id; }\n' >>"$(echo gentoo-rolling/overlay/*/*/*.ebuild)"
  forged gentoo-rolling gentoo 'ebuild is not the one that was staged'
  mkdir gentoo-rolling/overlay/eclass && echo 'id' >gentoo-rolling/overlay/eclass/evil.eclass
  forged gentoo-rolling gentoo 'overlay/eclass/evil.eclass is in the overlay, and nobody asked for it'
  sed -i 's/^RDEPEND=/&app-misc\/evil /' gentoo-rolling/overlay/metadata/md5-cache/*/*
  forged gentoo-rolling gentoo requires

  sed -i 's/^Distribution: .*/Distribution: unstable/' debian-13/*.changes
  forged debian-13 debian:13 'Distribution is "unstable"'
  sed -i 's/^Checksums-Sha256:/&\n 0000000000000000000000000000000000000000000000000000000000000000 1 evil.dsc/' debian-13/*.changes
  forged debian-13 debian:13 'lists evil.dsc'

  cp fedora-44/*.src.rpm fedora-44/"$(cd fedora-44 && echo ./*.noarch.rpm)"
  forged fedora-44 fedora:44 fedora-44
}

@test "a key that was extended is published without a new version, and an older copy of it is not" {
  own=$("$orchestrator" key new --user 'A Short One <s@example.org>' --expires 30d --no-passphrase 2>/dev/null)
  run publish "$BATS_TEST_TMPDIR/site" --distro arch --distro fedora:44 --sign "$own" --url https://x.example
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"the key $own expires on"*'key extend'* ]]
  run "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  [ "$status" -eq 0 ]
  [[ $output == *"the key $own expires on"* ]]
  cp -a "$BATS_TEST_TMPDIR/site" "$BATS_TEST_TMPDIR/before"
  # expiry FILE
  expiry() { gpg --with-colons --show-keys "$1" | awk -F: '/^pub/ { print $7 }'; }
  gpg --export-secret-keys --armor "$own" >"$BATS_TEST_TMPDIR/old"

  "$orchestrator" key extend "$own" --expires 2y
  publish "$BATS_TEST_TMPDIR/site" --distro arch
  (($(expiry "$BATS_TEST_TMPDIR/site/dracut-sshd.asc") > $(expiry "$BATS_TEST_TMPDIR/before/dracut-sshd.asc")))
  cmp "$BATS_TEST_TMPDIR/site/dracut-sshd.asc" "$BATS_TEST_TMPDIR/site/fedora/44/repodata/repomd.xml.key"
  run --separate-stderr "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $stderr != *expires* ]]
  diff -r -x 'dracut-sshd.asc' -x repomd.xml.key -x 'SHA256SUMS*' "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/site"
  before=$(stat -c '%i' "$BATS_TEST_TMPDIR/site")
  publish "$BATS_TEST_TMPDIR/site" --distro arch
  same "$before" "$(stat -c '%i' "$BATS_TEST_TMPDIR/site")"

  # A machine that does not know of it
  gpg --batch --yes --delete-secret-and-public-key "$own"
  gpg --batch --quiet --import "$BATS_TEST_TMPDIR/old"
  run publish "$BATS_TEST_TMPDIR/site" --distro arch
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *'is good until'*'gpg --import'* ]]
  gpg --batch --yes --delete-secret-and-public-key "$own"
}

@test "where fewer versions are kept, the lists of every release that loses one are made again" {
  local version here=$BATS_TEST_TMPDIR
  copy_project "$here/project"
  # next VERSION KEEP ARGUMENT...: one more version, built and published
  next() {
    sed -i "0,/^## /s//## $1 - 2026-11-25\n\n- Another version.\n\n&/" "$here/project/CHANGELOG.md"
    build "$here/$1" --project "$here/project" --package module "${@:3}"
    "$orchestrator" publish --allow-placeholders --project "$here/project" --tools "$tools" --packager "$packager" --package module \
      --from "$here/$1" --to "$here/site" --sign "$fingerprint" --url https://packages.example.org --keep "$2" "${@:3}"
  }
  for version in 9.0.1 9.0.2; do next "$version" 3 --distro arch --distro fedora:44; done
  same 2 "$(find "$here/site/fedora/44/packages" -name '*.noarch.rpm' | wc -l)"
  run --separate-stderr next 9.0.3 1 --distro arch
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $stderr == *'signed anew: fedora/44'*'removed, as there are newer ones: fedora 44 dracut-sshd 9.0.1-1 noarch'* ]]
  same 1 "$(find "$here/site/fedora/44/packages" -name '*.noarch.rpm' | wc -l)"
  "$orchestrator" verify "$here/site"
}

@test "an old state of a site is found by its day" {
  "$orchestrator" verify "$site" --newer-than 2020-01-31
  run "$orchestrator" verify "$site" --newer-than 2099-01-31
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'the newest packages are of '*'expected some of 2099-01-31 or later'* ]]
  run "$orchestrator" verify "$site" --newer-than yesterday
  [ "$status" -eq 2 ]
}

# refused STATUS TEXT ARGUMENT...: nothing is written
refused() {
  local expected=$1 text=$2
  shift 2
  run publish "$BATS_TEST_TMPDIR/deep/new" "$@"
  echo "$output"
  [ "$status" -eq "$expected" ]
  [[ $output == *"$text"* ]]
  [ ! -e "$BATS_TEST_TMPDIR/deep/new" ]
  [ ! -e "$BATS_TEST_TMPDIR/deep/.new.new" ]
  # what is wrong with the arguments is found before so much as a folder is made
  [[ $expected -ne 2 || ! -e $BATS_TEST_TMPDIR/deep ]]
}

@test "a key that is unknown, shortened, expired or revoked is refused before anything is written" {
  refused 2 'no secret key' --distro arch --url https://x.example --sign 0000000000000000000000000000000000000000
  refused 2 'give all 40 digits' --distro arch --url https://x.example --sign "${fingerprint: -16}"
  refused 2 'no key to sign with' --distro arch --url https://x.example
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' --faked-system-time 20200101T000000 \
    --quick-generate-key 'Old <old@example.org>' rsa2048 sign 1d
  old=$(gpg --with-colons --list-secret-keys old@example.org | awk -F: '/^fpr/ { print $10; exit }')
  refused 2 expired --distro arch --url https://x.example --sign "$old"
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'Gone <gone@example.org>' rsa2048 sign 1y
  gone=$(gpg --with-colons --list-secret-keys gone@example.org | awk -F: '/^fpr/ { print $10; exit }')
  sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$gone.rev" | gpg --batch --import
  refused 2 revoked --distro arch --url https://x.example --sign "$gone"
}

@test "a key of a type that a release cannot read is refused" {
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'Ed <ed@example.org>' ed25519 sign 1y
  ed=$(gpg --with-colons --list-secret-keys ed@example.org | awk -F: '/^fpr/ { print $10; exit }')
  refused 2 'cannot read a key of type ed25519' --distro rhel:8 --url https://x.example --sign "$ed"
  publish "$BATS_TEST_TMPDIR/ed" --distro debian:13 --distro fedora:44 --url https://x.example --sign "$ed"
  "$orchestrator" verify "$BATS_TEST_TMPDIR/ed"
}

@test "packages that are not there, or not those that were proven, are refused" {
  refused 1 'holds no packages' --distro debian:12 --url https://x.example --sign "$fingerprint"
  printf x >>"$dist/arch-rolling/PKGBUILD"
  refused 1 'not what was proven' --distro arch --url https://x.example --sign "$fingerprint"
  truncate -s -1 "$dist/arch-rolling/PKGBUILD"
}

@test "an address that is none, another one than before, another key, and a foreign folder are refused" {
  refused 2 'is not known' --distro arch --sign "$fingerprint"
  refused 2 'is not a URL' --distro arch --sign "$fingerprint" --url $'https://x.example/\n[evil]'
  run publish "$site" --distro arch --url https://elsewhere.example
  [ "$status" -eq 2 ]
  [[ $output == *'reach that folder at https://packages.example.org'* ]]
  other=$("$orchestrator" key new --user 'Another <b@example.org>' --no-passphrase 2>/dev/null)
  run publish "$site" --distro arch --sign "$other"
  [ "$status" -eq 2 ]
  [[ $output == *"is signed with $fingerprint"* ]]
  gpg --batch --yes --delete-secret-and-public-key "$other"
  mkdir "$BATS_TEST_TMPDIR/home" && echo precious >"$BATS_TEST_TMPDIR/home/letter"
  run first "$BATS_TEST_TMPDIR/home" --distro arch
  [ "$status" -eq 2 ]
  [ "$(cat "$BATS_TEST_TMPDIR/home/letter")" = precious ]
}

@test "a new version comes beside the old one, of which --keep says how many stay" {
  copy_project "$BATS_TEST_TMPDIR/project"
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  local number
  for number in 1 2; do
    sed -i "0,/^## /s//## 9.0.$number - 2026-11-2$((4 + number))\n\n- Another version.\n\n&/" "$BATS_TEST_TMPDIR/project/CHANGELOG.md"
    build "$BATS_TEST_TMPDIR/dist" --package module --project "$BATS_TEST_TMPDIR/project" "${releases[@]}"
    "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" --packager "$packager" "${releases[@]}" \
      --from "$BATS_TEST_TMPDIR/dist" --to "$BATS_TEST_TMPDIR/site" --keep 2
    "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  done
  cd "$BATS_TEST_TMPDIR/site"
  for file in debian/pool/trixie/*_all.deb fedora/44/packages/*.noarch.rpm arch/rolling/*.zst gentoo/rolling/overlay/*/*/*.ebuild \
    gentoo/rolling/distfiles/*.gz; do echo "$file"; done >"$BATS_TEST_TMPDIR/files"
  [ "$(grep -c 9.0.1 "$BATS_TEST_TMPDIR/files")" -eq 5 ]
  [ "$(grep -c 9.0.2 "$BATS_TEST_TMPDIR/files")" -eq 5 ]
  [ "$(wc -l <"$BATS_TEST_TMPDIR/files")" -eq 10 ]
  [ "$(git --git-dir gentoo/rolling/overlay.git log --format=%s | wc -l)" -eq 3 ]
}

@test "the same version with other contents is refused" {
  copy_project "$BATS_TEST_TMPDIR/project"
  echo '# another' >>"$BATS_TEST_TMPDIR/project/module/46sshd/profile"
  build "$BATS_TEST_TMPDIR/dist" --package module --project "$BATS_TEST_TMPDIR/project" --distro arch
  run "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" --packager "$packager" --distro arch \
    --from "$BATS_TEST_TMPDIR/dist" --to "$site"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'published already, with other contents'* ]]
}

@test "a source tarball that an older revision has is not replaced by another of the same version" {
  copy_project "$BATS_TEST_TMPDIR/project"
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  # again TO ARGUMENT...: revision 2 of what the project has
  again() {
    local to=$1
    shift
    build "$to" --package module --project "$BATS_TEST_TMPDIR/project" --distro debian:13 "$@"
    run "$orchestrator" publish --package module --allow-placeholders --project "$BATS_TEST_TMPDIR/project" --tools "$tools" --packager "$packager" \
      --distro debian:13 --from "$to" --to "$BATS_TEST_TMPDIR/site" "$@"
    echo "$output"
  }
  sed -i 's/"revision": 1,/"revision": 2,/' "$BATS_TEST_TMPDIR/project/distros/debian.json"
  echo '# another' >>"$BATS_TEST_TMPDIR/project/module/46sshd/profile"
  again "$BATS_TEST_TMPDIR/other"
  [ "$status" -eq 1 ]
  [[ $output == *'.orig.tar.gz is published already, with other contents, for 1.0.0-1'* ]]
  diff -r "$site" "$BATS_TEST_TMPDIR/site"

  again "$BATS_TEST_TMPDIR/same" --source "$(echo "$site"/debian/pool/trixie/*.orig.tar.gz)"
  [ "$status" -eq 0 ]
  cmp "$site"/debian/pool/trixie/*.orig.tar.gz "$BATS_TEST_TMPDIR/site"/debian/pool/trixie/*.orig.tar.gz
  "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
}

@test "killed at any moment it leaves the old site or the new one, and the next publisher goes on" {
  local round delay
  first "$BATS_TEST_TMPDIR/site" --distro arch
  rm -rf "$BATS_TEST_TMPDIR/before" && cp -a "$BATS_TEST_TMPDIR/site" "$BATS_TEST_TMPDIR/before"
  for round in $(seq "${KILLS:-12}"); do
    rm -rf "$BATS_TEST_TMPDIR/site" && cp -a "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/site"
    delay=$(awk -v seed="$round$RANDOM" 'BEGIN { srand(seed); print rand() * 2.5 }')
    setsid "$orchestrator" publish --package module --allow-placeholders --project "$project" --tools "$tools" --packager "$packager" --from "$dist" \
      --to "$BATS_TEST_TMPDIR/site" --distro fedora:44 --distro suse:16.0 >/dev/null 2>&1 3>&- &
    victim=$!
    sleep "$delay"
    kill -KILL -- "-$victim" 2>/dev/null || true
    wait "$victim" || true
    "$orchestrator" verify "$BATS_TEST_TMPDIR/site" >"$BATS_TEST_TMPDIR/said" 2>&1 || {
      echo "round $round, after $delay s:" && cat "$BATS_TEST_TMPDIR/said" && false
    }
    # One of the two, and nothing between.
    [ ! -e "$BATS_TEST_TMPDIR/site/fedora" ] || [ -e "$BATS_TEST_TMPDIR/site/suse" ]
  done
  publish "$BATS_TEST_TMPDIR/site" --distro fedora:44 --distro suse:16.0
  "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  [ ! -e "$BATS_TEST_TMPDIR/.site.new" ]
  pkill -f "gpg-agent --homedir $GNUPGHOME" || true
}

@test "two publishers at once: the second one says so" {
  (
    exec 9>"$BATS_TEST_TMPDIR/.site.lock"
    flock -n 9
    run first "$BATS_TEST_TMPDIR/site" --distro arch
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *'at work'* ]]
  )
}

@test "no secret is in a log, and nothing of the key but its public part in the site" {
  ! grep -rl 'PRIVATE KEY' "$site" "$dist/.logs" || false
  run find "$site" -name '*.rev' -o -name 'private-keys*'
  [ -z "$output" ]
}
