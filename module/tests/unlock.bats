#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# unlock: to which prompts a passphrase goes, unchanged and unseen, and what is said of the outcome.
# shellcheck disable=SC1003,SC2016,SC2030,SC2031,SC2154,SC2317

bats_require_minimum_version 1.5.0
load lib/boot

setup() { type -P python3 >/dev/null || skip "python3, which plays the disks, is not installed"; }
teardown() { teardown_boot; }

# --- where it works

outside() {
  rm "$root/etc/initrd-release"
  disk sda --right secret
  passphrase secret
  unlock
  ends 64
  says 'this is no initramfs'
  nothing_received
}
@test "outside an initramfs it refuses, and sends nothing" { each_shell outside; }

@test "on this machine, which is no initramfs, it refuses" {
  [ ! -e /etc/initrd-release ] || skip "this machine is an initramfs"
  for sh in dash bash; do
    run -64 env -u DRACUT_SSHD_ROOT "$sh" "$boot/unlock" </dev/null
    [[ $output == *'this is no initramfs'* ]]
  done
}

prefixed() {
  mkdir "$root/host"
  printf '#!/bin/bash\n: >"%s/touched"\n' "$root" >"$root/host/systemctl"
  chmod 755 "$root/host/systemctl"
  rm "$root/usr/bin/systemctl"
  disk sda --right secret
  passphrase secret
  PATH=$root/host:$PATH unlock --timeout 1
  received sda.1 secret
  [[ ! -e $root/touched ]]
}
@test "with another root no program outside it is reached" { each_shell prefixed; }

# --- the passphrase

odd_ones() {
  local odd number=0 odds=(' leading and trailing ' '\n\t\\ \' '%s%d%%' '-n' '--help' '+plus' "it's \"quoted\"" '$HOME `id` $(id)' '*'
    $'t\tab' 'Größe ключ 鍵 🔑' '!' '#' ';' '~')
  for odd in "${odds[@]}"; do
    number=$((number + 1))
    disk "d$number" "--right=$odd"
    passphrase "$odd"
    unlock
    ends 0
    received "d$number.1" "$odd"
  done
}
@test "a passphrase arrives as it is, whatever is in it" { each_shell odd_ones; }

every_byte() {
  python3 -c 'import sys; sys.stdout.buffer.write(bytes(c for c in range(1, 256) if c not in (10, 13)))' >"$root/bytes"
  # At the limit of what systemd takes.
  python3 -c 'import sys; sys.stdout.buffer.write(bytes([255, 129, 136] * 683)[:2046])' >"$root/long"
  local file
  for file in bytes long; do
    disk "$file" --dead --unit ''
    input=$root/$file
    unlock
    ends 0
    cmp -- "$root/$file" "$root/received/$file.1"
  done
}
@test "every byte but NUL and the ends of a line arrives, up to 2046 of them" { each_shell every_byte; }

first_line() {
  disk one --right secret
  printf 'secret' >"$root/input"
  input=$root/input unlock
  ends 0
  received one.1 secret
  disk two --right secret
  printf 'secret\nanother\n' >"$root/input"
  input=$root/input unlock
  ends 0
  received two.1 secret
}
@test "it ends at the first newline, or with the input" { each_shell first_line; }

unusable() {
  disk sda
  input=/dev/null unlock
  ends 64
  says 'no passphrase on standard input'
  passphrase ''
  unlock
  ends 64
  says 'is empty'
  passphrase "$(printf '%2047s' x)"
  unlock
  ends 64
  says 'longer than what systemd takes'
  nothing_received
}
@test "no passphrase, an empty one, and one that systemd would cut are not sent" { each_shell unusable; }

