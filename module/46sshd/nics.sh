# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (hostonly is dracut's; sshd_machine is storage.sh's.)
#
# The host's wired network interfaces and what drives them, as a record in the image: `dracut-sshd inspect` looks whether the drivers are in it.
# A line each, fields separated by one tab: nic NAME DRIVER BUS-ID ADDRESS PATH NAMES: the hardware's own address, where it is (ID_PATH of udev), and
# the other names that udev gives it, commas between; "-" for what is not known.

# sshd_wired: prints the folders of the wired network interfaces of this host; of a root that is not the running system's, none is known.
sshd_wired() {
  local nic type
  sshd_is_live || return 0
  for nic in "$sshd_machine"/sys/class/net/*; do
    [[ -e $nic/device && ! -e $nic/phy80211 ]] || continue
    type=''
    IFS= read -r type 2>/dev/null <"$nic/type"
    if [[ $type == 1 ]]; then printf '%s\n' "$nic"; fi
  done
}

# sshd_ports: prints those that are ports of a bond, a team or a bridge; where the image is for any host, none.
sshd_ports() {
  local nic
  [[ ${hostonly-} ]] || return 0
  while IFS= read -r nic; do if [[ -e $nic/master ]]; then printf '%s\n' "${nic##*/}"; fi; done < <(sshd_wired)
}

# sshd_free_nics: prints those that are not.
sshd_free_nics() {
  local nic
  while IFS= read -r nic; do if [[ ! -e $nic/master ]]; then printf '%s\n' "${nic##*/}"; fi; done < <(sshd_wired)
}

# sshd_bus_id FOLDER: which device it is, from the kernel's folder of it: pci:8086:10d3, usb:0bda:8153, virtio:1, or the bus's name.
sshd_bus_id() {
  local bus one two
  bus=$(readlink -e -- "$1/subsystem")
  bus=${bus##*/}
  case $bus in
    pci) read -r one <"$1/vendor" && read -r two <"$1/device" && bus=pci:${one#0x}:${two#0x} ;;
    usb) read -r one <"$1/../idVendor" && read -r two <"$1/../idProduct" && bus=usb:$one:$two ;;
    virtio) read -r one <"$1/device" && bus=virtio:$((one)) ;;
  esac 2>/dev/null
  printf '%s\n' "${bus:--}"
}

# sshd_nic_address FOLDER: the address that the interface was made with; a port of a bond has the bond's in its place.
sshd_nic_address() {
  local address='' kind=''
  if ! IFS= read -r address 2>/dev/null <"$1/bonding_slave/perm_hwaddr"; then
    IFS= read -r kind 2>/dev/null <"$1/addr_assign_type"
    [[ $kind == 0 ]] && IFS= read -r address 2>/dev/null <"$1/address"
  fi
  printf '%s\n' "$address"
}

# sshd_nic_udev FOLDER: what udev's database has of it: its path and its other names, a tab between.
sshd_nic_udev() {
  local index='' line path='' names=''
  IFS= read -r index 2>/dev/null <"$1/ifindex"
  while IFS= read -r line; do
    case $line in
      E:ID_PATH=*) path=${line#*=} ;;
      E:ID_NET_NAME_ONBOARD=* | E:ID_NET_NAME_SLOT=* | E:ID_NET_NAME_PATH=* | E:ID_NET_NAME_MAC=*)
        if [[ ${line#*=} != "${1##*/}" ]]; then names+=${names:+,}${line#*=}; fi
        ;;
    esac
  done 2>/dev/null <"$sshd_machine/run/udev/data/n$index"
  printf '%s\t%s\n' "$(sshd_clean_field "$path")" "$(sshd_clean_field "$names")"
}

# sshd_nics: prints the record.
sshd_nics() {
  local nic driver
  printf 'version\t1\n'
  while IFS= read -r nic; do
    driver=$(readlink -e -- "$nic/device/driver/module")
    driver=${driver##*/}
    printf 'nic\t%s\t%s\t%s\t%s\t%s\n' "$(sshd_clean_field "${nic##*/}")" "$(sshd_clean_field "${driver//-/_}")" "$(sshd_bus_id "$nic/device")" \
      "$(sshd_clean_field "$(sshd_nic_address "$nic")")" "$(sshd_nic_udev "$nic")"
  done < <(sshd_wired)
}
