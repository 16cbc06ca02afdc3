#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# WireGuard by networkd: the driver, the keys and the credentials that go into an image, and what is said where a tunnel cannot be.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  [[ $EUID -eq 0 ]] || skip 'only root can give a file away'
  setup_dracut
  make_root debian13
  own=/etc/dracut-sshd/network
  group=$(id -g nobody)
  file /etc/group 'root:x:0:' "systemd-network:x:$group:"
  networkd Match.Name WireGuard.PrivateKey WireGuard.PrivateKeyFile WireGuard.ListenPort WireGuardPeer.PublicKey WireGuardPeer.AllowedIPs \
    WireGuardPeer.Endpoint WireGuardPeer.PersistentKeepalive network.wireguard.
  tunnel "PrivateKeyFile=/etc/wg/key"
  file /etc/wg/key secret
  chmod 600 "$root/etc/wg/key"
  drivers=$log.drivers
  : >"$drivers"
}

# networkd STRING...: the system's, whose table of settings is this.
networkd() { elf "$root/usr/lib/systemd/systemd-networkd" "$@"; }
# tunnel LINE...: its [WireGuard].
tunnel() {
  file "$own/50-wg0.netdev" '[NetDev]' 'Name=wg0' 'Kind=wireguard' '[WireGuard]' "$@" '[WireGuardPeer]' \
    'PublicKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' 'AllowedIPs=10.88.0.1/32' 'Endpoint=192.0.2.1:51820' 'PersistentKeepalive=25'
}
networked() { module install modules_loaded=' systemd-networkd '; }
# kernel MODULE...: the image's, with these drivers.
kernel() {
  mkdir -p "$root/lib/modules/6.1"
  printf 'kernel/drivers/net/%s.ko.xz:\n' "$@" >"$root/lib/modules/6.1/modules.dep"
}
with_drivers() { module installkernel modules_loaded=' systemd-networkd ' kernel=6.1; }

@test "a complete tunnel goes in without a complaint" {
  networked
  cmp "$root/etc/wg/key" "$initdir/etc/wg/key"
  [ "$(stat -c '%a %u %g' "$initdir/etc/wg/key")" = "640 0 $group" ]
  [ "$(stat -c '%a %u %g' "$initdir/etc/systemd/network/50-wg0.netdev")" = "640 0 $group" ]
  grep -q '^systemd-network:' "$initdir/etc/group"
  lacks "$log" derror
}

@test "the driver comes along, also into an image for this host alone, and those of other devices" {
  file "$own/10-lan.netdev" '[NetDev]' 'Name=lan5' 'Kind=vlan' '[VLAN]' 'Id=5'
  kernel wireguard/wireguard 8021q/8021q
  with_drivers
  holds "$drivers" 'hostonly= wireguard'
  holds "$drivers" 'hostonly= 8021q'
  lacks "$log" derror
}

@test "a driver that is built into the kernel is there" {
  kernel other
  echo kernel/drivers/net/wireguard/wireguard.ko >"$root/lib/modules/6.1/modules.builtin"
  with_drivers
  lacks "$log" derror
}

@test "a kernel without WireGuard" {
  kernel bonding
  with_drivers
  told 'derror: dracut-sshd: the kernel 6.1 has no wireguard, so networkd does not make wg0 while this image boots. WireGuard needs Linux 5.6'
  lacks "$drivers" wireguard
}

@test "without a tunnel no driver is wanted" {
  rm "$root$own/50-wg0.netdev"
  kernel other
  with_drivers
  lacks "$log" derror
  lacks "$drivers" wireguard
}

@test "a key that is not there" {
  rm "$root/etc/wg/key"
  networked
  told 'derror: dracut-sshd: /etc/systemd/network/50-wg0.netdev names the key /etc/wg/key, which the system does not have'
}

@test "a systemd that is too old for a setting" {
  networkd Match.Name WireGuard.PrivateKey WireGuardPeer.PublicKey WireGuardPeer.AllowedIPs WireGuardPeer.Endpoint WireGuardPeer.PersistentKeepalive
  networked
  told 'derror: dracut-sshd: networkd does not make the WireGuard interface wg0 of /etc/dracut-sshd/network/50-wg0.netdev: its systemd is too old for PrivateKeyFile=.'
}

