# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (The functions are network.sh's and files.sh's.)
#
# dracut's own scripts, with dhclient: what goes into the image for them.

# sshd_install_dhclient: for dracut's own scripts, which too only act for a boot that waits.
sshd_install_dhclient() {
  sshd_network_is_off && return 0
  sshd_ports | sshd_put 0644 - /usr/lib/dracut-sshd/ports \
    && sshd_put_own 0755 boot/dhclient /usr/lib/dracut-sshd/dhclient \
    && sshd_install_wanted_unit dracut-sshd-dhclient.service sysinit.target || return 1
  sshd_tell_of_network script
}
