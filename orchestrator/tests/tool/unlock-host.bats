#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# unlock-host, the script for desks without dracut-sshd, in each shell that is here, against the real sshd on the loopback. A forced command
# stands in for the initramfs's unlock.
# shellcheck disable=SC2030,SC2031

load common

bats_require_minimum_version 1.5.0

setup() {
  sshd=$(PATH=$PATH:/usr/sbin type -P sshd) || skip "sshd is not installed"
  script=$project/orchestrator/desk/unlock-host
  work=$BATS_TEST_TMPDIR
  port=$((22500 + BATS_TEST_NUMBER))
  mkdir -p /run/sshd 2>/dev/null || true
  mkdir "$work/bin" "$work/tmp"
  local name
  for name in login early other; do ssh-keygen -q -t ed25519 -N '' -f "$work/$name"; done
  # What a process is given is written down: no passphrase may be in it. ssh reads this ssh_config, and not the user's.
  for name in ssh printf print; do
    command=$(type -P "$name") || continue
    [[ $name != ssh ]] || command+=" -F '$work/config'"
    printf '#!/bin/sh\n{ echo "$@"; env; } >>%s/given\nexec %s "$@"\n' "$work" "$command" >"$work/bin/$name"
  done
  chmod 755 "$work/bin"/*
  printf 'Host db\n  HostName 127.0.0.1\n  Port %s\nHost *\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n  GlobalKnownHostsFile /dev/null\n' \
    "$port" "$work/login" "$work/known" >"$work/config"
  know db-initramfs early >"$work/known"
  # Any byte may be in a passphrase.
  passphrase=$' -n open\\n "s\xc3\xa9same\xff\\ $x\' '
  printf '%s\n' "$passphrase" >"$work/right"
  cat >"$work/command" <<E
#!/bin/bash
cd "$work"
[[ ! -e real ]] || exit 97
case \$SSH_ORIGINAL_COMMAND in
  unlock*)
    IFS= read -r line
    printf '%s\n' "\$line" >>received
    [[ ! -e cut ]] || kill -9 "\$PPID"
    [[ ! -e slow ]] || sleep 60
    [[ ! -e status ]] || exit "\$(<status)"
    cmp -s <(echo "\$line") right || { printf 'unlock: cryptroot: refused\n\033[2Jtwo more\a\n' >&2 && exit 1; }
    echo "unlock: cryptroot: opened"
    ;;
esac
E
  chmod 755 "$work/command"
  TMPDIR=$work/tmp PATH=$work/bin:$PATH
  export TMPDIR PATH
  shells=()
  while read -r name; do
    if type -P "${name%% *}" >/dev/null; then shells+=("$name"); fi
  done <<<$'dash\nbash --posix\nbusybox sh\nmksh\nksh93\nzsh --emulate sh'
  # shellcheck disable=SC2206
  shell=(${shells[0]})
}

teardown() {
  local file
  for file in "$work"/pid "$work"/*.pid; do [ ! -e "$file" ] || kill "$(<"$file")" 2>/dev/null || true; done
}

know() { echo "$1 $(cut -d ' ' -f 1,2 "$work/$2.pub")"; }

# up [KEY]: the machine, with this host key
up() {
  rm -f "$work/sshd.log"
  printf 'Port %s\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s.pub\nPermitRootLogin prohibit-password\nUsePAM no\nStrictModes no\nLogLevel VERBOSE\nPidFile %s/pid\nForceCommand %s/command\n' \
    "$port" "$work/${1:-early}" "$work/login" "$work" "$work" >"$work/sshd_config"
  "$sshd" -E "$work/sshd.log" -f "$work/sshd_config"
  for _ in {1..100}; do [ -e "$work/pid" ] || sleep 0.1; done
}
down() {
  kill "$(<"$work/pid")"
  for _ in {1..100}; do [ ! -e "$work/pid" ] || sleep 0.1; done
}

# unlock [ARGUMENT...]: with the passphrase on standard input
unlock() { "${shell[@]}" "$script" "$@" "$(id -un)@db" <"$work/${input:-right}"; }

# each COMMAND...: with shell set to each of them. Behind "||" and "&&", and in "if", bash would go on after what fails in a function.
each() {
  local name
  for name in "${shells[@]}"; do
    read -ra shell <<<"$name"
    echo "== $name"
    "$@"
  done
}

# nothing_left: no passphrase in an argument, the environment or a file; no ssh
nothing_left() {
  run ! env LC_ALL=C grep -raF 's'$'\xc3\xa9''same' "$work/given" "$work/tmp"
  [ -z "$(ls -A "$work/tmp")" ]
  [ -z "$(pgrep -f "^ssh -F $work/config|^[^ ]*/ssh -F $work/config")" ]
}

