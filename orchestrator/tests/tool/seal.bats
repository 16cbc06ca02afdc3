#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut-sshd seal with the real systemd-creds and a TPM by swtpm. Each test has a mount namespace of its own, with copies of /etc and of
# /var/lib/systemd and with a tmpfs at /run: nothing of the host is changed.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load common

bats_require_minimum_version 1.5.0

setup() {
  local program
  [ "$(id -u)" = 0 ] || skip "needs root"
  for program in swtpm systemd-creds tpm2_pcrextend ssh-keygen unshare; do
    type -P "$program" >/dev/null || skip "$program is not installed"
  done
  [ -n "$(find /usr/lib /lib -name 'libtss2-tcti-swtpm.so.0' 2>/dev/null | head -n 1)" ] || skip "tpm2-tss's libtss2-tcti-swtpm is not installed"
  dracut_sshd=$(realpath "${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}")
  work=$(mktemp -d /tmp/seal.XXXXXX) # a socket's name is short
  mkdir "$work/systemd" "$work/run" "$work/var"
  cp -a /etc "$work/etc"
  rm -rf "$work/etc/dracut-sshd"
  [ -s "$work/etc/machine-id" ] || echo 0123456789abcdef0123456789abcdef >"$work/etc/machine-id"
  tpm=swtpm:path=$work/m
  export work dracut_sshd tpm
  start_tpm own
}

teardown() {
  stop_tpm
  [[ $work != /tmp/seal.* ]] || rm -rf "$work"
}

