# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir, hostonly, moddir, mods_to_load and modules_loaded are dracut's; sshd_tree is module-setup.sh's.)
#
# What goes into the image for the program that brings its network up. Which one that is, network.sh decides.

# sshd_networkd_knows SETTING: does the system's networkd have "Section.Setting" in its table? Older ones ignore what they do not know, with a
# warning for each; without Type= no network interface would match (systemd 239 of RHEL 8 knows neither that nor [DHCPv4]).
sshd_networkd_knows() {
  local dir
  for dir in /usr/lib/systemd /lib/systemd; do
    [[ -e ${dracutsysrootdir-}$dir/systemd-networkd ]] || continue
    ! LC_ALL=C grep -aqF Match.Name "${dracutsysrootdir-}$dir/systemd-networkd" \
      || LC_ALL=C grep -aqF -- "$1" "${dracutsysrootdir-}$dir/systemd-networkd"
    return
  done
}

# sshd_default_network: prints the file for networkd. KeepConfiguration and SendRelease: the address goes before the real
# system comes, and the lease stays, for that one to ask for again.
sshd_default_network() {
  local identifier=$1 ports
  ports=$(sshd_ports)
  printf '%s\n' '# Made by dracut-sshd, for an image that nobody configured a network for. See dracut-sshd(7).' '[Match]' \
    'KernelCommandLine=!ip' # one alone: a second would replace it
  if sshd_networkd_knows Match.Type; then
    printf '%s\n' 'Type=ether'
    if sshd_networkd_knows Match.Kind; then printf '%s\n' 'Kind=!*'; fi
    [[ -z $ports ]] || printf 'Name=!%s\n' "${ports//$'\n'/ }"
  else
    # Each one that is not loopback, wireless or made of others.
    printf 'Name=!lo wl* ww* bond* team* br* virbr* veth* dummy* %s\n' "${ports//$'\n'/ }"
  fi
  printf '%s\n' '' '[Network]' 'DHCP=yes'
  if sshd_networkd_knows Network.KeepConfiguration; then printf '%s\n' 'KeepConfiguration=no'; fi
  if sshd_networkd_knows DHCPv4.ClientIdentifier; then
    printf '%s\n' '' '[DHCPv4]' "ClientIdentifier=$identifier"
    if sshd_networkd_knows DHCPv4.SendRelease; then printf '%s\n' 'SendRelease=no'; fi
    if sshd_networkd_knows DHCPv4.RequestOptions; then printf '%s\n' 'RequestOptions=17'; fi
    printf '%s\n' '' '[DHCPv6]'
    if sshd_networkd_knows DHCPv6.SendRelease; then printf '%s\n' 'SendRelease=no'; fi
    if sshd_networkd_knows DHCPv6.RequestOptions; then printf '%s\n' 'RequestOptions=59 60'; fi
  else
    printf '%s\n' '' '[DHCP]' "ClientIdentifier=$identifier"
  fi
}

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

# sshd_install_machine_id: networkd makes its DUID of it. dracut takes it along into host-only images alone.
sshd_install_machine_id() {
  local file id=''
  [[ -s $sshd_tree/etc/machine-id ]] && return 0
  file=$(sshd_host_file /etc/machine-id) || return 1
  IFS= read -r id <"$file"
  [[ $id =~ ^[0-9a-f]{32}$ ]] && printf '%s\n' "$id" | sshd_put 0444 - /etc/machine-id
}

# sshd_tell_of_static networkd|line|script: a host whose own address is static would not be found at the one that DHCP gives.
sshd_tell_of_static() {
  local card gateway address line
  [[ -z ${dracutsysrootdir-} ]] && type -P ip >/dev/null || return 0
  read -r _ _ gateway _ card _ < <(ip -4 route show default 2>/dev/null)
  [[ ${card-} ]] || return 0
  if [[ ! -e /sys/class/net/$card/device ]]; then
    sshd_tell "this host reaches its network by $card, which is no card: say how in /etc/dracut-sshd/network/; see dracut-sshd(7)."
    return 0
  fi
  address=$(ip -o -4 address show dev "$card" scope global 2>/dev/null | head -n 1)
  [[ $address && " $address " != *' dynamic '* ]] || return 0
  read -r _ _ _ address _ <<<"$address"
  sshd_tell "this host's own address is static, but the image will ask for one by DHCP."
  if [[ $1 == networkd ]]; then
    sshd_tell "For the same one, this belongs into /etc/dracut-sshd/network/20-static.network:"
    for line in '[Match]' "Name=$card" '[Network]' "Address=$address" "Gateway=$gateway"; do
      sshd_tell "    $line"
    done
  else
    line=ip=${address%/*}::$gateway:${address#*/}::$card:none
    [[ $1 == line ]] || line+=' rd.neednet=1'
    sshd_tell "For the same one, this belongs on the kernel's command line: $line"
  fi
}

