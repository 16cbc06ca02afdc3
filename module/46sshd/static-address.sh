# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (sshd_machine is storage.sh's.)
#
# A host that the image's DHCP would not put where it is found: its own address is static, or its NIC is a port of a bridge or a
# bond, or below a VLAN. The build's log says what to write, for systemd.network(5), systemd.netdev(5) or dracut.cmdline(7). It is read
# from ip-route(8), ip-address(8) and sysfs of the running system. Nothing is written.

# sshd_read_route 4|6: the default route of the lowest metric, into $route_device, $route_gateway (of either family, or none) and
# $route_by (who made it); false if there is none. Of several next hops the first one counts.
sshd_read_route() {
  local -a words
  local hops=0
  route_device='' route_gateway='' route_by=''
  read -ra words < <(ip -o "-$1" route show default 2>/dev/null | grep -m 1 '^default') || return 1
  set -- "${words[@]}"
  while [[ $# -gt 0 ]]; do
    case $1 in
      nexthop) if ((hops++)); then break; fi ;;
      via)
        if [[ ${2-} == inet6 || ${2-} == inet ]]; then shift; fi
        route_gateway=${2-}
        shift
        ;;
      dev) route_device=${2-} && shift ;;
      proto) route_by=${2-} && shift ;;
    esac
    shift
  done
  return 0
}

# sshd_read_address 4|6 DEVICE: its first address that neither DHCP nor an advertisement gave, into $address, $length and $peer; with
# none of these $address is empty. $dynamic: yes where there is another one.
sshd_read_address() {
  local line
  local -a words
  address='' length='' peer='' dynamic=''
  while IFS= read -r line; do
    read -ra words <<<"${line//\\/}"
    if [[ " ${words[*]} " == *' dynamic '* || " ${words[*]} " == *' mngtmpaddr '* || " ${words[*]} " == *' temporary '* ]]; then
      dynamic=yes
    elif [[ -z $address ]]; then
      address=${words[3]%/*} length=${words[3]#*/}
      # Of a pair the length stands behind the peer.
      if [[ ${words[4]-} == peer ]]; then peer=${words[5]%/*} length=${words[5]#*/}; fi
    fi
  done < <(ip -o "-$1" address show dev "$2" scope global 2>/dev/null)
}

# sshd_in_subnet ADDRESS LENGTH OTHER: is the other IPv4 address in the subnet?
sshd_in_subnet() {
  local a b c d e f g h
  IFS=. read -r a b c d <<<"$1"
  IFS=. read -r e f g h <<<"$3"
  (((((a << 24 | b << 16 | c << 8 | d) ^ (e << 24 | f << 16 | g << 8 | h)) >> (32 - $2)) == 0))
}

# sshd_is_onlink 4|6: does the gateway need to be told to be on the link? IPv6 has link-local gateways for that; of another one a route
# may tell that is not looked for here, and the word harms nothing.
sshd_is_onlink() {
  if [[ $1 == 6 ]]; then
    [[ ${route_gateway,,} != fe[89ab]?:* ]]
  else
    [[ $route_gateway != *:* ]] && { [[ $peer ]] || ! sshd_in_subnet "$address" "$length" "$route_gateway"; }
  fi
}

