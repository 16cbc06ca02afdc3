# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
#
# A fake system for dracut-sshd-rebuild: a root with two kernels, and programs in PATH that note how they were called. An
# "image" is a text file: what is on its lines is what lsinitrd lists.

setup_rebuild() {
  root=$BATS_TEST_TMPDIR/root bin=$BATS_TEST_TMPDIR/bin calls=$BATS_TEST_TMPDIR/calls
  settings=$root/usr/lib/dracut/modules.d/46sshd/initrd.conf
  mkdir -p "$root"/{boot,run,etc/dracut-sshd,usr/lib/modules/6.1.0-1,usr/lib/modules/6.12.0-2,usr/lib/modules/gone} "$bin"
  touch "$root"/usr/lib/modules/6.1{.0-1,2.0-2}/{modules.dep,vmlinuz} "$calls"
  mkdir -p "${settings%/*}" && cp "$BATS_TEST_DIRNAME/../46sshd/initrd.conf" "$settings"
  cat >"$BATS_TEST_TMPDIR/good" <<'END'
-rwxr-xr-x   1 root     root      1 Jan  1  2026 usr/sbin/sshd
-rw-r--r--   1 root     root      1 Jan  1  2026 usr/lib/systemd/system/sshd.service
-rw-------   1 root     root      1 Jan  1  2026 root/.ssh/authorized_keys
-rw-------   1 root     root      1 Jan  1  2026 etc/ssh/ssh_host_ed25519_key
END
  export root bin calls BATS_TEST_TMPDIR DRACUT_SSHD_ROOT=$root
  program uname 'echo 6.1.0-1'
  program lsinitrd 'cat "$1"'
  program findmnt 'echo rw,relatime'
  program dracut-sshd 'exit 4' # it cannot tell; the machine's own would have its say about a file of text
  # What the fake dracut writes is in the file that $makes names.
  makes=$BATS_TEST_TMPDIR/good
  export makes
  program dracut 'cat "$makes" >"$2"'
}

# program NAME BODY: notes its arguments, with the folder of the test left out, and does BODY.
program() {
  printf '#!/bin/bash\n[[ %s == @(uname|lsinitrd|findmnt|dracut-sshd) ]] || echo "%s $*" | sed "s#$root##g" >>"$calls"\n%s\n' \
    "$1" "$1" "$2" >"$bin/$1"
  chmod 755 "$bin/$1"
}

# rebuild ARGUMENT...: the program's output is in $output. Nothing of the machine's own dracut can be reached.
rebuild() { run env PATH="$bin:/usr/bin:/bin" bash "$BATS_TEST_DIRNAME/../dracut-sshd-rebuild" "$@"; }

called() { [[ "$(<"$calls")" == "$1" ]] || { echo "called:" && cat -- "$calls" && return 1; }; }
contains() { [[ "$(<"$1")" == "$2" ]] || { echo "$1:" && cat -- "$1" && return 1; }; }
good() { cmp -- "$BATS_TEST_TMPDIR/good" "$1"; }
ends() { [[ $status -eq $1 && $output == *"$2"* ]] || { echo "status $status: $output" && return 1; }; }
nothing_left() { [[ -z $(find "$root" -name '.dracut-sshd*' -o -name '*.new' -o -name '*.writing') ]] || { find "$root/boot" && return 1; }; }
