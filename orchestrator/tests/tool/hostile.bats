#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a summary, a changelog and a packager may not do in a spec, a control file, an ebuild or a PKGBUILD: run. The proof compares what
# the real readers read back, so a value that changed on the way is a failed build.

load common

# Every one leaves a file called "pwned" where it runs as code.
setup_file() {
  copy_project "$BATS_FILE_TMPDIR/project"
  python3 - "$BATS_FILE_TMPDIR/project" <<'PYTHON'
import json, sys
root = sys.argv[1]
project = json.load(open(root + "/project.json"))
for package in project["packages"]:
    package["summary"] = "A %(touch pwned) $(touch pwned) `touch pwned` \"q\" 'q' @NAME@ ${HOME} \\"
    package["description"] = ["It has %{lua:os.execute('touch pwned')} in it,", "and $(touch pwned), `touch pwned`, ${x}, @VERSION@,", "",
                              "and \"quotes\", 'quotes', EOF and a backslash at its end \\"]
json.dump(project, open(root + "/project.json", "w"))
log = """# Changelog

## 1.0.0 - 2026-11-24

- %(touch pwned) %%(touch pwned) %{!?x:%(touch pwned)} and `touch pwned` and $(touch pwned)
- % build
- %build
- # a comment, %global x %(touch pwned)
- -- Somebody <x@example.org>  Tue, 24 Nov 2026 00:00:00 +0000
- \\" \\\\ ' " @URL@ $$ ${HOME} EOF <b>&amp;</b>
"""
open(root + "/CHANGELOG.md", "w").write(log)
PYTHON
}

# built DISTRO: its packages are built and proven, and nothing ran
built() {
  local out=$BATS_TEST_TMPDIR/dist
  build "$out" --project "$BATS_FILE_TMPDIR/project" --distro "$1" --keep-work >"$BATS_TEST_TMPDIR/log" 2>&1 || {
    tail -n 40 "$BATS_TEST_TMPDIR/log"
    return 1
  }
  # the module and the tools
  [ "$(find "$out" -mindepth 2 -maxdepth 2 -name manifest.json | wc -l)" -eq 2 ]
  run find "$out" "$BATS_FILE_TMPDIR/project" -name '*pwned*'
  [ -z "$output" ] || {
    echo "$output"
    return 1
  }
  [ ! -e pwned ] && [ ! -e /tmp/pwned ] && [ ! -e "$HOME/pwned" ]
}

@test "no value runs as code in a spec, and rpm reads each back as it was" {
  built fedora
  local file
  for file in "$BATS_TEST_TMPDIR"/dist/fedora-*/*.noarch.rpm "$BATS_TEST_TMPDIR"/dist/fedora-*-tools/*.src.rpm; do
    rpm_says "$file" --changelog | grep -F '%(touch pwned) %%(touch pwned)'
    rpm_says "$file" --changelog | grep -Fx -- '- %build'
    rpm_says "$file" --qf '%{DESCRIPTION}\n' | grep -F "%{lua:os.execute('touch pwned')}"
  done
}

@test "no value runs as code in a Debian source package, and dpkg reads each back as it was" {
  built debian
  local file
  file=$(echo "$BATS_TEST_TMPDIR"/dist/debian-*/*_all.deb)
  dpkg-deb -f "$file" Description | grep -F '$(touch pwned), `touch pwned`, ${x}, @VERSION@,'
  dpkg-deb --fsys-tarfile "$file" | tar -xO --wildcards '*/changelog.Debian.gz' | gzip -d | grep -F '%(touch pwned)'
  dpkg-source --no-check -x "$BATS_TEST_TMPDIR"/dist/debian-*-tools/*.dsc "$BATS_TEST_TMPDIR/tree"
  grep -F '$(touch pwned), `touch pwned`,' "$BATS_TEST_TMPDIR/tree/debian/control"
  dpkg-parsechangelog -l "$BATS_TEST_TMPDIR/tree/debian/changelog" -S Changes | grep -F '%(touch pwned)'
}

@test "no value runs as code in a PKGBUILD" {
  built arch
}

@test "no value runs as code in an ebuild" {
  built gentoo
}

@test "a summary with a line break, a packager with quotes and a changelog with control characters are refused together" {
  local copy=$BATS_TEST_TMPDIR/project
  copy_project "$copy"
  sed -i 's/"summary": ".*"/"summary": "one\\ntwo"/' "$copy/project.json"
  printf -- '- \033[31mred\n' >>"$copy/CHANGELOG.md"
  run "$orchestrator" build --project "$copy" --distro fedora --out "$BATS_TEST_TMPDIR/dist" --packager 'A "B" <a@b>'
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *"project.json: /packages/0/summary"* && $output == *"project.json: /packages/1/summary"* && $output == *"CHANGELOG.md: line"* && $output == *"--packager"* ]]
  [ ! -e "$BATS_TEST_TMPDIR/dist" ]
}

@test "a profile whose values could leave their place is refused, and nothing is written" {
  local copy=$BATS_TEST_TMPDIR/project value
  for value in '../../etc' '/etc/$(touch pwned)' '%(touch pwned)' 'a\nb' '`x`' '@NAME@' 'x y' '"'; do
    rm -rf "$copy"
    copy_project "$copy"
    python3 - "$copy/distros/fedora.json" "$value" <<'PYTHON'
import json, sys
profile = json.load(open(sys.argv[1]))
value = sys.argv[2].replace("\\n", "\n")
profile["package"]["sbin_dir"] = value
profile["package"]["requires"] = {value: {}}
profile["packages"]["tools"]["build_requires"] = {value: {}}
profile["releases"][0]["package"]["rpm"]["dist"] = value
json.dump(profile, open(sys.argv[1], "w"))
PYTHON
    run "$orchestrator" build --project "$copy" --distro fedora --out "$BATS_TEST_TMPDIR/dist"
    echo "$value: $output"
    [ "$status" -eq 2 ]
    [[ $output == *"/package/sbin_dir"* && $output == *"/package/requires"* && $output == *"/packages/tools/build_requires"* && $output == *"/releases/0/package/rpm/dist"* ]]
    [ ! -e "$BATS_TEST_TMPDIR/dist" ]
  done
}
