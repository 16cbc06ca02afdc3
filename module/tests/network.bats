#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which network the image gets where nobody chose one, and who wins where somebody did.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian13
  default=$initdir/etc/systemd/network/zzzz-dracut-default.network
}

# asked GOOD [ASSIGNMENT...]: what the module depends on, when dracut could have the modules GOOD.
asked() { module 'check_module() { [[ " '"$1"' " == *" $1 "* ]]; }; depends' "${@:2}"; }
networked() { module install modules_loaded=' systemd-networkd '; }

@test "networkd is asked for where dracut could have it" {
  [[ $(asked 'systemd-networkd') == *systemd-networkd* ]]
}

@test "what dracut could not have is not asked for: sshd would go with it" {
  [[ $(asked '') != *network* ]]
}

@test "a network that was chosen is enough" {
  [[ $(asked systemd-networkd add_dracutmodules=' network-manager ') != *network* ]]
  [[ $(asked systemd-networkd mods_to_load=' network network-legacy ') != *network* ]]
}

@test "a root on the network chooses its own" {
  [[ $(asked 'systemd-networkd nfs') != *network* ]]
  [[ $(asked 'systemd-networkd iscsi') != *network* ]]
}

@test "NETWORK=no leaves it alone" {
  file /etc/dracut-sshd/initrd.conf 'NETWORK=no'
  [[ $(asked systemd-networkd) != *network* ]]
  networked
  absent "$default"
}

@test "where sshd stays out no network comes in" {
  rm "$root/root/.ssh/authorized_keys"
  [[ -z $(asked systemd-networkd) ]]
}

@test "wired cards ask by DHCP, unless the kernel's command line says how" {
  networked
  holds "$default" 'Type=ether'
  holds "$default" 'DHCP=yes'
  # networkd takes the last of several.
  [[ $(grep -c '^KernelCommandLine=' "$default") == 1 ]]
  holds "$default" 'KernelCommandLine=!ip'
  told 'NETWORK=no in /etc/dracut-sshd/initrd.conf switches this network off'
}

@test "files of the administrator's replace that" {
  file /etc/dracut-sshd/network/20-lan.network '[Match]' 'Name=eth0' '[Network]' 'Address=192.0.2.10/24'
  networked
  absent "$default"
  mode_of 644 "$initdir/etc/systemd/network/20-lan.network"
}

@test "where there is no networkd for them, it is said" {
  file /etc/dracut-sshd/network/20-lan.network '[Match]' 'Name=eth0'
  module install modules_loaded=' network-manager '
  told 'the files in /etc/dracut-sshd/network/ are of no use'
  told 'wants rd.neednet=1 ip=dhcp'
}

@test "the client is who the host's networkd will be" {
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -s /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
  file /etc/machine-id 0123456789abcdef0123456789abcdef
  networked
  holds "$default" 'ClientIdentifier=duid'
  cmp "$root/etc/machine-id" "$initdir/etc/machine-id"
}

@test "without a machine-id, or with another program on the host, it goes by the card's address" {
  networked
  holds "$default" 'ClientIdentifier=mac'
  absent "$initdir/etc/machine-id"
}