unseen() {
  local secret='Correct-Horse' program=$root/usr/lib/systemd/systemd-reply-password record=$root/record
  mv "$program" "$root/real"
  printf '%s\n' "#!$BASH" 'record=$DRACUT_SSHD_ROOT/record' \
    'for process in $$ $PPID; do cat /proc/$process/cmdline /proc/$process/environ; done >>"$record"' \
    'tr "\0" "\n" <<<"$*" >>"$record"; env >>"$record"; exec "$DRACUT_SSHD_ROOT/real" "$@"' >"$program"
  sed -i "2a PATH=$PATH" "$program"
  chmod 755 "$program"
  disk sda --right "$secret"
  passphrase "$secret"
  # The name that the script uses, exported by who calls it, and every way to trace.
  run env DRACUT_SSHD_ROOT="$root" passphrase=exported SHELLOPTS=xtrace:allexport "${shell[@]}" -x -a "$boot/unlock" <"$input" 3>&-
  ends 0
  received sda.1 "$secret"
  [[ -s $record ]]
  grep -qa sck.sda0 "$record"
  [[ $output != *"$secret"* ]]
  if grep -a -- "$secret" "$record"; then return 1; fi
  rm "$input"
  run grep -rla --exclude-dir=received -- "$secret" "$root"
  [[ -z $output ]] || { echo "$output" && false; }
}
@test "it is in no argument, no environment, no trace and no file" { each_shell unseen; }

argument() {
  disk sda --right secret
  unlock secret
  ends 64
  says 'A passphrase is no argument'
  [[ $output$stderr != *secret* ]]
  for wrong in --wait --wait=x --timeout=-1 --id '--wait 1234567'; do
    # shellcheck disable=SC2086
    unlock $wrong
    ends 64
  done
  nothing_received
}
@test "what is wrong on the command line is not repeated, for it may be a passphrase" { each_shell argument; }

forced() {
  disk sda --right secret
  passphrase secret
  SSH_ORIGINAL_COMMAND="unlock --list; touch $root/run-it" unlock
  ends 0
  [[ ! -e $root/run-it ]]
}
@test "as a forced command it heeds nothing that the client asked for" { each_shell forced; }

# --- on a terminal

at_terminal() {
  [[ ${shell[0]} != */dash ]] || return 0
  disk sda --right ' secret\'
  run env DRACUT_SSHD_ROOT="$root" python3 "$BATS_TEST_DIRNAME/lib/terminal.py" ' secret\\\r' "${shell[@]}" "$boot/unlock" 3>&-
  ends 0
  says 'Passphrase for sda: '
  says 'sda: opened'
  says_not secret
  received sda.1 ' secret\'
  disk sdb
  run env DRACUT_SSHD_ROOT="$root" python3 "$BATS_TEST_DIRNAME/lib/terminal.py" 'sec\x03' "${shell[@]}" "$boot/unlock" 3>&-
  ends 130
  [[ ! -e $root/received/sdb.1 ]]
}
@test "on a terminal it asks without echo, and an interrupt leaves the terminal as it was" { each_shell at_terminal; }

@test "under dash, which cannot switch the echo off, systemd-ask-password asks" {
  type -P dash >/dev/null || skip "dash is not installed"
  type -P systemd-ask-password >/dev/null || skip "systemd-ask-password is not installed"
  shell=(dash)
  setup_boot
  ln -s "$(type -P systemd-ask-password)" "$root/usr/bin/"
  disk sda --right ' secret\'
  run env DRACUT_SSHD_ROOT="$root" python3 "$BATS_TEST_DIRNAME/lib/terminal.py" ' secret\\\r' dash "$boot/unlock" 3>&-
  ends 0
  says_not secret
  received sda.1 ' secret\'
  disk sdb
  run env DRACUT_SSHD_ROOT="$root" python3 "$BATS_TEST_DIRNAME/lib/terminal.py" 'sec\x03\x15\x04' dash "$boot/unlock" 3>&-
  ends 64
  says_not 'left without echo'
  [ ! -e "$root/received/sdb.1" ]
}

# --- the outcome

wrong_then_right() {
  disk luks-1234 --right right --work 0.5
  passphrase wrong
  unlock
  ends 1
  says 'luks-1234: the passphrase was refused, and is asked for again'
  passphrase right
  unlock
  ends 0
  says 'luks-1234: opened'
  received luks-1234.2 right
}
@test "a wrong one is refused, and the right one opens" { each_shell wrong_then_right; }

last_try() {
  disk sda --right right --tries 1
  passphrase wrong
  unlock
  ends 1
  says 'sda: the passphrase was refused, and there are no more tries'
}
@test "the last try is told from the others" { each_shell last_try; }

two_same() {
  disk root --pid 4001 --right same --work 0.6
  disk home --pid 4002 --right same
  passphrase same
  unlock
  ends 0
  says 'root: opened'
  says 'home: opened'
}
@test "two disks with one passphrase are opened" { each_shell two_same; }

