# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir and initdir are dracut's.)
#
# The lines of crypttab(5) that an image needs so that something asks for the passphrases of /, /usr and the device to resume
# from. dracut's crypt module takes lines along into host-only images alone, and only for the devices that it sees; a
# generic image, or one that was built in a chroot, has none, and where the kernel's command line names no disk either, nothing ever asks.

# sshd_crypttab_is_off: CRYPTTAB=no in /etc/dracut-sshd/initrd.conf.
sshd_crypttab_is_off() {
  local file
  file=$(sshd_host_file /etc/dracut-sshd/initrd.conf) || return 1
  grep -qE "^[[:space:]]*CRYPTTAB=[\"']?no[\"']?[[:space:]]*$" "$file"
}

# sshd_crypttab_line FILE NAME UUID: the line of a crypttab for the volume, by its name or its device; fails if there is none.
sshd_crypttab_line() {
  local name device rest
  [[ -r $1 ]] || return 1
  while read -r name device rest || [[ $name ]]; do
    [[ $name && $name != '#'* ]] || continue
    if [[ $name == "$2" ]] || [[ $3 != - && ${device,,} == *"${3,,}"* ]]; then
      printf '%s %s %s\n' "$name" "$device" "$rest"
      return 0
    fi
  done <"$1"
  return 1
}

# sshd_option OPTIONS NAME: is NAME, or NAME=..., among a line's options?
sshd_option() { [[ ,$1, == *,"$2",* || ,$1, == *,"$2="* ]]; }

