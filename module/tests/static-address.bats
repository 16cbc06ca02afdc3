#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the build tells to write for a host whose own address is static, or whose NIC is a port; and that networkd makes a network of it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/machine

setup() {
  setup_dracut
  setup_machine
  sys=$machine/sys/class/net bin=$BATS_TEST_TMPDIR/bin
  mkdir -p "$bin" "$machine/proc/net/vlan"
  nic eth0 02:00:00:00:00:01
}

# nic NAME MAC
nic() {
  mkdir -p "$sys/$1/device"
  echo 1 >"$sys/$1/type" && echo "$2" >"$sys/$1/address" && echo 0 >"$sys/$1/addr_assign_type"
}
# device NAME LOWER...: one that is made of others.
device() {
  local lower
  mkdir -p "$sys/$1"
  for lower in "${@:2}"; do
    mkdir -p "$sys/$lower"
    ln -s "../$lower" "$sys/$1/lower_$lower"
    ln -s "../$1" "$sys/$lower/master"
  done
}
# says FAMILY WHAT LINE...: what ip(8) prints there.
says() { printf '%s\n' "${@:3}" >>"$BATS_TEST_TMPDIR/ip-$2-$1"; }
# advice KIND: the lines that it tells, without what is said before them.
advice() {
  printf '#!/bin/bash\ncat "%s/ip-$3$2" 2>/dev/null || :\n' "$BATS_TEST_TMPDIR" >"$bin/ip"
  chmod 755 "$bin/ip"
  : >"$log"
  PATH=$bin:$PATH sshd_machine=$machine module "sshd_tree=\$initdir; sshd_tell_of_static $1"
  sed 's/^dinfo: dracut-sshd: //' "$log"
}
# file_of NAME: from the advice on standard input, the lines of one file.
file_of() { awk -v name="/$1:" 'substr($0, length($0) - length(name) + 1) == name { on = 1; next } !/^    / { on = 0 } on { print substr($0, 5) }'; }
# wants NAME LINE...: that is what is to be in the file.
wants() { diff <(advice networkd | file_of "$1") <(printf '%s\n' "${@:2}"); }

@test "an ordinary static address is matched by the NIC's own hardware address" {
  says 4 route 'default via 192.0.2.1 dev eth0 proto static'
  says 4 address '2: eth0    inet 192.0.2.9/24 brd 192.0.2.255 scope global eth0\       valid_lft forever preferred_lft forever'
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'Address=192.0.2.9/24' 'Gateway=192.0.2.1'
  [[ $(advice line) == *'command line: ip=192.0.2.9::192.0.2.1:24::eth0:none' ]]
  [[ $(advice script) == *'command line: ip=192.0.2.9::192.0.2.1:24::eth0:none rd.neednet=1' ]]
}

@test "an address by DHCP needs nothing" {
  says 4 route 'default via 192.0.2.1 dev eth0 proto dhcp src 192.0.2.9 metric 100'
  says 4 address '2: eth0    inet 192.0.2.9/24 brd 192.0.2.255 scope global dynamic eth0\       valid_lft 3000sec preferred_lft 3000sec'
  [[ -z $(advice networkd) ]]
}

@test "a gateway outside the subnet is on the link" {
  says 4 route 'default via 172.31.1.1 dev eth0 onlink '
  says 4 address '2: eth0    inet 198.51.100.250/32 scope global eth0\       valid_lft forever preferred_lft forever'
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'Address=198.51.100.250/32' '[Route]' \
    'Gateway=172.31.1.1' 'GatewayOnLink=yes'
  [[ $(advice line) == *' ip=198.51.100.250:172.31.1.1:172.31.1.1:32::eth0:none' ]]
}

@test "of a pair of addresses the length stands behind the peer" {
  says 4 route 'default via 203.0.113.1 dev eth0 '
  says 4 address '2: eth0    inet 198.51.100.250 peer 203.0.113.1/32 scope global eth0\       valid_lft forever preferred_lft forever'
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'Address=198.51.100.250/32' '[Route]' \
    'Gateway=203.0.113.1' 'GatewayOnLink=yes'
  [[ $(advice script) == *' ip=198.51.100.250:203.0.113.1:203.0.113.1:32::eth0:none rd.neednet=1' ]]
}

