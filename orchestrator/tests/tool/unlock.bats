#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut-sshd unlock against the real sshd on the loopback: machines that wait for a passphrase and then come up with another host
# key, one of a stranger's, one that is down and comes later.
# shellcheck disable=SC2030,SC2031,SC2154

load common

bats_require_minimum_version 1.5.0

setup() {
  sshd=$(PATH=$PATH:/usr/sbin type -P sshd) || skip "sshd is not installed"
  dracut_sshd=${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}
  work=$BATS_TEST_TMPDIR
  mkdir -p /run/sshd 2>/dev/null || true
  ssh-keygen -q -t ed25519 -N '' -f "$work/login"
  : >"$work/known"
  printf 'IdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\n' "$work/login" "$work/known" >"$work/config"
  export work sshd
}

teardown() {
  local file
  for file in "$work"/*/pid; do [ ! -e "$file" ] || kill "$(<"$file")" 2>/dev/null || true; done
}

# machine NAME PORT: its two systems' keys, and what its initramfs does with a passphrase.
machine() {
  local folder=$work/$1 system
  mkdir "$folder"
  for system in early real; do
    ssh-keygen -q -t ed25519 -N '' -f "$folder/$system"
    printf 'Port %s\nListenAddress 127.0.0.1\nHostKey %s/%s\nAuthorizedKeysFile %s.pub\nPermitRootLogin prohibit-password\nUsePAM no\nStrictModes no\nPidFile %s/pid\nForceCommand %s/%s.sh\n' \
      "$2" "$folder" "$system" "$work/login" "$folder" "$folder" "$system" >"$folder/$system.conf"
  done
  cat >"$folder/early.sh" <<END
#!/bin/bash
case \$SSH_ORIGINAL_COMMAND in
  unlock*)
    IFS= read -r line
    printf '%s\n' "\$line" >>"$folder/received"
    [[ \$line == "open sesame" ]] || { echo "refused: cryptroot" >&2 && exit 1; }
    (sleep 0.2 && kill "\$(<$folder/pid)" && sleep 0.5 && exec "$sshd" -f "$folder/real.conf") </dev/null >/dev/null 2>&1 &
    ;;
esac
END
  printf '#!/bin/bash\nexit 97\n' >"$folder/real.sh"
  chmod 755 "$folder"/*.sh
  printf 'Host %s\n  HostName 127.0.0.1\n  Port %s\n' "$1" "$2" >>"$work/config"
  printf '%s-initramfs %s\n' "$1" "$(cut -d ' ' -f 1,2 "$folder/early.pub")" >>"$work/known"
  printf '[127.0.0.1]:%s %s\n' "$2" "$(cut -d ' ' -f 1,2 "$folder/real.pub")" >>"$work/known"
}

up() { "$sshd" -f "$work/$1/early.conf"; }
unlock() { "$dracut_sshd" unlock -F "$work/config" --user "$(id -un)" --deadline "${deadline:-30}" "$@"; }

@test "a machine is unlocked, and its system seen; one that is down is waited for; a stranger gets nothing" {
  machine good 22201
  machine late 22202
  machine stranger 22203
  up good
  ssh-keygen -q -t ed25519 -N '' -f "$work/another" # whoever it is, it has not the key that was known
  sed -i "s|^HostKey .*|HostKey $work/another|" "$work/stranger/early.conf"
  up stranger
  (sleep 4 && up late) 3>&- &
  run -1 unlock --passphrase-command 'echo open sesame' good late stranger
  echo "$output"
  [[ $output =~ good\ +unlocked ]]
  [[ $output =~ late\ +unlocked ]]
  [[ $output =~ stranger\ +'WRONG HOST KEY' ]]
  [[ $output == *'late ['*'no answer yet: ssh: connect to host 127.0.0.1 port 22202: Connection refused'* ]]
  [ "$(cat "$work"/{good,late}/received)" = $'open sesame\nopen sesame' ]
  [ ! -e "$work/stranger/received" ]
  [[ $output != *sesame* ]]
}

@test "a wrong passphrase is refused; one that is up already is left alone" {
  machine good 22204
  up good
  run -1 unlock --passphrase-fd 5 good 5< <(echo wrong)
  echo "$output"
  [[ $output =~ good\ +refused ]]
  run -0 --separate-stderr unlock --json --passphrase-fd 5 good 5< <(echo open sesame)
  [ "$(python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["outcome"])' <<<"$output")" = unlocked ]
  run -0 unlock --passphrase-fd 5 good 5< <(echo open sesame)
  echo "$output"
  [[ $output =~ good\ +'already up' ]]
  [ "$(wc -l <"$work/good/received")" -eq 2 ]
}

@test "a host key that nobody knows is not taken, unless that is said; no login is said" {
  machine new 22205
  sed -i /^new-initramfs/d "$work/known"
  up new
  run -1 unlock --passphrase-command 'echo open sesame' new
  echo "$output"
  [[ $output == *'known_hosts has no key for new-initramfs'* ]]
  [ ! -e "$work/new/received" ]
  sed -i "s|^AuthorizedKeysFile .*|AuthorizedKeysFile none|" "$work/new/early.conf"
  kill "$(<"$work/new/pid")" && sleep 0.5 && up new
  run -1 unlock --trust-new-host-key --passphrase-command 'echo open sesame' new
  echo "$output"
  [[ $output =~ new\ +'no login' ]]
  grep -q ^new-initramfs "$work/known"
}

@test "nobody there, no passphrase, no host: a word, and a status" {
  machine down 22206
  deadline=2 run -1 unlock --passphrase-command 'echo open sesame' down
  [[ $output =~ down\ +'no answer' ]]
  run -2 unlock --passphrase-command true down
  [[ $output == *'an empty passphrase'* ]]
  run -2 unlock --passphrase-fd 5 -- -oProxyCommand=x 5< <(echo x)
  [[ $output == *'is no host'* ]]
  run -2 unlock
}
