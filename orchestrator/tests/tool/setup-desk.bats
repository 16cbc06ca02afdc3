#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# dracut-sshd setup HOST against the real sshd on the loopback and with the real client. On the host there is a stand-in for dracut-sshd,
# which says what setup --json says, or what a hostile host may say instead.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load common

bats_require_minimum_version 1.5.0

setup() {
  sshd=$(PATH=$PATH:/usr/sbin type -P sshd) || skip "sshd is not installed"
  dracut_sshd=${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}
  version=$("$dracut_sshd" --version)
  work=$BATS_TEST_TMPDIR
  export HOME=$work/home
  mkdir -p /run/sshd "$work"/host/{bin,tmp} "$HOME" 2>/dev/null || true
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/login"
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/host/key"
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/host/early"
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/other"
  early=$(cut -d ' ' -f 1,2 "$work/host/early.pub")
  port=$((22400 + BATS_TEST_NUMBER))
  cat >"$work/host/sshd.conf" <<END
Port $port
ListenAddress 127.0.0.1
HostKey $work/host/key
AuthorizedKeysFile $work/login.pub
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
PidFile $work/host/pid
SetEnv PATH=$work/host/bin:/usr/bin:/bin TMPDIR=$work/host/tmp
END
  "$sshd" -f "$work/host/sshd.conf" -E "$work/host/log"
  cat >"$work/config" <<END
IdentityFile $work/login
IdentitiesOnly yes
UserKnownHostsFile $work/known
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
Host web
  HostName 127.0.0.1
  Port $port
END
  printf '[127.0.0.1]:%s %s\n' "$port" "$(<"$work/host/key.pub")" >"$work/known"
  cp "$work/known" "$work/known.before"
  result >"$work/host/result.json"
  stand_in "$version" <<'END'
cat "$here/result.json"
exit "$(cat "$here/status" 2>/dev/null || echo 0)"
END
}

teardown() {
  local file
  for file in "$work"/host/{,early.}pid; do [ ! -e "$file" ] || kill "$(<"$file")" 2>/dev/null || true; done
}

# stand_in VERSION <BODY: the host's dracut-sshd; it writes down how it was called
stand_in() {
  cat >"$work/host/bin/dracut-sshd" <<END
#!/bin/bash
here=$work/host
[[ \$1 != --version ]] || { echo "$1" && exit; }
printf '%q ' "\$@" >>"\$here/calls"; echo >>"\$here/calls"
$(cat)
END
  chmod 755 "$work/host/bin/dracut-sshd"
}

# result [PYTHON]: what setup --json says, after the statement has changed it
result() {
  EARLY=$early python3 - "$@" <<'END'
import json, os, sys
d = {"schema": 1, "answer": "lets-in", "exit": 0, "names": ["db", "db.example.org"], "addresses": ["192.0.2.10"], "port": "22",
     "own_host_key": True, "host_keys": [os.environ["EARLY"]], "known_hosts": ["victim-initramfs " + os.environ["EARLY"]],
     "ssh_config": "Host *\n    ProxyCommand evil\n", "unlock": "evil", "written": ["/etc/dracut-sshd/authorized_keys"],
     "unchanged": [], "kept": [{"path": "/etc/dracut-sshd/sshd_config", "why": "not written by setup"}], "notes": [],
     "findings": [{"id": "sshd.present", "severity": "ok", "message": "", "remedy": ""}]}
if len(sys.argv) > 1:
    exec(sys.argv[1])
print(json.dumps(d))
END
}

desk() { "$dracut_sshd" setup -F "$work/config" "$@" </dev/null; }

