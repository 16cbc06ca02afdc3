#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is made of root's lines at boot, under every shell that an image may have.
# shellcheck disable=SC2016,SC2154

setup() {
  image=$BATS_TEST_TMPDIR/image
  mkdir -p "$image/etc" "$image/bin"
  touch "$image/etc/initrd-release"
  printf '#!/bin/sh\n' >"$image/bin/sh"
  chmod 755 "$image/bin/sh"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin' >"$image/etc/passwd"
}

# becomes FIELDS FIELDS: root's line in shadow before, and after
becomes() {
  local shell
  for shell in dash bash 'busybox sh'; do
    type -P "${shell%% *}" >/dev/null || continue
    printf '%s\n' 'bin:*:19000:0:99999:7:::' ${1:+"$1"} 'zed:!:::::::' >"$image/etc/shadow"
    DRACUT_SSHD_ROOT=$image $shell "$BATS_TEST_DIRNAME/../46sshd/boot/fix-accounts"
    diff - "$image/etc/shadow" <<END || return 1
bin:*:19000:0:99999:7:::
zed:!:::::::
$2
END
    [[ $(stat -c %a "$image/etc/shadow") == 600 && $(stat -c %a "$image/etc/passwd") == 644 ]] || return 1
  done
}

@test "a lock becomes a star" { becomes 'root:!:19000:0:99999:7:::' 'root:*:::::::'; }
@test "two locks become a star" { becomes 'root:!!:19000::::::' 'root:*:::::::'; }
@test "a hash behind a lock is not uncovered" { becomes 'root:!$y$j9T$salt$hash:19000::::::' 'root:*:::::::'; }
@test "a star stays" { becomes 'root:*:19000::::::' 'root:*:::::::'; }
@test "a hash stays" { becomes 'root:$6$salt$ha/sh.:19000::::::' 'root:$6$salt$ha/sh.:::::::'; }
@test "an empty field stays" { becomes 'root::19000::::::' 'root::::::::'; }
@test "an account that has expired has no date any more" { becomes 'root:$6$s$h:1:0:1:7:1:2:' 'root:$6$s$h:::::::'; }
@test "a missing line is made" { becomes '' 'root:*:::::::'; }
@test "of two lines the placeholder goes" { becomes $'root:!unprovisioned:::::::\nroot:$6$s$h:1::::::' 'root:$6$s$h:::::::'; }
@test "of two lines the first that is more than a placeholder stays" { becomes $'root:$6$s$h:1::::::\nroot:!:::::::' 'root:$6$s$h:::::::'; }

@test "a lock on a short line, or with a CR, becomes a star" {
  becomes 'root:!' 'root:*:::::::'
  becomes $'root:!:\r' 'root:*:::::::'
  becomes $'root:!!\r' 'root:*:::::::'
  becomes $' \troot:!:1::::::' 'root:*:::::::'
}

# passwd_becomes LINE LINE: root's line in passwd before, and after, under every shell.
passwd_becomes() {
  local shell
  for shell in dash bash 'busybox sh'; do
    type -P "${shell%% *}" >/dev/null || continue
    printf '%s' "$1"$'\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\nzed:x:5:5::/:/bin/false\n' >"$image/etc/passwd"
    DRACUT_SSHD_ROOT=$image $shell "$BATS_TEST_DIRNAME/../46sshd/boot/fix-accounts"
    diff - "$image/etc/passwd" <<END || return 1
$2
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
zed:x:5:5::/:/bin/false
END
  done
}

@test "root's line with too few or too many fields gets all seven" {
  passwd_becomes 'root:x:0:0' 'root:x:0:0::/root:/bin/sh'
  passwd_becomes 'root:x' 'root:x:0:0::/root:/bin/sh'
  passwd_becomes 'root:' 'root:x:0:0::/root:/bin/sh'
  passwd_becomes 'root::' 'root::0:0::/root:/bin/sh'
  passwd_becomes 'root:x:0:0:root:/root:/bin/sh:' 'root:x:0:0:root:/root:/bin/sh'
  passwd_becomes 'root:x:0:0:root:/root:/bin/sh:more:fields' 'root:x:0:0:root:/root:/bin/sh'
}

