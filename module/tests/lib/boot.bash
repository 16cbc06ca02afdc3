# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# A fake initramfs for unlock, resume-boot and boot-state, with a systemctl that knows the units of $root/units, and disks
# that ask for a passphrase (disk.py). Programs are reached in $root/usr/bin alone, which holds what every image has:
# whatever else a script needs makes its test fail.

boot=$BATS_TEST_DIRNAME/../46sshd/boot

# each_shell FUNCTION: the test once under every shell that may be an image's /bin/sh.
shells=(dash bash 'busybox sh')
each_shell() {
  local sh found=''
  for sh in "${shells[@]}"; do
    type -P "${sh%% *}" >/dev/null || continue
    found=yes
    read -ra shell <<<"$(type -P "${sh%% *}")${sh#"${sh%% *}"}"
    stderr=''
    echo "under $sh"
    setup_boot
    # Not within a condition: every line of it must be able to fail.
    "$1"
    teardown_boot
  done
  [[ $found ]]
}

setup_boot() {
  # The path of a socket has 107 bytes.
  root=$(mktemp -d /tmp/boot.XXXXXX)
  mkdir -p "$root"/{etc,run/systemd/ask-password,proc,units,pids,ends,log,received,usr/bin,usr/lib/systemd,usr/lib/dracut-sshd,sys/block}
  : >"$root/etc/initrd-release"
  : >"$root/calls"
  : >"$root/jobs"
  ln -s /proc/uptime "$root/proc/uptime"
  cp "$boot/prompts.sh" "$boot/disks.sh" "$root/usr/lib/dracut-sshd/"
  ln -s "$(type -P sleep)" "$root/usr/bin/sleep"
  printf '#!%s\nexec %s %s "$@"\n' "$BASH" "${shell[*]}" "$boot/resume-boot" >"$root/usr/bin/resume-boot"
  { printf '#!%s\n' "$BASH" && cat -- "$BATS_TEST_DIRNAME/lib/systemctl.bash"; } >"$root/usr/bin/systemctl"
  chmod 755 "$root/usr/bin/resume-boot" "$root/usr/bin/systemctl"
  real_reply
  asking=()
}

# Sends what it reads to a socket: systemd's own program wherever there is one.
real_reply() {
  local reply
  for reply in /usr/lib/systemd/systemd-reply-password /lib/systemd/systemd-reply-password; do
    [[ -x $reply ]] && ln -s "$reply" "$root/usr/lib/systemd/systemd-reply-password" && return 0
  done
  printf '%s\n' "#!$(type -P python3)" 'import socket, sys' \
    'socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"+" + sys.stdin.buffer.readline().rstrip(b"\n") + b"\0", sys.argv[2])' \
    >"$root/usr/lib/systemd/systemd-reply-password"
  chmod 755 "$root/usr/lib/systemd/systemd-reply-password"
}

teardown_boot() {
  local process
  for process in "${asking[@]}"; do kill "$process" 2>/dev/null || true; done
  [[ ! -d ${root-} ]] || rm -rf -- "$root"
  root='' asking=() input=/dev/null
}

# disk NAME [OPTION...]: starts one; with --after it is not waited for.
disk() {
  python3 "$BATS_TEST_DIRNAME/lib/disk.py" "$root" "$@" 3>&- >/dev/null 2>"$root/log/error.$1" &
  asking+=("$!")
  [[ " $* " == *' --after '* ]] || await "$root/log/$1" asks
}