two_different() {
  disk root --pid 4001 --right one
  disk home --pid 4002 --right two
  passphrase one
  unlock --json
  ends 1
  [[ $(field '[(p["unit"], p["outcome"]) for p in j["prompts"]]') == "[('systemd-cryptsetup@home.service', 'refused'), ('systemd-cryptsetup@root.service', 'opened')]" ]]
  passphrase two
  unlock
  ends 0
  says 'home: opened'
  # Once asked, a disk is not asked again in the same run.
  [[ ! -e $root/received/home.3 ]]
}
@test "of two disks with two passphrases it says which was opened and which was not" { each_shell two_different; }

cached() {
  disk root --pid 4001 --right one --work 1
  disk home --pid 4002 --right two --cached 0.4
  passphrase one
  # home drops its socket while this is under way, and asks again: systemd has tried root's passphrase on it.
  unlock
  ends 1
  says 'home: the passphrase was refused'
  says 'root: opened'
  [[ ! -e $root/received/home.2 ]]
}
@test "a disk that systemd tries another one's passphrase on is refused once, and not asked again" { each_shell cached; }

shared() {
  local reply=$root/usr/lib/systemd/systemd-reply-password
  mv "$reply" "$reply.real"
  # So that the second disk asks anew before its turn comes.
  printf '#!/bin/sh\n"$0.real" "$@" && sleep 0.5\n' >"$reply"
  chmod 755 "$reply"
  disk a-root --pid 4001 --right one --work 1
  disk b-home --pid 4002 --right two --shares a-root
  passphrase one
  unlock
  ends 1
  says 'b-home: the passphrase was refused'
  says 'a-root: opened'
  [[ ! -e $root/received/b-home.2 ]]
}
@test "a disk that asks anew before its turn came has refused the passphrase already" { each_shell shared; }

no_outcome() {
  disk sda --right right --work 30
  passphrase right
  unlock --timeout 1
  ends 3
  says 'sda: no outcome within 1 s'
}
@test "without an outcome in time it says so" { each_shell no_outcome; }

unsent() {
  mkdir "$root/proc/4001"
  sock old
  ask old PID=4001 "Socket=$root/run/systemd/ask-password/sck.old" Id=cryptsetup:/dev/sda
  passphrase secret
  unlock
  ends 3
  says '/dev/sda: the passphrase could not be sent'
}
@test "a prompt that nobody listens to is told from one without an outcome" { each_shell unsent; }

without_unit() {
  disk sda --unit '' --right secret --dead
  passphrase secret
  unlock
  ends 0
  says 'sda: answered, and not asked for again'
}
@test "of a prompt that no unit asks it says what it knows" { each_shell without_unit; }

verified() {
  disk sda --right secret --verify
  passphrase secret
  unlock
  ends 0
  received sda.1 secret
  received sda.2 secret
}
@test "a disk that wants its passphrase twice is given it twice" { each_shell verified; }

switching() {
  disk luks-sda --right secret
  : >"$root/frozen"
  passphrase secret
  unlock
  ends 0
  says 'luks-sda: opened'
}
@test "while PID 1 is silent an open volume is a success" { each_shell switching; }

hung_up() {
  disk luks-sda --right secret --work 30
  passphrase secret
  env DRACUT_SSHD_ROOT="$root" "${shell[@]}" "$boot/unlock" <"$input" >"$root/said" 2>&1 3>&- &
  local process=$!
  await "$root/received/luks-sda.1" secret
  mkdir -p "$root/sys/block/dm-0/dm"
  echo luks-sda >"$root/sys/block/dm-0/dm/name"
  kill -HUP "$process"
  wait "$process"
  grep -q 'luks-sda: opened' "$root/said"
}
@test "a session that ends after the disk was opened ends with success" { each_shell hung_up; }

# --- which prompts

