# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
# Machines on the loopback that wait for a passphrase and then come up with another host key: the real sshd twice, one after the other.

set_up_machines() {
  sshd=$(PATH=$PATH:/usr/sbin type -P sshd) || skip "sshd is not installed"
  dracut_sshd=${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}
  work=$BATS_TEST_TMPDIR
  mkdir -p /run/sshd 2>/dev/null || true
  ssh-keygen -q -t ed25519 -N '' -f "$work/login"
  : >"$work/known"
  printf 'IdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\n' "$work/login" "$work/known" >"$work/config"
  export work sshd
}

end_machines() {
  local file
  for file in "$work"/*/pid "$work"/peer*.pid; do [ ! -e "$file" ] || kill "$(<"$file")" 2>/dev/null || true; done
}

# machine NAME PORT: its two systems' keys, and what its initramfs does with a passphrase. With a file NAME/stays it only takes it.
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
  "unlock --list --json")
    [ -e $folder/prompts ] || exit 64
    cat $folder/prompts
    ;;
  "unlock --unit "*)
    IFS= read -r line
    printf '%s: %s\n' "\$SSH_ORIGINAL_COMMAND" "\$line" >>"$folder/received"
    printf '{"exit":2,"prompts":[]}\n' >$folder/prompts
    [ ! -e $folder/prompts.next ] || mv $folder/prompts.next $folder/prompts
    grep -q '"id"' $folder/prompts ||
      (sleep 5 && kill "\$(<$folder/pid)" && sleep 0.5 && exec "$sshd" -f "$folder/real.conf") </dev/null >/dev/null 2>&1 &
    ;;
  unlock*)
    IFS= read -r line
    printf '%s\n' "\$line" >>"$folder/received"
    [[ \$line == "open sesame" ]] || { printf 'refused: cryptroot\n\033[2Jone more wrong one powers the machine off\n' >&2 && exit 1; }
    [ ! -e $folder/stays ] || exit 0
    (sleep 0.2 && kill "\$(<$folder/pid)" && sleep 0.5 && exec "$sshd" -f "$folder/real.conf") </dev/null >/dev/null 2>&1 &
    ;;
esac
END
  # What state_question() of remote/system_state.cpp prints.
  cat >"$folder/real.sh" <<END
#!/bin/bash
case \$SSH_ORIGINAL_COMMAND in
  reboot-it)
    [ ! -e $folder/no-reboot ] || { echo 'sudo: a password is required' >&2 && exit 1; }
    (sleep 0.2 && kill "\$(<$folder/pid)" && sleep 1 && echo 2 >$folder/boot && exec "$sshd" -f "$folder/early.conf") </dev/null >/dev/null 2>&1 &
    exit 0
    ;;
  is-ready)
    echo "looks: \$(cat $folder/looks 2>/dev/null)"
    echo x >>$folder/looks
    [ "\$(wc -l <$folder/looks)" -ge 3 ]
    exit
    ;;
esac
echo "dracut-sshd-state 00000000-0000-0000-0000-00000000000\$(<$folder/boot) 83.2 \$(<$folder/state) - - -"
exit 97
END
  echo running >"$folder/state"
  echo 1 >"$folder/boot"
  chmod 755 "$folder"/*.sh
  printf 'Host %s\n  HostName 127.0.0.1\n  Port %s\n' "$1" "$2" >>"$work/config"
  printf '%s-initramfs %s\n' "$1" "$(cut -d ' ' -f 1,2 "$folder/early.pub")" >>"$work/known"
  printf '[127.0.0.1]:%s %s\n' "$2" "$(cut -d ' ' -f 1,2 "$folder/real.pub")" >>"$work/known"
}

up() { "$sshd" -f "$work/$1/early.conf"; }
down() { kill "$(<"$work/$1/pid")" && sleep 0.5; }

# peer PORT WHAT...: somebody without any key of a machine's
peer() {
  "$BATS_TEST_DIRNAME/services/ssh-peer" "$@" >"$work/peer-$1.log" 3>&- &
  echo $! >"$work/peer-$1.pid"
  sleep 0.5
}
unlock() { "$dracut_sshd" unlock -F "$work/config" --user "$(id -un)" --deadline "${deadline:-30}" "$@"; }

# outcomes: of each machine, a line, out of the events on standard input
outcomes() {
  python3 -c 'import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event["event"] == "result":
        print(event["host"], event["outcome"])'
}
