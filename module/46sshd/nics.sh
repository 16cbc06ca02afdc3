# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (hostonly is dracut's; sshd_machine is storage.sh's.)
#
# The host's wired network interfaces and what drives them, as a record in the image: `dracut-sshd inspect` looks whether the drivers are in it.
# A line each, fields separated by one tab: nic NAME DRIVER BUS-ID.

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

# sshd_nics: prints the record.
sshd_nics() {
  local nic driver
  printf 'version\t1\n'
  while IFS= read -r nic; do
    driver=$(readlink -e -- "$nic/device/driver/module")
    driver=${driver##*/}
    printf 'nic\t%s\t%s\t%s\n' "$(sshd_clean_field "${nic##*/}")" "$(sshd_clean_field "${driver//-/_}")" "$(sshd_bus_id "$nic/device")"
  done < <(sshd_wired)
}
