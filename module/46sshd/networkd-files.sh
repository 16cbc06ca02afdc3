# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's; sshd_tree is module-setup.sh's.)
#
# Reads the image's files for networkd as networkd will, by systemd.network(5), systemd.netdev(5) and systemd.syntax(7): may its user read
# them, are the keys there that they name, is every device there that they refer to? networkd passes over what is wrong, and then
# there is no network.

# sshd_settings FILE: prints "SECTION<TAB>KEY<TAB>VALUE" for each setting, without the blanks around them.
sshd_settings() {
  local line rest section='-' key
  while IFS= read -r line || [[ $line ]]; do
    while [[ $line == *\\ ]] && IFS= read -r rest; do line="${line%\\} $rest"; done
    line=${line#"${line%%[![:space:]]*}"}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      '' | [#\;]*) ;;
      '['*']') section=${line:1:-1} ;;
      *=*)
        key=${line%%=*} line=${line#*=}
        printf '%s\t%s\t%s\n' "$section" "${key%"${key##*[![:space:]]}"}" "${line#"${line%%[![:space:]]*}"}"
        ;;
    esac
  done <"$1"
}

# sshd_key_files FILE: prints the files with keys that a .netdev names.
sshd_key_files() {
  local section key value
  while IFS=$'\t' read -r section key value; do
    case $section.$key in
      WireGuard.PrivateKeyFile | WireGuardPeer.PresharedKeyFile | MACsecTransmitAssociation.KeyFile | MACsecReceiveAssociation.KeyFile)
        [[ $value == /* ]] && printf '%s\n' "$value"
        ;;
    esac
  done < <(sshd_settings "$1")
}

# sshd_own_key_files: prints those that the administrator's own .netdev files name.
sshd_own_key_files() {
  local path
  while IFS= read -r path; do sshd_key_files "$(sshd_host_file "$path")"; done < <(sshd_own_networks netdev) | sort -u
}

# sshd_give_to_networkd PATH: the file in the image is for networkd alone, which reads it as its own user.
sshd_give_to_networkd() {
  local group id
  group=$(grep -m 1 '^systemd-network:' "$sshd_tree/etc/group" 2>/dev/null || sshd_host_line group systemd-network) \
    || group='systemd-network:x:0:' # then it runs as root
  chmod 0600 "$sshd_tree$1" || return 1
  IFS=: read -r _ _ id _ <<<"$group"
  [[ $id != 0 ]] || return 0
  grep -qs '^systemd-network:' "$sshd_tree/etc/group" || printf '%s\n' "${group%:*}:" >>"$sshd_tree/etc/group"
  chown "0:$id" "$sshd_tree$1" && chmod 0640 "$sshd_tree$1"
}

# sshd_networkd_in_image SUFFIX: prints the files of this kind that are in the image, and what is added to them.
sshd_networkd_in_image() {
  local path
  for path in "$sshd_tree"/{etc,usr/lib}/systemd/network/*".$1" "$sshd_tree"/{etc,usr/lib}/systemd/network/*".$1.d"/*.conf; do
    # Its links are the image's, and lead to /dev/null if anywhere.
    if [[ -f $path && ! -L $path && -r $path ]]; then printf '%s\n' "${path#"$sshd_tree"}"; fi
  done
}

# sshd_install_key_files: what the .netdev files in the image name, each for networkd alone.
sshd_install_key_files() {
  local path key source
  while IFS= read -r path; do
    while IFS= read -r key; do
      if [[ -e $sshd_tree$(sshd_resolve "$sshd_tree" "$key") ]]; then
        :
      elif source=$(sshd_host_file "$key"); then
        sshd_put 0600 "$source" "$key" || return 1
        sshd_tell "network: $key, a key that ${path##*/} names; whoever reads this image can use it"
      else
        derror "dracut-sshd: $path names the key $key, which the system does not have: networkd does not make that device. Put it there and" \
          "build the image again."
        continue
      fi
      sshd_give_to_networkd "$(sshd_resolve "$sshd_tree" "$key")" || return 1
    done < <(sshd_key_files "$sshd_tree$path")
  done < <(sshd_networkd_in_image netdev)
}

# sshd_open_to_networkd: what dracut has taken along from the system with a mode that hides it from networkd's user.
sshd_open_to_networkd() {
  local path mode
  while IFS= read -r path; do
    mode=$(stat -c %a -- "$sshd_tree$path") || continue
    (((8#$mode & 8#4) == 0)) || continue
    if [[ $path == *.netdev* ]]; then sshd_give_to_networkd "$path"; else chmod 0644 "$sshd_tree$path"; fi || return 1
  done < <(
    sshd_networkd_in_image netdev
    sshd_networkd_in_image network
    sshd_networkd_in_image link
  )
}

# sshd_section_of SUFFIX KEY: prints the sections that this setting may stand in, where it is one that people misplace.
sshd_section_of() {
  case $1.$2 in
    network.VLAN | network.Bond | network.Bridge | network.VRF | network.MACVLAN | network.IPVLAN | network.VXLAN | network.Tunnel | network.DHCP) echo Network ;;
    network.Address) echo 'Network Address' ;;
    network.Gateway) echo 'Network Route' ;;
    netdev.Kind) echo NetDev ;;
    netdev.Id) echo 'VLAN' ;;
    netdev.VLAN | netdev.Bond | netdev.Bridge) echo none ;;
  esac
}