others() {
  disk tpm --pid 4001 --id '' --message 'Please enter TPM2 PIN:' --unit 'systemd-cryptsetup@sda.service' --right 1234
  disk card --pid 4002 --id 'pkcs11-pin:token' --message 'PIN of the card:' --right 5678
  passphrase secret
  unlock
  ends 2
  says 'what is being asked for (2) is no disk'
  says 'asks for a PIN: unlock --pin.'
  nothing_received
  unlock --list
  ends 0
  [[ $output == *$'systemd-cryptsetup@card.service\tpkcs11-pin:token\tPIN of the card:'* ]]
  [[ $output == *$'systemd-cryptsetup@sda.service\task.tpm0\tPlease enter TPM2 PIN:'* ]]
  passphrase 5678
  unlock --id pkcs11-pin:token
  ends 0
  received card.1 5678
  passphrase 1234
  unlock --id=ask.tpm0
  ends 0
  received tpm.1 1234
}
@test "a PIN is listed, and answered only by its Id, or its file where it has none" { each_shell others; }

pin() {
  disk sda --pid 4001 --right secret
  disk tpm --pid 4002 --id '' --message 'Please enter TPM2 PIN:' --unit 'systemd-cryptsetup@sdb.service' --right 1234 --tries 9
  passphrase wrong
  unlock --pin
  ends 1
  says 'sdb: the PIN was refused, and is asked for again'
  received tpm.1 wrong
  passphrase 1234
  unlock --pin
  ends 0
  received tpm.2 1234
  [[ ! -e $root/received/sda.1 ]]
  unlock --pin
  ends 2
  says 'what is being asked for (1) is no PIN'
  input=/dev/null
  disk card --pid 4003 --id 'pkcs11-pin:token' --message 'PIN of the card:' --right 5678
  unlock --pin
  ends 64
  says 'there is no PIN on standard input'
}
@test "--pin answers the prompt for a PIN, and no disk's" { each_shell pin; }

pins() {
  disk tpm --pid 4001 --id '' --message 'Please enter TPM2 PIN:' --unit 'systemd-cryptsetup@sda.service' --right 1234
  disk card --pid 4002 --id 'pkcs11-pin:token' --message 'PIN of the card:' --right 5678
  passphrase 5678
  unlock --pin
  ends 64
  says '2 PINs are asked for; name one of them'
  nothing_received
  unlock --pin --message 'of the card'
  ends 0
  received card.1 5678
  passphrase 1234
  unlock --pin --unit systemd-cryptsetup@sda
  ends 0
  received tpm.1 1234
}
@test "of several PINs one has to be named, for each wrong one counts" { each_shell pins; }

tried() {
  echo '7 systemd-cryptsetup@sda.service start running' >"$root/jobs"
  disk sda --right secret --after 2
  passphrase secret
  unlock
  ends 0
  says 'a disk is still tried without a passphrase'
  received sda.1 secret
  disk card --pid 4002 --id 'pkcs11-pin:token' --message 'PIN of the card:' --right 5678
  unlock
  ends 2
  says_not 'still tried'
}
@test "while a disk is tried by a TPM or a key file its prompt is waited for" { each_shell tried; }

stale() {
  sock a
  sock b
  local to=$root/run/systemd/ask-password
  mkdir "$root/proc/4001" "$to/sck.d"
  ask gone PID=4009 "Socket=$to/sck.a" Id=cryptsetup:/dev/gone
  ask late PID=4001 "Socket=$to/sck.a" NotAfter=1000000 Id=cryptsetup:/dev/late
  ask soon PID=4001 "Socket=$to/sck.a" NotAfter=999 Id=cryptsetup:/dev/soon
  ask nosocket PID=4001 "Socket=$to/sck.c" Id=cryptsetup:/dev/nosocket
  ask outside PID=4001 "Socket=$to/../sck.a" Id=cryptsetup:/dev/outside
  ask dots PID=4001 "Socket=$to/sck.d/../sck.a" Id=cryptsetup:/dev/dots
  ask pid 'PID=4001/../4001' "Socket=$to/sck.a" Id=cryptsetup:/dev/pid
  ask nopid "Socket=$to/sck.a" Id=cryptsetup:/dev/nopid
  ask clock PID=4001 "Socket=$to/sck.a" NotAfter=99999999999999999999999999x Id=cryptsetup:/dev/clock
  mkfifo "$to/ask.fifo"
  : >"$to/ask.empty"
  unlock --list
  ends 2
  [[ -z $output ]]
  passphrase secret
  unlock
  ends 2
  # and one that is still good, at the far end of the clock
  ask good PID=4001 "Socket=$to/sck.b" NotAfter=18446744073709551615 Id=cryptsetup:/dev/good
  unlock --list
  ends 0
  [[ $output == $'-\tcryptsetup:/dev/good\t' ]]
}
@test "what nobody asks any more is no prompt" { each_shell stale; }

