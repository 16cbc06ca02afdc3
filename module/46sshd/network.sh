# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir, hostonly, mods_to_load and modules_loaded are dracut's; sshd_tree is module-setup.sh's.)
#
# A way to a network for an image that nobody configured one for: systemd-networkd, which asks for an address by DHCP on
# every wired card. What an administrator chose or wrote wins, and so does the kernel's command line.

# sshd_network_is_off: NETWORK=no in /etc/dracut-sshd/initrd.conf.
sshd_network_is_off() {
  local file
  file=$(sshd_host_file /etc/dracut-sshd/initrd.conf) || return 1
  grep -qE "^[[:space:]]*NETWORK=[\"']?no[\"']?[[:space:]]*$" "$file"
}

# sshd_network_in MODULES: is there one among them that brings a network?
sshd_network_in() {
  local module
  for module in systemd-networkd network-manager network network-legacy network-wicked connman; do
    [[ " $1 " == *" $module "* ]] && return 0
  done
  return 1
}

# sshd_network_modules: prints the module to depend on for a network. Nothing where one was chosen, where none is wanted, or
# where it could not be had: a dependency that fails would take sshd out of the image.
sshd_network_modules() {
  local module
  sshd_network_is_off && return 0
  sshd_network_in "${add_dracutmodules-} ${force_add_dracutmodules-} ${dracutmodules-} ${mods_to_load-}" && return 0
  # Asked as dracut itself asks, each in a shell that forgets it. A root on the network comes first: its modules have their turn
  # after this one, would take up with what is there by then, and not all of them can work with every one.
  for module in nfs iscsi nbd fcoe fcoe-uefi cifs nvmf rbd; do
    if (declare -F check_module && check_module "$module" 1) >/dev/null 2>&1; then return 0; fi
  done
  if (declare -F check_module && check_module systemd-networkd) >/dev/null 2>&1; then echo systemd-networkd; fi
}

# sshd_own_networks: prints the administrator's own files for the image's networkd.
sshd_own_networks() {
  local path
  for path in "${dracutsysrootdir-}"/etc/dracut-sshd/network/*.{network,netdev,link}; do
    path=${path#"${dracutsysrootdir-}"}
    if sshd_host_file "$path" >/dev/null; then printf '%s\n' "$path"; fi
  done
}

# sshd_ports: prints the cards of this host that are ports of a bond, a team or a bridge.
sshd_ports() {
  local card
  [[ ${hostonly-} && -z ${dracutsysrootdir-} ]] || return 0
  for card in /sys/class/net/*/master; do
    card=${card%/master}
    if [[ -e $card/device ]]; then printf '%s\n' "${card##*/}"; fi
  done
}

