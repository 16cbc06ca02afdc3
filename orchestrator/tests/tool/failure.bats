#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What happens when something goes wrong: a tool is missing or fails, a package is not what it should be, somebody presses Ctrl-C.

bats_require_minimum_version 1.5.0
load common

setup() { out=$BATS_TEST_TMPDIR/dist; }

# masked PROGRAM REPLACEMENT COMMAND...: the command, on a machine where PROGRAM is another file
masked() {
  local program=$1 by=$2
  shift 2
  bwrap --dev-bind / / --ro-bind "$by" "$(readlink -f "$(command -v "$program")")" -- "$@"
}

@test "a missing tool is named with its package, and nothing is built" {
  run masked rpmbuild /dev/null "$orchestrator" build --project "$project" --distro fedora --distro debian --out "$out" --tools "$tools"
  echo "$output"
  [ "$status" -eq 3 ]
  [[ $output == *"rpmbuild (package rpm)"* ]]
  [ -z "$(find "$out" -mindepth 1 ! -name '.*')" ]
}

@test "a failed job says which command and where its log is; the other jobs finish; the old package stays" {
  build "$out" --distro debian >/dev/null 2>&1
  local before
  before=$(sha256sum "$out"/debian-*/*.deb)
  copy_project "$BATS_TEST_TMPDIR/project"
  printf '\noverride_dh_auto_install:\n\techo this one fails; false\n' >>"$BATS_TEST_TMPDIR/project/debian/module/rules"
  sed -i '/^## 1.0.0/a\\n- One more line, so that all packages are made anew.' "$BATS_TEST_TMPDIR/project/CHANGELOG.md"
  run build "$out" --project "$BATS_TEST_TMPDIR/project" --distro debian --distro fedora
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"this one fails"* && $output == *"dpkg-buildpackage"* && $output == *".logs/debian-"* ]]
  [[ $output == *"fedora"*"proven"* ]]
  # the other package of the same release, too
  [ -f "$(echo "$out"/debian-*-tools/*.dsc)" ]
  grep -q 'this one fails' "$out"/.logs/debian-*.log
  same "$before" "$(sha256sum "$out"/debian-*/*.deb)"
}

@test "a package that installs more than the install list is refused by the proof" {
  copy_project "$BATS_TEST_TMPDIR/project"
  local spec=$BATS_TEST_TMPDIR/project/spec/module/package.spec
  sed -i 's|^%make_install.*|&\ntouch %{buildroot}/etc/dracut-sshd/extra|; s|^@FILES@|@FILES@\n/etc/dracut-sshd/extra|' "$spec"
  run build "$out" --project "$BATS_TEST_TMPDIR/project" --package module --distro fedora
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"/etc/dracut-sshd/extra"*"nothing asked for"* ]]
  [ ! -e "$out/fedora-44" ]
}

@test "a package with another mode than the install list's is refused by the proof" {
  copy_project "$BATS_TEST_TMPDIR/project"
  printf '\nexecute_after_dh_fixperms:\n\tchmod 4755 debian/dracut-sshd/usr/sbin/dracut-sshd-rebuild\n' >>"$BATS_TEST_TMPDIR/project/debian/module/rules"
  run build "$out" --project "$BATS_TEST_TMPDIR/project" --package module --distro debian
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"has mode 4755, expected 0755"* ]]
}

@test "an unpatched sshd gets Type=simple and -e in its package" {
  copy_project "$BATS_TEST_TMPDIR/project"
  rm "$BATS_TEST_TMPDIR/project/distros/arch.json" # both would make the same file
  cp "$project/orchestrator/tests/profiles/good/simple.json" "$BATS_TEST_TMPDIR/project/distros/"
  build "$out" --project "$BATS_TEST_TMPDIR/project" --distro simple >"$BATS_TEST_TMPDIR/log" 2>&1 || {
    cat "$BATS_TEST_TMPDIR/log"
    return 1
  }
  local unit
  unit=$(bsdtar -xOf "$(echo "$out"/simple-*/*.pkg.tar.zst)" usr/lib/dracut/modules.d/46sshd/sshd.service)
  grep -qx 'Type=simple' <<<"$unit"
  grep -q '^ExecStart=[^ ]* -e -D' <<<"$unit"
}

@test "--dry-run prints the recipes and writes nothing" {
  run build "$out" --all --dry-run
  [ "$status" -eq 0 ]
  [[ $output == *rpmbuild* && $output == *dpkg-buildpackage* && $output == *makepkg* && $output == *ebuild* ]]
  [ ! -e "$out" ]
}