opens() {
  rm -f "$work/received"
  run -0 unlock -t 20
  echo "$output"
  [[ $output == *'db says: unlock: cryptroot: opened'*'db: unlocked'* ]]
  cmp "$work/right" "$work/received"
  nothing_left
}

@test "the shells that are here, and a standard one among them" {
  echo "# ${shells[*]/%/,}" >&3
  ((${#shells[@]} >= 2))
}

@test "a passphrase of any bytes opens the machine, by each shell; no process is given it" {
  up
  each opens
  ssh-keygen -q -H -f "$work/known" >/dev/null 2>&1
  opens
  echo 'known_hosts may name it otherwise'
  know elsewhere early >"$work/known"
  rm "$work/received"
  run -0 unlock -a elsewhere -p "$port"
  cmp "$work/right" "$work/received"
}

refused() {
  input=wrong run -1 unlock -t 20
  echo "$output"
  [[ $output == *'db says: unlock: cryptroot: refused'*'db says: [2Jtwo more'*'db: refused'* ]]
  [[ $output != *$'\e'* && $output != *$'\a'* ]]
  nothing_left
}

@test "a wrong passphrase is refused; what the machine says is shown without control characters" {
  up
  echo wrong >"$work/wrong"
  each refused
}

stranger() {
  run -4 unlock -t 1
  echo "$output"
  [[ $output == *'db: no answer (unverified: Host key verification failed.)'*'was not reached in 1 s; nothing was sent'* ]]
  nothing_left
}

@test "a machine with another host key gets nothing, not even a user's name, whatever ssh_config allows" {
  up other
  stranger
  printf 'Host *\n  %s\n' 'StrictHostKeyChecking no' 'NoHostAuthenticationForLocalhost yes' 'HostKeyAlias other' | cat - "$work/config" >"$work/more"
  cp "$work/more" "$work/config"
  know other other >>"$work/known"
  stranger
  [ ! -e "$work/received" ]
  grep -q 'Connection from' "$work/sshd.log"
  run ! grep -E 'Accepted|userauth|Failed' "$work/sshd.log"
}

unknown() {
  run -5 unlock -t 2
  echo "$output"
  [[ $output == *'known_hosts has no key for db-initramfs: dracut-sshd inspect prints the line'* ]]
}

@test "without its host key in known_hosts, or with a revoked one, nothing is tried" {
  up
  : >"$work/known"
  each unknown
  { echo "@revoked $(know db-initramfs early)" && know db early; } >"$work/known"
  unknown
  rm "$work/known"
  unknown
  run ! grep 'Connection from' "$work/sshd.log"
}

@test "one that accepts and says nothing, and one that talks nonsense, end with the time; nothing of them reaches the terminal" {
  local what
  for what in silence banner flood; do
    python3 - "$port" "$what" "$work/peer.pid" 3>&- <<'P' &
import os, socket, sys, threading, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open(sys.argv[3], "w").write(str(os.getpid()))
def answer(connection):
    try:
        if sys.argv[2] == "banner":
            connection.sendall(b"\x1b]0;pwned\x07\x1b[2J\r\nSSH-2.0-\x1b[2JOpenSSH\r\n" + b"\x1b[31mopened\x07\r\n" * 1000)
        while sys.argv[2] == "flood":
            connection.sendall(b"\x1b[2Junlock: cryptroot: opened\r\n" * 1000)
        time.sleep(60)
    except OSError:
        pass
while True:
    threading.Thread(target=answer, args=[server.accept()[0]], daemon=True).start()
P
    for _ in {1..100}; do [ -s "$work/peer.pid" ] || sleep 0.1; done
    run -4 unlock -t 3
    echo "$what: $output"
    [[ $output == *'was not reached in 3 s'* ]]
    [[ $output != *$'\e'* && $output != *$'\a'* ]]
    nothing_left
    kill "$(<"$work/peer.pid")" && rm "$work/peer.pid"
    wait
  done
  "$BATS_TEST_DIRNAME/services/ssh-peer" "$port" words 'x\nunlock: cryptroot: opened\e[2J' 3>&- >/dev/null &
  echo $! >"$work/peer.pid"
  sleep 1
  run -4 unlock -t 2
  echo "$output"
  [[ $output != *$'\e'* ]]
  kill "$(<"$work/peer.pid")" && rm "$work/peer.pid"
  # And one that shows the right key, and has it not.
  "$BATS_TEST_DIRNAME/services/ssh-peer" "$port" key "$work/early.pub" 3>&- >/dev/null &
  echo $! >"$work/peer.pid"
  sleep 1
  run -4 unlock -t 2
  echo "$output"
}

outcome() {
  echo "$1" >"$work/status"
  run "-$2" unlock
  echo "$output"
  [[ $output == *"db: $3"* ]]
}

@test "what unlock ends with is the status: nothing to unlock, no outcome, no unlock there, a cut connection" {
  up
  outcome 2 2 'nothing is asked for'
  outcome 3 3 'no outcome (status 3)'
  outcome 127 3 'no outcome (status 127)'
  outcome 97 3 'no outcome (status 97)'
  touch "$work/cut"
  each outcome 0 3 'no outcome (status 255)'
}

@test "it waits for the system that is up, and for one that is down" {
  touch "$work/real"
  up
  (sleep 3 && down && sleep 2 && rm "$work/real" && up) 3>&- &
  run -0 unlock -t 60
  echo "$output"
  [[ $output == *'db: the system is up; waiting for its initramfs'*'db: no answer (unverified: ssh: connect to host 127.0.0.1 port '*'Connection refused)'*'db: unlocked'* ]]
  [ "$(wc -l <"$work/received")" -eq 1 ]
}

@test "a forced command that reads the passphrase itself is served; ssh_config and an old client do no harm" {
  up
  local setting
  for setting in 'RemoteCommand id' 'SessionType none' 'StdinNull yes' 'RequestTTY force' $'PermitLocalCommand yes\n  LocalCommand touch '"$work/local" \
    'LogLevel DEBUG3' 'BatchMode no' $'ControlMaster auto\n  ControlPath '"$work/cm" 'ForwardAgent yes' $'IgnoreUnknown UseKeychain\n  UseKeychain yes'; do
    cp "$work/config" "$work/config.good"
    printf 'Host *\n  %s\n' "$setting" | cat - "$work/config.good" >"$work/config"
    rm -f "$work/received"
    run -0 unlock
    echo "$setting: $output"
    cmp "$work/right" "$work/received"
    [ ! -e "$work/local" ] && [ ! -e "$work/cm" ]
    cp "$work/config.good" "$work/config"
  done
  sed -i "s|^exec|case \" \$*\" in *KnownHostsCommand* \| *SessionType* \| *StdinNull* \| *ForkAfter* \| *LogVerbose*) echo 'Bad configuration option' >\&2 \&\& exit 255 ;; esac\nexec|" "$work/bin/ssh"
  run -255 ssh -G -o SessionType=default db
  each opens
}

@test "wrong usage is told before anything is asked; a shell without a builtin gets no passphrase" {
  local -a words
  while read -ra words; do
    run -64 "${shell[@]}" "$script" "${words[@]}" </dev/null
    echo "${words[*]}: $output"
  done <<<$'\n-p\n-p x db\n-t -1 db\n-x db\n-- -oProxyCommand=x\nx@-oProxyCommand=x\n-a -x db\n@db\ndb other\ndb;id\n-p 123456 db'
  run -64 unlock -a "a b"
  : >"$work/empty"
  input=empty run -64 unlock
  [[ $output == *'there is no passphrase; nothing was sent'* ]]
  run -64 bash --posix -c "enable -n printf; . '$script' db" <"$work/right"
  [[ $output == *'printf is no builtin of this shell'* ]]
  nothing_left
}

# ends WHAT STATUS...: by this key or signal, with one of these statuses; the terminal is as it was
ends() {
  local what=$1 path
  shift
  path=$(type -P "${shell[0]}")
  run -0 timeout 120 "$BATS_TEST_DIRNAME/services/terminal" "$what" "$path" "${shell[@]:1}" "$script" -t 30 "$(id -un)@db"
  echo "$what: $output"
  [[ $output == *'echo True'*'left 0'*'ended '* ]]
  local ended=${output#*ended } status
  for status; do [ "${ended%%[!0-9-]*}" != "$status" ] || break; done
  [ "${ended%%[!0-9-]*}" = "$status" ]
  [[ $what == *@* || $output == *'core 0'* ]]
  nothing_left
}

at_the_prompt() {
  # A shell may itself ignore a signal that it gets from itself.
  ends int -2
  ends quit -3 129 131
  ends TERM -15
  ends HUP 129
  # mksh's read ends with the line, whatever comes.
  if [[ ${shell[0]} != mksh ]]; then ends USR1 -10; fi
  ends enter 1
  grep -qx 'half a passphrase' "$work/received"
}

@test "at the prompt every signal ends it with the echo on and nothing left to the next reader" {
  up
  each at_the_prompt
}

at_each_moment() {
  ends TERM@0.3 -15
  ends int@1.5 -2
  touch "$work/slow"
  rm -f "$work/received"
  ends TERM@6 -15
  [ -e "$work/received" ] # it was already waiting for the outcome
  rm "$work/slow"
}

@test "killed at each moment it leaves no ssh, no file, and the terminal as it was" {
  up
  each at_each_moment
}
