#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `dracut-sshd rehearse` where nothing can be booted: a word that says why, a status, and nothing left behind. What boots is in
# ci/e2e. The image is made of this machine's own shell and of names alone.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

bats_require_minimum_version 1.5.0
load common

setup() {
  local file
  command -v cpio >/dev/null || skip "cpio is not installed"
  dracut_sshd=${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}
  cd "${BATS_TEST_TMPDIR:?}" || return
  mkdir -p scratch home tree/{etc,root/.ssh,usr/sbin,usr/lib/systemd,bin,usr/lib/modules/6.1.0/kernel}
  cp "$(type -P true)" tree/usr/sbin/sshd
  cp "$(type -P true)" tree/usr/lib/systemd/systemd
  cp -L "$(type -P sh)" tree/bin/sh
  while IFS= read -r file; do
    mkdir -p "tree${file%/*}"
    cp -L "$file" "tree$file"
  done < <(ldd "$(type -P sh)" | grep -o '/[^ )]*')
  for file in virtio_pci virtio_blk virtio_net ext4; do : >"tree/usr/lib/modules/6.1.0/kernel/$file.ko"; done
  printf 'root:x:0:0::/root:/bin/sh\n' >tree/etc/passwd
  ssh-keygen -q -t ed25519 -N '' -f key
  install -m 600 key.pub tree/root/.ssh/authorized_keys
  : >linux
  uuid=11111111-2222-4333-8444-555555555555
  cmdline="rd.luks.name=$uuid=root root=/dev/mapper/root"
}

pack() { (cd tree && find . | sort | cpio --create --format=newc --quiet --owner=0:0) >image; }

# rehearse ARGUMENT...: HOME and TMPDIR are the test's own
rehearse() { HOME=$PWD/home TMPDIR=${scratch:-$PWD/scratch} "$dracut_sshd" rehearse --emulate --cmdline "$cmdline" "$@"; }

clean() {
  printf '%s\n' "$output"
  [ -z "$(ls -A scratch)" ]
}

# machine NUMBER: the image's programs are for a processor of this number of ELF's
machine() { printf '%b\0' "\\x$(printf %02x "$1")" | dd of=tree/usr/lib/systemd/systemd bs=1 seek=18 conv=notrunc status=none; }

@test "without qemu: 3, and the package that has it" {
  command -v cryptsetup >/dev/null || PATH=$PATH:/usr/sbin:/sbin
  command -v cryptsetup mkfs.ext4 >/dev/null || skip "cryptsetup or e2fsprogs is not installed"
  pack
  mkdir none
  PATH=$PWD/none run -3 rehearse --image image --kernel linux
  clean
  [[ $output == *qemu-system-*'not '*'install qemu for '* ]]
}

@test "an image of an architecture that qemu imitates needs that qemu: 3, and its package" {
  ! command -v qemu-system-aarch64 >/dev/null || skip "qemu-system-aarch64 is installed"
  command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86_64 is not installed"
  machine 183
  pack
  run -3 rehearse --image image --kernel linux
  clean
  [[ $output == *'install qemu for aarch64 (qemu-system-arm on Debian and Ubuntu)'* ]]
}

@test "an image of an architecture that nobody knows here: 4, and its number" {
  machine 243
  pack
  run -4 rehearse --image image --kernel linux
  clean
  [[ $output == *"ELF's number 243"*'not known here'* ]]
}

@test "a kernel that is not there, or is none: 1, and which" {
  pack
  run -1 rehearse --image image
  clean
  [[ $output == *'no file of the kernel 6.1.0 was found'*'--kernel FILE'* ]]
  run -1 rehearse --image image --kernel nonesuch
  clean
  [[ $output == *nonesuch* ]]
  command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86_64 is not installed: not tried with a file that is no kernel"
  run -1 rehearse --image image --kernel linux
  clean
  [[ $output == *'qemu: '* ]]
}

@test "an image that is not there, is none, or may not be read: a word" {
  run -1 rehearse --image nonesuch --kernel linux
  clean
  [[ $output == *nonesuch*'No such file'* ]]
  head -c 4096 /dev/zero | tr '\0' x >image
  run -4 rehearse --image image --kernel linux
  clean
  [[ $output == *'no program is in it that tells which machine it is for'* ]]
  pack
  chmod 000 image
  if [ "$(id -u)" -eq 0 ]; then
    chmod 755 . "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_FILE_TMPDIR"
    chown 65534 scratch home
    # the build folder may be where nobody gets in
    install -m 755 "$dracut_sshd" program
    run -1 setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$PWD/home" TMPDIR="$PWD/scratch" ./program rehearse --image image --kernel linux
  else
    run -1 rehearse --image image --kernel linux
  fi
  clean
  [[ $output == *image*'Permission denied'* ]]
}

