#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The commands of docs/passphrases.md, as they stand there: the real pass, gpg and systemd-creds give what was stored; shellcheck reads all.
# shellcheck disable=SC2030,SC2031

load common

bats_require_minimum_version 1.5.0

setup() {
  work=$BATS_TEST_TMPDIR
  export HOME=$work/home GNUPGHOME=$work/gnupg HOST=db1
  mkdir -m 700 "$HOME" "$GNUPGHOME"
  unset PASSWORD_STORE_DIR DISK
  # What is told on standard output alone is taken; the first line of it.
  secret=$' open\\n "s\xc3\xa9same\' '
}

teardown() { gpgconf --homedir "$work/gnupg" --kill all 2>/dev/null || true; }

# command_of HEADING [NUMBER]: the page's command below this heading
command_of() {
  awk -v heading="$1" -v wanted="${2:-1}" '/^#/ { sub(/^#+ /, ""); here = $0 == heading } here && /^```sh/ { inside = ++count == wanted; next }
    /^```/ { inside = 0 } inside' "$project/docs/passphrases.md"
}

# gives HEADING [NUMBER]
gives() {
  local text
  text=$(command_of "$@")
  echo "$text"
  [ -n "$text" ]
  sh -c "$text" </dev/null >"$work/out"
  same "$secret" "$(head -n 1 "$work/out")"
  HOST=nobody run ! sh -c "$text" </dev/null
}

key() {
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'Admin <admin@example.org>' default default never
}

@test "pass gives what was inserted, for this host" {
  type -P pass gpg >/dev/null || skip "pass or gpg is not installed"
  key
  pass init admin@example.org
  printf '%s\nuser: root\n' "$secret" | pass insert --multiline disks/db1
  echo other | pass insert --multiline disks/db1-data
  gives pass
  local text
  text=$(command_of 'Where passphrases come from')
  same "$secret" "$(DISK=cryptsetup:/dev/disk/by-uuid/1 sh -c "$text" | head -n 1)"
  same other "$(DISK=cryptsetup:/dev/disk/by-uuid/7c1d3a60-5b0e-4a7f-9d53-0f3c1b8f2e11 sh -c "$text")"
}

@test "gpg gives what was encrypted" {
  type -P gpg >/dev/null || skip "gpg is not installed"
  key
  mkdir "$HOME/disks"
  printf '%s\n' "$secret" | gpg --batch --quiet --encrypt --recipient admin@example.org --output "$HOME/disks/db1.gpg"
  gives 'A file, encrypted with GnuPG'
}

@test "systemd-creds gives what was encrypted, with a host key that is thrown away" {
  type -P systemd-creds >/dev/null || skip "systemd-creds is not installed"
  type -P bwrap >/dev/null || skip "bubblewrap is not installed"
  ((EUID == 0)) || skip "not as root: the host key is root's"
  [ -s /etc/machine-id ] || skip "this machine has no machine-id, which the host key is bound to"
  [ -d /var/lib/systemd ] || skip "there is no /var/lib/systemd to hide"
  mkdir "$work/etc"
  cp -a /etc/machine-id "$work/etc/"
  command_of systemd-creds >"$work/command"
  command_of systemd-creds 2 >"$work/in-a-unit"
  cat >"$work/run" <<'E'
set -eu
mkdir -p /etc/dracut-sshd/disks
printf %s "$SECRET" | systemd-creds encrypt --with-key=host --name=disk-db1 - /etc/dracut-sshd/disks/db1.cred >/dev/null
sh ./command
echo
CREDENTIALS_DIRECTORY=$PWD/credentials
export CREDENTIALS_DIRECTORY
mkdir "$CREDENTIALS_DIRECTORY"
sh ./command >"$CREDENTIALS_DIRECTORY/disk-db1"
sh ./in-a-unit
HOST=../disks/other
cp /etc/dracut-sshd/disks/db1.cred /etc/dracut-sshd/disks/other.cred
export HOST
! sh ./command || echo "another name was taken"
E
  SECRET=$secret bwrap --dev-bind / / --tmpfs /var/lib/systemd --bind "$work/etc" /etc --chdir "$work" sh ./run >"$work/out"
  same "$secret"$'\n'"$secret" "$(<"$work/out")"
}

@test "every command of the page is clean shell, and has the host in quotes" {
  type -P shellcheck >/dev/null || skip "shellcheck is not installed"
  local heading count=0 text
  for heading in 'Where passphrases come from' pass 'A file, encrypted with GnuPG' Bitwarden 1Password 'HashiCorp Vault' systemd-creds 'macOS keychain'; do
    text=$(command_of "$heading")
    echo "$heading: $text"
    [[ $text == *\$HOST* ]]
    shellcheck --shell=sh --exclude=SC2154 - <<<"$text" # HOST and DISK come from outside
    count=$((count + 1))
  done
  ((count == 8))
}