@test "Ctrl-C ends every child within two seconds, keeps what was there and leaves nothing half-written" {
  build "$out" --distro fedora >/dev/null 2>&1
  local before
  before=$(find "$out" -path '*/.*' -prune -o -type f -exec sha256sum {} + | sort)
  # a shell ignores SIGINT in what it starts in the background
  env --default-signal=INT setsid "$orchestrator" build --project "$project" --tools "$tools" --packager "$packager" --out "$out" --all >"$BATS_TEST_TMPDIR/log" 2>&1 &
  local pid=$! tries=0
  until pgrep -f "$out/.work" >/dev/null || ((tries++ > 100)); do sleep 0.1; done
  sleep 0.5
  kill -INT "$pid"
  local start=$EPOCHREALTIME status=0
  wait "$pid" || status=$?
  local took=$((${EPOCHREALTIME/./} - ${start/./}))
  echo "status $status after $took microseconds"
  cat "$BATS_TEST_TMPDIR/log"
  [ "$status" -eq 130 ]
  [ "$took" -lt 2000000 ]
  # the kernel takes a moment to end what was inside a sandbox; the two seconds are theirs too
  while pgrep -f "$out/.work" >/dev/null && ((${EPOCHREALTIME/./} - ${start/./} < 2000000)); do sleep 0.02; done
  run ! pgrep -fa "$out/.work"
  [ ! -e "$out/.work" ]
  # whatever was finished before the signal is whole; what was there is unchanged
  local folder
  for folder in "$out"/*/; do [ -f "$folder/manifest.json" ]; done
  [[ "$(find "$out" -path '*/.*' -prune -o -type f -exec sha256sum {} + | sort)" == *"${before%%$'\n'*}"* ]]
}

@test "two builds in one folder at a time: the second is refused" {
  mkdir -p "$out"
  exec 9>"$out/.lock"
  flock 9
  run build "$out" --distro fedora 9>&-
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"another build is at work"* ]]
}

@test "a full disk is said, and dist is left as it was" {
  [[ $EUID -eq 0 ]] || skip "only root can mount a small file system"
  mkdir -p "$out"
  # a tmpfs of 300 KiB in a mount namespace of its own
  PACKAGER=$packager run unshare --mount sh -c "mount -t tmpfs -o size=300k small '$out' && '$orchestrator' build --project '$project' --tools '$tools' \
    --packager \"\$PACKAGER\" --out '$out' --distro debian; status=\$?; ls -A '$out'; exit \$status"
  echo "$output"
  [[ $output != *"mount:"* ]] || skip "mounting is refused here"
  [ "$status" -eq 1 ]
  [[ $output == *"No space left on device"* ]]
  [[ $output != *"debian-13"$'\n'* ]]
}

# whole FOLDER: every release that lies there is what its manifest says, and its own reader takes it
whole() {
  python3 - "$1" <<'END' || return 1
import hashlib, json, pathlib, sys
for folder in sorted(pathlib.Path(sys.argv[1]).glob("[a-z]*")):
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert there == {output["name"] for output in manifest["outputs"]}, f"{folder}: {there}"
    for output in manifest["outputs"]:
        assert hashlib.sha256((folder / output["name"]).read_bytes()).hexdigest() == output["sha256"], f"{folder}: {output['name']}"
END
  rpm_says "$1"/fedora-44/*.noarch.rpm >/dev/null && dpkg-deb --info "$1"/debian-13/*.deb >/dev/null && bsdtar -tf "$1"/arch-rolling/*.zst >/dev/null
}

@test "killed at any moment a build leaves packages that every reader takes, and the next one goes on" {
  local round delay victim
  build "$out" --distro fedora:44 --distro debian:13 --distro arch >/dev/null 2>&1
  cp -a "$out" "$BATS_TEST_TMPDIR/before"
  for round in $(seq "${KILLS:-12}"); do
    rm -rf "$out" && cp -a "$BATS_TEST_TMPDIR/before" "$out"
    delay=$(awk -v seed="$round$RANDOM" 'BEGIN { srand(seed); print rand() * 6 }')
    # Another packager: all three are to be built anew.
    setsid "$orchestrator" build --project "$project" --tools "$tools" --packager "Another <another@example.org>" --out "$out" \
      --distro fedora:44 --distro debian:13 --distro arch >/dev/null 2>&1 3>&- &
    victim=$!
    sleep "$delay"
    kill -KILL -- "-$victim" 2>/dev/null || true
    wait "$victim" || true
    whole "$out" || { echo "round $round, after $delay s" && false; }
  done
  build "$out" --distro fedora:44 --distro debian:13 --distro arch >/dev/null 2>&1
  whole "$out"
  [ ! -e "$out/.work" ]
}
