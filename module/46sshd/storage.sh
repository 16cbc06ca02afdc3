# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# What /, /usr and the device to resume from lie on, down to the disks: which volumes have to be opened before there is a root.
# On the running system that is read from the kernel (sysfs(5), Documentation/ABI/stable/sysfs-block) and from udev's database; in a
# chroot, or for another root, only fstab(5) and crypttab(5) can tell. The result is a record, a line for each node; it goes
# into the image for dracut-sshd(1) and boot-state to read:
#
#   version 1 | from sysfs|files | need PURPOSE ID | node ID KIND NAME UUID BELOW | driver DISK MODULE
#
# (fields separated by one tab, "-" for none).

# sshd_machine: where /proc, /sys, /run and /dev are those of the root that the image is for; a test has its own.
sshd_machine=${sshd_machine-}

# sshd_is_live: is that root the running system, and not a chroot or another root?
sshd_is_live() { [[ $sshd_machine ]] || [[ -z ${dracutsysrootdir-} && /proc/1/root/. -ef / ]]; }

# sshd_clean_field TEXT: as a field of a record.
sshd_clean_field() {
  local text=${1//[[:cntrl:]]/?}
  printf '%s' "${text:--}"
}

# sshd_fields FILE: the lines of an fstab or a crypttab, without comments, their first six fields separated by one tab.
sshd_fields() {
  local file one two three four five six
  file=$(sshd_host_file "$1") || return 0
  while read -r one two three four five six || [[ $one ]]; do
    [[ $one && $one != '#'* ]] && printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$one" "${two:--}" "${three:--}" "${four:--}" "${five:--}" "${six:--}"
  done <"$file"
  return 0
}

# sshd_command_lines: what the kernel is, or may be, started with, as far as it can be told from here.
sshd_command_lines() {
  local file
  if sshd_is_live; then cat -- "$sshd_machine/proc/cmdline" 2>/dev/null; fi
  printf '%s\n' "${kernel_cmdline-}"
  for file in /etc/kernel/cmdline /etc/cmdline; do
    if file=$(sshd_host_file "$file"); then cat -- "$file"; fi
  done
  for file in "${dracutsysrootdir-}"/etc/cmdline.d/*.conf; do if [[ -f $file && -r $file ]]; then cat -- "$file"; fi; done
  if file=$(sshd_host_file /etc/default/grub); then
    sed -nE "s/^[[:space:]]*GRUB_CMDLINE_LINUX(_DEFAULT)?=[\"']?([^\"']*).*/\2/p" "$file"
  fi
  for file in "${dracutsysrootdir-}"/boot/loader/entries/*.conf "${dracutsysrootdir-}"/efi/loader/entries/*.conf \
    "${dracutsysrootdir-}"/boot/efi/loader/entries/*.conf; do
    if [[ -f $file && -r $file ]]; then sed -nE 's/^options[[:space:]]+//p' "$file"; fi
  done
  for file in /boot/grub/grub.cfg /boot/grub2/grub.cfg; do
    if file=$(sshd_host_file "$file"); then sed -nE 's/^[[:space:]]*linux(16|efi)?[[:space:]]+[^[:space:]]+//p' "$file"; fi
  done
  return 0
}

# sshd_value_of NAME: the last value of NAME= among the words of $sshd_lines.
sshd_value_of() {
  local word value=''
  local -a words
  read -rd '' -a words <<<"$sshd_lines"
  for word in "${words[@]}"; do if [[ $word == "$1="* ]]; then value=${word#*=}; fi; done
  [[ $value ]] && printf '%s\n' "$value"
}

# sshd_line_opens UUID: does a command line name it? systemd-cryptsetup-generator(8) takes the beginning of a UUID, too.
sshd_line_opens() {
  local word value
  local -a words
  [[ $1 != - ]] || return 1
  read -rd '' -a words <<<"$sshd_lines"
  for word in "${words[@]}"; do
    case $word in
      rd.luks.uuid=* | luks.uuid=* | rd.luks.name=* | luks.name=*)
        value=${word#*=}
        value=${value%%=*}
        value=${value#luks-}
        if [[ $value && ${1,,} == "${value,,}"* ]]; then return 0; fi
        ;;
      rd.auto | rd.auto=1) return 0 ;;
    esac
  done
  return 1
}

# sshd_kernel_name DEVICE: the kernel's name for "UUID=...", "/dev/mapper/root" and the like, where such a device is there.
sshd_kernel_name() {
  local device=$1 path
  case $device in
    UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=* | ID=*)
      path=${device%%=*} device=${device#*=}
      device=${device#\"} device=${device%\"}
      device=/dev/disk/by-${path,,}/$device
      ;;
    block:/dev/*) device=${device#block:} ;;
  esac
  [[ $device == /dev/* ]] || return 1
  path=$(readlink -f -- "$sshd_machine$device") || return 1
  path=${path##*/}
  [[ -e $sshd_machine/sys/class/block/$path ]] && printf '%s\n' "$path"
}

