#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The playbooks of docs/ansible.md, as they stand there, with the real ansible-core and dracut-sshd: two machines on the loopback, whose two
# systems are an sshd each. What would reboot a machine is hidden from all that they run.
# shellcheck disable=SC2030,SC2031

load common

bats_require_minimum_version 1.5.0

setup() {
  ansible=${BUILD_DIR:-$project/build}/ansible/bin/ansible-playbook
  [ -x "$ansible" ] || skip "ansible-core is not installed; ci/deps core installs it"
  sshd=$(PATH=$PATH:/usr/sbin type -P sshd) || skip "sshd is not installed"
  ((EUID == 0)) || skip "not as root: the machines let root in"
  type -P bwrap >/dev/null || skip "bubblewrap is not installed"
  work=$BATS_TEST_TMPDIR
  mkdir -p /run/sshd "$work/bin" "$work/home"
  ssh-keygen -q -t ed25519 -N '' -f "$work/login"
  : >"$work/known"
  printf 'IdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\n' "$work/login" "$work/known" >"$work/config"
  ln -s "${DRACUT_SSHD:-${BUILD_DIR:-$project/build}/orchestrator/dracut-sshd}" "$work/bin/dracut-sshd"
  printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(type -P ssh)" "$work/config" >"$work/bin/ssh"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\n[ "$1" = show ] && echo "sesame of ${2#disks/}"\n' >"$work/bin/pass"
  # What a machine runs to reboot itself, and nothing else of systemd's.
  cat >"$work/reboot" <<END
#!/bin/bash
echo "\$0 \$*" >>"\$MACHINE/asked"
[[ \$0 == */systemd-run && \$* == '--on-active=2 systemctl reboot' ]] || exit 1
mkfifo "\$MACHINE/go"
END
  chmod 755 "$work/bin"/* "$work/reboot"
  mkdir "$work/sbin"
  for name in systemctl systemd-run reboot shutdown; do cp "$work/reboot" "$work/sbin/$name"; done
  printf '[encrypted]\n' >"$work/hosts"
  HOME=$work/home PATH=$work/bin:$PATH ANSIBLE_HOST_KEY_CHECKING=True ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=False
  unset ANSIBLE_CONFIG
  ANSIBLE_SSH_EXECUTABLE=$work/bin/ssh ANSIBLE_LOG_PATH=$work/ansible.log
  export HOME PATH ANSIBLE_HOST_KEY_CHECKING ANSIBLE_NOCOLOR ANSIBLE_LOCALHOST_WARNING ANSIBLE_SSH_EXECUTABLE ANSIBLE_LOG_PATH
}

teardown() {
  local file
  [[ ${work-} ]] || return 0
  for file in "$work"/*/*.pid; do [ ! -e "$file" ] || kill "$(<"$file")" 2>/dev/null || true; done
  wait
}

# block NUMBER: the YAML block of the page
block() {
  awk -v wanted="$1" '/^```yaml/ { count++; inside = count == wanted; next } /^```/ { inside = 0 } inside' "$project/docs/ansible.md"
}

# machine NAME ADDRESS: the real system is up. When it is asked to reboot, its initramfs comes, and after the right passphrase it again.
machine() {
  local folder=$work/$1 system hidden=()
  mkdir "$folder"
  for system in early real; do
    ssh-keygen -q -t ed25519 -N '' -f "$folder/$system"
    printf 'Port 22480\nListenAddress %s\nHostKey %s/%s\nAuthorizedKeysFile %s.pub\nPermitRootLogin prohibit-password\nUsePAM no\nStrictModes no\nPidFile %s/%s.pid\nSetEnv MACHINE=%s PATH=%s/sbin:%s\n' \
      "$2" "$folder" "$system" "$work/login" "$folder" "$system" "$folder" "$work" "$PATH" >"$folder/$system.conf"
  done
  echo "ForceCommand $folder/early.sh" >>"$folder/early.conf"
  cat >"$folder/early.sh" <<END
#!/bin/bash
case \$SSH_ORIGINAL_COMMAND in
  "unlock --list --json") exit 64 ;; # as from a key that may do nothing else
  unlock*)
    IFS= read -r line
    printf '%s\n' "\$line" >>"$folder/received"
    [[ \$line == "sesame of $1" ]] || { echo 'refused: cryptroot' >&2 && exit 1; }
    touch "$folder/open"
    ;;