# await FILE TEXT
await() {
  local attempt
  for attempt in {1..150}; do
    [[ -e $1 && $(<"$1") == *"$2"* ]] && return 0
    sleep 0.1
  done
  echo "$1 never held \"$2\"" && cat -- "$root"/log/* && return 1
}

# installer_layout: LVM on LUKS, as an installer leaves it, with the record of it in the image, and nothing that opens it.
uuid=aaaaaaaa-1111-2222-3333-444444444444
installer_layout() {
  mkdir -p "$root/dev/disk/by-uuid" "$root/etc/systemd/system" "$root/run/systemd/generator" "$root/run/udev/data"
  : >"$root/dev/disk/by-uuid/$uuid"
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' version 1 '' '' '' '' from sysfs '' '' '' '' need / 1 '' '' '' node 1 fs ext4 5f0c 2 node 2 lv debian-vg/root - 3 \
    node 3 crypt vda5_crypt "$uuid" 4 node 4 part vda5 - 5 | sed 's/\t*$//' >"$root/usr/lib/dracut-sshd/storage"
  printf 'S:disk/by-uuid/%s\nE:ID_FS_UUID=%s\nE:ID_FS_TYPE=crypto_LUKS\n' "$uuid" "$uuid" >"$root/run/udev/data/b254:5"
  printf 'E:ID_FS_UUID=5f0c\nE:ID_FS_TYPE=ext4\n' >"$root/run/udev/data/b254:1"
  printf '#!/bin/sh\n' >"$root/usr/lib/systemd/systemd-cryptsetup"
  chmod 755 "$root/usr/lib/systemd/systemd-cryptsetup"
  printf '%s\n' '7 dev-mapper-debian\x2d\x2dvg\x2droot.device start running' >"$root/jobs"
}
generated() { printf '[Service]\nExecStart=/usr/lib/systemd/systemd-cryptsetup attach '\''%s'\'' '\''/dev/disk/by-uuid/%s'\'' '\''-'\'' '\''luks%s'\''\n' "$2" "$3" "${4-}" >"$root/run/systemd/generator/$1"; }

# unit NAME STATE
unit() { printf '%s' "$2" >"$root/units/$1"; }
# stopped UNIT TARGET SIGNAL: the boot is held by a shell that ends on that signal; or by none, if SIGNAL is empty.
stopped() {
  unit "$1" active
  unit "$2" active
  printf 777 >"$root/pids/$1"
  printf '%s' "$3" >"$root/ends/$1"
}

# ask NAME LINE...: an ask file as somebody else may have written it.
ask() { printf '[Ask]\n' | cat - <(printf '%s\n' "${@:2}") >"$root/run/systemd/ask-password/ask.$1"; }
# sock NAME: a socket that nobody reads.
sock() { python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(sys.argv[1])' "$root/run/systemd/ask-password/sck.$1"; }

# unlock, resume_boot, boot_state ARGUMENT...: in the fake root; unlock is given the file $input.
input=/dev/null
in_root() { env DRACUT_SSHD_ROOT="$root" "${shell[@]}" "$boot/$1" "${@:2}" 3>&-; }
unlock() { run --separate-stderr in_root unlock "$@" <"$input"; }
resume_boot() { run --separate-stderr in_root resume-boot "$@"; }
boot_state() { run --separate-stderr in_root boot-state "$@"; }

# passphrase TEXT: is what unlock will read.
passphrase() {
  input=$root/input
  printf '%s\n' "$1" >"$input"
}

ends() { [[ $status -eq $1 ]] || { echo "status $status, not $1: $output$stderr" && return 1; }; }
says() { [[ $output$'\n'$stderr == *"$1"* ]] || { echo "not said: $1; but: $output$stderr" && return 1; }; }
says_not() { [[ $output$'\n'$stderr != *"$1"* ]] || { echo "said: $output$stderr" && return 1; }; }
# received NAME.NUMBER PASSPHRASE: that very answer came.
received() { cmp -- <(printf '%s' "$2") "$root/received/$1"; }
nothing_received() { [[ -z $(ls -A "$root/received") ]] || { head -- "$root"/received/* && return 1; }; }
called() { grep -qxF -- "$1" "$root/calls" || { echo "not called: $1; but:" && cat -- "$root/calls" && return 1; }; }
not_called() { if grep -E -- "$1" "$root/calls"; then return 1; fi; }
# field EXPRESSION: of the JSON that was printed.
field() { python3 -c 'import json, sys; print(eval(sys.argv[1], {"j": json.loads(sys.stdin.read())}))' "$1" <<<"$output"; }