@test "an image without networkd" {
  module install modules_loaded=' network-manager '
  told "derror: dracut-sshd: the WireGuard interface wg0 of $own/50-wg0.netdev needs systemd-networkd, which is not in this image"
}

@test "nobody at the other end" {
  file "$own/50-wg0.netdev" '[NetDev]' 'Name=wg0' 'Kind=wireguard' '[WireGuard]' 'PrivateKeyFile=/etc/wg/key'
  networked
  told 'no [WireGuardPeer] has a PublicKey='
}

@test "a key that others can read keeps sshd out: in the file, in what is added to it, and in a file for it alone" {
  chmod 644 "$root/etc/wg/key"
  run module install modules_loaded=' systemd-networkd '
  told 'derror: dracut-sshd: /etc/wg/key holds a key of a tunnel, and others than root can read it.'
  absent "$initdir/etc/ssh"
  chmod 640 "$root/etc/wg/key"
  : >"$log"
  tunnel 'PrivateKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
  run module install modules_loaded=' systemd-networkd '
  told "derror: dracut-sshd: $own/50-wg0.netdev holds a key of a tunnel, and others than root can read it."
  absent "$initdir/etc/ssh"
  # Like that networkd's own group may read it.
  chmod 640 "$root$own/50-wg0.netdev"
  : >"$log"
  networked
  lacks "$log" derror
  mkdir "$root$own/50-wg0.netdev.d"
  file "$own/50-wg0.netdev.d/psk.conf" '[WireGuardPeer]' 'PresharedKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
  module install modules_loaded=' systemd-networkd ' || true
  told "$own/50-wg0.netdev.d/psk.conf holds a key of a tunnel"
}

@test "a folder that nobody else may look into is as good as the file's mode" {
  tunnel 'PrivateKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
  chmod 700 "$root/etc/dracut-sshd"
  networked
  lacks "$log" derror
}

# What a credential begins with that the TPM opens (0c7cc07b11764591..), and one that a key on the disk opens (5a1c6a86df9d4096..).
by_tpm=DHzAexF2RZGcSwvqCLwg/gAAAAAAAAAA by_host=Whxqht+dQJax1aZeCGLxmgAAAAAAAAAA

@test "a credential for the private key, by its default name, and by one that is said" {
  for name in network.wireguard.private.50-wg0 network.wireguard.home; do
    rm -rf "$root/etc/credstore.encrypted" "$initdir/etc/credstore.encrypted"
    tunnel 'ListenPort=1' "$([[ $name == *private* ]] || echo "PrivateKey=@$name")"
    file "/etc/credstore.encrypted/$name" "$by_tpm"
    : >"$log"
    networked
    lacks "$log" derror
    cmp "$root/etc/credstore.encrypted/$name" "$initdir/etc/credstore.encrypted/$name"
    mode_of 600 "$initdir/etc/credstore.encrypted/$name"
    told "network: /etc/credstore.encrypted/$name, a key of WireGuard that the TPM opens"
    grep -q "  /etc/credstore.encrypted/$name$" "$initdir/usr/lib/dracut-sshd/sources"
  done
  kernel wireguard
  : >"$drivers"
  with_drivers
  holds "$drivers" 'hostonly= tpm_crb tpm_tis'
}

@test "a credential that no image can open, one that is not there, and a systemd that knows none" {
  tunnel 'PrivateKey=@network.wireguard.home'
  file /etc/credstore.encrypted/network.wireguard.home "$by_host"
  networked
  told 'is encrypted with a key of this system'
  told 'systemd-creds encrypt --with-key=tpm2 --name=network.wireguard.home'
  rm "$root/etc/credstore.encrypted/network.wireguard.home"
  networked
  told 'there is no credential network.wireguard.home in /etc/credstore.encrypted or /etc/credstore'
  networkd Match.Name WireGuard.PrivateKey WireGuard.ListenPort
  : >"$log"
  networked
  told 'this systemd knows none for it (256 and later do)'
}

@test "a credential in the clear is said to be readable in the image" {
  tunnel 'PrivateKey=@network.wireguard.home'
  file /etc/credstore/network.wireguard.home secret
  networked
  told 'network: /etc/credstore/network.wireguard.home, a key of WireGuard; whoever reads this image can use it'
  mode_of 600 "$initdir/etc/credstore/network.wireguard.home"
  lacks "$log" derror
}
