#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ci/release in a clone of its own, with a key that is thrown away, as far as no network is needed.

# each @test is a subshell
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

setup_file() {
  # An agent's socket has a short name.
  export GNUPGHOME=${BATS_FILE_TMPDIR}/gnupg
  [[ ${#GNUPGHOME} -lt 80 ]] || GNUPGHOME=$(mktemp -d /tmp/release.XXXXXX)
  install -d -m 0700 "$GNUPGHOME"
  load common
  fingerprint=$("$orchestrator" key new --user 'A Releaser <r@example.org>' --no-passphrase)
  export fingerprint
}

teardown_file() {
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}

setup() {
  clone=$BATS_TEST_TMPDIR/clone
  copy_project "$clone"
  mkdir "$clone/ci"
  cp -a "$project"/ci/{release,lib} "$clone/ci/"
  printf 'build/\ndist/\n' >"$clone/.gitignore"
  mkdir -p "$clone/build/orchestrator"
  ln -s "$orchestrator" "$clone/build/orchestrator/orchestrator"
  [[ ! -d $tools ]] || ln -s "${tools%/bin}" "$clone/build/portage"
  export HOME=$BATS_TEST_TMPDIR BUILD_DIR=$clone/build
  git config --global user.name Ada
  git config --global user.email ada@dracut-sshd.home.arpa
  git config --global safe.directory '*'
  real_address "$clone"
  git init -q --initial-branch=main "$clone"
  git -C "$clone" add .
  git -C "$clone" commit -q -m all
  place=$clone/build/release/1.0.0
  mkdir "$BATS_TEST_TMPDIR/www"
}

release() {
  run "$clone/ci/release" --key "$fingerprint" --cells none --no-static --distro arch --to "$BATS_TEST_TMPDIR/www/site" --url https://packages.dracut-sshd.home.arpa "$@"
  echo "$output"
}

@test "the recipe makes, signs, tags and publishes; a second run finds it done" {
  release
  [ "$status" -eq 0 ]
  local name
  for name in dracut-sshd dracut-sshd-tools; do
    gpg --verify "$place/$name"-1.0.0.tar.gz{.asc,}
    gpg --verify "$place/$name"-1.0.0.spdx.json{.asc,}
    # the bill of materials says of the tarball, of each file in it and of the package what they are
    python3 - "$place" "$clone/dist" "$name" <<'P'
import hashlib, json, pathlib, sys, tarfile
place, dist = map(pathlib.Path, sys.argv[1:3])
name = sys.argv[3]
bill = json.loads((place / f"{name}-1.0.0.spdx.json").read_text())
assert {each["name"] for each in bill["packages"]} == {name} and bill["packages"][0]["versionInfo"] == "1.0.0"
assert bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0"
digests = {each["packageFileName"]: each["checksums"][0]["checksumValue"] for each in bill["packages"]}
tarball = place / f"{name}-1.0.0.tar.gz"
assert digests.pop(tarball.name) == hashlib.sha256(tarball.read_bytes()).hexdigest()
# of the tools there is a recipe alone
assert any(file.endswith(".pkg.tar.zst") for file in digests) == (name == "dracut-sshd"), digests
for file, digest in digests.items():
    assert digest == hashlib.sha256((dist / file).read_bytes()).hexdigest(), file
with tarfile.open(tarball) as archive:
    names = {f"./{each.name}" for each in archive if each.isfile()}
assert names == {each["fileName"] for each in bill["files"]}
licence = {"dracut-sshd": "GPL-2.0-or-later", "dracut-sshd-tools": "GPL-3.0-or-later"}[name]
assert bill["packages"][0]["licenseDeclared"] == licence and licence in {each["licenseInfoInFiles"][0] for each in bill["files"]}
ids = [each["SPDXID"] for each in bill["packages"] + bill["files"]]
assert len(ids) == len(set(ids))
assert {each["relatedSpdxElement"] for each in bill["relationships"]} <= set(ids)
P
  done
  git -C "$clone" verify-tag v1.0.0
  "$orchestrator" verify "$BATS_TEST_TMPDIR/www/site"
  local before
  before=$(sha256sum "$place"/*.asc "$BATS_TEST_TMPDIR/www/site/SHA256SUMS")
  release
  [ "$status" -eq 0 ]
  for sentence in 'the source tarballs in '*': done already' 'their signatures, by '*': done already' 'the tag v1.0.0, signed: done already'; do
    [[ $output == *$sentence* ]]
  done
  [[ $output == *'the bills of materials: done already'* ]]
  [[ $output == *unchanged* ]]
  same "$before" "$(sha256sum "$place"/*.asc "$BATS_TEST_TMPDIR/www/site/SHA256SUMS")"
  # and again without a network, by the command alone
  release --dry-run
  [ "$status" -eq 0 ]
}

@test "a dry run prints the steps in their order, and writes nothing" {
  local before
  before=$(find "$clone" "$BATS_TEST_TMPDIR/www" -printf '%p %T@\n' | sort)
  release --dry-run --submit aur
  [ "$status" -eq 0 ]
  same '1 2 3 4 5 6 7 8' "$(sed -n 's/^ci\/release: \([0-9]\)\. .*/\1/p' <<<"$output" | tr '\n' ' ' | sed 's/ $//')"
  [[ $output == *'orchestrator submit --to aur'*'orchestrator publish'* ]]
  # with the static program
  run "$clone/ci/release" --key "$fingerprint" --cells none --distro arch --dry-run
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *'ci/static-program --fresh'*'ci/e2e/run static'*'ci/static-program --sources'*'orchestrator build'* ]]
  same "$before" "$(find "$clone" "$BATS_TEST_TMPDIR/www" -printf '%p %T@\n' | sort)"
}

@test "what is interrupted goes on where it stopped" {
  # a publisher that cannot write is a step that fails
  echo file >"$BATS_TEST_TMPDIR/www/site"
  release
  [ "$status" -eq 1 ]
  [[ $output == *'failed; when that is mended, type the same once more'* ]]
  rm "$BATS_TEST_TMPDIR/www/site"
  # half a tarball and half a signature are none
  mv "$place/dracut-sshd-1.0.0.tar.gz.asc" "$place/dracut-sshd-1.0.0.tar.gz.asc.part"
  release
  [ "$status" -eq 0 ]
  [[ $output == *'the tag v1.0.0, signed: done already'* ]]
  "$orchestrator" verify "$BATS_TEST_TMPDIR/www/site"
}

@test "what is not committed, of another day or already tagged elsewhere is not released" {
  echo >>"$clone/module/install.list"
  release
  [ "$status" -eq 1 ]
  [[ $output == *'not committed'* ]]
  git -C "$clone" checkout -q .
  sed -i 's/^## 1.0.0 - .*/## 1.0.0 - 2999-01-01/' "$clone/CHANGELOG.md"
  release
  [ "$status" -eq 1 ]
  [[ $output == *'yet to come'* ]]
  git -C "$clone" checkout -q .
  git -C "$clone" tag v1.0.0
  git -C "$clone" commit -q --allow-empty -m more
  release
  [ "$status" -eq 1 ]
  [[ $output == *'v1.0.0 is another commit already'* ]]
  [ ! -e "$place" ]
}

@test "a source that has changed since its tarball was signed needs a new version" {
  release
  [ "$status" -eq 0 ]
  git -C "$clone" tag -d v1.0.0
  echo '# more' >>"$clone/module/46sshd/module-setup.sh"
  git -C "$clone" commit -q -a -m more
  release
  [ "$status" -eq 1 ]
  [[ $output == *'the source has changed since'* ]]
}

@test "a signature by another key is no signature" {
  release --dry-run
  release
  [ "$status" -eq 0 ]
  other=$("$orchestrator" key new --user 'Another <o@example.org>' --no-passphrase)
  gpg --batch --yes --local-user "$other" --armor --detach-sign "$place/dracut-sshd-1.0.0.tar.gz"
  release
  [ "$status" -eq 0 ]
  grep -qx "ci/release: 5. their signatures, by $fingerprint" <<<"$output"
  gpg --status-fd 1 --verify "$place"/dracut-sshd-1.0.0.tar.gz{.asc,} | grep "VALIDSIG .*$fingerprint"
}

@test "the tag that a service was told of has to be the changelog's version" {
  run "$clone/ci/release" --check v1.0.0
  [ "$status" -eq 0 ]
  for tag in v1.0.1 1.0.0 v1.0.0x -h; do
    run "$clone/ci/release" --check "$tag"
    [ "$status" -eq 1 ]
  done
  run "$clone/ci/release" --key 1234
  [ "$status" -eq 2 ]
  run "$clone/ci/release" --key "$fingerprint" --nope
  [ "$status" -eq 2 ]
}

@test "a service that is none, a place that is none of its, and the clone itself are refused before anything is done" {
  local submit
  for submit in cpor copr copr=OWNER obs=home: ppa=OWNER/NAME ppa guru guru=here aur=../x "aur=$clone" "guru=$clone"; do
    run "$clone/ci/release" --key "$fingerprint" --cells none --submit "$submit"
    echo "$output"
    [ "$status" -eq 2 ]
    [[ $output == *"--submit $submit: see above"* ]]
  done
  [ ! -e "$clone/dist" ]
  [ ! -e "$place" ]
  same 1 "$(git -C "$clone" rev-list --all --count)"
}

# released SERVICE=PLACE RELEASE...: the recipe with these releases, to one service; by the client's own configuration below HOME
released() {
  local submit=$1 before
  shift
  local -a chosen=(--distro debian:13)
  while (($#)); do chosen+=(--distro "$1") && shift; done
  before=$(git -C "$clone" rev-parse HEAD)
  run "$clone/ci/release" --key "$fingerprint" --cells none --no-static --submit "$submit" "${chosen[@]}"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"handed over to $submit"* ]]
  same "$before main" "$(git -C "$clone" rev-parse HEAD) $(git -C "$clone" for-each-ref --format='%(refname:short)' refs/heads)"
}
# serve SERVER FOLDER: one of the services of the tests' own; sets url
serve() {
  mkdir -p "$2"
  "$BATS_TEST_DIRNAME/services/$1" "$2" 3>&- &
  server=$!
  for _ in {1..100}; do [ -e "$2/port" ] || sleep 0.1; done
  url=http://127.0.0.1:$(<"$2/port")
}
teardown() { [ -z "${server:-}" ] || kill "$server"; }

@test "copr is handed its project" {
  [ -x "$project/build/clients/bin/copr-cli" ] || skip "copr-cli is not installed (ci/deps test)"
  ln -s "$project/build/clients" "$clone/build/clients"
  local copr=$BATS_TEST_TMPDIR/copr
  serve copr-server "$copr"
  mkdir -p "$HOME/.config"
  printf '[copr-cli]\nusername = tester\nlogin = tester\ntoken = s3cret-token\ncopr_url = %s\nencrypted = false\n' "$url" >"$HOME/.config/copr"
  released copr=tester/sshd fedora:45
  # the module, and the tools
  [ "$(find "$copr/uploads" -type f | wc -l)" -eq 2 ]
}

@test "OBS is handed its project" {
  type -P osc >/dev/null || skip "osc is not installed (ci/deps submit)"
  local obs=$BATS_TEST_TMPDIR/obs
  serve obs-server "$obs"
  mkdir -p "$HOME/.config/osc"
  printf '[general]\napiurl = %s\n\n[%s]\nuser = tester\npass = s3cret\nallow_http = 1\n' "$url" "$url" >"$HOME/.config/osc/oscrc"
  printf 'credentials_mgr_class = osc.credentials.PlaintextConfigFileCredentialsManager\n' >>"$HOME/.config/osc/oscrc"
  chmod 600 "$HOME/.config/osc/oscrc"
  released obs=home:tester
  same $'dracut-sshd 1.0.0\ndracut-sshd-tools 1.0.0' "$(sort "$obs/commits")"
}

@test "a PPA is handed what the release's key has signed" {
  local tool
  for tool in dput debsign; do type -P "$tool" >/dev/null || skip "$tool is not installed (ci/deps submit)"; done
  mkdir "$BATS_TEST_TMPDIR/queue"
  printf '[local-ppa]\nmethod = local\nincoming = %s\nallow_unsigned_uploads = 0\n' "$BATS_TEST_TMPDIR/queue" >"$HOME/.dput.cf"
  released ppa=local-ppa ubuntu:26.04
  local name
  for name in dracut-sshd dracut-sshd-tools; do gpg --verify "$BATS_TEST_TMPDIR/queue/${name}"_1.0.0-*_source.changes; done
}

@test "the AUR is handed the recipes, once the tarballs lie at their address" {
  local remote="$BATS_TEST_TMPDIR/{name}.git" name
  for name in dracut-sshd dracut-sshd-tools; do git init --quiet --bare --initial-branch=master "$BATS_TEST_TMPDIR/$name.git"; done
  serve_downloads "$BATS_TEST_TMPDIR/downloads"
  run "$clone/ci/release" --key "$fingerprint" --cells none --no-static --distro arch --submit "aur=$remote"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'upload dracut-sshd-1.0.0.tar.gz there first'* ]]
  cp "$place"/dracut-sshd-*1.0.0.tar.gz "$BATS_TEST_TMPDIR/downloads/www/"
  released "aur=$remote" arch
  for name in dracut-sshd dracut-sshd-tools; do
    git -C "$BATS_TEST_TMPDIR/$name.git" show master:PKGBUILD | grep -q 'source=("https://dracut-sshd.home.arpa/'
    git -C "$BATS_TEST_TMPDIR/$name.git" show master:.SRCINFO | grep -q "source = https://dracut-sshd.home.arpa/$name-1.0.0.tar.gz\$"
    same 1 "$(git -C "$BATS_TEST_TMPDIR/$name.git" rev-list --count master)"
  done
}