# sshd_usable_line LINE FOR: as the image's systemd-cryptsetup can use it. A key file that is not in the image, and a script of another
# program's, give way to the passphrase.
sshd_usable_line() {
  local name device key options option kept='' file
  read -r name device key options _ <<<"$1"
  for option in ${options//,/ }; do
    case $option in
      keyscript=*)
        derror "dracut-sshd: crypttab has ${option} for $name. systemd-cryptsetup runs no such script:" \
          "this image asks for the passphrase of $name instead. It needs a key slot with a passphrase (cryptsetup luksAddKey)."
        key=none
        ;;
      noauto) derror "dracut-sshd: crypttab says noauto for $name, which $2 needs: this image opens it all the same." ;;
      *) kept+=${kept:+,}$option ;;
    esac
  done
  case ${key:-none} in
    none | - | /dev/*) ;;
    *)
      file=${key%%:*}
      # What is on a device of its own, a stick say, is there at boot or not: systemd asks when it is not.
      if [[ $key != *:* && ! -e $initdir$file ]]; then
        derror "dracut-sshd: the key file $file of $name is not in this image, so that it asks for the passphrase of $name instead." \
          "Take it along by install_items+=\" $file \" in a file of /etc/dracut.conf.d, if others than root cannot read the image."
        key=none
      fi
      ;;
  esac
  printf '%s %s %s%s\n' "$name" "$device" "${key:-none}" "${kept:+ $kept}"
}

# sshd_needed_crypts: "PURPOSE<tab>NAME<tab>UUID" of each volume that has to be opened for a purpose, the deepest first.
sshd_needed_crypts() {
  local word one two three four five id purpose
  local -A kind=() name=() uuid=() below=() needs=()
  local -a order=()
  while IFS=$'\t' read -r word one two three four five; do
    case $word in
      node) kind[$one]=$two name[$one]=$three uuid[$one]=$four below[$one]=$five ;;
      need) needs[$one]=$two && order+=("$one") ;;
    esac
  done < <(sshd_storage)
  for purpose in "${order[@]}"; do sshd_walk_down "${needs[$purpose]}" 0 "$purpose"; done | awk -F '\t' '!seen[$2]++'
}

# sshd_walk_down ID DEPTH PURPOSE: sshd_needed_crypts', which has the arrays.
sshd_walk_down() {
  local id below_these
  [[ ${kind[$1]-} ]] && (($2 < 16)) || return 0
  IFS=, read -ra below_these <<<"${below[$1]}"
  for id in "${below_these[@]}"; do sshd_walk_down "$id" $(($2 + 1)) "$3"; done
  if [[ ${kind[$1]} == crypt ]]; then printf '%s\t%s\t%s\n' "$3" "${name[$1]}" "${uuid[$1]}"; fi
}

# sshd_host_crypttab: the system's, where it is.
sshd_host_crypttab() { sshd_host_file /etc/crypttab || printf '%s\n' /dev/null; }

# sshd_missing_lines: prints the lines that the image's crypttab lacks.
sshd_missing_lines() {
  local purpose name uuid line sshd_lines image=$initdir/etc/crypttab host
  host=$(sshd_host_crypttab)
  sshd_lines=$(sshd_command_lines)
  while IFS=$'\t' read -r purpose name uuid; do
    if sshd_crypttab_line "$image" "$name" "$uuid" >/dev/null || sshd_line_opens "$uuid"; then continue; fi
    if ! line=$(sshd_crypttab_line "$host" "$name" "$uuid"); then
      # Opened by what this system had before, by cryptdevice= of mkinitcpio say.
      [[ $uuid != - ]] || continue
      line="$name UUID=$uuid none luks"
    fi
    line=$(sshd_usable_line "$line" "$purpose")
    printf '%s\t%s\n' "$purpose" "$line"
  done < <(sshd_needed_crypts)
  # What an administrator wants to be opened by the initramfs.
  while IFS=$'\t' read -r name uuid line purpose _; do
    sshd_option "$purpose" x-initrd.attach || continue
    if sshd_crypttab_line "$image" "$name" "$(sshd_tab_uuid "$uuid")" >/dev/null; then continue; fi
    if sshd_needed_crypts | cut -f 2 | grep -qxF -- "$name"; then continue; fi
    printf '%s\t%s\n' x-initrd.attach "$(sshd_usable_line "$name $uuid $line $purpose" x-initrd.attach)"
  done < <(sshd_fields /etc/crypttab)
}

# sshd_warn_of_later: of volumes that only the real system asks for, when nobody can log in yet.
sshd_warn_of_later() {
  local name device key options needed
  needed=$(sshd_needed_crypts | cut -f 2)
  [[ $needed ]] || return 0
  while IFS=$'\t' read -r name device key options _; do
    if ! sshd_is_asked_for "$key" "$options" || sshd_option "$options" nofail; then continue; fi
    if grep -qxF -- "$name" <<<"$needed" || sshd_crypttab_line "$initdir/etc/crypttab" "$name" - >/dev/null; then continue; fi
    dwarn "dracut-sshd: the passphrase of $name is asked for after the switch to the real system, when nobody can log in yet." \
      "With x-initrd.attach among its options in /etc/crypttab this image asks for it; nofail lets the boot go on without it."
  done < <(sshd_fields /etc/crypttab)
}

# sshd_warn_of_unnamed: where the command line names volumes, systemd-cryptsetup-generator(8) opens no other, whatever crypttab says.
sshd_warn_of_unnamed() {
  local purpose name uuid sshd_lines
  sshd_lines=$(sshd_command_lines)
  [[ $sshd_lines =~ (^|[[:space:]])(rd\.)?luks\.(uuid|name)= ]] || return 0
  while IFS=$'\t' read -r purpose name uuid; do
    if [[ $uuid == - ]] || sshd_line_opens "$uuid"; then continue; fi
    dwarn "dracut-sshd: the kernel's command line names volumes to open, and $name is not among them, on which $purpose lies:" \
      "then nothing asks for its passphrase. Add rd.luks.uuid=$uuid to the command line."
  done < <(sshd_needed_crypts)
}

# sshd_warn_of_no_opener: of volumes that have to be opened, and nothing that can.
sshd_warn_of_no_opener() {
  local name file
  name=$(sshd_needed_crypts | cut -f 2 | tr '\n' ' ')
  [[ $name ]] || return 0
  for file in systemd-cryptsetup system-generators/systemd-cryptsetup-generator; do
    if [[ ! -e $initdir/usr/lib/systemd/$file && ! -e $initdir/lib/systemd/$file ]]; then
      derror "dracut-sshd: NOTHING IN THIS IMAGE CAN OPEN ${name% }: $file is not in it." \
        "$(if sshd_host_program systemd-cryptsetup; then
          echo 'Add dracut'\''s modules: add_dracutmodules+=" crypt systemd-cryptsetup " in a file of /etc/dracut.conf.d.'
        else
          echo 'Install the package that has it (systemd-cryptsetup on Debian 13 and later and on Ubuntu 25.04 and later, else cryptsetup or systemd-udev), and build the image again.'
        fi)"
      return 0
    fi
  done
}

# sshd_without_swap: from a crypttab on standard input, without the options swap and tmp of volumes that somebody opens by a passphrase.
# With them systemd-cryptsetup(8) makes a new file system of what it opened; here the program for that is missing, the unit fails, and an
# image to resume from would be gone. The real system does it by its own crypttab.
sshd_without_swap() {
  local line name device key options rest
  while IFS= read -r line || [[ $line ]]; do
    read -r name device key options rest <<<"$line"
    case ${key:-none}:,$options, in
      none:*,swap,* | -:*,swap,* | none:*,tmp,* | -:*,tmp,* | none:*,tmp=* | -:*,tmp=*)
        options=$(tr ',' '\n' <<<"$options" | grep -vxE 'swap|tmp(=.*)?' | paste -sd ,)
        line="$name $device ${key:-none}${options:+ $options}${rest:+ $rest}"
        ;;
    esac
    printf '%s\n' "$line"
  done
}

# sshd_install_crypttab: appends what is missing, when all other modules have written theirs. Said on the build's log.
sshd_install_crypttab() {
  local purpose line file=$initdir/etc/crypttab text=''
  if sshd_crypttab_is_off; then return 0; fi
  while IFS=$'\t' read -r purpose line; do
    [[ $line ]] || continue
    text+=$line$'\n'
    case $purpose in
      x-initrd.attach) dinfo "dracut-sshd: crypttab in this image: $line" ;;
      *) dinfo "dracut-sshd: crypttab in this image, because $purpose lies on it: $line" ;;
    esac
  done < <(sshd_missing_lines)
  [[ ! -s $file ]] || text=$(<"$file")$'\n'$text
  if [[ $text ]]; then
    sshd_without_swap <<<"${text%$'\n'}" | sshd_put 0600 - /etc/crypttab || return 1
    # rd.hostonly=0 on the kernel's command line makes dracut's init take it away.
    if declare -F mark_hostonly >/dev/null; then mark_hostonly /etc/crypttab; fi
  fi
}
