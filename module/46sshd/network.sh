# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir, hostonly, mods_to_load and modules_loaded are dracut's.)
#
# A way to a network for an image that nobody configured one for: by DHCP on every wired interface, with systemd-networkd, else
# NetworkManager, else dhclient. What an administrator chose or wrote wins, and so does the kernel's command line.

# sshd_network_in MODULES: is there one among them that brings a network?
sshd_network_in() {
  local module
  for module in systemd-networkd network-manager network-manager-daemon network network-legacy network-wicked connman; do
    [[ " $1 " == *" $module "* ]] && return 0
  done
  return 1
}

# sshd_chosen MODULE: was it asked for by name, or is it in already?
sshd_chosen() { [[ " ${add_dracutmodules-} ${force_add_dracutmodules-} ${dracutmodules-} ${mods_to_load-} " == *" $1 "* ]]; }

# sshd_network_modules: prints the module to depend on for a network. Nothing where one was chosen, where none is wanted, or
# where it could not be had: a dependency that fails would take sshd out of the image.
sshd_network_modules() {
  local module
  sshd_network_is_off && return 0
  if sshd_network_in "${add_dracutmodules-} ${force_add_dracutmodules-} ${dracutmodules-} ${mods_to_load-}"; then
    # Somebody's choice, to which only the drivers may have to be added.
    for module in network-manager network-legacy; do
      if sshd_chosen "$module" && ! sshd_chosen network; then sshd_driver_module "$module"; fi
    done
    return 0
  fi
  # A root on the network comes first: its modules have their turn after this one, would take up with what is there by then,
  # and not all of them can work with every one.
  for module in nfs iscsi nbd fcoe fcoe-uefi cifs nvmf rbd livenet; do
    if sshd_could_have "$module" 1; then return 0; fi
  done
  # Not every dracut looks for the programs themselves.
  if sshd_host_program systemd-networkd && sshd_could_have systemd-networkd; then
    echo systemd-networkd
  elif sshd_host_program NetworkManager && sshd_has_networkmanager_unit && sshd_could_have network-manager; then
    echo network-manager
    sshd_driver_module network-manager
  elif sshd_could_have network-legacy; then
    echo network-legacy
    sshd_driver_module network-legacy
  elif sshd_could_have network; then
    echo network
  fi
}

# sshd_driver_module MODULE: what it needs beside it for drivers of network interfaces and net-lib.sh: in dracut 060 and older
# network-manager and network-legacy bring neither, and "network" does. It comes after them, and so takes up with them.
sshd_driver_module() {
  local file
  for file in "${dracutbasedir-/usr/lib/dracut}"/modules.d/[0-9][0-9]"$1"/module-setup.sh; do
    if [[ -e $file ]] && grep -q kernel-network-modules "$file"; then return 0; fi
  done
  if sshd_could_have network; then
    echo network
  elif sshd_could_have kernel-network-modules; then
    echo kernel-network-modules
  fi
}

# sshd_has_networkmanager_unit: does dracut have NetworkManager run as a service, on D-Bus? In dracut 049 it runs once, in the
# foreground of the initqueue, and has no bus.
sshd_has_networkmanager_unit() {
  local file
  for file in "${dracutbasedir-/usr/lib/dracut}"/modules.d/[0-9][0-9]network-manager/nm-initrd.service \
    "${dracutsysrootdir-}"{/usr,}/lib/systemd/system/NetworkManager-initrd.service; do
    if [[ -e $file ]]; then return 0; fi
  done
  return 1
}

# sshd_install_network: for what is in the image. dracut takes a module from the one list to the other when it goes in.
sshd_install_network() {
  local modules=" ${mods_to_load-} ${modules_loaded-} " unused=''
  case $modules in
    *' systemd-networkd '*)
      sshd_install_networkd || return 1
      unused=$(sshd_own_networks nmconnection)
      ;;
    *' network-manager '* | *' network-manager-daemon '*)
      sshd_install_networkmanager || return 1
      unused=$(sshd_own_networks network netdev link)
      ;;
    *)
      unused=$(sshd_own_networks network netdev link nmconnection)
      if [[ $modules == *' network-legacy '* ]]; then
        sshd_install_dhclient || return 1
      elif sshd_network_in "$modules"; then
        sshd_warn_of_command_line
      fi
      ;;
  esac
  sshd_complain_of_tunnels
  [[ -z $unused ]] || dwarn "dracut-sshd: nothing in this image reads ${unused//$'\n'/, }: it is another program's."
}
