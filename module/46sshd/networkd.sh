# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir, initdir and kernel_cmdline are dracut's; sshd_tree is module-setup.sh's.)
#
# systemd-networkd: what goes into the image for it.

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
  printf '%s\n' '# Made by dracut-sshd, for an image that nobody configured a network for. See dracut-sshd(7).' '[Match]'
  # systemd before 245 reads no ip=: another program does.
  sshd_host_program systemd-network-generator || printf '%s\n' 'KernelCommandLine=!ip' # one alone: a second would replace it
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

# sshd_client_identifier: prints how the system's own DHCP client calls itself, so that it gets the lease that the
# initramfs had: duid for networkd, unless it was told otherwise; NetworkManager and most others go by the card's address
# (dhcpcd may not, with "duid" in its configuration).
sshd_client_identifier() {
  if sshd_host_runs systemd-networkd.service && ! sshd_host_runs NetworkManager.service \
    && ! grep -qsE '^[[:space:]]*ClientIdentifier=mac' "${dracutsysrootdir-}"/{etc,run}/systemd/network/*.network; then
    echo duid
  else
    echo mac
  fi
}

# sshd_install_machine_id: networkd makes its DUID of it. dracut takes it along into host-only images alone.
sshd_install_machine_id() {
  local file id=''
  [[ -s $sshd_tree/etc/machine-id ]] && return 0
  file=$(sshd_host_file /etc/machine-id) || return 1
  IFS= read -r id <"$file"
  [[ $id =~ ^[0-9a-f]{32}$ ]] && printf '%s\n' "$id" | sshd_put 0444 - /etc/machine-id
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

# sshd_warn_of_lost_words: what dracut.conf or the image says of the network as if it were the kernel's command line. dracut's scripts
# read that; systemd-network-generator(8) reads the kernel's own alone.
sshd_warn_of_lost_words() {
  local word lost=''
  while IFS= read -r word; do
    case $word in
      ip=* | ifname=* | vlan=* | bond=* | bridge=* | team=* | nameserver=* | rd.route=* | net.ifname-policy=*) lost+=" $word" ;;
    esac
  done < <({
    cat -- "$initdir"/etc/cmdline "$initdir"/etc/cmdline.d/*.conf
    printf '%s\n' "${kernel_cmdline-}"
  } 2>/dev/null | tr -s '[:space:]"' '\n' | sort -u)
  [[ -z $lost ]] \
    || dwarn "dracut-sshd:$lost is in dracut.conf's kernel_cmdline= or in /etc/cmdline.d, which systemd's network generator does not read:" \
      "it does nothing in this image. Give it to the boot loader, or write a file in /etc/dracut-sshd/network/; see dracut-sshd(7)."
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
  sshd_warn_of_lost_words
  [[ -z $own ]] && ! sshd_network_is_off || return 0
  identifier=$(sshd_client_identifier)
  if [[ $identifier == duid ]] && ! sshd_install_machine_id; then identifier=mac; fi
  # The name that dracut 106 and later give to theirs, which they take away where the kernel's command line says more. It is
  # the last in order: every other file that names a card wins.
  sshd_default_network "$identifier" | sshd_put 0644 - /etc/systemd/network/zzzz-dracut-default.network || return 1
  if sshd_host_program systemd-network-generator; then
    # Its absence leaves one network more than was asked for.
    sshd_install_wanted_unit dracut-sshd-networkd.service sysinit.target || return 1
  fi
  sshd_tell_of_network networkd
}
