#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which network the image gets where nobody chose one, and who wins where somebody did.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian13
  mkdir -p "$root/usr/lib/systemd" "$root/usr/sbin"
  program /usr/lib/systemd/systemd-networkd
  default=$initdir/etc/systemd/network/zzzz-dracut-default.network
}

# program PATH: one that does nothing, on the system.
program() {
  mkdir -p "$root${1%/*}"
  printf '#!/bin/sh\n' >"$root$1"
  chmod 755 "$root$1"
}
# unit NAME: dracut's NetworkManager module has put it into the image.
unit() {
  mkdir -p "$initdir/usr/lib/systemd/system"
  printf '[Unit]\n' >"$initdir/usr/lib/systemd/system/$1"
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

@test "wired interfaces ask by DHCP, unless the kernel's command line says how" {
  networked
  holds "$default" 'Type=ether'
  holds "$default" 'DHCP=yes'
  # networkd takes the last of several.
  [[ $(grep -c '^KernelCommandLine=' "$default") == 1 ]]
  holds "$default" 'KernelCommandLine=!ip'
  absent "$initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-networkd.service"
  told 'NETWORK=no in /etc/dracut-sshd/initrd.conf switches this network off'
}

@test "whether the kernel's command line says how is decided by what systemd's generator made of it" {
  program /usr/lib/systemd/systemd-network-generator
  networked
  lacks "$default" 'KernelCommandLine='
  [[ -L $initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-networkd.service ]]
  holds "$initdir/usr/lib/systemd/system/dracut-sshd-networkd.service" 'Before=network-pre.target systemd-networkd.service'
}

@test "the real generator's files are those that the unit looks for, and it makes none of what it cannot parse" {
  generator=$(type -P /usr/lib/systemd/systemd-network-generator /lib/systemd/systemd-network-generator | head -n 1)
  [[ $generator && $EUID -eq 0 ]] || skip 'systemd-network-generator is not installed, or this is not root'
  glob=$(sed -n 's/^ConditionPathExistsGlob=//p' "$moddir/boot/dracut-sshd-networkd.service")
  made() { unshare --mount bash -c 'mount -t tmpfs tmpfs /run && { SYSTEMD_PROC_CMDLINE=$1 "$2"; compgen -G "$3"; }' - "$1" "$generator" "$glob"; }
  for line in ip=dhcp ip=192.0.2.5::192.0.2.1:24::eth0:none ip=off; do made "$line"; done
  for line in ip=eth0:dhcp,dhcp6 'ip=dhcp ip=eth0:dhpc' quiet; do
    run made "$line"
    [[ $status -eq 1 ]]
  done
}

@test "ip= in dracut.conf is lost on networkd, and that is said" {
  module install modules_loaded=' systemd-networkd ' kernel_cmdline='ip=192.0.2.5::192.0.2.1:24::eth0:none quiet'
  told "dwarn: dracut-sshd: ip=192.0.2.5::192.0.2.1:24::eth0:none is in dracut.conf's kernel_cmdline="
  : >"$log"
  networked
  lacks "$log" 'kernel_cmdline='
  mkdir -p "$initdir/etc/cmdline.d"
  echo 'vlan=lan5:eth0' >"$initdir/etc/cmdline.d/20-net.conf"
  networked
  told 'dracut-sshd: vlan=lan5:eth0 is in'
}

@test "an old networkd gets what it knows: without Type= its file would match no interface" {
  elf "$root/usr/lib/systemd/systemd-networkd" Match.Name Match.Driver Network.DHCP DHCP.ClientIdentifier
  networked
  lacks "$default" 'Type='
  lacks "$default" 'Kind='
  lacks "$default" 'KeepConfiguration='
  lacks "$default" '[DHCPv4]'
  holds "$default" '[DHCP]'
  grep -qE '^Name=!lo wl\* ' "$default"
  elf "$root/usr/lib/systemd/systemd-networkd" Match.Name Match.Type Match.Kind Network.KeepConfiguration DHCPv4.ClientIdentifier \
    DHCPv4.SendRelease DHCPv6.RequestOptions
  networked
  holds "$default" 'Type=ether'
  [[ $(sed -n '/^.DHCPv6.$/,$p' "$default") == $'[DHCPv6]\nRequestOptions=59 60' ]]
}

# A dracut's own module for a network, as 060 and older have it, or as newer do.
dracut_module() {
  mkdir -p "$dracutbasedir/modules.d/35$1"
  printf 'depends() {\n  echo %s\n}\n' "$2" >"$dracutbasedir/modules.d/35$1/module-setup.sh"
}

@test "dracut 060 and older bring drivers for NetworkManager and dhclient by the module network alone" {
  rm "$root/usr/lib/systemd/systemd-networkd"
  dracut_module network-legacy ''
  [[ $(asked 'network-legacy network') == *$'network-legacy\nnetwork'* ]]
  [[ $(asked 'network-legacy kernel-network-modules') == *$'network-legacy\nkernel-network-modules'* ]]
  dracut_module network-legacy 'net-lib kernel-network-modules'
  [[ $(asked 'network-legacy network') != *$'network-legacy\nnetwork'* ]]
  program /usr/sbin/NetworkManager
  dracut_module network-manager 'dbus bash'
  : >"$dracutbasedir/modules.d/35network-manager/nm-initrd.service"
  [[ $(asked 'network-manager network') == *$'network-manager\nnetwork'* ]]
}

@test "what somebody chose gets its drivers there, too" {
  dracut_module network-manager 'dbus bash'
  [[ $(asked 'systemd-networkd network' add_dracutmodules=' network-manager ') == *$'systemd\nnetwork'* ]]
  dracut_module network-manager 'dbus bash kernel-network-modules'
  [[ $(asked 'systemd-networkd network' add_dracutmodules=' network-manager ') != *network* ]]
}

@test "files of the administrator's replace that" {
  file /etc/dracut-sshd/network/20-lan.network '[Match]' 'Name=eth0' '[Network]' 'Address=192.0.2.10/24'
  networked
  absent "$default"
  mode_of 644 "$initdir/etc/systemd/network/20-lan.network"
}

@test "what no program in the image reads is said" {
  file /etc/dracut-sshd/network/20-lan.network '[Match]' 'Name=eth0'
  module install modules_loaded=' network-manager '
  told 'nothing in this image reads /etc/dracut-sshd/network/20-lan.network'
}

@test "a key in a .netdev is for networkd alone" {
  file /etc/dracut-sshd/network/30-tunnel.netdev '[NetDev]' 'Name=wg0' 'Kind=wireguard'
  file /etc/group 'root:x:0:' 'systemd-network:x:0:'
  networked
  mode_of 600 "$initdir/etc/systemd/network/30-tunnel.netdev"
  file /etc/group 'root:x:0:' "systemd-network:x:$(id -g nobody):"
  [[ $EUID -eq 0 ]] || skip 'only root can give a file away'
  networked
  mode_of 640 "$initdir/etc/systemd/network/30-tunnel.netdev"
}

@test "networkd is not asked for where dracut has its module and the system not the program" {
  rm "$root/usr/lib/systemd/systemd-networkd"
  [[ $(asked systemd-networkd) != *network* ]]
}

@test "without networkd it is NetworkManager, where the program is there and dracut runs it as a service" {
  [[ $(asked network-manager) != *network* ]]
  program /usr/sbin/NetworkManager
  [[ $(asked network-manager) != *network* ]]
  mkdir -p "$dracutbasedir/modules.d/35network-manager"
  : >"$dracutbasedir/modules.d/35network-manager/nm-initrd.service"
  [[ $(asked network-manager) == *network-manager* ]]
}

@test "without either it is dhclient, or what dracut calls network" {
  [[ $(asked 'network network-legacy') == *network-legacy* ]]
  [[ $(asked network) == *network ]]
}

@test "an image for kdump gets nothing" {
  [[ -z $(asked systemd-networkd IN_KDUMP=1) ]]
  run module 'check' IN_KDUMP=1
  [[ $status -eq 1 ]]
  module install modules_loaded=' systemd-networkd ' IN_KDUMP=1
  absent "$default"
  absent "$initdir/usr/sbin/sshd"
}

@test "a host whose cards are all ports is told that there is no network" {
  module 'sshd_free_nics() { :; }; sshd_ports() { echo eth0; }; install' modules_loaded=' systemd-networkd ' hostonly=yes
  told 'dwarn: dracut-sshd: there is NO NETWORK in this image'
}

@test "NetworkManager starts without the boot waiting for it, by DHCP where nobody says how" {
  unit nm-initrd.service
  module install modules_loaded=' network-manager '
  holds "$initdir/usr/lib/dracut-sshd/dracut-sshd.nmconnection" 'dhcp-client-id=mac'
  mode_of 600 "$initdir/usr/lib/dracut-sshd/dracut-sshd.nmconnection"
  [[ -L $initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-networkmanager.service ]]
  absent "$default"
}

@test "a connection of the administrator's goes in, for root alone" {
  file /etc/dracut-sshd/network/lan.nmconnection '[connection]' 'id=lan' 'type=ethernet'
  unit nm-initrd.service
  module install modules_loaded=' network-manager '
  mode_of 600 "$initdir/etc/NetworkManager/system-connections/lan.nmconnection"
  [[ -L $initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-networkmanager.service ]]
}

@test "a file of the administrator's is no wish to wait for the network" {
  drop_in=$initdir/usr/lib/systemd/system/NetworkManager-wait-online-initrd.service.d/dracut-sshd.conf
  unit NetworkManager-initrd.service
  unit NetworkManager-wait-online-initrd.service
  module install modules_loaded=' network-manager '
  absent "$drop_in"
  file /etc/dracut-sshd/network/lan.nmconnection '[connection]' 'id=lan' 'type=ethernet'
  module install modules_loaded=' network-manager '
  holds "$drop_in" 'ConditionKernelCommandLine=|rd.neednet'
}

@test "where dracut runs NetworkManager once, and not as a service, it wants the kernel's command line" {
  module install modules_loaded=' network-manager '
  told 'dwarn: dracut-sshd: what brings the network up in this image wants rd.neednet=1 ip=dhcp'
  absent "$initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-networkmanager.service"
}

@test "dhclient is started for dracut's own scripts" {
  module install modules_loaded=' network network-legacy '
  [[ -x $initdir/usr/lib/dracut-sshd/dhclient ]]
  [[ -L $initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-dhclient.service ]]
}

@test "NETWORK=no starts neither" {
  file /etc/dracut-sshd/initrd.conf 'NETWORK=no'
  module install modules_loaded=' network network-legacy network-manager '
  [[ ! -e $initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-dhclient.service ]]
  [[ ! -e $initdir/etc/systemd/system/sysinit.target.wants/dracut-sshd-networkmanager.service ]]
}

@test "what else there is wants the kernel's command line" {
  module install modules_loaded=' network network-wicked '
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

# networkd_host: the host's own client is networkd, and has a machine-id.
networkd_host() {
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
  file /etc/machine-id 0123456789abcdef0123456789abcdef
}
# identifies LINE...: the image's networkd is told this in [DHCPv4].
identifies() { diff <(sed -n '/^.DHCPv4.$/,/^$/p' "$default" | grep -E '^(Client|DUID|IAID)') <(printf '%s\n' "$@"); }

@test "the client identifier may be in a drop-in, with blanks, and a file of the administrator's wins over the distribution's" {
  networkd_host
  file /etc/systemd/network/20-wired.network '[Match]' 'Type=ether' '[Network]' 'DHCP=yes'
  file /etc/systemd/network/20-wired.network.d/id.conf '[DHCPv4]' 'ClientIdentifier = mac '
  networked
  identifies ClientIdentifier=mac
  ln -sf /dev/null "$root/etc/systemd/network/20-wired.network.d/id.conf"
  file /usr/lib/systemd/network/20-wired.network.d/id.conf '[DHCPv4]' 'ClientIdentifier=mac'
  networked
  identifies ClientIdentifier=duid
  rm "$root/etc/systemd/network/20-wired.network.d/id.conf"
  networked
  identifies ClientIdentifier=mac
  # Another section's, or a comment, is none.
  file /usr/lib/systemd/network/20-wired.network.d/id.conf '[DHCPv4]' '#ClientIdentifier=mac' '[Other]' 'ClientIdentifier=mac'
  networked
  identifies ClientIdentifier=duid
}

@test "the DUID is the host's: its type, its bytes, the number of the interface" {
  networkd_host
  file /usr/lib/systemd/networkd.conf '[DHCPv4]' 'DUIDType=vendor'
  file /etc/systemd/networkd.conf.d/10-id.conf '[DHCPv4]' 'DUIDType = link-layer-time:2018-01-23 12:34:56 UTC'
  file /etc/systemd/network/20-wired.network '[DHCPv4]' 'IAID=7' 'ClientIdentifier=duid-only'
  networked
  identifies ClientIdentifier=duid-only 'DUIDType=link-layer-time:2018-01-23 12:34:56 UTC' IAID=7
}