# The host removes its folder by itself, after the connection has ended.
nothing_left() {
  local -a left
  for _ in {1..100}; do
    left=("$work"/host/tmp/*)
    [[ -e ${left[0]} ]] || return 0
    sleep 0.1
  done
  printf 'left: %s\n' "${left[@]}"
  return 1
}

@test "the client's own files: a known_hosts line, a stanza that ssh takes, the command that unlocks" {
  run -0 desk --yes --write-config web
  echo "$output"
  [[ $output == *'/etc/dracut-sshd/authorized_keys'* && $output == *'It will let you in.'* ]]
  [[ $output == *"dracut-sshd unlock -F $work/config --port 22 web"* ]]
  same "$(<"$work/host/calls")" 'setup --yes --json '
  # The line of this host's initramfs, and of nobody else's, behind what was there.
  same "$(
    cat "$work/known.before"
    echo "web-initramfs $early"
  )" "$(<"$work/known")"
  run -0 ssh -F "$work/config" -G web-initramfs
  [[ $output == *'hostkeyalias web-initramfs'* && $output == *'hostname 127.0.0.1'* && $output == *$'\nport 22\n'* ]]
  [[ $output == *'user root'* && $output != *evil* ]]
  [ "$(head -n 1 "$work/config")" = "Include $work/dracut-sshd.conf" ]
  [ "$(stat -c %a "$work/dracut-sshd.conf")" = 600 ]
  run -0 ssh -F "$work/config" -G web
  [[ $output == *"port $port"* && $output != *'hostkeyalias'* ]]

  # Once more: nothing is written.
  local before
  before=$(cd "$work" && sha256sum known config dracut-sshd.conf)
  run -0 desk --yes --write-config --sshfp web
  [[ $output == *"$(ssh-keygen -r web-initramfs -f "$work/host/early.pub" | grep -F ' SSHFP 4 2 ')"* ]]
  [[ $output == *'has the key already'* && $output == *'has the stanza already'* ]]
  same "$before" "$(cd "$work" && sha256sum known config dracut-sshd.conf)"
  nothing_left
}

@test "ssh looks up HostKeyAlias without the port, and so does what setup wrote" {
  # The initramfs, at another port.
  sed "s|^Port .*|Port $((port + 50))|; s|^HostKey .*|HostKey $work/host/early|; s|^PidFile .*|PidFile $work/host/early.pid|" \
    "$work/host/sshd.conf" >"$work/host/early.conf"
  "$sshd" -f "$work/host/early.conf" -E "$work/host/early.log"
  result "d['port'] = '$((port + 50))'" >"$work/host/result.json"
  run -0 desk --yes --write-config web
  echo "$output"
  [[ $output == *"unlock -F $work/config --port $((port + 50)) web"* ]]
  grep -qxF "web-initramfs $early" "$work/known"
  run ! grep -F '[web-initramfs]' "$work/known"
  run -0 ssh -F "$work/config" -o BatchMode=yes web-initramfs echo the initramfs
  [[ $output == 'the initramfs' ]]

  # The printed command unlocks it, with nothing else typed but a passphrase.
  # shellcheck disable=SC2154
  printf '#!/bin/bash\n[[ $SSH_ORIGINAL_COMMAND != unlock* ]] || cat >%s/host/received\n' "$work" >"$work/host/early.sh"
  chmod 755 "$work/host/early.sh"
  kill "$(<"$work/host/early.pid")"
  echo "ForceCommand $work/host/early.sh" >>"$work/host/early.conf"
  sleep 0.5
  "$sshd" -f "$work/host/early.conf" -E "$work/host/early.log"
  run -0 "$dracut_sshd" unlock -F "$work/config" --port $((port + 50)) --no-wait --deadline 60 --passphrase-command 'echo open sesame' web
  echo "$output"
  same "$(<"$work/host/received")" 'open sesame'
}

@test "without --write-config nobody's ssh_config is changed, and the line is shown" {
  local before
  before=$(<"$work/config")
  run -0 desk --yes web
  [[ $output == *'at the top of'*"Include $work/dracut-sshd.conf"* ]]
  same "$before" "$(<"$work/config")"
  grep -q 'HostKeyAlias web-initramfs' "$work/dracut-sshd.conf"
}

@test "another key under the host's name is an error that shows both; nothing is written" {
  echo "web-initramfs $(<"$work/other.pub")" >>"$work/known"
  cp "$work/known" "$work/known.before"
  run -1 desk --yes web
  echo "$output"
  [[ $output == *"$(ssh-keygen -lf "$work/other.pub" | cut -d ' ' -f 2)"*"$(ssh-keygen -lf "$work/host/early.pub" | cut -d ' ' -f 2)"* ]]
  [[ $output == *"ssh-keygen -R web-initramfs -f $work/known"* ]]
  cmp "$work/known" "$work/known.before"
  [ ! -e "$work/dracut-sshd.conf" ]
  # What it says to type helps.
  ssh-keygen -R web-initramfs -f "$work/known" 2>/dev/null
  run -0 desk --yes web
  grep -qxF "web-initramfs $early" "$work/known"
}

@test "a host key that ssh does not know, or a changed one, is ssh's own error; nothing runs there" {
  printf '[127.0.0.1]:%s %s\n' "$port" "$(<"$work/other.pub")" >"$work/known"
  run -1 desk --yes web
  [[ $output == *'HOST IDENTIFICATION HAS CHANGED'* && $output == *'web: cannot log in by ssh'* ]]
  : >"$work/known"
  run -1 desk --yes web
  [[ $output == *'Host key verification failed'* ]]
  [ ! -e "$work/host/calls" ]
  [ ! -s "$work/known" ]
}

@test "options reach the host's setup word by word; a private key does not leave the desk" {
  mkdir -p "$HOME"
  printf '# mine\nfrom="10.0.0.0/8" %s it'"'"'s $(touch %s/evil) `x`\n' "$(<"$work/login.pub")" "$work" >"$work/keys"
  run -0 desk --yes --key "$work/keys" --unlock-only --no-host-key --port 2222 --no-network --no-install --no-rehearse web
  echo "$output"
  run -0 bash -c "args=($(<"$work/host/calls")) && printf '%s\n' \"\${args[@]}\""
  same "$output" "$(printf '%s\n' setup --yes --json --key "$(sed -n 2p "$work/keys")" --unlock-only --no-host-key --port 2222 --no-network --no-install --no-rehearse)"
  [ ! -e "$work/evil" ]
  run -2 desk --yes --key "$work/login" web
  [[ $output == *'is a private key'* ]]
}

@test "a static program is carried along, and nothing of it stays" {
  cat >"$work/program.c" <<END
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "--version") == 0) return puts("dracut-sshd 9.9.9") < 0;
  FILE* calls = fopen("$work/host/calls", "a");
  fprintf(calls, "%s\n", argv[0]);
  fclose(calls);
  execl("/bin/cat", "cat", "$work/host/result.json", (char*)0);
  return 1;
}
END
  cc -static -o "$work/program" "$work/program.c"
  rm "$work/host/bin/dracut-sshd"
  run -0 desk --yes --program "$work/program" web
  echo "$output"
  [[ $(<"$work/host/calls") == "$work/host/tmp/dracut-sshd-setup."*/dracut-sshd ]]
  grep -qxF "web-initramfs $early" "$work/known"
  nothing_left

  # This program is linked dynamically, as distributions do.
  if readelf -l "$dracut_sshd" | grep -q INTERP; then
    run -1 desk --yes web
    [[ $output == *'this program is linked dynamically'*'--program FILE'* ]]
  fi
  run -1 desk --yes --program /bin/ls web
  [[ $output == *'/bin/ls is linked dynamically'* ]]
  run -1 desk --yes --program "$work/config" web
  [[ $output == *'is not a program'* ]]
  # Of another machine: e_machine, at byte 18.
  cp "$work/program" "$work/foreign"
  printf '\x16' | dd of="$work/foreign" bs=1 seek=18 conv=notrunc status=none
  run -1 desk --yes --program "$work/foreign" web
  [[ $output == *'foreign is for '* ]]
  nothing_left
}