@test "a full disk: 1, and where there is room to be made" {
  unshare --mount true 2>/dev/null || skip "a mount namespace is refused here"
  pack
  mkdir small
  export HOME=$PWD/home TMPDIR=$PWD/small dracut_sshd cmdline
  run -1 unshare --mount sh -euc '
    mount -t tmpfs -o size=24m none small
    "$dracut_sshd" rehearse --emulate --cmdline "$cmdline" --image image --kernel linux && exit 99
    [ -z "$(ls -A small)" ] || exit 98
    exit 1'
  clean
  [[ $output == *'no room for a scratch disk'*'TMPDIR='* ]]
  run -1 unshare --mount sh -euc '
    mount -t tmpfs -o size=1m none small
    "$dracut_sshd" rehearse --emulate --cmdline "$cmdline" --image image --kernel linux && exit 99
    [ -z "$(ls -A small)" ] || exit 98
    exit 1'
  clean
  [[ $output == *'No space left on device'* ]]
}

@test "an image without sshd is not booted: the step at which it would end is said, and why" {
  rm tree/usr/sbin/sshd
  rm -r tree/root
  pack
  run -1 --separate-stderr rehearse --image image --kernel linux --json --report report
  clean
  printf '%s\n' "$output" >said.json
  same 'banner False' "$(python3 -c 'import json; said = json.load(open("said.json")); print(said["failed"], said["unlocked"])')"
  grep -q sshd.present said.json
  [ -s report/report.html ]
  run -1 rehearse --image image --kernel linux
  [[ $output == *'FAILED'*'sshd answers: not booted: the image has no sshd'* ]]
}

@test "an image with sshd and no file of keys is not booted, unless a key is named" {
  rm -r tree/root
  pack
  run -1 rehearse --image image --kernel linux
  clean
  [[ $output == *'a key logs in: not booted: the image has no file of authorized keys'*'--key FILE'* ]]
}

@test "what cannot be rehearsed: 4, and why; what is said wrongly: 2" {
  pack
  cmdline="root=/dev/nfs" run -4 rehearse --image image --kernel linux
  clean
  [[ $output == *'root=/dev/nfs is nothing that a scratch disk can stand for'* ]]
  run -4 rehearse --image image --kernel linux --disk sda
  clean
  [[ $output == *'luks=UUID or fs=UUID'* ]]
  run -2 rehearse --image image --as-is
  run -2 rehearse --image image --interactive --break
  run -2 rehearse --patience 0
}

@test "a root= for which nothing accounts is no invented disk, but a failed step: 1" {
  pack
  for root in /dev/mapper/vda5_crypt /dev/mapper/debian--vg-root UUID=11111111-2222-4333-8444-555555555555; do
    cmdline="root=$root ro quiet" run -1 --separate-stderr rehearse --image image --kernel linux --json
    clean
    printf '%s\n' "$output" >said.json
    same 'disks False' "$(python3 -c 'import json; said = json.load(open("said.json")); print(said["failed"], said["unlocked"])')"
    grep -q "root=$root is accounted for by nothing" said.json
    rm -r home && mkdir home
  done
}

@test "an image whose machine has a network interface that neither it nor qemu knows is not booted: 1, and which" {
  mkdir -p tree/usr/lib/dracut-sshd
  printf 'version\t1\nnic\teno1\ttg3\tpci:14e4:1657\n' >tree/usr/lib/dracut-sshd/nics
  pack
  run -1 rehearse --image image --kernel linux
  clean
  [[ $output == *'the network interface has an address: not booted: the image has no driver for'*'eno1 (tg3)'* ]]
}

