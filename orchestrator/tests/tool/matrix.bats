#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# orchestrator matrix in real clones, and the plans of ci/cell.

# each @test is a subshell
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

setup() { clone=$BATS_TEST_TMPDIR/clone; }

git_() { git -C "$clone" -c user.name=Ada -c user.email=ada@example.org "$@"; }

# a clone with one commit that is tagged "before"
make_clone() {
  copy_project "$clone"
  mkdir -p "$clone/ci/lint" "$clone/.github/workflows"
  cp "$project/ci/reach.list" "$clone/ci/"
  echo words >"$clone/README.md"
  echo '#!/bin/sh' >"$clone/ci/cell"
  printf 'build/\ndist/\n' >"$clone/.gitignore"
  git init -q --initial-branch=main "$clone"
  git_ add .
  git_ commit -q -m before
  git_ tag before
}

matrix() { run --separate-stderr "$orchestrator" matrix --project "$clone" "$@"; }

# cells: the releases that are reached, on one line
cells() {
  "$orchestrator" matrix --project "$clone" --output json --arch x86_64 --changed-since before \
    | sed -n 's/^ *"cell": "\(.*\)",$/\1/p' | tr '\n' ' '
}

all_cells() { "$orchestrator" matrix --project "$project" --output json --arch x86_64 | sed -n 's/^ *"cell": "\(.*\)",$/\1/p'; }

@test "every release of every profile has a cell, and an image or null" {
  clone=$project
  matrix --output github
  [ "$status" -eq 0 ]
  [ "${#lines[@]}" -eq 1 ]
  python3 - "$output" "$("$orchestrator" list --project "$project" --json)" <<'P'
import json, sys
cells, releases = json.loads(sys.argv[1])["include"], json.loads(sys.argv[2])
assert {(c["distribution"], c["release"]) for c in cells} == {(r["distribution"], r["release"]) for r in releases}
assert len({c["name"] for c in cells}) == len(cells)
for cell in cells:
    assert cell["container"] is None or ":" in cell["container"], cell
    assert cell["test"] == ["package", "install", "image", "inspect"], cell
    assert cell["runner"] and cell["nightly"] is False, cell
P
}

@test "a change reaches what it can reach, and no more" {
  make_clone
  same '' "$(cells)"
  echo more >>"$clone/README.md"
  echo more >"$clone/ci/lint/new"
  same '' "$(cells)"
  echo >>"$clone/ebuild/metadata.xml"
  same 'gentoo:rolling ' "$(cells)"
  sed -i 's/"9.2p1"/"9.3p1"/' "$clone/distros/debian.json"
  same 'debian:12 gentoo:rolling ' "$(cells)"
  git_ add . && git_ commit -q -m after
  same 'debian:12 gentoo:rolling ' "$(cells)"
  echo more >>"$clone/ci/cell"
  same "$(all_cells | tr '\n' ' ')" "$(cells)"
}

@test "what was removed or renamed counts, committed or not" {
  make_clone
  git_ mv spec/module/package.spec spec/module/other.spec
  same 'fedora:43 fedora:44 fedora:45 rhel:8 rhel:9 rhel:10 suse:15.6 suse:16.0 suse:tumbleweed ' "$(cells)"
  git_ reset -q --hard
  rm "$clone/pkgbuild/module/PKGBUILD"
  same 'arch:rolling ' "$(cells)"
  git_ reset -q --hard
  git_ rm -q distros/arch.json
  same '' "$(cells)"
  git_ reset -q --hard
  git_ rm -q module/README.md
  [ "$(cells | wc -w)" -eq "$(all_cells | wc -l)" ]
}

@test "a profile whose sources alone have changed reaches nothing" {
  make_clone
  sed -i 's/"13 is stable/"13 is still stable/' "$clone/distros/debian.json"
  git_ diff --quiet && false
  same '' "$(cells)"
}

tests_of_change() { "$orchestrator" matrix --project "$clone" --output tests --changed-since before "$@"; }

@test "a change says which tests of ci/test it needs" {
  make_clone
  same '' "$(tests_of_change)"
  echo more >>"$clone/README.md"
  same '' "$(tests_of_change)"
  echo >>"$clone/ebuild/metadata.xml"
  same tool "$(tests_of_change)"
  echo more >>"$clone/module/README.md"
  same 'tool core' "$(tests_of_change)"
}

@test "another table is read, a missing one reaches everything, and a broken one is a usage error" {
  make_clone
  echo more >>"$clone/README.md"
  printf 'README.md format:ebuild tool\n' >"$BATS_TEST_TMPDIR/list"
  same tool "$(tests_of_change --reach "$BATS_TEST_TMPDIR/list")"
  matrix --output json --changed-since before --reach "$BATS_TEST_TMPDIR/list"
  [[ $output == *gentoo:rolling* && $output != *debian* ]]
  printf '\nREADME.md some -\n' >"$BATS_TEST_TMPDIR/list"
  matrix --changed-since before --reach "$BATS_TEST_TMPDIR/list"
  [ "$status" -eq 2 ]
  [[ $stderr == "error: $BATS_TEST_TMPDIR/list:2: "* ]]
  matrix --changed-since before --reach "$BATS_TEST_TMPDIR/none"
  [ "$status" -eq 2 ]
  rm "$clone/ci/reach.list"
  same "$(all_cells | tr '\n' ' ')" "$(cells)"
  same 'tool core' "$(tests_of_change)"
}