esac
END
  chmod 755 "$folder/early.sh"
  while read -r system; do hidden+=(--ro-bind "$work/reboot" "$system"); done \
    < <({ type -P systemctl systemd-run reboot shutdown || true; } | xargs -r readlink -f | sort -u)
  for system in /run/systemd /run/dbus; do [ ! -d "$system" ] || hidden+=(--tmpfs "$system"); done
  cat >"$folder/boot" <<END
#!/bin/bash
$(printf '%q ' bwrap --dev-bind / / "${hidden[@]}" --cap-add ALL --die-with-parent "$sshd" -D -f "$folder/real.conf" -E "$folder/real.log") &
echo \$! >$folder/bwrap.pid
until [ -e $folder/go ]; do sleep 0.2; done
sleep 2
kill \$!
sleep 2
rm $folder/go
$sshd -D -f $folder/early.conf -E $folder/early.log &
until [ -e $folder/open ]; do sleep 0.2; done
sleep 0.5
kill \$!
sleep 1
touch $folder/booted
exec $(printf '%q ' bwrap --dev-bind / / "${hidden[@]}" --cap-add ALL --die-with-parent "$sshd" -D -f "$folder/real.conf" -E "$folder/real.log")
END
  bash "$folder/boot" 3>&- >"$folder/boot.log" 2>&1 &
  echo $! >"$folder/boot.pid"
  printf 'Host %s\n  HostName %s\n  Port 22480\n' "$1" "$2" >>"$work/config"
  printf '%s-initramfs %s\n' "$1" "$(cut -d ' ' -f 1,2 "$folder/early.pub")" >>"$work/known"
  printf '[%s]:22480 %s\n' "$2" "$(cut -d ' ' -f 1,2 "$folder/real.pub")" >>"$work/known"
  echo "$1 ansible_python_interpreter=/usr/bin/python3 ansible_user=root" >>"$work/hosts"
}

play() { timeout 200 "$ansible" -i "$work/hosts" "$@" "$work/playbook.yml"; }

@test "the playbook reboots two machines one after the other, unlocks each with its own passphrase, and sees them again" {
  machine one 127.0.0.2
  machine two 127.0.0.3
  block 1 >"$work/playbook.yml"
  (($(wc -l <"$work/playbook.yml") <= 12))
  run -0 play -vvv
  echo "$output"
  [ "$(cat "$work"/{one,two}/received)" = $'sesame of one\nsesame of two' ]
  [ -e "$work/one/booted" ] && [ -e "$work/two/booted" ]
  [ ! "$work/one/booted" -nt "$work/two/open" ]
  run ! grep -r 'sesame of' "$work/home" "$work/ansible.log"
  [[ $output != *'sesame of'* ]]
}

@test "a machine with another host key fails the play: it gets nothing, and the next one is not rebooted" {
  machine one 127.0.0.2
  machine two 127.0.0.3
  ssh-keygen -q -t ed25519 -N '' -f "$work/another"
  sed -i "s|^HostKey .*|HostKey $work/another|" "$work/one/early.conf"
  block 1 >"$work/playbook.yml"
  run -2 play -e unlock_deadline=20
  echo "$output"
  [[ $output == *'WRONG HOST KEY'* ]]
  [ ! -e "$work/one/received" ] && [ -e "$work/one/asked" ]
  [ ! -e "$work/two/asked" ]
}

@test "a passphrase of a vault goes to standard input, and no_log keeps it out of what Ansible prints" {
  machine one 127.0.0.2
  { block 1 | sed '/argv:/,$d' | sed '$d' && block 2; } >"$work/playbook.yml"
  cat "$work/playbook.yml"
  echo "disk_passphrase: sesame of one" >"$work/secret.yml"
  run -0 play -vvv -e "@$work/secret.yml"
  echo "$output"
  [ "$(<"$work/one/received")" = 'sesame of one' ]
  [[ $output != *'sesame of'* ]]
  run ! grep -r 'sesame of' "$work/home" "$work/ansible.log"
}
