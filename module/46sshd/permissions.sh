# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir and outfile are dracut's.)
#
# Who can read an image: the host key is in it. dracut writes its images for root alone, but a FAT file system, as a /boot or
# an EFI system partition often is, knows no modes, and shows what it was mounted with.

# sshd_others_pass FOLDER: may others than root come to what is in it?
sshd_others_pass() {
  local dir=$1 mode
  while :; do
    mode=$(stat -c %a -- "${dir:-/}" 2>/dev/null) || return 0
    (((8#$mode & 1) != 0)) || return 1
    [[ $dir ]] || return 0
    dir=${dir%/*}
  done
}

# sshd_mount_shows FOLDER: prints the mount point, type and mask where files in FOLDER are readable by all whatever their mode is.
sshd_mount_shows() {
  local target type options mask
  read -r target type options < <(findmnt -n -o TARGET,FSTYPE,OPTIONS -T "$1" 2>/dev/null) || return 1
  case $type in vfat | msdos | exfat | ntfs | ntfs3 | fuseblk) ;; *) return 1 ;; esac
  [[ ,$options, =~ ,(fmask|umask)=([0-7]+), ]] || return 1
  mask=${BASH_REMATCH[2]}
  (((8#$mask & 8#44) != 8#44)) && printf '%s (%s, %s=%s)\n' "$target" "$type" "${BASH_REMATCH[1]}" "$mask"
}

# sshd_readable_by_others FILE: prints why others than root can read it, or will where it is still to be written.
sshd_readable_by_others() {
  local file=$1 dir mode shows
  file=$(readlink -m -- "$file") || return 1
  dir=${file%/*}
  sshd_others_pass "$dir" || return 1
  if shows=$(sshd_mount_shows "${dir:-/}"); then
    printf '%s\n' "all files in $shows are readable by everyone; mount it with fmask=0077,dmask=0077"
  elif [[ -f $file ]] && mode=$(stat -c %a -- "$file") && (((8#$mode & 8#44) != 0)); then
    printf '%s\n' "its mode is $mode; type chmod 0600 $file"
  else
    return 1
  fi
}

# sshd_warn_of_readers: of the image that dracut is building.
sshd_warn_of_readers() {
  local why
  [[ ${outfile-} && -z ${dracutsysrootdir-} ]] || return 0
  # What an older image's mode was says nothing of the new one's.
  sshd_others_pass "$(dirname -- "$(readlink -m -- "$outfile")")" || return 0
  why=$(sshd_mount_shows "$(dirname -- "$outfile")") || return 0
  dwarn "dracut-sshd: others than root can READ THIS IMAGE, and the host key in it: all files in $why are readable by everyone." \
    "Mount it with fmask=0077,dmask=0077."
}
