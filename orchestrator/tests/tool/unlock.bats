#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut-sshd unlock against the real sshd on the loopback: machines that wait for a passphrase and then come up with another host
# key, one of a stranger's, one that is down and comes later.
# shellcheck disable=SC2030,SC2031,SC2154

load common

bats_require_minimum_version 1.5.0

load machines

setup() { set_up_machines; }
teardown() { end_machines; }

@test "a machine is unlocked, and its system seen; one that is down is waited for; a stranger gets nothing" {
  machine good 22201
  machine late 22202
  machine stranger 22203
  up good
  ssh-keygen -q -t ed25519 -N '' -f "$work/another" # whoever it is, it has not the key that was known
  sed -i "s|^HostKey .*|HostKey $work/another|" "$work/stranger/early.conf"
  up stranger
  (sleep 4 && up late) 3>&- &
  run -5 unlock --passphrase-command 'echo open sesame' good late stranger
  echo "$output"
  [[ $output =~ good\ +unlocked ]]
  [[ $output =~ late\ +unlocked ]]
  [[ $output =~ stranger\ +'WRONG HOST KEY' ]]
  [[ $output == *'late ['*'no answer yet (unverified: ssh: connect to host 127.0.0.1 port 22202: Connection refused)'* ]]
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
  [[ $output == *'it says: refused: cryptroot'*'it says: \x1b[2Jone more wrong one powers the machine off'* ]]
  run -0 --separate-stderr unlock --json --passphrase-fd 5 good 5< <(echo open sesame)
  [ "$(outcomes <<<"$output")" = 'good unlocked' ]
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
  deadline=2 run -4 unlock --passphrase-command 'echo open sesame' down
  [[ $output =~ down\ +'no answer' ]]
  run -2 unlock --passphrase-fd 5 down 5< <(echo)
  [[ $output == *'an empty passphrase'* ]]
  run -2 unlock --passphrase-fd 5 -- -oProxyCommand=x 5< <(echo x)
  [[ $output == *'begins with "-"'* ]]
  run -2 unlock
}

@test "a peer without a key is not believed, whatever it says and whichever key it shows" {
  machine db 22207
  local fake
  for fake in 'Host key verification failed.' 'Permission denied (publickey).' \
    'x\nREMOTE HOST IDENTIFICATION HAS CHANGED\nHost key verification failed.' \
    'x\ndebug1: SSH2_MSG_NEWKEYS received\nroot@127.0.0.1: Permission denied (publickey).\e[2J'; do
    peer 22207 words "$fake" 'Permission denied (publickey).'
    deadline=4 run -4 unlock --passphrase-command 'echo open sesame' db
    echo "$output"
    [[ $output =~ db\ +'no answer' ]]
    [[ $output == *'(unverified: '* ]]
    [[ $output != *$'\e'* ]]
    kill "$(<"$work/peer-22207.pid")" && sleep 0.5
  done
  local key
  for key in early real; do
    peer 22207 key "$work/db/$key.pub"
    deadline=5 run -4 unlock --passphrase-command 'echo open sesame' db
    echo "$output"
    [[ $output =~ db\ +'no answer' ]]
    [[ $key == real || $output == *'it shows a known host key, and does not prove it'* ]]
    kill "$(<"$work/peer-22207.pid")" && sleep 0.5
  done
  # Nobody of them ends the waiting.
  peer 22207 words 'Permission denied (publickey).'
  (sleep 3 && kill "$(<"$work/peer-22207.pid")" && sleep 0.5 && up db) 3>&- &
  run -0 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +unlocked ]]
}

@test "a host that has proven its key may say that it lets nobody in; its real system is seen all the same" {
  machine strict 22208
  sed -i "s|^AuthorizedKeysFile .*|AuthorizedKeysFile none|" "$work/strict"/{early,real}.conf
  up strict
  run -1 unlock --passphrase-command 'echo open sesame' strict
  echo "$output"
  [[ $output =~ strict\ +'no login' ]]
  down strict
  sed -i "s|^AuthorizedKeysFile .*|AuthorizedKeysFile $work/login.pub|" "$work/strict/early.conf"
  up strict
  run -0 unlock --passphrase-command 'echo open sesame' strict
  echo "$output"
  [[ $output =~ strict\ +unlocked ]]
}

@test "what an ssh_config may say neither breaks it nor makes it say unlocked; what cannot be read is said" {
  machine db 22209
  : >"$work/db/stays"
  up db
  cp "$work/config" "$work/config.good"
  local setting
  for setting in $'IgnoreUnknown Foo\nFoo bar' 'RemoteCommand id' 'SessionType none' 'ForkAfterAuthentication yes' 'StdinNull yes' \
    'RequestTTY force' $'PermitLocalCommand yes\nLocalCommand touch '"$work/local" 'LogLevel QUIET' 'VisualHostKey yes' \
    'NoHostAuthenticationForLocalhost yes' 'StrictHostKeyChecking no' 'Tunnel yes' 'BatchMode no' 'PubkeyAuthentication yes' \
    $'ControlMaster auto\nControlPath '"$work/cm" "KnownHostsCommand /bin/sh -c 'touch $work/local'" \
    "ProxyCommand bash -c 'exec 3<>/dev/tcp/127.0.0.1/22209; cat <&3 & cat >&3'"; do
    printf 'Host *\n%s\n' "$setting" | cat - "$work/config.good" >"$work/config"
    rm -f "$work/db/received"
    run unlock --no-wait --passphrase-command 'echo open sesame' db
    echo "$setting: $output"
    [ "$status" -eq 0 ]
    [[ $output =~ db\ +unlocked ]]
    [ "$(<"$work/db/received")" = 'open sesame' ]
    [ ! -e "$work/local" ]
  done
  printf 'Foo bar\n' | cat - "$work/config.good" >"$work/config"
  rm -f "$work/db/received"
  run -1 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'ssh cannot work'.*'Bad configuration option: foo' ]]
  [ ! -e "$work/db/received" ]
}

