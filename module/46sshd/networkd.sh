# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir, initdir and kernel_cmdline are dracut's; sshd_tree is module-setup.sh's.)
#
# systemd-networkd: what goes into the image for it.

# sshd_default_network: prints the file for networkd. KeepConfiguration and SendRelease: the address goes before the real
# system comes, and the lease stays, for that one to ask for again.
sshd_default_network() {
  local identifier=$1 ports
  ports=$(sshd_port_names)
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
    if sshd_networkd_knows DHCPv4.DUIDType; then sshd_duid_lines 4; fi
    if sshd_networkd_knows DHCPv4.SendRelease; then printf '%s\n' 'SendRelease=no'; fi
    if sshd_networkd_knows DHCPv4.RequestOptions; then printf '%s\n' 'RequestOptions=17'; fi
    printf '%s\n' '' '[DHCPv6]'
    if sshd_networkd_knows DHCPv6.DUIDType; then sshd_duid_lines 6; fi
    if sshd_networkd_knows DHCPv6.SendRelease; then printf '%s\n' 'SendRelease=no'; fi
    if sshd_networkd_knows DHCPv6.RequestOptions; then printf '%s\n' 'RequestOptions=59 60'; fi
  else
    printf '%s\n' '' '[DHCP]' "ClientIdentifier=$identifier"
    if sshd_networkd_knows DHCP.DUIDType; then sshd_duid_lines 4; fi
  fi
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
  local path target identifier own=''
  while IFS= read -r path; do
    own=yes target=/etc/systemd/network/${path#/etc/dracut-sshd/network/}
    sshd_tell "network: $path"
    sshd_put 0644 "$(sshd_host_file "$path")" "$target" || return 1
    # It may hold a key.
    case $path in *.netdev | *.netdev.d/*) sshd_give_to_networkd "$target" || return 1 ;; esac
  done < <(sshd_own_networks network netdev link)
  sshd_open_to_networkd && sshd_install_key_files && sshd_install_credentials || return 1
  sshd_warn_of_networkd_files
  sshd_warn_of_lost_words
  [[ -z $own ]] && ! sshd_network_is_off || return 0
  identifier=$(sshd_client_identifier)
  if [[ $identifier != mac ]] && ! sshd_install_machine_id && ! sshd_dhcp_setting 4 DUIDType >/dev/null; then identifier=mac; fi
  # The name that dracut 106 and later give to theirs, which they take away where the kernel's command line says more. It is
  # the last in order: every other file that names a card wins.
  sshd_default_network "$identifier" | sshd_put 0644 - /etc/systemd/network/zzzz-dracut-default.network || return 1
  if sshd_host_program systemd-network-generator; then
    # Its absence leaves one network more than was asked for.
    sshd_install_wanted_unit dracut-sshd-networkd.service sysinit.target || return 1
  fi
  sshd_tell_of_network networkd
}
