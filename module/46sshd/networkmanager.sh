# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (sshd_tree is module-setup.sh's.)
#
# NetworkManager: what goes into the image for it.

# sshd_default_connection: the same for NetworkManager. It goes by the cards' addresses, as it does on a host.
sshd_default_connection() {
  local ports
  ports=$(sshd_ports)
  printf '%s\n' '# Made by dracut-sshd, for an image that nobody configured a network for. See dracut-sshd(7).' '[connection]' \
    'id=dracut-sshd' 'uuid=0fd22aa4-0d2b-4a26-9d8c-3a5ff5bf42c5' 'type=ethernet' 'multi-connect=3' 'autoconnect-retries=0' ''
  [[ -z $ports ]] || printf '%s\n' '[match]' "interface-name=!${ports//$'\n'/;!};" ''
  # 2147483647: for as long as it takes.
  printf '%s\n' '[ipv4]' 'method=auto' 'dhcp-client-id=mac' 'dhcp-timeout=2147483647' 'may-fail=true' '' '[ipv6]' 'method=auto' \
    'may-fail=true'
}

# sshd_image_has_unit NAME...: is one of these systemd units in the image already?
sshd_image_has_unit() {
  local name
  for name; do if [[ -e $sshd_tree/usr/lib/systemd/system/$name || -e $sshd_tree/lib/systemd/system/$name ]]; then return 0; fi; done
  return 1
}

# sshd_install_networkmanager: dracut has it started only for a boot that waits for the network.
sshd_install_networkmanager() {
  local path own=''
  while IFS= read -r path; do
    own=yes
    sshd_tell "network: $path"
    # It ignores a file that others may read.
    sshd_put 0600 "$(sshd_host_file "$path")" "/etc/NetworkManager/system-connections/${path##*/}" || return 1
  done < <(sshd_own_networks nmconnection)
  if sshd_network_is_off && [[ -z $own ]]; then return 0; fi
  if ! sshd_image_has_unit nm-initrd.service NetworkManager-initrd.service; then
    sshd_warn_of_command_line
    return 0
  fi
  if [[ $own ]] && sshd_image_has_unit NetworkManager-wait-online-initrd.service; then
    # NetworkManager 1.54 and later take a file for a wish to wait.
    printf '%s\n' '[Unit]' 'ConditionKernelCommandLine=|rd.neednet' 'ConditionKernelCommandLine=|ip' 'ConditionKernelCommandLine=|netroot' \
      | sshd_put 0644 - /usr/lib/systemd/system/NetworkManager-wait-online-initrd.service.d/dracut-sshd.conf || return 1
  fi
  sshd_default_connection | sshd_put 0600 - /usr/lib/dracut-sshd/dracut-sshd.nmconnection \
    && sshd_put_own 0755 boot/networkmanager /usr/lib/dracut-sshd/networkmanager \
    && sshd_install_wanted_unit dracut-sshd-networkmanager.service sysinit.target || return 1
  [[ $own ]] || sshd_tell_of_network line
}