@test "a real system that goes down is waited for; one that stays is up; --after-reboot waits for another boot" {
  machine db 22210
  echo stopping >"$work/db/state"
  "$sshd" -f "$work/db/real.conf"
  (sleep 4 && kill "$(<"$work/db/pid")" && sleep 1 && up db) 3>&- &
  run -0 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output == *'the real system is going down; waiting for the initramfs'* ]]
  [[ $output =~ db\ +unlocked ]]
  echo running >"$work/db/state"
  run -0 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'already up'.*'for 1 min 23 s' ]]
  [ "$(wc -l <"$work/db/received")" -eq 1 ]
  deadline=15 run -1 unlock --after-reboot --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'not down yet'.*'has not rebooted' ]]
  (sleep 4 && echo 2 >"$work/db/boot") 3>&- &
  run -0 unlock --after-reboot --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'already up' ]]
}

@test "a host may be named as ssh takes it: a domain, an alias, a user, a hashed name" {
  machine db 22211
  : >"$work/db/stays"
  up db
  printf 'Host db.example.org somehow\n  HostName 127.0.0.1\n  Port 22211\n' >>"$work/config"
  printf '127.0.0.1-initramfs %s\n' "$(cut -d ' ' -f 1,2 "$work/db/early.pub")" >>"$work/known"
  local name
  for name in db db.example.org somehow admin@db somehow@somehow 127.0.0.1; do
    [[ $name != 127.0.0.1 ]] || printf 'Host 127.0.0.1\n  Port 22211\n' >>"$work/config"
    run -0 unlock --no-wait --passphrase-command 'echo open sesame' "$name"
    echo "$output"
    [[ $output =~ unlocked ]]
  done
  ssh-keygen -q -H -f "$work/known" >/dev/null 2>&1
  run -0 unlock --no-wait --passphrase-command 'echo open sesame' db.example.org
  sed -i '/example.org/,$d' "$work/config"
  printf 'Host other\n  HostName 127.0.0.2\n  Port 22211\n' >>"$work/config"
  run -1 unlock --no-wait --passphrase-command 'echo open sesame' me@other
  echo "$output"
  [[ $output == *'known_hosts has no key for other-initramfs, 127.0.0.2-initramfs; add the line'*'(other-initramfs ssh-ed25519 AAAA...)'* ]]
  for name in @db db@ ssh://db x@-oProxyCommand=y; do
    run -2 unlock --passphrase-command 'echo open sesame' -- "$name"
    echo "$output"
  done
}

@test "a client that is older than some options serves as well" {
  machine db 22212
  # As OpenSSH 8.0 has it.
  mkdir "$work/bin"
  cat >"$work/bin/ssh" <<END
#!/bin/bash
[[ " \$*" =~ (KnownHostsCommand|SessionType|StdinNull|ForkAfterAuthentication|LogVerbose) ]] || exec $(type -P ssh) "\$@"
echo "command-line: line 0: Bad configuration option: \${BASH_REMATCH[1],,}" >&2
exit 255
END
  chmod 755 "$work/bin/ssh"
  PATH=$work/bin:$PATH
  up db
  run -0 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +unlocked ]]
  run -0 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'already up' ]]
  down db
  peer 22212 key "$work/db/real.pub"
  deadline=5 run -4 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'no answer' ]]
  [ "$(wc -l <"$work/db/received")" -eq 1 ]
}

@test "at the prompt every signal ends it at once, with the echo on and nothing left to the next reader; there is no core dump" {
  local what
  for what in int=-2 quit=-3 TERM=-15 HUP=-1 USR1=-10 enter=1 stop=1; do
    run "$BATS_TEST_DIRNAME/services/terminal" "${what%=*}" "$dracut_sshd" unlock -F none -p 1 --deadline 1 127.0.0.1
    echo "$what: $output"
    [ "$status" -eq 0 ]
    [[ $output == *"core 0"*"echo True"*"left 0"*"ended ${what#*=}"* ]]
    [[ $output =~ seconds\ [0-9]$ ]]
    [[ $what != stop* || $output == *'echo while stopped True'*'asked again 0'* ]]
  done
}

@test "a machine whose TPM did not open its host key gets nothing, unless that is said; who only shows that key gets nothing" {
  machine db 22220
  ssh-keygen -q -t ed25519 -N '' -f "$work/db/unsealed"
  printf 'db-initramfs-unsealed %s\n' "$(cut -d ' ' -f 1,2 "$work/db/unsealed.pub")" >>"$work/known"
  peer 22220 key "$work/db/unsealed.pub"
  local more
  for more in --same-port --accept-unsealed; do
    deadline=5 run -5 unlock "$more" --passphrase-command 'echo open sesame' db
    echo "$output"
    [[ $output == *'WRONG HOST KEY'* ]]
  done
  kill "$(<"$work/peer-22220.pid")" && sleep 0.5
  sed -i "s|^HostKey .*|HostKey $work/db/unsealed|" "$work/db/early.conf"
  up db
  run -5 unlock --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +'UNSEALED HOST KEY' ]]
  [[ $output == *'--accept-unsealed'* ]]
  [ ! -e "$work/db/received" ]
  run -0 unlock --accept-unsealed --passphrase-command 'echo open sesame' db
  echo "$output"
  [[ $output =~ db\ +unlocked ]]
  [[ $output == *'it has proven the unsealed host key, db-initramfs-unsealed'* ]]
  [ "$(<"$work/db/received")" = 'open sesame' ]
}
