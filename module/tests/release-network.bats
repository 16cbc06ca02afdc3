#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is taken back before the real system starts, and what stays.
# shellcheck disable=SC2154

setup() {
  root=$BATS_TEST_TMPDIR/image calls=$BATS_TEST_TMPDIR/calls
  mkdir -p "$root"/{etc,proc,run/NetworkManager/system-connections,sys/class/net/{lo,eth0},sysroot/etc} "$BATS_TEST_TMPDIR/bin"
  touch "$root/etc/initrd-release" "$root/run/NetworkManager/system-connections/eth0" "$calls"
  echo 'root=/dev/mapper/cryptroot rw' >"$root/proc/cmdline"
  echo 'none / rootfs rw 0 0' >"$root/proc/mounts"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho "$@" >>%s\n' "$calls" >"$BATS_TEST_TMPDIR/bin/ip"
  chmod 755 "$BATS_TEST_TMPDIR/bin/ip"
}

handover() { PATH=$BATS_TEST_TMPDIR/bin:$PATH DRACUT_SSHD_ROOT=$root "${shell:-sh}" "$BATS_TEST_DIRNAME/../46sshd/boot/release-network"; }
real_system_has() {
  mkdir -p "$root/sysroot/etc/systemd/system/multi-user.target.wants"
  ln -s "/usr/lib/systemd/system/$1" "$root/sysroot/etc/systemd/system/multi-user.target.wants/$1"
}
stays() { [ ! -s "$calls" ] && [ -e "$root/run/NetworkManager/system-connections/eth0" ]; }

@test "the addresses of every card go, link-local ones and the loopback's stay" {
  for shell in dash bash; do
    : >"$calls"
    handover
    diff - "$calls" <<'END'
-4 addr flush dev eth0 scope global
-6 addr flush dev eth0 scope global
-6 route flush dev eth0 proto ra
END
  done
  [ ! -e "$root/run/NetworkManager/system-connections" ]
}

@test "the kernel gets back what a network program has taken over from it" {
  mkdir -p "$root"/proc/sys/net/ipv6/conf/{default,eth0}
  echo 1 >"$root/proc/sys/net/ipv6/conf/default/accept_ra"
  echo 0 >"$root/proc/sys/net/ipv6/conf/eth0/accept_ra"
  handover
  [ "$(cat "$root/proc/sys/net/ipv6/conf/eth0/accept_ra")" = 1 ]
}

@test "with a root on the network everything stays" {
  echo 'srv:/ /sysroot nfs4 rw 0 0' >>"$root/proc/mounts"
  handover
  stays
}

@test "with a root on iSCSI everything stays" {
  mkdir -p "$root/sys/class/iscsi_session/session1"
  handover
  stays
}

@test "what the kernel's command line asked for stays where the real system has no network of its own" {
  echo 'ip=192.0.2.10::192.0.2.1:24::eth0:none' >"$root/proc/cmdline"
  handover
  stays
}

@test "and goes where it has" {
  echo 'ip=dhcp' >"$root/proc/cmdline"
  real_system_has systemd-networkd.service
  handover
  [ -s "$calls" ]
}

@test "NetworkManager keeps the command line's connection where the host has none of its own" {
  echo 'ip=dhcp' >"$root/proc/cmdline"
  real_system_has NetworkManager.service
  handover
  [ -e "$root/run/NetworkManager/system-connections/eth0" ]
  mkdir -p "$root/sysroot/etc/NetworkManager/system-connections"
  touch "$root/sysroot/etc/NetworkManager/system-connections/lan.nmconnection"
  handover
  [ ! -e "$root/run/NetworkManager/system-connections" ]
}

# device NAME [KIND]: an interface without hardware; eth0 is a piece of it.
device() { mkdir -p "$root/sys/class/net/$1"; }
deletes() { grep '^link delete' "$calls" | diff - <([ $# -eq 0 ] || printf 'link delete dev %s\n' "$@"); }

@test "VLANs, bonds and bridges that the initramfs made are deleted, before the addresses of what they are on" {
  mkdir -p "$root"/{etc,run}/systemd/network "$root/sys/class/net/eth0/device"
  printf '[NetDev]\nName = lan5 \nKind=vlan\n[VLAN]\nId=5\n' >"$root/etc/systemd/network/10-lan.netdev"
  printf '# Name=other\n[Match]\nName=eth9\n[NetDev]\nKind=bridge\nName=br7' >"$root/run/systemd/network/90-br7.netdev"
  # One that is a piece of hardware, one that never came, and no path.
  printf '[NetDev]\nName=eth0\n' >"$root/etc/systemd/network/11-x.netdev"
  printf '[NetDev]\nName=never\n' >"$root/etc/systemd/network/12-x.netdev"
  printf '[NetDev]\nName=../net\n' >"$root/etc/systemd/network/13-x.netdev"
  device lan5 && device br7 && device other
  for shell in dash bash; do
    : >"$calls"
    handover
    deletes lan5 br7
    [[ $(head -n 1 "$calls") == 'link delete dev lan5' ]]
  done
}

@test "so are those of NetworkManager and of dracut's own scripts" {
  printf '[connection]\nid=x\ntype=vlan\ninterface-name=eth0.5\n[vlan]\nid=5\n' >"$root/run/NetworkManager/system-connections/x.nmconnection"
  echo 'root=/dev/x vlan=bond0.7:bond0 quiet' >"$root/proc/cmdline"
  mkdir -p "$root/etc/cmdline.d"
  echo ' bond=bond0:eth0,eth1:mode=1' >"$root/etc/cmdline.d/20-net.conf"
  device eth0.5 && device bond0 && device bond0.7 && device wg0
  handover
  deletes eth0.5 bond0.7 bond0
}

@test "with a root on the network, or without another network, they stay" {
  mkdir -p "$root/etc/systemd/network"
  printf '[NetDev]\nName=lan5\n' >"$root/etc/systemd/network/10-lan.netdev"
  device lan5
  echo 'ip=lan5:dhcp' >"$root/proc/cmdline"
  handover
  stays
  echo 'root=x' >"$root/proc/cmdline"
  echo 'srv:/ /sysroot nfs4 rw 0 0' >>"$root/proc/mounts"
  handover
  stays
}

@test "the real system's network may be a program for one interface, netplan, or a script" {
  for unit in dhcpcd@eth0 netctl@lan netctl-auto@wlan0 net@eth0 ifup@eth0 connman wicked; do
    echo 'ip=dhcp' >"$root/proc/cmdline"
    rm -rf "$root/sysroot/etc"
    : >"$calls"
    handover
    [ ! -s "$calls" ]
    real_system_has "$unit.service"
    handover
    [ -s "$calls" ]
  done
  for file in etc/netplan/50-cloud-init.yaml etc/rc3.d/S01networking etc/rc.d/rc3.d/S10network etc/runlevels/default/net.eth0; do
    rm -rf "$root/sysroot/etc"
    mkdir -p "$root/sysroot/${file%/*}" && touch "$root/sysroot/$file"
    : >"$calls"
    handover
    [ -s "$calls" ]
  done
}

@test "on a host nothing happens" {
  rm "$root/etc/initrd-release"
  run handover
  [ "$status" -eq 1 ]
  stays
}

@test "the real system can see that an image with sshd has booted" {
  for shell in dash bash; do
    rm -rf "$root/run/dracut-sshd"
    handover
    [ -e "$root/run/dracut-sshd/booted" ]
  done
}