@test "an older dracut-sshd on the host does not do; a newer one does" {
  stand_in 'dracut-sshd 0.0.1' <<<'cat "$here/result.json"'
  run -1 desk --yes web
  [[ $output == *'expected a static program'* || $output == *'setup'* ]]
  [ ! -e "$work/host/calls" ] || grep -q dracut-sshd-setup "$work/host/calls"
  stand_in 'dracut-sshd 99.0.0' <<<'cat "$here/result.json"'
  run -0 desk --yes web
}

@test "a host that lies: nothing of what it says gets to a file of the desk's, or to a terminal as it is" {
  local lie
  for lie in 'd["names"] = ["victim\nvictim2"]' 'd["names"] = ["*"]' 'd["host_keys"] = ["ssh-ed25519 AAAA"]' \
    'd["host_keys"] = [d["host_keys"][0] + "\n* " + d["host_keys"][0]]' 'd["host_keys"] = [d["host_keys"][0] + " comment"]' \
    'd["host_keys"] = ["@cert-authority * " + d["host_keys"][0]]' 'd["host_keys"] = d["host_keys"][0]' 'd["host_keys"] = [7]' \
    'del d["host_keys"]' 'd["port"] = "22\n    ProxyCommand evil"' 'd["port"] = "0"' 'd["port"] = "65536"' 'd["port"] = 22' \
    'd["addresses"] = ["192.0.2.1\nProxyCommand evil"]' 'd["schema"] = 2' 'd["schema"] = "1"' 'd["exit"] = 3' 'd["exit"] = True' \
    'd["findings"] = {}' 'd["findings"] = [{"severity": "fine"}]' 'd["written"] = [["x"]]' 'd["notes"] = ["x"] * 501' \
    'd["notes"] = ["x" * 9000]' 'd["notes"] = ["\x1b[2J"] * 3; d["port"] = "\x1b[2J"' 'd = []' 'd = [' 'd = "\x1b]0;title\x07"'; do
    result "$lie" >"$work/host/result.json" 2>/dev/null || printf '{"schema": 1, \x1b[2J' >"$work/host/result.json"
    run -1 desk --yes --write-config web
    echo "$lie: $output"
    [[ $output == *'error: web: setup --json: '* ]]
    [[ $output != *$'\e'* ]]
    cmp "$work/known" "$work/known.before"
    [ ! -e "$work/dracut-sshd.conf" ]
  done
  # Texts for people are shown, escaped.
  result 'd["notes"] = ["\x1b[2Jhello"]; d["written"] = ["/etc/\x1b[31mx"]; d["findings"] = [{"id": "\x1b[1m", "severity": "error", "message": "\x9b2J", "remedy": "\r\x1b"}]' >"$work/host/result.json"
  run -0 desk --yes --html "$work/page.html" web
  [[ $output == *'\x1b[2Jhello'* && $output != *$'\e'* ]]
  run ! grep -q $'\e' "$work/page.html"
  grep -q '<title>web: unlock at boot</title>' "$work/page.html"
  # It is not the host that says which names its key gets.
  run ! grep -E '^(db|victim|192)' "$work/known"
}