# sshd_match_line NIC: prints the line for [Match]. A NIC's own address is what its maker gave it: a bridge or a bond may have changed
# the other one, and shares it.
sshd_match_line() {
  local mac
  mac=$(ip -o link show dev "$1" 2>/dev/null | grep -oE 'permaddr [0-9a-f:]+') && mac=${mac#* }
  [[ $mac ]] || mac=$(sshd_nic_address "$sshd_machine/sys/class/net/$1")
  if [[ $mac ]] && sshd_networkd_knows Match.PermanentMACAddress; then
    printf 'PermanentMACAddress=%s\n' "$mac"
  else
    printf 'Name=%s\n' "$1"
  fi
}

# sshd_lower DEVICE: prints the names of what it is made of: ports, or the device that a VLAN is on.
sshd_lower() {
  local path
  for path in "$sshd_machine/sys/class/net/$1"/lower_*; do
    if [[ -e $path ]]; then printf '%s\n' "${path##*/lower_}"; fi
  done
}

# sshd_kind DEVICE: prints nic, bridge, bond, vlan or other.
sshd_kind() {
  local folder=$sshd_machine/sys/class/net/$1
  if [[ -e $folder/device ]]; then
    echo nic
  elif [[ -e $folder/bridge ]]; then
    echo bridge
  elif [[ -e $folder/bonding ]]; then
    echo bond
  elif grep -qs '^DEVTYPE=vlan$' "$folder/uevent"; then
    echo vlan
  else
    echo other
  fi
}

# sshd_uplink DEVICE: how to get at the network that the device is in, without bridges: $uplink is the name of what has the address then,
# $uplink_match the line that matches it, $uplink_files the files for networkd before its own (a line each, "FILE LINE"), $uplink_words
# those of dracut.cmdline(7). False where it cannot be told, and $uplink_why is why.
sshd_uplink() {
  local port ports=() macs='' names='' id='' mode name number
  case $(sshd_kind "$1") in
    nic)
      uplink=$1 uplink_match=$(sshd_match_line "$1")
      ;;
    bridge)
      # Virtual machines are behind ports that come later.
      while IFS= read -r port; do
        case $(sshd_kind "$port") in nic | bond | vlan) ports+=("$port") ;; esac
      done < <(sshd_lower "$1")
      uplink_why="of the ports of $1 not exactly one leads to a network"
      [[ ${#ports[@]} -eq 1 ]] && sshd_uplink "${ports[0]}"
      ;;
    vlan)
      port=$(sshd_lower "$1")
      while IFS=' |' read -r name number _; do
        if [[ $name == "$1" && $number =~ ^[0-9]+$ ]]; then id=$number; fi
      done 2>/dev/null <"$sshd_machine/proc/net/vlan/config"
      uplink_why="which VLAN $1 is, and on what, is not to be found out"
      [[ $id && $port && $port != *$'\n'* ]] && sshd_uplink "$port" || return 1
      uplink_files+="10-$1.netdev [NetDev]"$'\n'"10-$1.netdev Name=$1"$'\n'"10-$1.netdev Kind=vlan"$'\n'"10-$1.netdev [VLAN]"$'\n'
      uplink_files+="10-$1.netdev Id=$id"$'\n'"10-$uplink.network [Match]"$'\n'"10-$uplink.network $uplink_match"$'\n'
      uplink_files+="10-$uplink.network [Network]"$'\n'"10-$uplink.network VLAN=$1"$'\n'"10-$uplink.network LinkLocalAddressing=no"$'\n'
      uplink_words+="vlan=$1:$uplink "
      uplink=$1 uplink_match=Name=$1
      ;;
    bond)
      while IFS= read -r port; do
        uplink_why="$port, a port of $1, is no network interface of the machine"
        [[ $(sshd_kind "$port") == nic ]] || return 1
        macs+=" $(sshd_match_line "$port")" names+=" $port"
      done < <(sshd_lower "$1")
      uplink_why="$1 has no ports"
      [[ $names ]] || return 1
      IFS=' ' read -r mode _ <"$sshd_machine/sys/class/net/$1/bonding/mode"
      uplink_files+="10-$1.netdev [NetDev]"$'\n'"10-$1.netdev Name=$1"$'\n'"10-$1.netdev Kind=bond"$'\n'"10-$1.netdev [Bond]"$'\n'
      uplink_files+="10-$1.netdev Mode=$mode"$'\n'"10-$1.netdev MIIMonitorSec=100ms"$'\n'"10-$1-ports.network [Match]"$'\n'
      # Lines of two kinds would have to match both.
      if [[ $macs == *' Name='* ]]; then macs=" Name=${names# }"; fi
      macs=${macs# }
      uplink_files+="10-$1-ports.network ${macs%%=*}=${macs//${macs%%=*}=/}"$'\n'
      uplink_files+="10-$1-ports.network [Network]"$'\n'"10-$1-ports.network Bond=$1"$'\n'
      names=${names# }
      uplink_words+="bond=$1:${names// /,}:mode=$mode "
      uplink=$1 uplink_match=Name=$1
      ;;
    *)
      uplink_why="$1 is no network interface, bridge, bond or VLAN"
      return 1
      ;;
  esac
}

# sshd_add_lines 4|6 [yes]: to $in_network, $in_address and $in_routes, the lines for networkd that set the address and, where there
# is a default route, lead to its gateway.
sshd_add_lines() {
  local word=GatewayOnLink
  sshd_networkd_knows Route.GatewayOnLink || word=GatewayOnlink
  if [[ $1 == 4 && $peer && $length != 32 ]]; then
    in_address+="[Address]"$'\n'"Address=$address/$length"$'\n'"Peer=$peer/$length"$'\n'
  else
    in_network+="Address=$address/$length"$'\n'
  fi
  [[ ${2-} ]] || return 0
  if [[ -z $route_gateway ]]; then
    in_routes+="[Route]"$'\n'
    if [[ $1 == 4 ]]; then in_routes+="Destination=0.0.0.0/0"$'\n'"Scope=link"$'\n'; else in_routes+="Destination=::/0"$'\n'; fi
  elif [[ $1 == 4 && $route_gateway == *:* ]]; then
    in_routes+="[Route]"$'\n'"Destination=0.0.0.0/0"$'\n'"Gateway=$route_gateway"$'\n'"$word=yes"$'\n'
  elif sshd_is_onlink "$1"; then
    in_routes+="[Route]"$'\n'"Gateway=$route_gateway"$'\n'"$word=yes"$'\n'
  else
    in_network+="Gateway=$route_gateway"$'\n'
  fi
}

# sshd_ip_word 4|6: prints ip= for the kernel's command line; false where that cannot say it.
sshd_ip_word() {
  local between=''
  [[ $route_gateway ]] || return 1
  if [[ $1 == 6 ]]; then
    printf 'ip=[%s]::[%s]:%s::%s:none\n' "$address" "$route_gateway" "$length" "$uplink"
  else
    [[ $route_gateway != *:* ]] || return 1
    # dracut's scripts set the route only where the gateway is a peer.
    if sshd_is_onlink 4; then between=$route_gateway; fi
    printf 'ip=%s:%s:%s:%s::%s:none\n' "$address" "$between" "$route_gateway" "$length" "$uplink"
  fi
}

# sshd_tell_files LINES: the files that belong into /etc/dracut-sshd/network.
sshd_tell_files() {
  local file line before=''
  while read -r file line; do
    [[ $file ]] || continue
    if [[ $file != "$before" ]]; then sshd_tell "For the same one, this belongs into /etc/dracut-sshd/network/$file:"; fi
    before=$file
    sshd_tell "    $line"
  done <<<"$1"
}

# sshd_tell_of_static networkd|line|script: what to write, by the program that brings the image's network up; nothing where DHCP does.
sshd_tell_of_static() {
  local route_device route_gateway route_by address length peer dynamic
  local uplink='' uplink_match='' uplink_files='' uplink_words='' uplink_why=''
  local device='' family in_network='' in_address='' in_routes='' static='' odd='' word host
  sshd_is_live && type -P ip >/dev/null || return 0
  for family in 4 6; do
    if sshd_read_route "$family"; then device=${device:-$route_device}; fi
  done
  [[ $device ]] || return 0
  if ! sshd_uplink "$device"; then
    sshd_warn "this host reaches its network by $device, and what to write for the image cannot be derived: $uplink_why." \
      "Say how in /etc/dracut-sshd/network/; see \"NETWORK\" in dracut-sshd(7)."
    return 0
  fi
  for family in 4 6; do
    sshd_read_address "$family" "$device"
    # Advertisements are heard without being asked for.
    if [[ $dynamic && $family == 4 ]]; then in_network+=DHCP=yes$'\n'; fi
    [[ $address ]] || continue
    static=yes host=$address
    [[ $family == 4 ]] || host="[$address]"
    if sshd_read_route "$family" && [[ $route_device == "$device" && $route_by != ra ]]; then
      sshd_add_lines "$family" yes
      if word=$(sshd_ip_word "$family"); then uplink_words+="$word "; else odd=yes; fi
    else
      # The way out is the other family's, or another device's.
      sshd_add_lines "$family"
      uplink_words+="ip=$host:::$length::$uplink:none "
    fi
  done
  if [[ $(sshd_kind "$device") == nic ]]; then
    [[ $static ]] || return 0
    sshd_tell "this host's own address is static, but the image will ask for one by DHCP."
  else
    # In an image for any host the NIC below a bridge asks by itself.
    word=sshd_warn
    [[ ${hostonly-} || $(sshd_kind "$device") != bridge || $uplink_files ]] || word=sshd_tell
    "$word" "this host reaches its network by $device, which the image does not have."
    if [[ -z $static ]]; then
      in_network=DHCP=yes$'\n'
      uplink_words+="ip=$uplink:dhcp "
    fi
  fi
  if [[ $1 == networkd ]]; then
    host="[Match]"$'\n'"$uplink_match"$'\n'"[Network]"$'\n'"$in_network$in_address$in_routes"
    host=${host%$'\n'}
    sshd_tell_files "${uplink_files}20-static.network ${host//$'\n'/$'\n20-static.network '}"
  elif [[ $odd ]]; then
    sshd_tell "ip= on the kernel's command line cannot say how it reaches its gateway: networkd can, see \"NETWORK\" in dracut-sshd(7)."
  else
    [[ $1 == line ]] || uplink_words+='rd.neednet=1 '
    sshd_tell "For the same one, this belongs on the kernel's command line: ${uplink_words% }"
  fi
}