@test "IPv6 alone, with a link-local gateway" {
  says 6 route 'default via fe80::1 dev eth0 proto static metric 1024 pref medium'
  says 6 address '2: eth0    inet6 2001:db8:1::5/64 scope global \       valid_lft forever preferred_lft forever'
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'Address=2001:db8:1::5/64' 'Gateway=fe80::1'
  [[ $(advice line) == *' ip=[2001:db8:1::5]::[fe80::1]:64::eth0:none' ]]
}

@test "both families; temporary addresses are not it" {
  says 4 route 'default via 192.0.2.1 dev eth0'
  says 4 address '2: eth0    inet 192.0.2.9/24 scope global dynamic eth0\       valid_lft 30sec preferred_lft 30sec'
  says 6 route 'default via 2001:db8:2::1 dev eth0 proto static metric 1024 pref medium'
  says 6 address '2: eth0    inet6 2001:db8:1::77/64 scope global temporary dynamic \       valid_lft 3sec preferred_lft 3sec' \
    '2: eth0    inet6 2001:db8:1::5/64 scope global \       valid_lft forever preferred_lft forever'
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'DHCP=yes' 'Address=2001:db8:1::5/64' \
    '[Route]' 'Gateway=2001:db8:2::1' 'GatewayOnLink=yes'
}

@test "several next hops, one of the other family, or none" {
  says 4 address '2: eth0    inet 192.0.2.9/24 scope global eth0\       valid_lft forever preferred_lft forever'
  says 4 route 'default proto static metric 100 \	nexthop via 192.0.2.1 dev eth0 weight 1 \	nexthop via 192.0.2.2 dev eth1 weight 1 '
  [[ $(advice networkd) == *'Gateway=192.0.2.1' ]]
  echo 'default via inet6 fe80::1 dev eth0 ' >"$BATS_TEST_TMPDIR/ip-route-4"
  [[ $(advice networkd) == *$'[Route]\n    Destination=0.0.0.0/0\n    Gateway=fe80::1\n    GatewayOnLink=yes' ]]
  [[ $(advice line) == *'cannot say how it reaches its gateway'* ]]
  echo 'default dev eth0 scope link ' >"$BATS_TEST_TMPDIR/ip-route-4"
  [[ $(advice networkd) == *$'[Route]\n    Destination=0.0.0.0/0\n    Scope=link' ]]
  [[ $(advice script) == *'cannot say how it reaches its gateway'* ]]
}

@test "the NIC below a bridge gets the bridge's address" {
  device br0 eth0 vnet0 && mkdir "$sys/br0/bridge"
  says 4 route 'default via 192.0.2.1 dev br0'
  says 4 address '5: br0    inet 192.0.2.9/24 scope global br0\       valid_lft forever preferred_lft forever'
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'Address=192.0.2.9/24' 'Gateway=192.0.2.1'
  [[ $(advice line) == *' ip=192.0.2.9::192.0.2.1:24::eth0:none' ]]
  # By DHCP it is left alone otherwise.
  echo '5: br0    inet 192.0.2.9/24 scope global dynamic br0\       valid_lft 30sec preferred_lft 30sec' >"$BATS_TEST_TMPDIR/ip-address-4"
  wants 20-static.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01' '[Network]' 'DHCP=yes'
  nic eth1 02:00:00:00:00:02
  device br0 eth1
  [[ $(advice networkd) == *'cannot be derived: of the ports of br0 not exactly one'* ]]
}