hostile() {
  sock a
  mkdir "$root/proc/4001"
  printf '0::/system.slice/systemd-cryptsetup@a"b.service\n' >"$root/proc/4001/cgroup"
  ask evil PID=4001 "Socket=$root/run/systemd/ask-password/sck.a" \
    $'Message=\e]0;title\a\e[2J"quoted" \\ back\r\x7f \xc2\x9b31m \xff $(id)' "Socket=$root/etc/initrd-release" PID=1 \
    'Id=cryptsetup:/dev/injected' 'Icon=x' 'Id=tpm2"\pin'
  unlock --list
  ends 0
  says '?]0;title??[2J"quoted" \ back?? ??31m ? $(id)'
  if LC_ALL=C grep -q $'[^\t -~]' <<<"$output"; then return 1; fi
  unlock --list --json
  ends 0
  [[ $(field 'j["prompts"][0]["message"]') == '?]0;title??[2J"quoted" \ back?? ??31m ? $(id)' ]]
  [[ $(field 'j["prompts"][0]["id"]') == 'tpm2"\pin' ]]
  [[ $(field 'j["prompts"][0]["unit"]') == 'systemd-cryptsetup@a"b.service' ]]
  # The last Id= is systemd's own: Message= comes before it.
  passphrase secret
  unlock
  ends 2
}
@test "what a prompt says is shown as printable text, and cannot pretend to be a disk's" { each_shell hostile; }

nothing() {
  unlock
  ends 2
  says 'there is nothing to unlock'
  unlock --json
  ends 2
  [[ $output == '{"exit":2,"prompts":[]}' ]]
}
@test "without a prompt there is nothing to unlock" { each_shell nothing; }

json() {
  disk luks-a --right secret
  passphrase secret
  unlock --json
  ends 0
  [[ $(field 'j') == "{'exit': 0, 'prompts': [{'unit': 'systemd-cryptsetup@luks\\\\x2da.service', 'id': 'cryptsetup:/dev/disk/by-uuid/luks-a', 'message': 'Please enter passphrase for disk luks-a:', 'outcome': 'opened'}]}" ]]
  [[ -z $stderr ]]
}
@test "--json says it in one line, and nothing else does" { each_shell json; }

# --- waiting

later() {
  disk sda --after 1.5 --right secret
  passphrase secret
  unlock
  ends 2
  unlock --wait 10
  ends 0
  says 'sda: opened'
}
@test "--wait waits for a prompt that is not there yet" { each_shell later; }

behind() {
  disk outer --pid 4001 --right secret
  echo '12 systemd-cryptsetup@inner.service start waiting' >"$root/jobs"
  passphrase secret
  # Without --wait, what is not asked for is not waited for.
  unlock
  ends 0
  disk second --pid 4002 --right secret
  disk inner --pid 4003 --after 1.5 --right secret
  (await "$root/log/inner" active && : >"$root/jobs") 3>&- &
  unlock --wait 20
  ends 0
  says 'second: opened'
  says 'inner: opened'
}
@test "with --wait a disk that shows up behind another is opened as well" { each_shell behind; }

# --- retry

retried() {
  unit systemd-cryptsetup@sda.service failed
  stopped emergency.service emergency.target TERM
  printf '%s\n' 'python3 "$BATS_TEST_DIRNAME/lib/disk.py" "$root" sda --after 0.5 --right secret >/dev/null 2>&1 3>&- &' >"$root/on-default"
  sed -i "1i PATH=$PATH" "$root/on-default"
  export BATS_TEST_DIRNAME
  passphrase secret
  unlock --retry
  ends 0
  says 'resume-boot: ending the shell of emergency.service'
  says 'sda: opened'
  [[ $(<"$root/units/emergency.target") == inactive ]]
}
@test "--retry brings the prompt back, and the boot goes on" { each_shell retried; }

retried_early() {
  unit systemd-cryptsetup@sda.service failed
  echo '1 dev-mapper-sda.device start running' >"$root/jobs"
  printf '%s\n' 'python3 "$BATS_TEST_DIRNAME/lib/disk.py" "$root" sda --right secret >/dev/null 2>&1 3>&- &' >"$root/on-start"
  sed -i "1i PATH=$PATH" "$root/on-start"
  export BATS_TEST_DIRNAME
  passphrase secret
  unlock --retry
  ends 0
  says 'nothing has stopped'
  called '--no-pager --no-block start systemd-cryptsetup@sda.service'
  says 'sda: opened'
}
@test "--retry brings it back while the boot still waits for the disk" { each_shell retried_early; }

