# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (hostonly is dracut's.)
#
# What a build says of the image's network.

# sshd_tell_of_network networkd|line|script
sshd_tell_of_network() {
  local cards='all wired interfaces' here
  here=$(sshd_free_nics)
  if [[ -z $here && $(sshd_ports) ]]; then
    dwarn "dracut-sshd: there is NO NETWORK in this image: all network interfaces of this host are ports of a bond or a bridge, and are" \
      "left alone. Say in /etc/dracut-sshd/network/ how this image is to reach one; see dracut-sshd(7)."
    sshd_tell_of_static "$1"
    return 0
  fi
  if [[ ${hostonly-} && $here ]]; then cards+=" (of this host: ${here//$'\n'/, })"; fi
  sshd_tell "at every boot the image asks for an address by DHCP on $cards, and sshd listens" \
    "there. NETWORK=no in /etc/dracut-sshd/initrd.conf switches this network off."
  sshd_tell_of_static "$1"
}

# sshd_warn_of_command_line: of what does nothing by itself.
sshd_warn_of_command_line() {
  dwarn "dracut-sshd: what brings the network up in this image wants rd.neednet=1 ip=dhcp, or the like, on the kernel's command line."
}
