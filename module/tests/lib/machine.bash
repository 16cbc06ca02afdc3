# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# A running system's /sys, /proc, /run and /dev, as the kernel and udev have them, below $machine.

setup_machine() {
  machine=$BATS_TEST_TMPDIR/machine
  mkdir -p "$machine"/{dev/mapper,dev/disk/by-uuid,proc/self,run/udev/data,sys/class/block,sys/devices,sys/fs/btrfs,sys/class/net}
  : >"$machine/proc/self/mountinfo"
  echo 'BOOT_IMAGE=/vmlinuz ro quiet' >"$machine/proc/cmdline"
  number=0
  export machine
}

# block NAME [PARENT]: a block device, of a disk where PARENT is one.
block() {
  local folder=$machine/sys/devices/$1
  [[ ! ${2-} ]] || folder=$machine/sys/devices/$2/$1
  mkdir -p "$folder/slaves"
  [[ ! ${2-} ]] || echo 1 >"$folder/partition"
  ln -sfn "$folder" "$machine/sys/class/block/$1"
  ((number += 1))
  echo "254:$number" >"$folder/dev"
  : >"$machine/dev/$1"
}

# udev NAME KEY=VALUE...
udev() { printf 'E:%s\n' "${@:2}" >>"$machine/run/udev/data/b$(<"$machine/sys/class/block/$1/dev")"; }

# on NAME BELOW...: the devices that it lies on.
on() {
  local below
  for below in "${@:2}"; do ln -sfn "$machine/sys/class/block/$below" "$machine/sys/class/block/$1/slaves/$below"; done
}

# mapped NAME UUID LABEL: a device of device-mapper's.
mapped() {
  block "$1"
  mkdir "$machine/sys/class/block/$1/dm"
  echo "$2" >"$machine/sys/class/block/$1/dm/uuid"
  echo "$3" >"$machine/sys/class/block/$1/dm/name"
  ln -s "../$1" "$machine/dev/mapper/$3"
}

# crypt NAME HEX LABEL BELOW
crypt() { mapped "$1" "CRYPT-LUKS2-$2-$3" "$3" && on "$1" "$4"; }

# mounted POINT TYPE SOURCE
mounted() { printf '30 1 0:%s / %s rw,relatime shared:1 - %s %s rw\n' "$number" "$1" "$2" "$3" >>"$machine/proc/self/mountinfo"; }