needless() {
  disk sda --right secret
  stopped emergency.service emergency.target TERM
  passphrase secret
  unlock --retry
  ends 0
  not_called 'kill|start|default'
  unlock --retry
  ends 2
  not_called 'kill|start|default'
}
@test "--retry with a prompt there, or with nothing that was given up, disturbs nothing" { each_shell needless; }

# --- what nothing asks for

unasked() {
  installer_layout
  passphrase secret
  unlock
  ends 2
  says 'there is nothing to unlock'
  says "unlock: vda5_crypt (LUKS, $uuid) is not open, and nothing asks for its passphrase."
  says "now:      /usr/lib/systemd/systemd-cryptsetup attach vda5_crypt /dev/disk/by-uuid/$uuid"
  says "for good: vda5_crypt UUID=$uuid none luks"
  says 'unlock --attach asks'
  not_called 'daemon-reload|start'
  # A guess that nothing waits for is none.
  rm "$root/usr/lib/dracut-sshd/storage"
  : >"$root/jobs"
  unlock
  ends 2
  says_not 'nothing asks'
}
@test "what is needed and not asked for is named, with what to type" { each_shell unasked; }

# attaches NAME: when a unit is started, the disk of that name asks.
attaches() {
  printf '%s\n' "python3 \"\$BATS_TEST_DIRNAME/lib/disk.py\" \"\$root\" $1 --right secret >/dev/null 2>&1 3>&- &" >"$root/on-start"
  sed -i "1i PATH=$PATH" "$root/on-start"
  export BATS_TEST_DIRNAME
}

attached() {
  installer_layout
  attaches vda5_crypt
  passphrase secret
  unlock --attach
  ends 0
  says 'vda5_crypt: opened'
  called '--no-pager daemon-reload'
  called '--no-pager --no-block start systemd-cryptsetup@vda5_crypt.service'
  grep -qxF "ExecStart=/usr/lib/systemd/systemd-cryptsetup attach 'vda5_crypt' '/dev/disk/by-uuid/$uuid' '-' 'luks'" \
    "$root/etc/systemd/system/systemd-cryptsetup@vda5_crypt.service"
  received vda5_crypt.1 secret
}
@test "--attach has it asked for, and opens it" { each_shell attached; }

attached_stopped() {
  installer_layout
  sed -i 's/vda5_crypt/luks-root+1/' "$root/usr/lib/dracut-sshd/storage"
  stopped emergency.service emergency.target TERM
  attaches luks-root+1
  passphrase secret
  unlock --attach --timeout 30
  [[ $(<"$root/units/emergency.target") == inactive ]]
  called '--no-pager --no-block start systemd-cryptsetup@luks\x2droot\x2b1.service'
  says 'luks-root+1: opened'
}
@test "--attach in emergency mode lets the boot go on" { each_shell attached_stopped; }

not_attached() {
  installer_layout
  rm "$root/dev/disk/by-uuid/$uuid"
  passphrase secret
  unlock --attach
  ends 2
  says 'is not there (yet)'
  : >"$root/dev/disk/by-uuid/$uuid"
  rm "$root/usr/lib/systemd/systemd-cryptsetup"
  unlock --attach
  ends 2
  says 'systemd-cryptsetup is not in this image'
  # Of two that it can only guess it takes none.
  installer_layout
  rm "$root/usr/lib/dracut-sshd/storage"
  printf 'E:ID_FS_UUID=%s\nE:ID_FS_TYPE=crypto_LUKS\n' "${uuid//a/b}" >"$root/run/udev/data/b254:6"
  unlock --attach
  ends 2
  says 'open it by hand'
  not_called 'daemon-reload|start'
  nothing_received
}
@test "--attach touches nothing that is not there, or that it can only guess" { each_shell not_attached; }

# --- what a wrong passphrase does to the machine