# sshd_host_runs UNIT: is it enabled on the system?
sshd_host_runs() {
  local link
  for link in "${dracutsysrootdir-}"/{etc,usr/lib}/systemd/system/*.wants/"$1"; do
    if [[ -L $link || -e $link ]]; then return 0; fi
  done
  return 1
}

# sshd_client_identifier: prints how the system's own DHCP client calls itself, so that it gets the lease that the
# initramfs had: duid for networkd, unless it was told otherwise; NetworkManager and others go by the card's address.
sshd_client_identifier() {
  if sshd_host_runs systemd-networkd.service && ! sshd_host_runs NetworkManager.service \
    && ! grep -qsE '^[[:space:]]*ClientIdentifier=mac' "${dracutsysrootdir-}"/{etc,run}/systemd/network/*.network; then
    echo duid
  else
    echo mac
  fi
}

# sshd_default_network: prints the file for networkd. KeepConfiguration and SendRelease: the address goes before the real
# system comes, and the lease stays, for that one to ask for again.
sshd_default_network() {
  local identifier=$1 ports
  ports=$(sshd_ports)
  printf '%s\n' '# Made by dracut-sshd, for an image that nobody configured a network for. See dracut-sshd(7).' '[Match]' 'Type=ether' \
    'Kind=!*' 'KernelCommandLine=!ip' # one alone: a second would replace it
  [[ -z $ports ]] || printf 'Name=!%s\n' "${ports//$'\n'/ }"
  printf '%s\n' '' '[Network]' 'DHCP=yes' 'KeepConfiguration=no' '' '[DHCPv4]' "ClientIdentifier=$identifier" 'SendRelease=no' \
    'RequestOptions=17' '' '[DHCPv6]' 'SendRelease=no' 'RequestOptions=59 60'
}

# sshd_install_machine_id: networkd makes its DUID of it. dracut takes it along into host-only images alone.
sshd_install_machine_id() {
  local file id=''
  [[ -s $sshd_tree/etc/machine-id ]] && return 0
  file=$(sshd_host_file /etc/machine-id) || return 1
  IFS= read -r id <"$file"
  [[ $id =~ ^[0-9a-f]{32}$ ]] && printf '%s\n' "$id" | sshd_put 0444 - /etc/machine-id
}

# sshd_tell_of_static: a host whose own address is static would not be found at the one that DHCP gives.
sshd_tell_of_static() {
  local card gateway address
  [[ -z ${dracutsysrootdir-} ]] && type -P ip >/dev/null || return 0
  read -r _ _ gateway _ card _ < <(ip -4 route show default 2>/dev/null)
  [[ ${card-} ]] || return 0
  address=$(ip -o -4 address show dev "$card" scope global 2>/dev/null | head -n 1)
  [[ $address && " $address " != *' dynamic '* ]] || return 0
  read -r _ _ _ address _ <<<"$address"
  if [[ ! -e /sys/class/net/$card/device ]]; then
    sshd_tell "this host reaches its network by $card, which is no card: say how in /etc/dracut-sshd/network/; see dracut-sshd(7)."
  fi
  sshd_tell "this host's own address is static, the image will ask for one by DHCP; for the same one put into" \
    "/etc/dracut-sshd/network/20-static.network: [Match] Name=$card [Network] Address=$address Gateway=$gateway (a line each)"
}

# sshd_install_network: into an image with networkd.
sshd_install_network() {
  local path identifier group own=''
  # dracut takes a module from the one list to the other when it goes in.
  if [[ " ${mods_to_load-} ${modules_loaded-} " != *' systemd-networkd '* ]]; then
    if [[ $(sshd_own_networks) ]]; then
      dwarn "dracut-sshd: systemd-networkd is not in this image, so the files in /etc/dracut-sshd/network/ are of no use."
    fi
    if sshd_network_in "${mods_to_load-} ${modules_loaded-}"; then
      sshd_tell "the network of this image is not systemd-networkd's: it wants rd.neednet=1 ip=dhcp on the kernel's command line."
    fi
    return 0
  fi
  while IFS= read -r path; do
    own=yes
    sshd_tell "network: $path"
    sshd_put 0644 "$(sshd_host_file "$path")" "/etc/systemd/network/${path##*/}" || return 1
    [[ $path == *.netdev ]] || continue
    # It may hold a key. networkd reads it as its own user.
    group=$(grep -m 1 '^systemd-network:' "$sshd_tree/etc/group" 2>/dev/null || sshd_host_line group systemd-network) || continue
    grep -qs '^systemd-network:' "$sshd_tree/etc/group" || printf '%s\n' "${group%:*}:" >>"$sshd_tree/etc/group"
    IFS=: read -r _ _ group _ <<<"$group"
    chown "0:$group" "$sshd_tree/etc/systemd/network/${path##*/}" && chmod 0640 "$sshd_tree/etc/systemd/network/${path##*/}"
  done < <(sshd_own_networks)
  sshd_network_is_off && return 0
  [[ -z $own ]] || return 0
  identifier=$(sshd_client_identifier)
  if [[ $identifier == duid ]] && ! sshd_install_machine_id; then identifier=mac; fi
  # The name that dracut 106 and later give to theirs, which they take away where the kernel's command line says more. It is
  # the last in order: every other file that names a card wins.
  sshd_default_network "$identifier" | sshd_put 0644 - /etc/systemd/network/zzzz-dracut-default.network || return 1
  sshd_tell "at every boot the image asks for an address by DHCP on all wired cards${hostonly:+ of this host}, and sshd listens" \
    "there. NETWORK=no in /etc/dracut-sshd/initrd.conf switches this network off."
  sshd_tell_of_static
}
