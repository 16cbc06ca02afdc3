#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What networkd would pass over is said when the image is built, and what its user could not read can be read.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian13
  own=/etc/dracut-sshd/network
  group=$(id -g nobody)
  file /etc/group 'root:x:0:' "systemd-network:x:$group:"
}

networked() { module install modules_loaded=' systemd-networkd '; }
# for_networkd PATH: in the image its user can read it, and nobody else but root.
for_networkd() { [[ $(stat -c '%a %g' "$initdir$1") == "640 $group" ]] || { ls -l "$initdir$1" && return 1; }; }
only_root() { [[ $EUID -eq 0 ]] || skip 'only root can give a file away'; }

wireguard() {
  file "$own/wg0.netdev" '[NetDev]' 'Name=wg0' 'Kind=wireguard' '[WireGuard]' "PrivateKeyFile = $own/wg0.key" '[WireGuardPeer]' \
    'PublicKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' 'PresharedKeyFile=/etc/wg/psk'
}

@test "the keys that a .netdev names come along, for networkd alone" {
  only_root
  wireguard
  file "$own/wg0.key" one
  chmod 600 "$root$own/wg0.key"
  file /etc/wg/psk two
  chmod 600 "$root/etc/wg/psk"
  networked
  for path in "$own/wg0.key" /etc/wg/psk; do
    cmp "$root$path" "$initdir$path"
    for_networkd "$path"
  done
  told "network: $own/wg0.key, a key that wg0.netdev names"
  # A change of one makes the image old.
  grep -q "  $own/wg0.key$" "$initdir/usr/lib/dracut-sshd/sources"
}

@test "what is added to a file comes along with it" {
  only_root
  file "$own/20-lan.network" '[Match]' 'Name=eth0'
  file "$own/20-lan.network.d/address.conf" '[Network]' 'Address=192.0.2.5/24'
  file "$own/wg0.netdev.d/key.conf" '[WireGuard]' 'PrivateKey=secret'
  chmod 600 "$root$own/wg0.netdev.d/key.conf"
  networked
  cmp "$root$own/20-lan.network.d/address.conf" "$initdir/etc/systemd/network/20-lan.network.d/address.conf"
  mode_of 644 "$initdir/etc/systemd/network/20-lan.network.d/address.conf"
  for_networkd /etc/systemd/network/wg0.netdev.d/key.conf
  absent "$initdir/etc/systemd/network/zzzz-dracut-default.network"
}

@test "a key that is not there is warned of" {
  wireguard
  file "$own/wg0.key" one
  chmod 600 "$root$own/wg0.key"
  networked
  told 'derror: dracut-sshd: /etc/systemd/network/wg0.netdev names the key /etc/wg/psk, which the system does not have'
}

@test "files that dracut took along and networkd's user could not read are opened to it" {
  only_root
  mkdir -p "$initdir/etc/systemd/network/20-wired.network.d"
  for name in 20-wired.network 20-wired.network.d/x.conf 30-tunnel.netdev 10-nic.link; do
    printf '[Match]\nName=eth0\n' >"$initdir/etc/systemd/network/$name"
    chmod 600 "$initdir/etc/systemd/network/$name"
  done
  networked
  for name in 20-wired.network 20-wired.network.d/x.conf 10-nic.link; do mode_of 644 "$initdir/etc/systemd/network/$name"; done
  for_networkd /etc/systemd/network/30-tunnel.netdev
}

@test "VLAN= and Id= in the wrong section" {
  file "$own/10-lan.netdev" '[NetDev]' 'Name=lan5' 'Kind=vlan' 'VLAN=5' 'Id=5'
  file "$own/20-lan.network" '[Match]' 'Name=lan5' 'Address=192.0.2.5/24' '[Network]' 'Gateway=192.0.2.1'
  networked
  told '/etc/systemd/network/10-lan.netdev: Id= stands in [NetDev], where networkd ignores it; it belongs into [VLAN].'
  told '/etc/systemd/network/10-lan.netdev: VLAN= belongs into [Network] of the .network file'
  told '/etc/systemd/network/10-lan.netdev: a VLAN without a number: networkd does not make lan5.'
  told '/etc/systemd/network/20-lan.network: Address= stands in [Match], where networkd ignores it; it belongs into [Network] or [Address].'
  lacks "$log" Gateway=
}

@test "a device that is named and that no file makes" {
  file "$own/10-card.network" '[Match]' 'Type=ether' '[Network]' '# Bridge=br0' 'Bond=bond7' 'VLAN=lan5 lan6'
  file "$own/10-lan5.netdev" '[NetDev]' 'Name=lan5' 'Kind=vlan' '[VLAN]' 'Id=5'
  networked
  told 'Bond=bond7, and no .netdev file in this image makes bond7'
  told 'VLAN=lan6, and no .netdev file in this image makes lan6'
  lacks "$log" 'makes lan5'
  lacks "$log" br0
}

@test "the examples of the manual page are in order, and so is the default" {
  man=$BATS_TEST_DIRNAME/../man/dracut-sshd.7
  networked
  lacks "$log" 'networkd ignores'
  file "$own/10-lan.netdev" '[NetDev]' 'Name=lan5' 'Kind=vlan' '[VLAN]' 'Id=5'
  file "$own/10-bond.netdev" '[NetDev]' 'Name=bond7' 'Kind=bond' '[Bond]' 'Mode=active-backup'
  file "$own/10-card.network" '[Match]' 'Type=ether' '[Network]' 'VLAN=lan5' 'Bond=bond7' '[Route]' 'Gateway=198.51.100.1'
  for line in Name=lan5 Kind=vlan Id=5 Name=bond7 VLAN=lan5 Bond=bond7; do grep -qx "$line" "$man"; done
  networked
  lacks "$log" 'networkd ignores'
  lacks "$log" 'no .netdev'
}
