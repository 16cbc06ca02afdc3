#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut-sshd unlock for several machines: the inventory, a passphrase for each disk, reboots one after the other, events, checks. The
# machines are the real sshd on the loopback (machines.bash).
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
deadline = 30
END
}
teardown() { end_machines; }

fleet() { "$dracut_sshd" unlock --inventory "$work/hosts.toml" "$@"; }

# prompts NAME DISK...: what its initramfs asks for
prompts() {
  local name=$1 rows=''
  shift
  for disk; do
    rows+="${rows:+,}{\"unit\":\"systemd-cryptsetup@$disk.service\",\"id\":\"cryptsetup:/dev/$disk\",\"message\":\"Please enter passphrase for disk $disk\",\"outcome\":\"pending\"}"
  done
  printf '{"exit":0,"prompts":[%s]}\n' "$rows"
}

@test "a group is unlocked, each disk by the passphrase that its machine's command prints for it; the others are left alone" {
  machine a 22221
  machine b 22222
  machine other 22223
  for name in a b other; do up "$name"; done
  prompts a vda2 >"$work/a/prompts"
  prompts a vda3 >"$work/a/prompts.next"
  prompts b sda5 >"$work/b/prompts"
  cat >>"$work/hosts.toml" <<'END'
passphrase-command = 'printf "%s|%s|%s\n" "$HOST" "$DISK" "$MESSAGE"'
[host.a]
groups = ["web"]
[host.b]
groups = ["web"]
[host.other]
END
  run -0 --separate-stderr fleet --json @web
  echo "$output" "$stderr"
  [ "$(outcomes <<<"$output")" = $'a unlocked\nb unlocked' ] || [ "$(outcomes <<<"$output")" = $'b unlocked\na unlocked' ]
  [ "$(cat "$work/a/received")" = 'unlock --unit systemd-cryptsetup@vda2.service: a|cryptsetup:/dev/vda2|Please enter passphrase for disk vda2
unlock --unit systemd-cryptsetup@vda3.service: a|cryptsetup:/dev/vda3|Please enter passphrase for disk vda3' ]
  [ "$(cat "$work/b/received")" = 'unlock --unit systemd-cryptsetup@sda5.service: b|cryptsetup:/dev/sda5|Please enter passphrase for disk sda5' ]
  [ ! -e "$work/other/received" ]
  [[ $output$stderr != *'a|cryptsetup'* ]]
  # Each line is an event of its own, and the last one counts them.
  python3 -c 'import json, sys
events = [json.loads(line) for line in sys.stdin]
assert events[-1]["event"] == "end" and events[-1]["exit"] == 0 and events[-1]["outcomes"] == {"unlocked": 2}, events[-1]
assert {event["state"] for event in events if event["event"] == "state"} >= {"sending", "starting"}, events' <<<"$output"
}

@test "--check verifies keys, passphrase and machine, sends nothing, and says what is missing" {
  machine good 22224
  machine bare 22225
  up good
  sed -i /^bare-initramfs/d "$work/known"
  cat >>"$work/hosts.toml" <<'END'
[host.good]
passphrase-command = "echo open sesame"
[host.bare]
passphrase-command = "echo gone >&2; exit 1"
END
  run -0 fleet --check good
  echo "$output"
  [[ $output =~ good\ +initramfs-key\ +ok && $output =~ good\ +passphrase\ +ok && $output =~ good\ +answers\ +ok ]]
  run -1 fleet --check --all
  echo "$output"
  [[ $output =~ bare\ +initramfs-key\ +FAILED ]]
  [[ $output =~ bare\ +passphrase\ +FAILED ]]
  [[ $output =~ bare\ +answers\ +FAILED ]]
  [[ $output != *sesame* ]]
  [ ! -e "$work/good/received" ]
}

@test "--reboot reboots one machine after the other, waits for what is to be ready, and stops after a failure" {
  local name
  machine one 22231
  machine two 22232
  machine three 22233
  for name in one two three; do "$sshd" -f "$work/$name/real.conf"; done
  touch "$work/two/no-reboot"
  cat >>"$work/hosts.toml" <<'END'
passphrase-command = "echo open sesame"
reboot = "reboot-it"
wait-for = "is-ready"
[host.one]
[host.two]
[host.three]
END
  run -1 --separate-stderr fleet --reboot --serial 1 --max-failures 1 --json --all
  echo "$output" "$stderr"
  [ "$(outcomes <<<"$output")" = $'one unlocked\ntwo not-rebooted\nthree not-begun' ]
  [[ $output == *'a password is required'* ]]
  [ "$(cat "$work/one/received")" = 'open sesame' ]
  [ "$(wc -l <"$work/one/looks")" -ge 3 ]
  [ ! -e "$work/three/received" ]
  [ "$(cat "$work/three/boot")" -eq 1 ]
}

@test "the exit status tells apart: open, nothing to do, another key, nobody there" {
  machine good 22240
  machine stranger 22241
  machine gone 22242
  up good
  ssh-keygen -q -t ed25519 -N '' -f "$work/another"
  sed -i "s|^HostKey .*|HostKey $work/another|" "$work/stranger/early.conf"
  up stranger
  run -0 fleet --passphrase-fd 5 good 5< <(echo open sesame)
  run -0 fleet --passphrase-fd 5 good 5< <(echo open sesame)
  run -6 fleet --detailed-exit-status --passphrase-fd 5 good 5< <(echo open sesame)
  run -4 fleet --deadline 3 --passphrase-fd 5 gone 5< <(echo open sesame)
  run -5 fleet --deadline 4 --passphrase-fd 5 stranger gone 5< <(echo open sesame)
  run -1 fleet --deadline 4 --passphrase-fd 5 good gone 5< <(echo open sesame)
}

@test "a command that prints nothing, a megabyte, or never ends: a word, and nothing is sent" {
  machine good 22243
  up good
  run -1 fleet --passphrase-command 'true' good
  echo "$output"
  [[ $output =~ good\ +'no passphrase' && $output == *'empty passphrase'* ]]
  run -1 fleet --passphrase-command 'head -c 1048576 /dev/zero | tr "\0" x' good
  echo "$output"
  [[ $output =~ good\ +'no passphrase' && $output == *'at most 2046 bytes'* && ${#output} -lt 2000 ]]
  [ ! -e "$work/good/received" ]
  # It is ended with the program.
  "$dracut_sshd" unlock --inventory "$work/hosts.toml" --passphrase-command "exec sleep 4711" good 2>"$work/err" 3>&- &
  local pid=$!
  until pgrep -f '^sleep 4711$' >/dev/null; do sleep 0.1; done
  kill -TERM "$pid"
  wait "$pid" || local ended=$?
  [ "$ended" -eq 143 ]
  run ! pgrep -f '^sleep 4711$' >/dev/null
  [ ! -e "$work/good/received" ]
}

@test "--notify hears of each machine, with the result as its input and in its environment" {
  machine good 22244
  up good
  run -0 fleet --passphrase-fd 5 --notify "printf '%s %s %s ' \"\$HOST\" \"\$OUTCOME\" \"\$DETAIL\" >>$work/told; cat >>$work/told" good 5< <(echo open sesame)
  echo "$output"
  [[ $(cat "$work/told") == 'good unlocked  {"time":'*'"event":"result","host":"good","outcome":"unlocked"'* ]]
  run -0 fleet --passphrase-fd 5 --notify 'echo no >&2; exit 3' good 5< <(echo open sesame)
  [[ $output == *'the command of --notify: status 3: no'* ]]
}

@test "the inventory's unknown names and groups are refused before anything is asked for" {
  printf '[host.a]\ngroups = ["web"]\n' >>"$work/hosts.toml"
  run -2 fleet @wbe
  echo "$output"
  [[ $output == *wbe* && $output == *web* ]]
  printf '[host.b]\ncolour = "red"\n' >>"$work/hosts.toml"
  run -2 fleet a
  echo "$output"
  [[ $output == *hosts.toml*colour* ]]
}
