# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# HOLD=SECONDS in /etc/dracut-sshd/initrd.conf: the boot waits in the initramfs while somebody is logged in.

# sshd_hold: prints the seconds of the setting; fails if there is none, or if it is no number from 1 to 86400.
sshd_hold() {
  local seconds
  seconds=$(sshd_setting HOLD) || return 1
  [[ $seconds =~ ^[1-9][0-9]{0,4}$ ]] && ((seconds <= 86400)) && printf '%s\n' "$seconds"
}

# sshd_install_hold: the unit, where the setting asks for it.
sshd_install_hold() {
  local seconds unit=dracut-sshd-hold.service
  seconds=$(sshd_hold) || return 0
  sshd_tell "hold: the boot waits for open sessions, at most $seconds s"
  sshd_put_own 0755 boot/hold /usr/lib/dracut-sshd/hold \
    && sshd_without_comments "$moddir/boot/$unit" | sed "s/@SECONDS@/$seconds/" \
    | sshd_put 0644 - "${systemdsystemunitdir:-/usr/lib/systemd/system}/$unit" \
    && sshd_want_unit "$unit" initrd.target
}