# sshd_warn_of_networkd_files: what networkd would pass over.
sshd_warn_of_networkd_files() {
  local suffix path section key value right name kind id made=' ' named=()
  for suffix in netdev network; do
    while IFS= read -r path; do
      name='' kind='' id=''
      while IFS=$'\t' read -r section key value; do
        right=$(sshd_section_of "$suffix" "$key")
        if [[ $right == none ]]; then
          sshd_warn "$path: $key= belongs into [Network] of the .network file of the interface below: networkd ignores it here."
        elif [[ $right && " $right " != *" $section "* ]]; then
          sshd_warn "$path: $key= stands in [$section], where networkd ignores it; it belongs into [${right// /] or [}]."
          continue
        fi
        case $suffix.$section.$key in
          netdev.NetDev.Name) name=$value ;;
          netdev.NetDev.Kind) kind=$value ;;
          netdev.VLAN.Id) id=$value ;;
          network.Network.VLAN | network.Network.Bond | network.Network.Bridge | network.Network.VRF | network.Network.MACVLAN | \
            network.Network.IPVLAN | network.Network.VXLAN | network.Network.Tunnel) named+=("$path"$'\t'"$key"$'\t'"$value") ;;
        esac
      done < <(sshd_settings "$sshd_tree$path")
      made+="$name "
      if [[ $kind == vlan && ! $id =~ ^[0-9]+$ ]]; then
        sshd_warn "$path: a VLAN without a number: networkd does not make $name. Id= belongs into a section [VLAN]."
      fi
    done < <(sshd_networkd_in_image "$suffix")
  done
  for value in ${named[@]+"${named[@]}"}; do
    IFS=$'\t' read -r path key value <<<"$value"
    for name in $value; do
      [[ $made == *" $name "* ]] \
        || sshd_warn "$path: $key=$name, and no .netdev file in this image makes $name: networkd waits for it in vain."
    done
  done
}

# sshd_networkd_file: prints the path of the system's networkd.
sshd_networkd_file() {
  local dir
  for dir in /usr/lib/systemd /lib/systemd; do
    [[ -e ${dracutsysrootdir-}$dir/systemd-networkd ]] || continue
    printf '%s\n' "${dracutsysrootdir-}$dir/systemd-networkd"
    return 0
  done
  return 1
}

# sshd_networkd_knows SETTING: does the system's networkd have "Section.Setting" in its table? Older ones ignore what they do not know, with a
# warning for each; without Type= no network interface would match (systemd 239 of RHEL 8 knows neither that nor [DHCPv4]).
sshd_networkd_knows() {
  local file
  file=$(sshd_networkd_file) || return 0
  ! LC_ALL=C grep -aqF Match.Name "$file" || LC_ALL=C grep -aqF -- "$1" "$file"
}