# start_tpm NAME: a TPM whose state is kept under this name
start_tpm() {
  mkdir -p "$work/$1"
  swtpm socket --tpm2 --tpmstate "dir=$work/$1" --server "type=unixio,path=$work/t" --ctrl "type=unixio,path=$work/t.ctrl" \
    --flags not-need-init,startup-clear >"$work/swtpm.log" 2>&1 3>&- &
  echo $! >"$work/swtpm.pid"
  for _ in {1..100}; do if [[ -S $work/t && -S $work/t.ctrl ]]; then break; else sleep 0.05; fi; done
  "$BATS_TEST_DIRNAME/services/tpm-manager" "$work/m" "$work/t" 3>&- &
  echo $! >"$work/manager.pid"
  for _ in {1..100}; do if [[ -S $work/m ]]; then return 0; else sleep 0.05; fi; done
  cat "$work/swtpm.log" >&2
  return 1
}
stop_tpm() {
  local each pid
  for each in manager swtpm; do
    [ -e "$work/$each.pid" ] || continue
    pid=$(<"$work/$each.pid")
    { kill -CONT "$pid" && kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
  done
  rm -f "$work"/{t,t.ctrl,m,m.ctrl,swtpm.pid,manager.pid}
}
extend() { tpm2_pcrextend -T "$tpm" "$1:sha256=$(printf '01%.0s' {1..32})"; }

# within COMMAND...: in the namespace. Where there is $work/sbin, its programs are among those of /usr/sbin.
within() {
  unshare --mount --propagation private bash -euc '
    mount --bind "$work/etc" /etc
    mount --bind "$work/systemd" /var/lib/systemd
    if [[ -e $work/run-is-no-tmpfs ]]; then mount --bind "$work/run" /run; else mount -t tmpfs -o mode=755 tmpfs /run; fi
    if [[ -e $work/dev ]]; then
      mount -t tmpfs tmpfs "$work/dev" && cp -a /dev/{null,zero,random,urandom,tty} "$work/dev/" && : >"$work/dev/tpmrm0"
      mount --move "$work/dev" /dev
    fi
    if [[ -e $work/sbin ]]; then
      mkdir -p "$work/upper" && cp -a "$work/sbin/." "$work/upper" && mkdir -p "$work/over"
      mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$work/upper,workdir=$work/over" overlay /usr/sbin
    fi
    exec "$@"' bash "$@"
}
seal() { within "$dracut_sshd" seal --tpm-device "$tpm" "$@"; }
new_seal() { run -0 seal --pcrs 23 --no-rebuild "$@" && echo "$output"; }
sealed() { cat "$work/etc/dracut-sshd/sealed/$1"; }
# opened: the public half of what the TPM opens
opened() {
  within bash -euc 'systemd-creds decrypt --tpm2-device="$tpm" --name=ssh_host_ed25519_key /etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred /run/k
    chmod 600 /run/k && ssh-keygen -y -P "" -f /run/k' 2>/dev/null | cut -d ' ' -f 1,2
}
# own_tpm: from now on the TPM is the namespace's own: there is a /dev/tpmrm0, and the real systemd-creds is told where it leads to
own_tpm() {
  mkdir -p "$work/dev" "$work/sbin"
  printf '#!/bin/sh\nverb=$1 && shift && exec /usr/bin/systemd-creds "$verb" $([ "$verb" = --version ] || echo --tpm2-device=%s) "$@"\n' "$tpm" >"$work/sbin/systemd-creds"
  chmod 755 "$work/sbin/systemd-creds"
  within true 2>/dev/null || skip "there is no overlayfs here"
}
# is_clean: nothing is left of a run, and no file has the sealed key in the clear
is_clean() {
  [ ! -e "$work/etc/dracut-sshd/sealed.new" ] && [ ! -e "$work/etc/dracut-sshd/sealed.old" ]
  [ -z "$(find "$work/etc/dracut-sshd" -name 'ssh_host_ed25519_key' -print -quit 2>/dev/null)" ]
}

@test "a key is sealed, only the TPM opens it, and what desks need is printed; a second one needs a word" {
  new_seal
  [[ $output == *'sealed     SHA256:'*' to PCR 23 (sha256)'* ]]
  [[ $output == *"-initramfs $(cut -d ' ' -f 1,2 "$work/etc/dracut-sshd/sealed/ssh_host_ed25519_key.pub")"* ]]
  [[ $output == *"-initramfs-unsealed $(cut -d ' ' -f 1,2 "$work/etc/dracut-sshd/sealed/unsealed_ssh_host_ed25519_key.pub")"* ]]
  [ "$(opened)" = "$(sealed ssh_host_ed25519_key.pub | cut -d ' ' -f 1,2)" ]
  is_clean
  (cd "$work/etc/dracut-sshd" && [ "$(stat -c '%a %n' sealed sealed/*)" = "700 sealed
600 sealed/ssh_host_ed25519_key.cred
644 sealed/ssh_host_ed25519_key.pub
600 sealed/ssh_host_ed25519_key.recovery
600 sealed/unsealed_ssh_host_ed25519_key
644 sealed/unsealed_ssh_host_ed25519_key.pub" ])
  local before
  before=$(sealed ssh_host_ed25519_key.pub)
  run -1 seal --pcrs 23 --no-rebuild
  [[ $output == *'sealed here already'*'--new-key'* ]]
  [ "$(sealed ssh_host_ed25519_key.pub)" = "$before" ]
  new_seal --new-key
  [ "$(sealed ssh_host_ed25519_key.pub)" != "$before" ]
}

@test "status says whether the TPM opens it; a TPM that refuses is said; reseal brings the same key back by the recovery key" {
  run -1 seal --status
  [[ $output == *'no host key is sealed here'* ]]
  new_seal
  local before
  before=$(sealed ssh_host_ed25519_key.pub)
  run -0 seal --status
  echo "$output"
  [[ $output == *'opens it now'* ]]
  extend 23
  run -1 seal --status
  echo "$output"
  [[ $output == *'does NOT open it: '*'The next boot shows the unsealed host key.'*'--reseal'* ]]
  run -1 --separate-stderr seal --status --json
  [ "$(python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["opens"], d["key"]["policy"]["pcrs"])' <<<"$output")" = 'False 23' ]
  run -0 seal --reseal --no-rebuild
  echo "$output"
  [[ $output == *'the TPM had refused; the recovery key opened it'* ]]
  [ "$(sealed ssh_host_ed25519_key.pub)" = "$before" ]
  [ "$(opened)" = "$(cut -d ' ' -f 1,2 <<<"$before")" ]
  run -0 seal --status
  is_clean
  # Now the TPM opens it, and other PCRs can be named.
  run -0 seal --reseal --pcrs 16 --no-rebuild
  [[ $output == *'to PCR 16 (sha256)'* && $output != *'had refused'* ]]
}

@test "another machine's TPM opens nothing; without a recovery key a new key has to be made" {
  new_seal --no-recovery-key
  [ ! -e "$work/etc/dracut-sshd/sealed/ssh_host_ed25519_key.recovery" ]
  local before
  before=$(sealed ssh_host_ed25519_key.cred)
  stop_tpm
  start_tpm other
  run -1 seal --status
  echo "$output"
  [[ $output == *'does NOT open it'* ]]
  run -1 seal --reseal --no-rebuild
  echo "$output"
  [[ $output == *'the TPM does not open the sealed key'*'--new-key'* ]]
  [ "$(sealed ssh_host_ed25519_key.cred)" = "$before" ]
  new_seal --new-key
  run -0 seal --status
}

@test "no TPM, no tmpfs, PCRs that cannot be right, no root: a word, a status, and nothing is there" {
  run -2 seal --pcrs 24
  run -2 seal --pcrs 9
  [[ $output == *'the initramfs itself is measured into it'* ]]
  run -2 seal --pcrs 7+11
  [[ $output == *'--public-key is for this one'* ]]
  run -2 seal --status --reseal
  run -2 within "$dracut_sshd" seal --tpm-device '-x y'
  run -2 within setpriv --reuid 65534 --regid 65534 --clear-groups "$dracut_sshd" seal --status
  [[ $output == *'run it as root'* ]]
  if [ ! -e /dev/tpmrm0 ]; then
    run -1 within "$dracut_sshd" seal
    [[ $output == *'has no TPM 2.0'* ]]
  fi
  : >"$work/run-is-no-tmpfs"
  if [ "$(stat -f -c %T "$work/run")" != tmpfs ]; then
    run -1 seal --pcrs 23 --no-rebuild
    echo "$output"
    [[ $output == *'is not a tmpfs'* ]]
    [ -z "$(find "$work/run" -mindepth 1 ! -name dracut-sshd-setup.lock -print -quit)" ]
  fi
  rm "$work/run-is-no-tmpfs"
  stop_tpm
  run -1 seal --pcrs 23 --no-rebuild
  echo "$output"
  [[ $output == *'could not be sealed to the TPM: '* ]]
  [ ! -e "$work/etc/dracut-sshd/sealed" ]
  is_clean
}

@test "dry-run changes nothing; without an unsealed key the setting says so" {
  run -0 seal --pcrs 23 --dry-run
  echo "$output"
  [[ $output == *'would seal'*'PCR 23'*'nothing was changed'* ]]
  [ ! -e "$work/etc/dracut-sshd" ]
  mkdir "$work/etc/dracut-sshd"
  printf 'HOLD=60' >"$work/etc/dracut-sshd/initrd.conf"
  new_seal --no-unsealed-key
  [ "$(<"$work/etc/dracut-sshd/initrd.conf")" = $'HOLD=60\nUNSEALED_KEY=no' ]
  [ ! -e "$work/etc/dracut-sshd/sealed/unsealed_ssh_host_ed25519_key" ]
  [[ $output == *'nobody can log in'* && $output != *'-unsealed ssh-ed25519'* ]]
  # Who changes their mind keeps the sealed key.
  local before
  before=$(sealed ssh_host_ed25519_key.pub)
  run -0 seal --reseal --no-rebuild
  [[ $output == *'nobody can log in'* ]]
  echo HOLD=60 >"$work/etc/dracut-sshd/initrd.conf"
  run -0 seal --reseal --no-rebuild
  echo "$output"
  [[ $output == *'-unsealed ssh-ed25519'* && $(sealed ssh_host_ed25519_key.pub) == "$before" ]]
  run -0 seal --remove --no-rebuild
  [ ! -e "$work/etc/dracut-sshd/sealed" ]
  run -0 seal --remove --no-rebuild
  [[ $output == *'no host key is sealed here'* ]]
}

@test "killed in the middle, nothing is replaced, and the next run cleans up" {
  new_seal
  local before pid
  before=$(sealed ssh_host_ed25519_key.cred)
  for signal in KILL TERM; do
    kill -STOP "$(<"$work/swtpm.pid")" # it gives no answer
    rm -f "$work/inside"
    within bash -c '"$dracut_sshd" seal --tpm-device "$tpm" --pcrs 23 --new-key --no-rebuild & echo $! >"$work/inside"; wait $!
      echo "status $?"; find /run -name "dracut-sshd-seal-*" | wc -l
      kill -CONT "$(<"$work/swtpm.pid")"; sleep 1
      "$dracut_sshd" seal --tpm-device "$tpm" --pcrs 23 --new-key --no-rebuild >/dev/null; find /run -name "dracut-sshd-seal-*" | wc -l' >"$work/said" 2>&1 3>&- &
    pid=$!
    for _ in {1..100}; do [ -s "$work/inside" ] && break || sleep 0.1; done
    sleep 2
    [ "$(sealed ssh_host_ed25519_key.cred)" = "$before" ]
    kill -"$signal" "$(<"$work/inside")"
    wait "$pid"
    cat "$work/said"
    # What a program that is killed leaves in memory, the next one removes.
    if [ "$signal" = KILL ]; then [ "$(tail -n 3 "$work/said")" = $'status 137\n1\n0' ]; else [ "$(tail -n 3 "$work/said")" = $'status 143\n0\n0' ]; fi
    [ "$(sealed ssh_host_ed25519_key.cred)" != "$before" ]
    before=$(sealed ssh_host_ed25519_key.cred)
    is_clean
    run -0 seal --status
  done
}

@test "what a rebuild that fails, or that is killed, leaves behind" {
  new_seal
  local before
  before=$(sealed ssh_host_ed25519_key.cred)
  mkdir "$work/sbin"
  printf '#!/bin/sh\necho "no room in /boot"\nexit 1\n' >"$work/sbin/dracut-sshd-rebuild"
  chmod 755 "$work/sbin/dracut-sshd-rebuild"
  within true 2>/dev/null || skip "there is no overlayfs here"
  run -1 seal --pcrs 23 --new-key
  echo "$output"
  [[ $output == *'dracut-sshd-rebuild failed with status 1; the sealed keys are what they were before'*'no room in /boot'* ]]
  [ "$(sealed ssh_host_ed25519_key.cred)" = "$before" ]
  run -1 seal --remove
  [ "$(sealed ssh_host_ed25519_key.cred)" = "$before" ]
  is_clean
  # Killed together with it: what boots next and what is on the disk are both whole.
  printf '#!/bin/sh\nkill -9 $PPID\n' >"$work/sbin/dracut-sshd-rebuild"
  run -137 seal --pcrs 23 --new-key
  [ "$(sealed ssh_host_ed25519_key.cred)" != "$before" ]
  before=$(sealed ssh_host_ed25519_key.cred)
  run -0 seal --status
  run -137 seal --remove
  [ ! -e "$work/etc/dracut-sshd/sealed" ]
  printf '#!/bin/sh\nexit 0\n' >"$work/sbin/dracut-sshd-rebuild"
  run -0 seal --reseal
  [ "$(opened)" = "$(sealed ssh_host_ed25519_key.pub | cut -d ' ' -f 1,2)" ]
  is_clean
}

@test "inspect asks the machine's own TPM about the image's sealed key; setup offers one" {
  own_tpm
  run within "$dracut_sshd" setup --dry-run --seal
  echo "$output"
  [[ $output == *'a new one, sealed to the TPM'*'dracut-sshd seal --no-rebuild'* ]]
  run -0 within "$dracut_sshd" seal --pcrs 23 --no-rebuild
  echo "$output"
  run within "$dracut_sshd" setup --dry-run --seal
  [[ $output == *'the sealed host key stays as it is'* ]]
  mkdir -p "$work/image/usr/lib/dracut-sshd/sealed"
  cp "$work/etc/dracut-sshd/sealed"/ssh_host_ed25519_key.{cred,pub} "$work/image/usr/lib/dracut-sshd/sealed/"
  (cd "$work/image" && find . | cpio --quiet -o -H newc) >"$work/initrd"
  findings() { within "$dracut_sshd" inspect --host --json "$work/initrd" | python3 -c 'import json, sys
for one in json.load(sys.stdin)["findings"]:
    if one["id"] == "hostkeys.opens": print(one["severity"], one["message"])'; }
  [ "$(findings)" = 'ok ' ]
  extend 23
  run -0 findings
  echo "$output"
  [[ $output == 'error the TPM does not open the sealed host key ('*'): there is no unsealed one, so nobody can log in' ]]
  # Another image's credential is given to no program.
  echo >>"$work/etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred"
  [ -z "$(findings)" ]
}