@test "an encrypted disk in a logical volume is made as the record has it" {
  for tool in cryptsetup mkfs.ext4; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || skip "$tool is not installed"
  done
  mkdir -p tree/usr/lib/dracut-sshd bin
  printf '%s\t' version 1 | sed 's/\t$/\n/' >tree/usr/lib/dracut-sshd/storage
  printf 'need\t/\t1\nfrom\tsysfs\nnode\t1\tfs\text4\t-\t2\nnode\t2\tcrypt\troot_crypt\t%s\t3\nnode\t3\tlv\tvg/root\t-\t-\n' "$uuid" \
    >>tree/usr/lib/dracut-sshd/storage
  pack
  cat >"bin/qemu-system-$(uname -m)" <<'PROGRAM'
#!/bin/sh
for word; do
  case $word in *file=*disk0.img*) file=${word##*file=} && file=${file%%,*} ;; esac
done
dd if="$file" bs=1M skip=1 count=16 2>/dev/null | dd bs=6 count=1 2>/dev/null | od -An -c >"$0.seen"
exit 1
PROGRAM
  chmod 755 bin/qemu-system-*
  cmdline="root=/dev/mapper/root_crypt ro" PATH=$PWD/bin:$PATH:/usr/sbin:/sbin run -1 rehearse --image image --kernel linux
  clean
  cat bin/*.seen
  grep -q 'L   U   K   S' bin/*.seen
}

@test "a folder for the report that is there already: 2, before anything is done, and it stays as it is" {
  pack
  mkdir report
  run -2 rehearse --image image --kernel linux --report report
  clean
  [[ $output == *'report: it is there already'*'--report FOLDER'* ]]
  [ -z "$(ls -A report)" ]
}

@test "where no report can be kept, what was seen is said all the same" {
  rm tree/usr/sbin/sshd
  rm -r tree/root
  pack
  : >file
  rm -r home
  ln -s file home
  run -1 rehearse --image image --kernel linux
  clean
  [[ $output == *'The rehearsal FAILED'*'no report is kept: '* ]]
  run -1 rehearse --image image --kernel linux --report file/report
  clean
  [[ $output == *'The rehearsal FAILED'*'file: Not a directory'* ]]
}

# uki FILE NAME=CONTENT...: a PE file with these sections (PE format specification, "Section Table"); @FILE is a file's content
uki() {
  python3 - "$@" <<'PROGRAM'
import struct, sys
sections = []
for word in sys.argv[2:]:
    name, content = word.split("=", 1)
    sections.append((name, open(content[1:], "rb").read() if content.startswith("@") else content.encode()))
head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 240, 0x22) + b"\x0b\x02".ljust(240, b"\0")
body, at = b"", 4096
for name, content in sections:
    content += b"\0" * (-len(content) % 512)
    head += struct.pack("<8sIIIIIIHHI", name.encode(), len(content), 0x1000, len(content), at, 0, 0, 0, 0, 0)
    body, at = body + content, at + len(content)
open(sys.argv[1], "wb").write(head.ljust(4096, b"\0") + body)
PROGRAM
}

@test "a release that is a path, of a UKI or of a folder in it: a word, and nothing is written" {
  local evil dots=../../../../../../../../../../../..
  evil=$dots$PWD/victim
  mkdir -p victim/kernel tree/usr/lib/modules/victim/kernel host
  for file in virtio_pci virtio_blk virtio_net ext4; do printf 'kernel/%s.ko:\n' "$file"; done >victim/modules.dep
  printf 'theirs\n' | tee victim/kernel/{virtio_pci,virtio_blk,virtio_net,ext4}.ko >/dev/null
  printf 'of the image\n' >tree/usr/lib/modules/victim/kernel/new.ko
  cp -r victim before
  pack
  uki evil.efi ".uname=$evil" .cmdline=quiet .linux=MZ .initrd=@image
  run -1 rehearse --root host --image evil.efi
  clean
  [[ $output == *'evil.efi: ".uname: '*'is not a kernel release'*'--release RELEASE'* ]]
  diff -r before victim
  run -2 rehearse --root host --image image --release "$evil"
  [[ $output == *'--release: "'*'is not a kernel release'* ]]
  rm -r tree/usr/lib/modules
  mkdir -p "tree/usr/lib/modules/-b"
  pack
  run -1 rehearse --root host --image image --kernel linux
  clean
  [[ $output == *'usr/lib/modules/-b" is not a kernel release'* ]]
}

@test "escape sequences of an image do not reach the terminal" {
  local odd=$'\e]0;title\a\xc2\x9b31m\xe2\x80\xae' said
  pack
  uki evil.efi ".uname=6$odd" .cmdline=quiet .linux=MZ .initrd=@image
  run -1 rehearse --image evil.efi
  clean
  [[ $output == *'\x1b]0;title\x07\xc2\x9b31m\xe2\x80\xae'* ]]
  mkdir -p "tree/etc/$odd"
  printf '%s\n\ttext\n' "$odd" >"tree/etc/$odd/file"
  printf 'root:x:0:0::/%s:/bin/sh\n' "$odd" >tree/etc/passwd
  pack
  for said in '' --json --list '--list --json' --tree '--tree --json'; do
    # shellcheck disable=SC2086  # two words
    run "$dracut_sshd" inspect $said image
    same 0 "$(printf '%s' "$output" | LC_ALL=C grep -c $'\e\|\a\|\xc2\x9b\|\xe2\x80\xae')"
  done
  # raw into a pipe, and escaped at a terminal
  same "$(printf '%s\n\ttext' "$odd")" "$("$dracut_sshd" inspect cat image "etc/$odd/file")"
  run python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$dracut_sshd" inspect cat image "etc/$odd/file"
  [[ $output == *'\x1b]0;title\x07\xc2\x9b31m\xe2\x80\xae'*text* && $output != *$'\e'* ]]
}

@test "qemu sees its own folder alone, and a machine that prints without end is ended" {
  command -v bwrap >/dev/null || skip "bubblewrap is not installed"
  bwrap --unshare-all --ro-bind / / true 2>/dev/null || skip "bubblewrap does not work here"
  mkdir bin
  cat >"bin/qemu-system-$(uname -m)" <<'PROGRAM'
#!/usr/bin/env python3
import json, os, re, socket, sys

if "-version" in sys.argv:
    sys.exit(0)
console = next(re.search("id=console,path=(.*)", word).group(1) for word in sys.argv if "id=console," in word)
initrd = sys.argv[sys.argv.index("-initrd") + 1]
seen = "sandbox" if "-sandbox" in sys.argv else "no sandbox"
for path in ("/root", "/boot", os.path.dirname(os.path.dirname(initrd)) + "/throw-away"):
    seen += f" {path}" if os.path.exists(path) else ""
monitor = socket.socket(fileno=3).makefile("rw")
monitor.write('{"QMP": {}}\n')
monitor.flush()
log = open(console, "w")
log.write(f"[    0.0] Linux version 6.1.0-{seen.replace(' ', '_')}_ (nobody)\n")
log.flush()
for line in monitor:
    answer = "TCP[HOST_FORWARD] 13 127.0.0.1 1 10.0.2.15 22 0 0" if "usernet" in line else {}
    monitor.write(json.dumps({"return": answer}) + "\n")
    monitor.flush()
    if "usernet" in line:
        break
while True:
    log.write("x" * 1023 + "\n")
PROGRAM
  chmod 755 bin/qemu-system-*
  pack
  PATH=$PWD/bin:$PATH run -1 --separate-stderr rehearse --image image --kernel linux --json
  clean
  printf '%s\n' "$output" >said.json
  python3 - said.json <<'PROGRAM'
import json, sys
said = json.load(open(sys.argv[1]))
assert said["steps"][0]["detail"] == "Linux version 6.1.0-sandbox_" or "64.0 MiB to console.log" in said["steps"][0]["detail"], said["steps"]
assert "64.0 MiB to console.log" in said["steps"][-1]["detail"], said["steps"]
assert not [each for each in said["changes"] if "bubblewrap" in each], said["changes"]
PROGRAM
}

@test "a kernel that dies or stands still with two emulated processors is asked again with one, and then believed" {
  [ "$(nproc)" -gt 1 ] || skip "this machine has one processor, and so has the virtual one"
  mkdir bin
  cat >"bin/qemu-system-$(uname -m)" <<'PROGRAM'
#!/usr/bin/env python3
import json, os, re, socket, sys

console = next(re.search("id=console,path=(.*)", word).group(1) for word in sys.argv if "id=console," in word)
processors = sys.argv[sys.argv.index("-smp") + 1]
died = "Kernel panic - not syncing: No working init found"
if processors == "2":
    died = "and nothing more" if os.path.exists(sys.argv[0] + ".silent") else "int3: 0000 [#1] PREEMPT SMP"
monitor = socket.socket(fileno=3).makefile("rw")
monitor.write('{"QMP": {}}\n')
monitor.flush()
with open(console, "w") as log:
    log.write(f"[    0.0] Linux version 6.1.0 (nobody)\n[    1.0] {died}\n")
for line in monitor:
    answer = "TCP[HOST_FORWARD] 13 127.0.0.1 1 10.0.2.15 22 0 0" if "usernet" in line else {}
    monitor.write(json.dumps({"return": answer}) + "\n")
    monitor.flush()
PROGRAM
  chmod 755 bin/qemu-system-*
  pack
  PATH=$PWD/bin:$PATH run -1 --separate-stderr rehearse --image image --kernel linux --json
  clean
  printf '%s\n' "$output" >said.json
  same 'initrd the kernel died: Kernel panic - not syncing: No working init found' \
    "$(python3 -c 'import json; last = json.load(open("said.json"))["steps"][-1]; print(last["id"], last["detail"])')"
  grep -q 'one processor instead of two' said.json
  PATH=$PWD/bin:$PATH run -1 rehearse --image image --kernel linux
  clean
  [[ $output == *'No working init found'* && $output != *int3* ]]
  : >"bin/qemu-system-$(uname -m).silent"
  PATH=$PWD/bin:$PATH run -1 rehearse --image image --kernel linux --patience 10
  clean
  [[ $output == *'No working init found'*'one processor instead of two'* && $output != *'not within'* ]]
}