@test "a VLAN on a bond below a bridge is made again" {
  nic eth1 02:00:00:00:00:02
  device bond0 eth0 eth1 && mkdir "$sys/bond0/bonding" && echo '802.3ad 4' >"$sys/bond0/bonding/mode"
  mkdir "$sys/bond0.5" && ln -s ../bond0 "$sys/bond0.5/lower_bond0" && echo 'DEVTYPE=vlan' >"$sys/bond0.5/uevent"
  printf '%s\n' 'VLAN Dev name	 | VLAN ID' 'Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD' 'bond0.5        | 5  | bond0' >"$machine/proc/net/vlan/config"
  device br0 bond0.5 && mkdir "$sys/br0/bridge"
  says 4 route 'default via 192.0.2.1 dev br0'
  says 4 address '5: br0    inet 192.0.2.9/24 scope global br0\       valid_lft forever preferred_lft forever'
  wants 10-bond0.netdev '[NetDev]' 'Name=bond0' 'Kind=bond' '[Bond]' 'Mode=802.3ad' 'MIIMonitorSec=100ms'
  wants 10-bond0-ports.network '[Match]' 'PermanentMACAddress=02:00:00:00:00:01 02:00:00:00:00:02' '[Network]' 'Bond=bond0'
  wants 10-bond0.5.netdev '[NetDev]' 'Name=bond0.5' 'Kind=vlan' '[VLAN]' 'Id=5'
  wants 10-bond0.network '[Match]' 'Name=bond0' '[Network]' 'VLAN=bond0.5' 'LinkLocalAddressing=no'
  wants 20-static.network '[Match]' 'Name=bond0.5' '[Network]' 'Address=192.0.2.9/24' 'Gateway=192.0.2.1'
  [[ $(advice line) == *'bond=bond0:eth0,eth1:mode=802.3ad vlan=bond0.5:bond0 ip=192.0.2.9::192.0.2.1:24::bond0.5:none' ]]
  # A NIC whose own address is not known: then all of them by name.
  echo 3 >"$sys/eth1/addr_assign_type"
  wants 10-bond0-ports.network '[Match]' 'Name=eth0 eth1' '[Network]' 'Bond=bond0'
}

@test "a tunnel cannot be derived" {
  device wg0
  says 4 route 'default dev wg0 scope link'
  [[ $(advice networkd) == *'by wg0, and what to write for the image cannot be derived'* ]]
}

# networkd_routes COMMAND...: the default routes that the real networkd makes of what is told in a network that the commands set up.
networkd_routes() {
  local networkd
  networkd=$(type -P /usr/lib/systemd/systemd-networkd /lib/systemd/systemd-networkd | head -n 1)
  [[ $networkd && $EUID -eq 0 ]] || skip 'systemd-networkd is not installed, or this is not root'
  unshare --net --mount bash -c '
    mount --make-rprivate / && mount -t sysfs -o ro sysfs /sys && mount -t tmpfs tmpfs /run || exit 9
    ip link set lo up && ip link add eth0 type veth peer name peer && ip link set peer up && ip link set eth0 up || exit 9
    eval "$1"
    PATH=$PATH sshd_machine=$machine moddir=$moddir log=$log dracutsysrootdir=
    for level in dinfo dwarn; do eval "$level() { echo \"\$*\" >>\"\$log\"; }"; done
    . "$moddir/module-setup.sh" && sshd_tree=$initdir && sshd_tell_of_static networkd || exit 9
    ip address flush dev eth0; ip link set eth0 down
    mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp && chmod -R a+rwX /run/systemd
    sed -n "s/^dracut-sshd:     //p" "$log" >/run/systemd/network/20-static.network && chmod 644 /run/systemd/network/*
    timeout 15 "$2" >"$log.networkd" 2>&1 &
    for i in $(seq 60); do
      sleep 0.2
      route=$(ip route show default; ip -6 route show default)
      [ -z "$route" ] || break
    done
    printf "%s\n" "$route"; ip address show dev eth0 | sed -n "s/^ *inet/inet/p"' - "$1" "$networkd"
}

@test "networkd sets the routes that were told to write" {
  echo 3 >"$sys/eth0/addr_assign_type"
  result=$(networkd_routes 'ip addr add 198.51.100.250 peer 203.0.113.1/32 dev eth0; ip route add default via 203.0.113.1 dev eth0')
  [[ $result == *'default via 203.0.113.1 dev eth0 '*onlink* && $result == *'inet 198.51.100.250/32 '* ]]
  : >"$log"
  result=$(networkd_routes 'ip addr add 198.51.100.250/32 dev eth0; ip route add default via 172.31.1.1 dev eth0 onlink')
  [[ $result == *'default via 172.31.1.1 dev eth0 '*onlink* ]]
}

@test "and those of IPv6 alone, and without a gateway" {
  echo 3 >"$sys/eth0/addr_assign_type"
  result=$(networkd_routes 'ip -6 addr add 2001:db8:1::5/64 dev eth0 nodad; ip -6 route add default via fe80::1 dev eth0')
  [[ $result == *'default via fe80::1 dev eth0 '* && $result == *'inet6 2001:db8:1::5/64 '* ]]
  : >"$log"
  result=$(networkd_routes 'ip addr add 192.0.2.9/24 dev eth0; ip route add default dev eth0')
  [[ $result == *'default dev eth0 '* ]]
}
