# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# A host whose own address is static: what to write for the image to have it, too.

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