@test "a host that never stops talking is cut off" {
  head -c 10000000 /dev/zero | tr '\0' x >"$work/host/result.json"
  run -1 desk --yes web
  echo "$output"
  [[ $output == *'setup --json: longer than 1.0 MiB'* ]]
  stand_in "$version" <<<'yes'
  run -1 desk --yes web
  [[ $output == *'setup --json: longer than 1.0 MiB'* ]]
  cmp "$work/known" "$work/known.before"
  nothing_left
}

@test "interrupted, or killed: the host keeps nothing" {
  stand_in "$version" <<<'touch "$here/running"; exec sleep 60'
  local signal child
  # (SIGINT is ignored in what a script has started in the background.)
  for signal in TERM HUP KILL; do
    rm -f "$work/host/running"
    "$dracut_sshd" setup -F "$work/config" --yes web </dev/null >"$work/out" 2>&1 3>&- &
    child=$!
    for _ in {1..200}; do
      [[ ! -e $work/host/running ]] || break
      sleep 0.1
    done
    [ -e "$work/host/running" ]
    ls -d "$work"/host/tmp/dracut-sshd-setup.*
    kill -s "$signal" "$child"
    wait "$child" || true
    nothing_left
    cmp "$work/known" "$work/known.before"
  done
}

@test "setup that fails, or says nothing: its words and a status" {
  stand_in "$version" <<<'printf "error: \e[31mno key\n" >&2; exit 1'
  run -1 desk --yes web
  echo "$output"
  [[ $output == *'error: \x1b[31mno key'* && $output == *'setup ended with status 1'* ]]
  stand_in "$version" <<<'exit 0'
  run -1 desk --yes web
  [[ $output == *'said nothing'* ]]
  echo 4 >"$work/host/status"
  result 'd["exit"] = 4' >"$work/host/result.json"
  stand_in "$version" <<<'cat "$here/result.json"; exit 4'
  run -4 desk --yes web
  [[ $output == *'CANNOT BE TOLD'* ]]
}