@test "root's id and group are 0, whatever the line says" {
  passwd_becomes 'root:x:1000:0:root:/root:/bin/sh' 'root:x:0:0:root:/root:/bin/sh'
  passwd_becomes 'root:x:zero::root:/root:/bin/sh' 'root:x:0:0:root:/root:/bin/sh'
}

@test "a home without keys, a shell with arguments, a CR, and blanks before the name are put right" {
  passwd_becomes 'root:x:0:0:root:/nowhere:/bin/sh' 'root:x:0:0:root:/root:/bin/sh'
  passwd_becomes 'root:x:0:0:root:root:/bin/sh -x' 'root:x:0:0:root:/root:/bin/sh'
  passwd_becomes $'root:x:0:0:root:/root:/bin/sh\r' 'root:x:0:0:root:/root:/bin/sh'
  passwd_becomes ' root:x:0:0:root:/root:/bin/sh' 'root:x:0:0:root:/root:/bin/sh'
  mkdir -p "$image/var/roothome/.ssh"
  passwd_becomes 'root:x:0:0:root:/var/roothome:/bin/sh' 'root:x:0:0:root:/var/roothome:/bin/sh'
  passwd_becomes "root:x:0:0:$(printf '%0100000d' 0):/root:/bin/sh" 'root:x:0:0:root:/root:/bin/sh'
  passwd_becomes 'root:x:0:0:back\\slash *:/root:/bin/sh' 'root:x:0:0:back\\slash *:/root:/bin/sh'
}

@test "an account of sshd's without all its fields is made anew" {
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'sshd:x:101' >"$image/etc/passwd"
  run_it
  diff - "$image/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
sshd:x:74:74:Privilege-separated SSH:/:/usr/sbin/nologin
END
}

run_it() { DRACUT_SSHD_ROOT=$image sh "$BATS_TEST_DIRNAME/../46sshd/boot/fix-accounts"; }

@test "without a shadow file one is made" {
  run_it
  diff - "$image/etc/shadow" <<<'root:*:::::::'
}

@test "passwd has one line for root, with a shell that is there, and one for sshd" {
  printf '%s\n' 'root::0:0:root:/root:/bin/zsh' 'bin:x:1:1::/:/bin/false' 'root:x:0:0::/:/bin/sh' >"$image/etc/passwd"
  run_it
  diff - "$image/etc/passwd" <<'END'
root::0:0:root:/root:/bin/sh
bin:x:1:1::/:/bin/false
sshd:x:74:74:Privilege-separated SSH:/:/usr/sbin/nologin
END
}

@test "a passwd without root gets one" {
  : >"$image/etc/passwd"
  run_it
  grep -qxF 'root:x:0:0:root:/root:/bin/sh' "$image/etc/passwd"
}

@test "what is right is not written anew" {
  printf 'root:*:::::::\n' >"$image/etc/shadow"
  touch -d @1 "$image/etc/passwd" "$image/etc/shadow"
  run_it
  [ "$(stat -c %Y "$image/etc/passwd" "$image/etc/shadow")" = $'1\n1' ]
}

@test "a host's accounts are left alone" {
  rm "$image/etc/initrd-release"
  printf 'root:!:::::::\n' >"$image/etc/shadow"
  run run_it
  [ "$status" -eq 1 ]
  grep -qxF 'root:!:::::::' "$image/etc/shadow"
  [ ! -e /etc/initrd-release ]
  cp /etc/shadow "$BATS_TEST_TMPDIR/before" 2>/dev/null || skip "only root can read shadow"
  run sh "$BATS_TEST_DIRNAME/../46sshd/boot/fix-accounts"
  [ "$status" -eq 1 ]
  cmp /etc/shadow "$BATS_TEST_TMPDIR/before"
}
