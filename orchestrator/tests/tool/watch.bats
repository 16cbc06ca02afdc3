#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut-sshd watch against the real sshd on the loopback (machines.bash).
# shellcheck disable=SC2030,SC2031,SC2154

load common
load machines

bats_require_minimum_version 1.5.0

setup() {
  set_up_machines
  cat >"$work/hosts.toml" <<END
[defaults]
ssh-config = "$work/config"
user = "$(id -un)"
real-user = "$(id -un)"
passphrase-command = 'echo open sesame'
END
}
teardown() {
  [ -z "${watcher-}" ] || kill "$watcher" 2>/dev/null || true
  end_machines
}

# watch ARGUMENT...: in the background, its events in events, what it says in said
watch() {
  "$dracut_sshd" watch --inventory "$work/hosts.toml" --json --interval 1 "$@" >"$work/events" 2>"$work/said" 3>&- &
  watcher=$!
}

# until_seen TEXT [FILE [SECONDS]]: at most half a minute
until_seen() {
  local count
  for ((count = 0; count < ${3:-30} * 10; count++)); do
    if grep -q -- "$1" "$work/${2:-events}"; then return 0; fi
    sleep 0.1
  done
  cat "$work/events" "$work/said"
  echo "not seen: $1"
  return 1
}

@test "a machine that begins to wait is unlocked; each change is told, in metrics, too; a stranger gets nothing" {
  machine good 22261
  machine stranger 22262
  printf '[host.good]\n[host.stranger]\n[host.unwatched]\nwatch = false\n' >>"$work/hosts.toml"
  "$sshd" -f "$work/good/real.conf"
  ssh-keygen -q -t ed25519 -N '' -f "$work/another"
  sed -i "s|^HostKey .*|HostKey $work/another|" "$work/stranger/early.conf"
  up stranger
  watch --metrics "$work/watch.prom" --notify "echo \"\$HOST \$STATE\" >>$work/told"
  until_seen '"host":"good","from":"unknown","to":"up"'
  until_seen '"host":"stranger","from":"unknown","to":"wrong-key"'
  down good
  until_seen '"host":"good","from":"up","to":"down"'
  up good
  until_seen '"host":"good",.*"to":"unlocked"'
  until_seen '"host":"good","from":"unlocked","to":"up"'
  [ "$(cat "$work/good/received")" = 'open sesame' ]
  [ ! -e "$work/stranger/received" ]
  until_seen '^good unlocked' told
  run ! grep -q unwatched "$work/events"
  run ! grep -rq sesame "$work/events" "$work/said" "$work/told"
  kill -TERM "$watcher"
  wait "$watcher" || local ended=$?
  watcher=''
  [ "$ended" -eq 143 ]
  [[ $(tail -n 5 "$work/said") != *error* ]]
}

@test "what is not approved is not unlocked, and a refused passphrase is not sent again" {
  machine first 22263
  machine second 22264
  printf '[host.first]\n[host.second]\npassphrase-command = "echo wrong"\n' >>"$work/hosts.toml"
  up first
  up second
  watch --approve '[ "$HOST" != first ]'
  until_seen '"host":"first",.*"to":"fault"'
  until_seen '"host":"second",.*"to":"fault"'
  sleep 8
  [ ! -e "$work/first/received" ]
  [ "$(cat "$work/second/received")" = wrong ]
}

# beacon NAME KEY PORT: as module/46sshd/boot/beacon says that NAME's initramfs waits, signed by KEY
beacon() {
  local line
  line="{\"dracut-sshd-beacon\":1,\"name\":\"$1-initramfs\",\"boot\":\"0fd3c918-2424-43b7-9699-94d050b4ce46\",\"number\":$((++beacons)),\"up\":12.3,\"waiting\":[\"passphrase\"]}"
  printf '%s\n' "$line" >"$work/line"
  rm -f "$work/line.sig"
  ssh-keygen -q -Y sign -f "$2" -n dracut-sshd-beacon "$work/line" 2>/dev/null
  cat "$work/line" "$work/line.sig" >"$work/datagram"
  # One write is one datagram.
  dd if="$work/datagram" bs=2000 count=1 status=none >"/dev/udp/127.0.0.1/$3"
}

@test "a beacon that the initramfs's key has signed has that host looked at now; another one means nothing" {
  machine far 22265
  # Only ssh gets there, and looks about once a minute.
  sed -i 's|^Host far$|Host far\n  ProxyCommand bash -c "exec 3<>/dev/tcp/127.0.0.1/22265 \&\& { cat <\&3 \& cat >\&3; kill %%1; }"|' "$work/config"
  printf '[host.far]\n' >>"$work/hosts.toml"
  ssh-keygen -q -t ed25519 -N '' -f "$work/another"
  watch --listen 127.0.0.1:22266
  until_seen '"host":"far","from":"unknown"' events 90 # when the first look has ended
  up far
  beacons=0
  beacon far "$work/another" 22266
  sleep 5
  [ ! -e "$work/far/received" ]
  beacon far "$work/far/early" 22266
  until_seen '"host":"far",.*"to":"unlocked"'
  [ "$(cat "$work/far/received")" = 'open sesame' ]
}

@test "without a host, or a passphrase, it does not begin" {
  run -2 "$dracut_sshd" watch --inventory "$work/hosts.toml"
  echo "$output"
  printf '[host.a]\npassphrase-command = ""\n' >>"$work/hosts.toml"
  run -2 "$dracut_sshd" watch --inventory "$work/hosts.toml"
  echo "$output"
  [[ $output == *'a: nothing says where its passphrase comes from'* ]]
}