powers_off() {
  mkdir -p "$root/run/systemd/generator"
  echo 'root=/dev/sda rd.shell=0' >"$root/proc/cmdline"
  generated systemd-cryptsetup@sda.service sda "$uuid" ,tries=2
  disk sda --right secret --tries 2
  passphrase wrong
  unlock
  ends 1
  says 'the passphrase was refused, and is asked for again. The next wrong one may be the last of 2: then the machine halts or powers off'
  unlock
  ends 1
  says 'there are no more tries. If the boot needs this disk the machine halts or powers off now'
  says_not --retry
}
@test "with rd.shell=0 it says what the next wrong one does, and promises no --retry" { each_shell powers_off; }

stays_up() {
  mkdir -p "$root/run/systemd/generator"
  echo 'rd.shell=0' >"$root/proc/cmdline"
  generated systemd-cryptsetup@sda.service sda "$uuid" ,tries=0
  disk sda --right secret --tries 9
  passphrase wrong
  unlock
  ends 1
  says_not 'The next wrong one'
  echo 'panic=30' >"$root/proc/cmdline"
  disk sdb --pid 4002 --tries 1
  unlock --id cryptsetup:/dev/disk/by-uuid/sdb
  ends 1
  says 'unlock --retry asks again'
}
@test "without an end to the tries, and without rd.shell=0, nothing ends the machine" { each_shell stays_up; }

@test "--help says what there is" {
  for sh in dash bash; do
    run -0 "$sh" "$boot/unlock" --help
    for option in --list --wait --timeout --id --pin --retry --attach --json; do [[ $output == *"$option"* ]]; done
  done
}

# zfs [NAME [PID]]: a prompt as OpenZFS' dracut module has it: without an Id, and each question from another process.
zfs() {
  disk "${1:-zfs}" --pid "${2:-4001}" --id '' --unit '' --message "Encrypted ZFS password for rpool/${1:-zfs}" --right secret "${@:3}"
}

alone() {
  zfs zfs 4001 --dead
  passphrase secret
  unlock
  ends 0
  says 'Encrypted ZFS password for rpool/zfs: answered, and not asked for again'
  received zfs.1 secret
}
@test "a prompt for a passphrase without a disk's Id is answered where it is the only one" { each_shell alone; }

asks_again() {
  zfs zfs 4001 --dead
  # The next question comes from the next process.
  disk again --pid 4002 --id '' --unit '' --message 'Encrypted ZFS password for rpool/zfs' --after 3
  passphrase wrong
  unlock
  ends 1
  says 'Encrypted ZFS password for rpool/zfs: the passphrase was refused, and is asked for again.'
}
@test "and when it is asked anew the passphrase was refused" { each_shell asks_again; }

not_alone() {
  zfs one 4001
  zfs two 4002 --dead
  disk tpm --pid 4003 --id '' --message 'Please enter the TPM2 PIN of rpool:' --unit ''
  passphrase secret
  unlock
  ends 2
  says 'what is being asked for (3) is no disk'
  says 'or not one alone'
  nothing_received
  unlock --list
  [[ $output == *$'other.service\task.one0\tEncrypted ZFS password for rpool/one'* ]]
  unlock --message rpool/two
  ends 0
  received two.1 secret
  [[ ! -e $root/received/one.1 && ! -e $root/received/tpm.1 ]]
}
@test "of several one is named by its message" { each_shell not_alone; }

by_unit() {
  zfs one 4001 --dead
  disk sda --pid 4002 --right other
  passphrase secret
  unlock --unit other
  ends 0
  received one.1 secret
  [[ ! -e $root/received/sda.1 ]]
}
@test "or by its unit" { each_shell by_unit; }

pins() {
  local message number=1
  for message in 'Please enter TPM2 PIN:' 'Enter pin:' 'Password of the security token:' 'Passphrase of the smart card:' 'YubiKey password:'; do
    disk "card$number" --pid "400$number" --id '' --message "$message" --unit ''
    passphrase secret
    unlock
    ends 2
    unlock --message=e
    ends 2
    unlock --unit=other.service
    ends 2
    nothing_received
    kill "${asking[-1]}" && rm -rf "$root"/run/systemd/ask-password/*
    number=$((number + 1))
  done
  # systemd-cryptsetup, and not with a disk's Id.
  disk tokened --pid 4009 --id '' --message 'Password:' --right secret
  unlock
  ends 2
  nothing_received
}
@test "a PIN never is, neither as the only one, nor by message or unit" { each_shell pins; }
