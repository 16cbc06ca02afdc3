#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What brings the network up where dracut's own way is only for boots that wait for it.
# shellcheck disable=SC2154

setup() {
  root=$BATS_TEST_TMPDIR/image calls=$BATS_TEST_TMPDIR/calls boot=$BATS_TEST_DIRNAME/../46sshd/boot
  connections=$root/run/NetworkManager/system-connections
  mkdir -p "$root"/{etc,run,usr/lib/dracut-sshd} "$BATS_TEST_TMPDIR/bin"
  touch "$root/etc/initrd-release" "$calls" "$root/usr/lib/dracut-sshd/ports"
  printf '[connection]\nid=dracut-sshd\n' >"$root/usr/lib/dracut-sshd/dracut-sshd.nmconnection"
}

# program NAME: writes down how it is called.
program() {
  printf '#!/bin/sh\necho "%s $*" >>%s\n' "$1" "$calls" >"$BATS_TEST_TMPDIR/bin/$1"
  chmod 755 "$BATS_TEST_TMPDIR/bin/$1"
}
networkmanager() { DRACUT_SSHD_ROOT=$root "${shell:-sh}" "$boot/networkmanager"; }
# told REASON [ASSIGNMENT...]: as dhclient calls its script.
told() { env PATH="$BATS_TEST_TMPDIR/bin:$PATH" reason="$1" interface=eth0 "${@:2}" "${shell:-sh}" "$boot/dhclient"; }
# card NAME TYPE
card() {
  mkdir -p "$root/sys/class/net/$1"
  echo "$2" >"$root/sys/class/net/$1/type"
}

@test "NetworkManager gets a connection where there is none, for root alone" {
  for shell in dash bash; do
    rm -rf "$connections"
    networkmanager
    cmp "$root/usr/lib/dracut-sshd/dracut-sshd.nmconnection" "$connections/dracut-sshd.nmconnection"
    [ "$(stat -c %a "$connections/dracut-sshd.nmconnection")" = 600 ]
  done
}

@test "and none where the kernel's command line or a file made one" {
  mkdir -p "$connections"
  touch "$connections/default_connection.nmconnection"
  networkmanager
  [ ! -e "$connections/dracut-sshd.nmconnection" ]
  rm "$connections"/*
  mkdir -p "$root/etc/NetworkManager/system-connections"
  touch "$root/etc/NetworkManager/system-connections/lan.nmconnection"
  networkmanager
  [ ! -e "$connections/dracut-sshd.nmconnection" ]
}

@test "dhclient's script sets the address and the first router" {
  program ip
  for shell in dash bash; do
    : >"$calls"
    told BOUND new_ip_address=192.0.2.10 new_subnet_mask=255.255.255.0 new_broadcast_address=192.0.2.255 new_routers='192.0.2.1 192.0.2.2'
    diff - "$calls" <<'END'
ip -4 addr replace 192.0.2.10/255.255.255.0 broadcast 192.0.2.255 dev eth0
ip -4 route replace default via 192.0.2.1 dev eth0 onlink
END
  done
}

@test "another address takes the place of the old one; a lease that ends takes it away" {
  program ip
  told RENEW old_ip_address=192.0.2.9 new_ip_address=192.0.2.10 new_subnet_mask=255.255.255.0
  [ "$(head -n 1 "$calls")" = 'ip -4 addr flush dev eth0 scope global' ]
  : >"$calls"
  told EXPIRE
  [ "$(cat "$calls")" = 'ip -4 addr flush dev eth0 scope global' ]
}

@test "dhclient is started once on each wired interface, whenever it comes" {
  program dhclient
  card lo 772
  card eth0 1 && mkdir "$root/sys/class/net/eth0/device"
  card port0 1 && mkdir "$root/sys/class/net/port0/device" && echo port0 >"$root/usr/lib/dracut-sshd/ports"
  card wlan0 1 && mkdir "$root/sys/class/net/wlan0"/{device,phy80211}
  card dummy0 1
  PATH=$BATS_TEST_TMPDIR/bin:$PATH DRACUT_SSHD_ROOT=$root timeout 10 sh "$boot/dhclient" &
  until [ -s "$calls" ]; do sleep 0.1; done
  card eth1 1 && mkdir "$root/sys/class/net/eth1/device"
  until [ "$(wc -l <"$calls")" -ge 2 ]; do sleep 0.1; done
  kill %1
  [ "$(sed 's/.* //' "$calls" | tr '\n' ' ')" = 'eth0 eth1 ' ]
}

@test "dhclient stays away where dracut's own scripts were told what to do, by a file in the image" {
  program dhclient
  card eth0 1 && mkdir "$root/sys/class/net/eth0/device"
  mkdir -p "$root/etc/cmdline.d"
  for text in 'quiet ip=192.0.2.10::192.0.2.1:24::eth0:none' 'rd.neednet=1' 'netroot=iscsi:'; do
    printf '%s' "$text" >"$root/etc/cmdline.d/20-network.conf"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH DRACUT_SSHD_ROOT=$root timeout 10 sh "$boot/dhclient"
  done
  [ ! -s "$calls" ]
}

@test "on a host nothing happens" {
  program dhclient
  rm "$root/etc/initrd-release"
  run networkmanager
  [ "$status" -eq 1 ]
  run env PATH="$BATS_TEST_TMPDIR/bin:$PATH" DRACUT_SSHD_ROOT="$root" timeout 10 sh "$boot/dhclient"
  [ "$status" -eq 1 ]
  [ ! -s "$calls" ] && [ ! -e "$connections" ]
}