# sshd_udev NAME KEY: what udev's database has under KEY for the block device.
sshd_udev() {
  local number
  IFS= read -r number 2>/dev/null <"$sshd_machine/sys/class/block/$1/dev" || return 1
  number=$(sed -n "s/^E:$2=//p" "$sshd_machine/run/udev/data/b$number" 2>/dev/null | head -n 1)
  [[ $number ]] && printf '%s\n' "$number"
}

# sshd_hyphened HEX: 32 digits as a UUID is written.
sshd_hyphened() { printf '%s-%s-%s-%s-%s' "${1:0:8}" "${1:8:4}" "${1:12:4}" "${1:16:4}" "${1:20:12}"; }

# sshd_volume NAME: "group/volume" of device-mapper's "group-volume", where a dash that belongs to a name is doubled.
sshd_volume() {
  local name=${1//--/$'\n'}
  [[ $name == *-* ]] || return 1
  name=${name%%-*}/${name#*-}
  printf '%s\n' "${name//$'\n'/-}"
}

# The nodes of the record, each made once; $sshd_node is the number of the one that was asked for.
sshd_add_node() { # KEY KIND NAME UUID BELOW
  sshd_node=$((${#sshd_nodes[@]} + 1))
  sshd_nodes[$1]=$sshd_node
  sshd_record+=$(printf 'node\t%s\t%s\t%s\t%s\t%s' "$sshd_node" "$2" "$(sshd_clean_field "$3")" "$(sshd_clean_field "$4")" "${5:--}")$'\n'
}

# sshd_below NAME: the numbers of the nodes that the block device lies on, into $sshd_down.
sshd_below() {
  local slave all='' seen=$2
  for slave in "$sshd_machine/sys/class/block/$1/slaves/"*; do
    [[ -e $slave || -L $slave ]] || continue
    sshd_block_node "${slave##*/}" "$seen"
    all+=${all:+,}$sshd_node
  done
  sshd_down=$all
}

# sshd_disk_drivers NAME: the kernel modules that a disk needs, from itself up to the bus that it is on, into the record.
sshd_disk_drivers() {
  local at module
  at=$(readlink -e -- "$sshd_machine/sys/class/block/$1") || return 0
  while [[ $at == "$sshd_machine"/sys/devices/* ]]; do
    if module=$(readlink -e -- "$at/driver/module"); then
      module=${module##*/}
      sshd_record+=$(printf 'driver\t%s\t%s' "$(sshd_clean_field "$1")" "$(sshd_clean_field "${module//-/_}")")$'\n'
    fi
    at=${at%/*}
  done
  return 0
}

# sshd_block_node NAME DEPTH: the node of a block device of the running kernel.
sshd_block_node() {
  local name=$1 depth=${2:-0} sys=$sshd_machine/sys/class/block/$1 id='' label='' uuid=- parent sshd_down=''
  if [[ ${sshd_nodes[$name]-} ]]; then
    sshd_node=${sshd_nodes[$name]}
    return 0
  fi
  # Stacks are some five deep; one that never ends is a fault of what is read.
  if ((depth < 16)); then sshd_below "$name" $((depth + 1)); fi
  if IFS= read -r id 2>/dev/null <"$sys/dm/uuid" || [[ -d $sys/dm ]]; then
    IFS= read -r label 2>/dev/null <"$sys/dm/name"
    case $id in
      CRYPT-LUKS[12]-*)
        uuid=${id#CRYPT-LUKS?-}
        sshd_add_node "$name" crypt "$label" "$(sshd_hyphened "${uuid%%-*}")" "$sshd_down"
        ;;
      CRYPT-*) sshd_add_node "$name" crypt "$label" - "$sshd_down" ;;
      LVM-*) sshd_add_node "$name" lv "$(sshd_volume "$label" || printf '%s' "$label")" - "$sshd_down" ;;
      mpath-*) sshd_add_node "$name" multipath "$label" - "$sshd_down" ;;
      part*-*) sshd_add_node "$name" part "$label" - "$sshd_down" ;;
      *) sshd_add_node "$name" unknown "/dev/mapper/$label" - "$sshd_down" ;;
    esac
  elif [[ -d $sys/md ]]; then
    sshd_add_node "$name" md "$name" "$(sshd_udev "$name" MD_UUID || echo -)" "$sshd_down"
  elif [[ -e $sys/partition ]]; then
    parent=$(readlink -f -- "$sys") && parent=${parent%/*}
    if ((depth < 16)) && [[ -e $sshd_machine/sys/class/block/${parent##*/} ]]; then
      sshd_block_node "${parent##*/}" $((depth + 1))
      sshd_down=$sshd_node
    fi
    sshd_add_node "$name" part "$name" - "$sshd_down"
  elif [[ -e $sys ]]; then
    sshd_add_node "$name" disk "$name" - "$sshd_down"
    sshd_disk_drivers "$name"
  else
    sshd_add_node "$name" unknown "$name" - ''
  fi
}

# sshd_mounted POINT: the type and the source of what is mounted there (proc_pid_mountinfo(5)).
sshd_mounted() {
  local line found='' fields
  while IFS= read -r line; do
    read -ra fields <<<"$line"
    [[ ${fields[4]-} == "$1" ]] || continue
    read -ra fields <<<"${line#* - }"
    found="${fields[0]-} ${fields[1]-}"
  done <"$sshd_machine/proc/self/mountinfo" 2>/dev/null
  [[ $found ]] && printf '%s\n' "$found"
}

# sshd_fstab_source POINT: the type and the source that fstab has for it.
sshd_fstab_source() {
  local source point type
  while IFS=$'\t' read -r source point type _; do
    if [[ $point == "$1" ]]; then printf '%s %s\n' "$type" "$source" && return 0; fi
  done < <(sshd_fields /etc/fstab)
  return 1
}

# sshd_live_need PURPOSE KIND TYPE SOURCE: what the running kernel has below it.
sshd_live_need() {
  local kernel device uuid=- all='' purpose=$1 kind=$2 type=$3
  if ! kernel=$(sshd_kernel_name "$4"); then
    sshd_add_node "need:$purpose" unknown "$4" - ''
    sshd_record+=$(printf 'need\t%s\t%s' "$purpose" "$sshd_node")$'\n'
    return 0
  fi
  uuid=$(sshd_udev "$kernel" ID_FS_UUID) || uuid=-
  if [[ $type == btrfs && -d $sshd_machine/sys/fs/btrfs/$uuid/devices ]]; then
    for device in "$sshd_machine/sys/fs/btrfs/$uuid/devices/"*; do
      [[ -e $device || -L $device ]] || continue
      sshd_block_node "${device##*/}"
      all+=${all:+,}$sshd_node
    done
  fi
  if [[ -z $all ]]; then
    sshd_block_node "$kernel"
    all=$sshd_node
  fi
  sshd_add_node "need:$purpose" "$kind" "$type" "$uuid" "$all"
  sshd_record+=$(printf 'need\t%s\t%s' "$purpose" "$sshd_node")$'\n'
}

# sshd_tab_uuid DEVICE: the UUID in a device's name in crypttab or fstab, or "-".
sshd_tab_uuid() {
  local uuid=-
  case $1 in
    UUID=*) uuid=${1#UUID=} ;;
    /dev/disk/by-uuid/*) uuid=${1#/dev/disk/by-uuid/} ;;
  esac
  uuid=${uuid//\"/}
  printf '%s\n' "${uuid:--}"
}

# sshd_is_asked_for KEY OPTIONS: does somebody have to type something for a volume of crypttab, as far as its line says?
sshd_is_asked_for() {
  if [[ ,$2, == *,x-initrd.attach,* ]]; then return 0; fi
  case $1 in - | none | '') ;; /dev/*random) return 1 ;; *) [[ ,$2, == *,keyscript=* ]] || return 1 ;; esac
  case ,$2, in *,swap,* | *,tmp,* | *,tmp=* | *,plain,* | *,noauto,*) return 1 ;; esac
}

# sshd_foreign_lines: volumes that another initramfs opens by the kernel's command line, as lines of crypttab with tabs: cryptdevice= of
# mkinitcpio, crypt_root= of genkernel.
sshd_foreign_lines() {
  local word device name
  local -a words
  read -rd '' -a words <<<"$sshd_lines"
  for word in "${words[@]}"; do
    case $word in
      cryptdevice=*:*)
        word=${word#cryptdevice=}
        device=${word%%:*} name=${word#*:}
        name=${name%%:*}
        ;;
      crypt_root=*) device=${word#crypt_root=} name=root ;;
      *) continue ;;
    esac
    printf '%s\t%s\tnone\tluks\t-\t-\n' "$name" "$device"
  done
}

# sshd_crypt_lines: crypttab's lines, and in front of each what fstab mounts straight from that volume ("-": nothing), with a tab.
sshd_crypt_lines() {
  local name device key options source point mounted
  while IFS=$'\t' read -r name device key options _; do
    mounted=-
    while IFS=$'\t' read -r source point _; do
      if [[ $source == "/dev/mapper/$name" ]]; then mounted=$point; fi
    done < <(sshd_fields /etc/fstab)
    printf '%s\t%s\t%s\t%s\t%s\n' "$mounted" "$name" "$device" "$key" "$options"
  done < <(
    sshd_fields /etc/crypttab
    sshd_foreign_lines
  )
}

# sshd_file_crypts SOURCE: the nodes of crypttab's volumes below a file system, as far as the files tell: the volume itself; else, as
# a logical volume or a UUID may lie on any, those that nothing else is mounted from and that somebody is asked for.
sshd_file_crypts() {
  local source=$1 mounted name device key options volume all='' only=''
  case $source in
    /dev/mapper/*) if sshd_crypt_lines | cut -f 2 | grep -qxF -- "${source#/dev/mapper/}"; then only=${source#/dev/mapper/}; fi ;;
  esac
  while IFS=$'\t' read -r mounted name device key options; do
    if [[ $only ]]; then
      [[ $name == "$only" ]] || continue
    elif [[ $mounted != - ]] || ! sshd_is_asked_for "$key" "$options"; then
      continue
    fi
    volume=crypt:$name
    if [[ ${sshd_nodes[$volume]-} ]]; then
      sshd_node=${sshd_nodes[$volume]}
    else
      sshd_add_node "below:$name" unknown "$device" - ''
      sshd_add_node "$volume" crypt "$name" "$(sshd_tab_uuid "$device")" "$sshd_node"
    fi
    all+=${all:+,}$sshd_node
  done < <(sshd_crypt_lines)
  sshd_down=$all
}

# sshd_file_need PURPOSE KIND TYPE SOURCE: what fstab and crypttab say of it.
sshd_file_need() {
  local purpose=$1 kind=$2 type=$3 source=$4 volume='' name sshd_down='' parts
  sshd_file_crypts "$source"
  case $source in
    /dev/mapper/*)
      name=${source#/dev/mapper/}
      volume=crypt:$name
      if [[ ${sshd_nodes[$volume]-} ]]; then volume=''; else volume=$(sshd_volume "$name"); fi
      ;;
    /dev/disk/* | /dev/[hsv]d[a-z]* | /dev/nvme* | /dev/md* | /dev/mmcblk*) ;;
    /dev/*/*)
      IFS=/ read -ra parts <<<"$source"
      volume=${parts[2]}/${parts[3]}
      ;;
  esac
  if [[ $volume ]]; then
    [[ $sshd_down ]] || sshd_add_node "below:$volume" unknown "$source" - ''
    sshd_add_node "lv:$volume" lv "$volume" - "${sshd_down:-$sshd_node}"
    sshd_down=$sshd_node
  elif [[ -z $sshd_down ]]; then
    sshd_add_node "below:$source" unknown "$source" - ''
    sshd_down=$sshd_node
  fi
  sshd_add_node "need:$purpose" "$kind" "$type" "$(sshd_tab_uuid "$source")" "$sshd_down"
  sshd_record+=$(printf 'need\t%s\t%s' "$purpose" "$sshd_node")$'\n'
}

# sshd_find_storage: prints the record. Fails where nothing tells what the root lies on.
sshd_find_storage() {
  local sshd_record='' sshd_lines sshd_node='' type source resume how=files point
  local -A sshd_nodes=()
  sshd_lines=$(sshd_command_lines)
  # A live system's own root; but what a container has mounted there is no block device's.
  if sshd_is_live && read -r type source < <(sshd_mounted /) && sshd_kernel_name "$source" >/dev/null; then
    how=sysfs
    sshd_live_need / fs "$type" "$source"
    if read -r type source < <(sshd_mounted /usr); then sshd_live_need /usr fs "$type" "$source"; fi
  else
    for point in / /usr; do
      if read -r type source < <(sshd_fstab_source "$point"); then sshd_file_need "$point" fs "$type" "$source"; fi
    done
    if [[ -z $sshd_record ]] && source=$(sshd_value_of root); then sshd_file_need / fs - "${source#block:}"; fi
  fi
  if resume=$(sshd_value_of resume); then
    if [[ $how == sysfs ]]; then sshd_live_need resume swap swap "$resume"; else sshd_file_need resume swap swap "$resume"; fi
  fi
  [[ $sshd_record ]] && printf 'version\t1\nfrom\t%s\n%s' "$how" "$sshd_record"
}

# sshd_storage: the record, made once an image.
sshd_storage() {
  local state=${DRACUT_TMPDIR-}/dracut-sshd
  if [[ -z ${DRACUT_TMPDIR-} ]]; then
    sshd_find_storage
    return
  fi
  if [[ ! -e $state/storage ]]; then
    mkdir -p -- "$state" || return 1
    sshd_find_storage >"$state/storage"
  fi
  [[ -s $state/storage ]] && cat -- "$state/storage"
}