@test "a plan is shown and changes nothing here; a removal takes the stanza out" {
  stand_in "$version" <<<'case $* in *--json*) cat "$here/result.json" ;; *) printf "+++ plan \e[2J\n" ;; esac'
  run -0 desk --dry-run --write-config web
  same "$output" '+++ plan \x1b[2J'
  run -0 --separate-stderr desk --dry-run --json web
  [ "$(python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["host"], d["unlock"].split()[-1])' <<<"$output")" = 'web web' ]
  cmp "$work/known" "$work/known.before"
  [ ! -e "$work/dracut-sshd.conf" ]
  run -0 desk --yes web
  grep -q 'Host web-initramfs' "$work/dracut-sshd.conf"
  printf 'web-initramfs-unsealed %s\n' "$early" >>"$work/known" # as setup writes it for a sealed key
  run -0 desk --yes --remove web
  [[ $output == *'+++ plan'*"known_hosts  $work/known"*"- web-initramfs $early"*"- web-initramfs-unsealed $early"* && $output != *'ssh-keygen -R'* ]]
  run ! grep -q 'Host web-initramfs' "$work/dracut-sshd.conf"
  cmp "$work/known" "$work/known.before"

  # A line of the user's own stays, and is named with its file.
  printf 'web-initramfs,other %s\n' "$early" >>"$work/known"
  cp "$work/known" "$work/known.before"
  run -0 desk --yes --remove web
  [[ $output == *'has no line of setup'*'has no stanza of setup'*"ssh-keygen -R web-initramfs -f $work/known"* ]]
  cmp "$work/known" "$work/known.before"
}

@test "questions need a terminal; at one they are the host's, and the result is asked for afterwards" {
  run -2 desk web
  [[ $output == *'standard input is not a terminal'*'--yes'* ]]
  [ ! -e "$work/host/calls" ]
  stand_in "$version" <<<'case $* in *--json*) cat "$here/result.json" ;; *) read -rp "Let these keys log in? [Y/n] " answer </dev/tty; echo "answer=$answer" ;; esac'
  run -0 python3 - "$dracut_sshd" "$work" <<'END'
import os, pty, sys
program, work = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program, "setup", "-F", work + "/config", "web"])
said = b""
answered = False
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    said += more
    if b"[Y/n]" in said and not answered:
        answered = True
        os.write(terminal, b"certainly\n")
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
  echo "$output"
  [[ $output == *'answer=certainly'* && $output == *'It will let you in.'* ]]
  same "$(<"$work/host/calls")" $'setup \nsetup --json --dry-run '
  grep -qxF "web-initramfs $early" "$work/known"
  nothing_left
}

@test "what is no host is refused before ssh is called" {
  local typed
  for typed in -oProxyCommand=x root@-x 'root@web;x' ssh://web 'we b' '@web' web-initramfs 'ro ot@web'; do
    run -2 desk --yes -- "$typed"
    echo "$output"
    [[ $output == *'error: '* ]]
  done
}
