# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# What the administrator says of the image's network, in /etc/dracut-sshd.

# sshd_network_is_off: NETWORK=no in /etc/dracut-sshd/initrd.conf.
sshd_network_is_off() {
  local file
  file=$(sshd_host_file /etc/dracut-sshd/initrd.conf) || return 1
  grep -qE "^[[:space:]]*NETWORK=[\"']?no[\"']?[[:space:]]*$" "$file"
}

# sshd_own_networks SUFFIX...: prints the administrator's own files of these kinds for the image's network, and what is added to them.
sshd_own_networks() {
  local path suffix
  for suffix; do for path in "${dracutsysrootdir-}/etc/dracut-sshd/network/"{*".$suffix",*".$suffix.d"/*.conf}; do
    path=${path#"${dracutsysrootdir-}"}
    if sshd_host_file "$path" >/dev/null; then printf '%s\n' "$path"; fi
  done; done
}