@test "a revision that is none is a usage error with a hint, whatever it looks like" {
  make_clone
  local revision
  for revision in nope -h --output=x 'HEAD~99' $'HEAD\nmain' 0000000000000000000000000000000000000000 'HEAD:README.md' '$(id)' '; id' 'before..main' "$(printf 'x%.0s' {1..5000})"; do
    matrix "--changed-since=$revision"
    echo "$revision: $status: $stderr"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == 'error: --changed-since '*$'\n  hint: '* ]]
  done
  # no argument of a program holds a NUL; what is before it is the argument
  matrix --changed-since ''
  [ "$status" -eq 0 ]
}

@test "outside of a repository, and in a shallow clone, it says what is wrong" {
  copy_project "$clone"
  matrix --changed-since HEAD
  [ "$status" -eq 2 ]
  [[ $stderr == *'is in no git repository'*'hint: work in a clone'* ]]
  rm -r "$clone"
  make_clone
  echo more >>"$clone/README.md"
  git_ commit -q -a -m after
  git clone -q --depth=1 "file://$clone" "$clone.shallow"
  clone=$clone.shallow
  matrix --changed-since HEAD~1
  [ "$status" -eq 2 ]
  [[ $stderr == *'this clone is shallow'*'fetch-depth: 0'* ]]
  matrix --changed-since HEAD
  [ "$status" -eq 0 ]
}

@test "no program that a clone's configuration names is run, and nothing is written into the clone" {
  make_clone
  printf '#!/bin/sh\necho ran >>"%s"\ncat\n' "$BATS_TEST_TMPDIR/ran" >"$BATS_TEST_TMPDIR/trap"
  chmod 755 "$BATS_TEST_TMPDIR/trap"
  local key
  for key in core.fsmonitor diff.external filter.x.clean filter.x.process core.pager core.sshCommand; do
    git_ config "$key" "$BATS_TEST_TMPDIR/trap"
  done
  git_ config remote.origin.url "ext::$BATS_TEST_TMPDIR/trap"
  git_ config remote.origin.promisor true
  printf '* filter=x diff=x\n' >"$clone/.gitattributes"
  touch "$clone"/distros/*.json
  rm -f "$BATS_TEST_TMPDIR/ran"
  local before
  before=$(find "$clone/.git" -printf '%p %T@\n' | sort | sha256sum)
  matrix --changed-since before
  [ "$status" -eq 0 ]
  matrix --changed-since aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  [ "$status" -eq 2 ]
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
  same "$before" "$(find "$clone/.git" -printf '%p %T@\n' | sort | sha256sum)"
}

@test "another user's clone is looked at, too" {
  ((EUID == 0)) || skip "only root can give a clone away"
  make_clone
  chown -R 1234:1234 "$clone"
  same '' "$(cells)"
}

@test "hostile labels are refused" {
  clone=$project
  local label
  for label in x86_64 =x x86_64= 'x86_64=a b' $'x86_64=a\nscript: [id]' 'x86_64="' 'x=${{ secrets }}'; do
    matrix --output gitlab --runner "$label"
    echo "$label: $status: $stderr"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
  done
  matrix --output yaml
  [ "$status" -eq 2 ]
  matrix --nightly --without-nightly
  [ "$status" -eq 2 ]
}

@test "every plan names the package manager's program and all that the profile asks for" {
  local cell plan
  while read -r cell; do
    plan=$("$project/ci/cell" --dry-run --arch x86_64 "$cell")
    bash -n <<<"$plan"
    "$orchestrator" show --project "$project" --distro "$cell" --json | python3 -c '
import json, sys
profile, plan = json.load(sys.stdin)[0], sys.argv[1]
names = [profile["ci"]["kernel"]["x86_64"], *profile["ci"].get("requires", {})]
lost = [name for name in names if f" {name}" not in plan]
assert not lost, lost
program = {"apt": "apt-get", "portage": "emerge"}.get(profile["package"]["manager"], profile["package"]["manager"])
assert f"type -P {program} " in plan' "$plan"
  done < <(all_cells)
  run "$project/ci/cell" --dry-run fedora:7
  [ "$status" -eq 2 ]
  run "$project/ci/cell" --dry-run ../../etc
  [ "$status" -eq 2 ]
}

@test "a cell that cannot be tried here says so, with status 3" {
  local package=$BATS_TEST_TMPDIR/dracut-sshd.noarch.rpm
  echo rpm >"$package"
  # neither podman nor docker
  run env PATH=/usr/sbin:/usr/bin "$project/ci/cell" --in-container --package "$package" --inspector /bin/true fedora:44
  echo "$output"
  [ "$status" -eq 3 ]
  run "$project/ci/cell" --in-root --package "$package" --inspector /bin/true fedora:44
  echo "$output"
  [ "$status" -eq 3 ]
  # On another distribution than the cell's.
  type -P emerge >/dev/null && skip "emerge is here, and would install"
  mkdir -p "$BATS_TEST_TMPDIR/dist/overlay"
  touch "$BATS_TEST_TMPDIR/dist/dracut-sshd-1.0.0.tar.gz"
  run "$project/ci/cell" --here --package "$BATS_TEST_TMPDIR/dist" --inspector /bin/true gentoo
  echo "$output"
  [ "$status" -eq 3 ]
}

@test "ci/matrix tells a service what it needs, and whether there is anything" {
  export GITHUB_OUTPUT=$BATS_TEST_TMPDIR/out
  BUILD_DIR=$(dirname "$(dirname "$orchestrator")") "$project/ci/matrix" github --distro arch
  grep -q '^matrix={"include":\[{"name":"arch-rolling-x86_64"' "$GITHUB_OUTPUT"
  grep -qx any=true "$GITHUB_OUTPUT"
  BUILD_DIR=$(dirname "$(dirname "$orchestrator")") "$project/ci/matrix" github --arch none
  [ "$(tail -n 2 "$GITHUB_OUTPUT")" = $'matrix={"include":[]}\nany=false' ]
}
