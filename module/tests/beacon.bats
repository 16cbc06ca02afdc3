#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The image's program beacon: what it sends, when, and by which key it is signed.
# shellcheck disable=SC1091,SC2016,SC2030,SC2031,SC2034,SC2154

bats_require_minimum_version 1.5.0
load lib/boot

# image [SETTING...]: an initramfs with a host key and a beacon, to a socket on the loopback that keeps what comes in $came.
image() {
  local name
  came=$root/came ssh=$root/etc/ssh
  mkdir -p "$came" "$ssh" "$root/proc/sys/kernel/random"
  listen
  if [[ ! -e $BATS_FILE_TMPDIR/host ]]; then
    for name in host other; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$BATS_FILE_TMPDIR/$name"; done
  fi
  cp "$BATS_FILE_TMPDIR/host" "$ssh/ssh_host_ed25519_key"
  for name in boot_id uuid; do ln -s "/proc/sys/kernel/random/$name" "$root/proc/sys/kernel/random/$name"; done
  for name in cat mkdir rm mv bash curl ssh-keygen; do ln -s "$(type -P "$name")" "$root/usr/bin/$name"; done
  if [[ $# -eq 0 ]]; then set -- "udp 127.0.0.1 $(<"$came/port")"; fi
  printf '%s\n' 'name db1-initramfs' "$@" 'key /etc/ssh/ssh_host_ed25519_key' 'key /etc/ssh/ssh_host_rsa_key' >"$root/usr/lib/dracut-sshd/beacon.conf"
}
# listen [OPTION...]: of datagrams.py
listen() {
  python3 "$BATS_TEST_DIRNAME/lib/datagrams.py" "$came" "$@" 3>&- 2>"$root/log/listener" &
  asking+=("$!")
  appears "$came/port"
}
# each_fast FUNCTION: as each_shell, with the shells that start the program sleep: in busybox's it is a part of the shell.
each_fast() {
  local shells=(dash bash)
  each_shell "$1"
}
# fast: a second of this initramfs is over in some hundredths of one.
fast() {
  rm -f "$root/usr/bin/sleep" "$root/proc/uptime"
  echo '100.00 1.00' >"$root/proc/uptime"
  cat >"$root/usr/bin/sleep" <<END
#!$BASH
read -r up _ <$root/proc/uptime
echo "\$((\${up%.*} + \$1)).00 1.00" >$root/proc/.uptime.\$\$
$(type -P mv) $root/proc/.uptime.\$\$ $root/proc/uptime
exec $(type -P sleep) 0.02
END
  chmod 755 "$root/usr/bin/sleep"
}
beacon() {
  DRACUT_SSHD_ROOT=$root "${shell[@]}" "$boot/beacon" >"$root/log/beacon" 2>&1 3>&- &
  asking+=("$!") sender=$!
}
appears() {
  local attempt
  for attempt in {1..200}; do
    [[ ! -e $1 ]] || return 0
    sleep 0.1
  done
  echo "$1 did not appear" && cat -- "$root"/log/* && return 1
}
# settle: all that asked has its answer.
settle() { rm -f "$root"/run/systemd/ask-password/ask.*; }
# signed FILE [KEY]: the signature in a message is good, and of this key; its first line is printed.
signed() {
  printf 'db1-initramfs namespaces="dracut-sshd-beacon" %s\n' "$(cut -d ' ' -f 1,2 "$BATS_FILE_TMPDIR/${2:-host}.pub")" >"$root/signers"
  sed -n '1!p' "$1" >"$root/signature"
  head -n 1 "$1" | ssh-keygen -Y verify -f "$root/signers" -I db1-initramfs -n dracut-sshd-beacon -s "$root/signature" >"$root/verified" 2>&1 \
    || { cat "$root/verified" "$1" && return 1; }
  head -n 1 "$1"
}
# messages: how many have come.
messages() { find "$came" -name '[0-9]*' | wc -l; }
# of EXPRESSION FILE: of the JSON in its first line.
of() { python3 -c 'import json, sys; print(eval(sys.argv[1], {"j": json.loads(open(sys.argv[2]).readline())}))' "$1" "$2"; }

one_message() {
  image
  beacon
  # Nobody asks: nothing is sent, however often it looks.
  sleep 2
  [ ! -e "$came/1" ]
  disk cryptroot --right x
  appears "$came/1"
  signed "$came/1"
  [ "$(wc -c <"$came/1")" -le 1400 ]
  [ "$(tail -n 1 "$came/1")" = '-----END SSH SIGNATURE-----' ]
  [ "$(of 'sorted(j)' "$came/1")" = "['boot', 'dracut-sshd-beacon', 'name', 'number', 'up', 'waiting']" ]
  [ "$(of '[j["dracut-sshd-beacon"], j["name"], j["number"], j["waiting"]]' "$came/1")" = "[1, 'db1-initramfs', 1, ['passphrase']]" ]
  [ "$(of 'j["boot"]' "$came/1")" = "$(</proc/sys/kernel/random/boot_id)" ]
  [ "$(of 'isinstance(j["up"], float)' "$came/1")" = True ]
  run grep -i cryptroot "$came/1"
  [ "$status" -ne 0 ]
  # Another one follows, and is signed, too.
  appears "$came/2"
  signed "$came/2"
  [ "$(of 'j["number"]' "$came/2")" = 2 ]
  grep -q 'message 1 is sent' "$root/log/beacon"
  # It ends at once when the boot goes on, and leaves no message behind.
  kill "$sender"
  wait "$sender"
  [ "$(ls "$root/run/dracut-sshd/beacon")" = number ]
}
@test "a prompt waits: a signed message comes in one datagram" { each_shell one_message; }

back_off() {
  image
  fast
  disk cryptroot --right x
  beacon
  appears "$came/9"
  settle
  # Seconds between messages: within a quarter of 2, 4, 8 .. 60, and what signing, sending and looking add.
  python3 - "$came" <<'END'
import json, pathlib, sys
ups = [json.loads(pathlib.Path(sys.argv[1], str(number)).open().readline())["up"] for number in range(1, 10)]
for wait, gap in zip((2, 4, 8, 16, 32, 60, 60, 60), (later - sooner for sooner, later in zip(ups, ups[1:]))):
    assert wait * 0.75 - 1 <= gap <= wait * 1.25 + 8, (wait, gap, ups)
END
  # No prompt waits, so no message is sent. The next prompt is reported at once.
  count=$(messages)
  before=$(cut -d . -f 1 "$root/proc/uptime")
  while [ $(($(cut -d . -f 1 "$root/proc/uptime") - before)) -lt 200 ]; do sleep 0.1; done
  [ "$(messages)" -le $((count + 1)) ]
  count=$(messages)
  disk home --right x --pid 4002
  appears "$came/$((count + 2))"
  python3 - "$came" "$count" <<'END'
import json, pathlib, sys
first, second = (json.loads(pathlib.Path(sys.argv[1], str(int(sys.argv[2]) + more)).open().readline())["up"] for more in (1, 2))
assert second - first <= 12, (first, second)
END
}
@test "messages come ever more slowly, stop with the prompt, and begin anew with the next one" { each_fast back_off; }

comes_and_goes() {
  image
  fast
  mkdir -p "$root/proc/4001"
  sock a
  beacon
  # It asks every other moment, as after wrong passphrases: a message in two seconds, no more.
  for _ in {1..60}; do
    ask a PID=4001 "Socket=$root/run/systemd/ask-password/sck.a" Id=cryptsetup:a 'Message=Passphrase'
    sleep 0.03
    rm -f "$root/run/systemd/ask-password/ask.a"
    sleep 0.02
  done
  kill "$sender"
  python3 - "$came" <<'END'
import json, pathlib, sys
ups = sorted(json.loads(path.open().readline())["up"] for path in pathlib.Path(sys.argv[1]).iterdir() if path.name.isdigit())
assert ups and all(later - sooner >= 2 for sooner, later in zip(ups, ups[1:])), ups
END
}
@test "a prompt that comes and goes makes no flood" { each_fast comes_and_goes; }

kinds() {
  image
  fast
  mkdir -p "$root/proc/4001"
  sock p
  ask p PID=4001 "Socket=$root/run/systemd/ask-password/sck.p" Id=fido2-pin:secret-name 'Message=PIN of "secret-name"'
  beacon
  appears "$came/1"
  [ "$(of 'j["waiting"]' "$came/1")" = "['pin']" ]
  disk vault --pid 4002
  until [ "$(of 'j["waiting"]' "$came/$(messages)")" = "['passphrase', 'pin']" ]; do sleep 0.1; done
  run grep -rE 'secret-name|vault' "$came"
  [ "$status" -ne 0 ]
}
@test "what waits is a passphrase or a PIN, and nothing says of what" { each_fast kinds; }

no_prompt() {
  image
  fast
  mkdir -p "$root/proc/4001"
  # Of a process that is gone; without a socket; over its time.
  ask gone PID=999999999 "Socket=$root/run/systemd/ask-password/sck.q" 'Message=Passphrase'
  ask none PID=4001 "Socket=$root/run/systemd/ask-password/sck.none" 'Message=Passphrase'
  sock late
  ask late PID=4001 "Socket=$root/run/systemd/ask-password/sck.late" NotAfter=1000000 'Message=Passphrase'
  beacon
  before=$(cut -d . -f 1 "$root/proc/uptime")
  while [ $(($(cut -d . -f 1 "$root/proc/uptime") - before)) -lt 100 ]; do sleep 0.1; done
  [ ! -e "$came/1" ]
  kill -0 "$sender"
}
@test "what is left of a prompt is none" { each_fast no_prompt; }

no_network() {
  image
  fast
  # As long as there is no network, nothing can be sent.
  rm "$root/usr/bin/bash"
  printf '#!%s\nif [ ! -e %s/up ]; then echo "beacon: line 1: connect: Network is unreachable" >&2; exit 1; fi\nexec %s "$@"\n' "$BASH" "$root" "$BASH" >"$root/usr/bin/bash"
  chmod 755 "$root/usr/bin/bash"
  disk cryptroot
  beacon
  await "$root/log/beacon" 'could not be sent'
  before=$(cut -d . -f 1 "$root/proc/uptime")
  while [ $(($(cut -d . -f 1 "$root/proc/uptime") - before)) -lt 30 ]; do sleep 0.1; done
  [ ! -e "$came/1" ]
  : >"$root/up"
  appears "$came/1"
  # Those that did not leave are not counted, and the journal has one line of them.
  [ "$(of 'j["number"]' "$came/1")" = 1 ]
  [ "$(grep -c 'Network is unreachable' "$root/log/beacon")" -eq 1 ]
}
@test "before the network is up it tries again and again" { each_fast no_network; }

keys() {
  image
  fast
  mv "$ssh/ssh_host_ed25519_key" "$root/sealed"
  disk cryptroot
  beacon
  await "$root/log/beacon" 'no host key'
  [ ! -e "$came/1" ]
  # The TPM has opened it meanwhile.
  mv "$root/sealed" "$ssh/ssh_host_ed25519_key"
  appears "$came/1"
  signed "$came/1"
  # A key that is not there is passed over.
  cp "$BATS_FILE_TMPDIR/other" "$ssh/ssh_host_rsa_key"
  rm "$ssh/ssh_host_ed25519_key"
  count=$(messages)
  appears "$came/$((count + 2))"
  signed "$came/$((count + 2))" other
}
@test "the host key that is there signs" { each_fast keys; }

damaged() {
  image
  fast
  echo nonsense >"$ssh/ssh_host_ed25519_key"
  disk cryptroot
  beacon
  await "$root/log/beacon" 'ssh-keygen does not sign it'
  [ ! -e "$came/1" ]
  kill -0 "$sender"
}
@test "a damaged key: nothing is sent, and it goes on" { each_fast damaged; }

hangs() {
  image
  fast
  rm "$root/usr/bin/bash"
  printf '#!%s\nexec %s 1000\n' "$BASH" "$(type -P sleep)" >"$root/usr/bin/bash"
  chmod 755 "$root/usr/bin/bash"
  disk cryptroot
  beacon
  await "$root/log/beacon" 'took too long'
}
@test "what hangs while it sends is ended" { each_fast hangs; }

started_again() {
  image
  fast
  disk cryptroot
  beacon
  appears "$came/2"
  kill "$sender"
  wait "$sender"
  count=$(messages)
  beacon
  appears "$came/$((count + 1))"
  [ "$(of 'j["number"]' "$came/$((count + 1))")" = $((count + 1)) ]
}
@test "started again it goes on counting" { each_fast started_again; }

over_tls() {
  image
  rm "$came/port"
  if [[ ! -e $BATS_FILE_TMPDIR/tls ]]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
      -keyout "$BATS_FILE_TMPDIR/tls" -out "$BATS_FILE_TMPDIR/ca" 2>/dev/null
    cat "$BATS_FILE_TMPDIR/ca" >>"$BATS_FILE_TMPDIR/tls"
  fi
  listen --tls "$BATS_FILE_TMPDIR/tls"
  image_for_tls
  cp "$BATS_FILE_TMPDIR/ca" "$root/usr/lib/dracut-sshd/beacon-ca.pem"
  disk cryptroot
  beacon
  appears "$came/1"
  [ "$(head -n 1 "$came/1")" = '/beacon?token=x' ]
  sed -n '1!p' "$came/1" >"$came/posted"
  signed "$came/posted"
  # It is in no argument of a process, and its server has to prove who it is.
  kill "$sender"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other -keyout /dev/null \
    -out "$root/usr/lib/dracut-sshd/beacon-ca.pem" 2>/dev/null
  count=$(messages)
  beacon
  await "$root/log/beacon" 'could not be sent'
  [ "$(messages)" -eq "$count" ]
}
image_for_tls() {
  printf '%s\n' 'name db1-initramfs' 'https localhost' 'key /etc/ssh/ssh_host_ed25519_key' >"$root/usr/lib/dracut-sshd/beacon.conf"
  (. "$boot/../host.sh" && . "$boot/../beacon.sh" && sshd_beacon_curl "https://localhost:$(<"$came/port")/beacon?token=x") \
    | sed "s#/usr/lib/dracut-sshd/#$root&#" >"$root/usr/lib/dracut-sshd/beacon.curl"
}
@test "over https curl posts the same, to a server that its certificate proves" {
  type -P curl >/dev/null || skip 'curl is not installed'
  type -P openssl >/dev/null || skip 'openssl is not installed'
  each_shell over_tls
}

name_servers() {
  image "udp unlock.invalid 7022"
  mkdir -p "$root/run/systemd/netif/links"
  printf '%s\n' 'ADMIN_STATE=configured' 'DNS=192.0.2.1 2001:db8::1' 'NTP=192.0.2.7' >"$root/run/systemd/netif/links/2"
  printf '%s\n' 'DNS=fe80::1%eth0 $(id)' >"$root/run/systemd/netif/links/3"
  disk cryptroot
  beacon
  await "$root/log/beacon" 'could not be sent'
  [ "$(<"$root/etc/resolv.conf")" = $'nameserver 192.0.2.1\nnameserver 2001:db8::1' ]
  [ "$(stat -c %a "$root/etc/resolv.conf")" = 644 ]
  kill "$sender"
}
@test "the C library is told the name servers that networkd knows" { each_shell name_servers; }

own_name_servers() {
  image "udp unlock.invalid 7022"
  mkdir -p "$root/run/systemd/netif/links"
  echo 'DNS=192.0.2.1' >"$root/run/systemd/netif/links/2"
  echo 'nameserver 192.0.2.99' >"$root/etc/resolv.conf"
  disk cryptroot
  beacon
  await "$root/log/beacon" 'could not be sent'
  [ "$(<"$root/etc/resolv.conf")" = 'nameserver 192.0.2.99' ]
}
@test "a resolv.conf that is there stays" { each_shell own_name_servers; }

@test "outside an initramfs it sends nothing" {
  shell=("$(type -P dash || type -P bash)")
  setup_boot
  image
  rm "$root/etc/initrd-release"
  disk cryptroot
  run in_root beacon
  [ "$status" -eq 64 ]
  [ ! -e "$came/1" ]
  teardown_boot
}
