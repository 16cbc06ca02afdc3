#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `dracut-sshd inspect` as a program: what it takes, what it prints, how it ends. Images are made by the real cpio.

bats_require_minimum_version 1.5.0
load common

setup_file() {
  command -v cpio >/dev/null || skip "cpio is not installed"
}
setup() {
  dracut_sshd=${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}
  cd "${BATS_TEST_TMPDIR:?}" || return
  mkdir -p tree/usr/bin tree/etc
  printf 'hello\n' >tree/etc/motd
  printf '#!/bin/sh\n' >tree/usr/bin/tool
  chmod 0750 tree/usr/bin/tool
  ln -s usr/bin tree/bin
}

# pack IMAGE [NAME...]: of the folder tree; without names all of it
pack() {
  local image=$PWD/$1
  shift
  (cd tree && if (($#)); then printf '%s\n' "$@"; else find . | sort; fi \
    | cpio --create --format=newc --quiet --owner=0:0 >"$image")
}

# said FILE: of each finding severity and id
said() {
  python3 -c 'import json, sys
for each in json.load(open(sys.argv[1]))["findings"]: print(each["severity"], each["id"])' "$1"
}

inspect() { "$dracut_sshd" inspect "$@"; }
doctor() { "$dracut_sshd" doctor "$@"; }

@test "an image without sshd will not let in: 1, and the reason" {
  pack a.img
  run -1 inspect a.img
  [[ $output == *'sshd.present'*'there is no sshd in it'* ]]
  [[ $output == *'It will NOT let you in.' ]]
}

@test "--json can be parsed, and says the same" {
  pack a.img
  run -1 --separate-stderr inspect --json a.img
  printf '%s\n' "$output" >said.json
  said said.json | grep -qx 'error sshd.present'
  same keeps-out "$(python3 -c 'import json; print(json.load(open("said.json"))["answer"])')"
}

@test "--json is there for an image that cannot be read, too" {
  run -4 --separate-stderr inspect --json nonesuch.img
  printf '%s\n' "$output" >said.json
  same cannot-tell "$(python3 -c 'import json; print(json.load(open("said.json"))["answer"])')"
  [[ $(python3 -c 'import json; print(json.load(open("said.json"))["error"]["message"])') == *nonesuch.img* ]]
  [[ $stderr == *nonesuch.img* ]]
}

@test "--json is what its schema says" {
  python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
  pack a.img
  inspect --json a.img >good.json || true
  inspect --json nonesuch.img >none.json 2>/dev/null || true
  for file in good.json none.json; do
    python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$file" "$project/orchestrator/schema/inspect.schema.json"
  done
}

@test "--from takes an address and nothing else" {
  pack a.img
  run -1 inspect --from 192.0.2.7 a.img
  run -1 inspect --from 2001:db8::7 a.img
  for word in host.example.com 192.0.2.0/24 ''; do
    run -2 inspect --from "$word" a.img
  done
}

@test "--try says why no login was tried" {
  pack a.img
  run -1 inspect --try a.img
  [[ $output == *'no login was tried: there is no sshd in the image'* ]]
}

@test "--quiet says what is wrong alone" {
  pack a.img
  run -1 inspect --quiet a.img
  [[ $output == *'sshd.present'* ]]
  [[ $output != *'image.whole'* ]]
}

@test "an image comes by standard input, too, compressed or not" {
  pack a.img
  inspect list a.img >expected
  run -1 inspect - <a.img
  [[ $output == *'sshd.present'* ]]
  inspect list - <a.img | cmp - expected
  gzip -c a.img | inspect list - | cmp - expected
  zstd -qc a.img | inspect list - | cmp - expected
  xz -c --check=crc32 a.img | inspect list - | cmp - expected
}

@test "nothing at all, and what is no image, will not let in" {
  : >empty.img
  head -c 4096 /dev/zero >zeros.img
  printf 'this is no image\n%.0s' {1..100} >text.img
  for image in empty zeros text; do
    echo "$image"
    run -1 inspect "$image.img"
    [[ $output == *'image.whole'* ]]
  done
}

@test "an image that is cut short is told of" {
  head -c 100000 /dev/zero >tree/etc/large
  pack a.img
  head -c 50000 a.img >cut.img
  run -1 inspect cut.img
  [[ $output == *'error'*'image.whole'*'the kernel stops here'* ]]
}

@test "a file that is not there cannot be told: 4" {
  run -4 inspect nonesuch.img
  [[ $output == *'nonesuch.img'* ]]
  run -4 inspect "$PWD"
}

@test "wrong usage is 2" {
  pack a.img
  run -2 inspect --nonesuch a.img
  run -2 inspect --list --tree a.img
  run -2 inspect --html page.html a.img
  run -2 inspect a.img another.img
  run -2 "$dracut_sshd"
}

@test "the options that the commands were before still work, and the help does not name them" {
  pack a.img
  inspect list a.img | cmp - <(inspect --list a.img)
  inspect cat a.img bin/tool | cmp - <(inspect --cat bin/tool a.img)
  inspect tree a.img | cmp - <(inspect --tree a.img)
  inspect explain sshd.present | cmp - <(inspect --explain sshd.present)
  run -0 inspect --diff a.img a.img
  inspect --extract before a.img
  inspect extract a.img after
  diff -r before after
  run -0 inspect --help
  local word
  for word in list tree cat extract diff explain; do
    [[ $output == *"  $word "* ]]
    [[ $output != *"--$word"* ]]
  done
}

@test "an image whose name is a command's is given with its folder" {
  pack a.img
  cp a.img list
  run -2 inspect cat list
  inspect cat ./list bin/tool | cmp - tree/usr/bin/tool
  run -1 inspect ./list
}

@test "an empty argument, a second image, and an option before a command are refused, and nothing is judged: 2" {
  pack a.img
  # refused MESSAGE ARGUMENT...
  refused() {
    run -2 --separate-stderr inspect "${@:2}"
    echo "${*:2}: $stderr"
    same '' "$output"
    [[ $stderr == *"$1"* ]]
  }
  refused 'expected a value' cat a.img ''
  refused 'expected a value' extract a.img ''
  refused 'expected a value' diff '' a.img
  refused 'expected a value' explain ''
  refused 'expected a value' ''
  refused 'expected a value' --cat '' a.img
  refused 'image: expected behind list, not before it' a.img list a.img
  refused '--list: expected behind tree' --list tree a.img
  refused '--cat: expected behind list' --cat bin/tool list a.img
  refused '--html: expected behind tree' --html page.html tree a.img
  refused '--host: expected behind list' --host list a.img
  refused '--quiet: expected behind tree' --quiet tree a.img
  refused '--kernel: expected behind cat' --kernel x cat a.img bin/tool
  refused '--tree: does not go with --list' --list --tree a.img
  refused '--html: goes with tree alone' --html page.html a.img
  refused '--devices: goes with extract alone' --devices --list a.img
  refused '--json: does not go with --cat' --json --cat bin/tool a.img
  [ ! -e page.html ]
}

@test "explain lists the checks, explains each, and knows no other: 2" {
  run -0 inspect explain
  [[ $output == *'sshd.present'* ]]
  count=0
  for id in $(inspect explain | grep -oE '^[a-z]+\.[a-z]+'); do
    inspect explain "$id" | grep -q "^$id: "
    count=$((count + 1))
  done
  ((count > 20))
  run -2 inspect explain no.such
  [[ $output == *'no.such'*'doctor explain'* ]]
}

@test "doctor explain lists what is looked at of the machine, and explains it" {
  run -0 doctor explain
  [[ $output == *'host.network.static'* && $output != *'sshd.present'* ]]
  run -0 doctor explain host.network.static
  [[ $output == 'host.network.static: '* ]]
  same "$(inspect explain host.network.static)" "$output"
  doctor explain --json | python3 -c 'import json, sys; assert len([each["why"] for each in json.load(sys.stdin)]) > 30'
  run -2 doctor explain no.such
  run -2 doctor explain ''
}

@test "list has names, modes, owners, sizes and links as cpio has them" {
  pack a.img
  run -0 inspect list a.img
  [[ $output == *'-0750     0     0         10 /usr/bin/tool'* ]]
  [[ $output == *'l0777     0     0          7 /bin -> usr/bin'* ]]
  same "$(cpio --list --quiet <a.img | sed 's,^\./,,; s,^\.$,,; s,^,/,' | sort)" \
    "$(inspect list --json a.img | python3 -c 'import json, sys
for each in json.load(sys.stdin): print(each["path"])' | sort)"
}

@test "of two archives the later one wins, and an early one of microcode is no fault" {
  pack first.img
  printf 'another\n' >tree/etc/motd
  pack second.img etc etc/motd
  { cat first.img && gzip -c second.img; } >both.img
  # The kernel looks for a plain archive at multiples of four alone.
  truncate -s %4 both.img
  same another "$(inspect cat both.img etc/motd)"
  same 'first line' "$(printf 'first line\n' >tree/etc/motd && pack third.img etc/motd && cat both.img third.img | inspect cat - /etc/motd)"
}

@test "cat follows links, prints bytes, and refuses folders and what is not there: 4" {
  pack a.img
  inspect cat a.img bin/tool | cmp - tree/usr/bin/tool
  run -4 inspect cat a.img etc
  run -4 inspect cat a.img etc/nonesuch
}

@test "extract writes what cpio does, into a new folder" {
  pack a.img
  run -0 inspect extract a.img out
  mkdir reference
  (cd reference && cpio --extract --make-directories --quiet <../a.img)
  diff -r --no-dereference out reference
  same 750 "$(stat -c %a out/usr/bin/tool)"
}

@test "extract into a folder that is not empty is refused, and leaves it alone: 4" {
  pack a.img
  mkdir out
  : >out/mine
  run -4 inspect extract a.img out
  [[ $output == *'not empty'* ]]
  same mine "$(ls -A out)"
  ln -s out link
  run -4 inspect extract a.img link
}

# hostile IMAGE: names that leave the folder, which no cpio would write
hostile() {
  python3 - "$1" "$BATS_TEST_TMPDIR" <<'END'
import sys
def record(path, mode, data=b""):
    name = path.encode() + b"\0"
    fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)
where = sys.argv[2]
entries = [("..", 0o40755), ("../up", 0o100644, b"escaped"), (f"{where}/absolute", 0o100644, b"escaped"), ("a", 0o40755),
           ("a/../../up2", 0o100644, b"escaped"), ("top", 0o120777, b"/"), (f"top/{where}/through", 0o100644, b"escaped"),
           ("out", 0o120777, where.encode()), ("out/linked", 0o100644, b"escaped"), ("up", 0o120777, b"../.."), ("up/up3", 0o100644, b"escaped"),
           ("good", 0o100644, b"good")]
with open(sys.argv[1], "wb") as file:
    file.write(b"".join(record(*entry) for entry in entries) + record("TRAILER!!!", 0))
END
}

@test "nothing leaves the folder that --extract names" {
  hostile a.img
  before=$(find . -mindepth 1 -maxdepth 1 | sort)
  inspect extract a.img new || true
  [ -d new ]
  same "$(printf '%s\n./new' "$before" | sort)" "$(find . -mindepth 1 -maxdepth 1 | sort)"
  for name in up up2 up3 absolute through linked; do
    [ ! -e "$BATS_TEST_TMPDIR/../$name" ]
  done
  if [ -e new/good ]; then same good "$(<new/good)"; fi
}

@test "device nodes are left out, and told, unless --devices asks for them" {
  [ "$EUID" -eq 0 ] || skip "only root can make a device node"
  mkdir tree/dev
  mknod tree/dev/null c 1 3 || skip "device nodes cannot be made here"
  mkfifo tree/dev/pipe
  pack a.img
  run -0 inspect extract a.img without
  [[ $output == *'left out: /dev/null'* ]]
  [ ! -e without/dev/null ]
  run -0 inspect extract --devices a.img with
  same '1:3' "$(stat -c '%t:%T' with/dev/null)"
  [ -p with/dev/pipe ]
}

@test "--diff: 0 for equals, 1 for what is more, less or otherwise" {
  pack a.img
  run -0 inspect diff a.img a.img
  printf 'changed\n' >tree/etc/motd
  : >tree/etc/new
  rm tree/usr/bin/tool
  pack b.img
  run -1 inspect diff b.img a.img
  for path in etc/motd etc/new usr/bin/tool; do [[ $output == *"$path"* ]]; done
  inspect diff --json b.img a.img | python3 -c 'import json, sys; json.load(sys.stdin)'
  run -4 inspect diff nonesuch.img a.img
}

@test "tree shows where the bytes are, and --html writes a page that holds all it needs" {
  head -c 300000 /dev/urandom >'tree/etc/<b>large&"'
  pack a.img
  run -0 inspect tree a.img
  [[ $output == *'large'* ]]
  run -0 inspect tree --html page.html a.img
  same page.html "$output"
  grep -qi '<!doctype html>' page.html
  # Nothing is fetched, and a name is text.
  if grep -E '<b>large|(src|href)="?(https?:)?//' page.html; then return 1; fi
}

@test "a result that cannot be written is no success" {
  [ -e /dev/full ] || skip "there is no /dev/full"
  pack a.img
  to_full() { inspect list a.img >/dev/full; }
  run -4 to_full
}