# sshd_put_netdev SOURCE PATH: it may hold a key. networkd reads it as its own user.
sshd_put_netdev() {
  local group id
  group=$(grep -m 1 '^systemd-network:' "$sshd_tree/etc/group" 2>/dev/null || sshd_host_line group systemd-network) \
    || group='systemd-network:x:0:' # then it runs as root
  sshd_put 0600 "$1" "$2" || return 1
  IFS=: read -r _ _ id _ <<<"$group"
  [[ $id != 0 ]] || return 0
  grep -qs '^systemd-network:' "$sshd_tree/etc/group" || printf '%s\n' "${group%:*}:" >>"$sshd_tree/etc/group"
  chown "0:$id" "$sshd_tree$2" && chmod 0640 "$sshd_tree$2"
}

# sshd_install_networkd
sshd_install_networkd() {
  local path identifier own=''
  while IFS= read -r path; do
    own=yes
    sshd_tell "network: $path"
    case $path in
      *.netdev) sshd_put_netdev "$(sshd_host_file "$path")" "/etc/systemd/network/${path##*/}" || return 1 ;;
      *) sshd_put 0644 "$(sshd_host_file "$path")" "/etc/systemd/network/${path##*/}" || return 1 ;;
    esac
  done < <(sshd_own_networks network netdev link)
  [[ -z $own ]] && ! sshd_network_is_off || return 0
  identifier=$(sshd_client_identifier)
  if [[ $identifier == duid ]] && ! sshd_install_machine_id; then identifier=mac; fi
  # The name that dracut 106 and later give to theirs, which they take away where the kernel's command line says more. It is
  # the last in order: every other file that names a card wins.
  sshd_default_network "$identifier" | sshd_put 0644 - /etc/systemd/network/zzzz-dracut-default.network || return 1
  sshd_tell_of_network networkd
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

# sshd_install_dhclient: for dracut's own scripts, which too only act for a boot that waits.
sshd_install_dhclient() {
  sshd_network_is_off && return 0
  sshd_ports | sshd_put 0644 - /usr/lib/dracut-sshd/ports \
    && sshd_put_own 0755 boot/dhclient /usr/lib/dracut-sshd/dhclient \
    && sshd_install_wanted_unit dracut-sshd-dhclient.service sysinit.target || return 1
  sshd_tell_of_network script
}

# sshd_warn_of_command_line: of what does nothing by itself.
sshd_warn_of_command_line() {
  dwarn "dracut-sshd: what brings the network up in this image wants rd.neednet=1 ip=dhcp, or the like, on the kernel's command line."
}

# sshd_tell_of_network networkd|line|script
sshd_tell_of_network() {
  local cards='all wired interfaces' here
  here=$(sshd_cards)
  if [[ -z $here && $(sshd_ports) ]]; then
    dwarn "dracut-sshd: there is NO NETWORK in this image: all cards of this host are ports of a bond or a bridge, and are left alone." \
      "Say in /etc/dracut-sshd/network/ how this image is to reach one; see dracut-sshd(7)."
    return 0
  fi
  if [[ ${hostonly-} && $here ]]; then cards+=" (of this host: ${here//$'\n'/, })"; fi
  sshd_tell "at every boot the image asks for an address by DHCP on $cards, and sshd listens" \
    "there. NETWORK=no in /etc/dracut-sshd/initrd.conf switches this network off."
  sshd_tell_of_static "$1"
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
  [[ -z $unused ]] || dwarn "dracut-sshd: nothing in this image reads ${unused//$'\n'/, }: it is another program's."
}
