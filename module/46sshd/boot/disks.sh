# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# (root is set by who sources this after prompts.sh, and who sources this uses what is set here.)
#
# What unlock and boot-state know of encrypted disks that the boot needs and that nothing opens, as where neither a crypttab in the
# image nor the kernel's command line names them. The image has a record of what the system lies on (usr/lib/dracut-sshd/storage);
# without one, udev says which disks are encrypted. Both are read as anybody's: what is no name or no UUID is passed over.

tab='	'

# unescape NAME: of a unit, into $text: \x2d and the like become what they stand for.
unescape() {
  text='' rest=$1
  while case $rest in *'\x'[0-9a-f][0-9a-f]*) ;; *) false ;; esac do
    text=$text${rest%%'\x'*} rest=${rest#*'\x'}
    case $rest in
      [0-9a-f][0-9a-f]*)
        text=$text$(printf %b "\\0$(printf %o "0x${rest%"${rest#??}"}")")
        rest=${rest#??}
        ;;
    esac
  done
  text=$text$rest
}

# escape NAME: for a unit, into $escaped.
escape() {
  escaped='' rest=$1
  while [ -n "$rest" ]; do
    char=${rest%"${rest#?}"} rest=${rest#?}
    case $char in [A-Za-z0-9:_.]) escaped=$escaped$char ;; *) escaped=$escaped\\x$(printf %x "'$char") ;; esac
  done
}

# is_volume NAME UUID: may these be a mapped name and a UUID? They become part of a command that somebody types.
is_volume() {
  case $1 in '' | [.-]* | *[!A-Za-z0-9_.+@:-]* | ?????????????????????????????????????????????????????????????????*) return 1 ;; esac
  case $2 in *[!0-9A-Fa-f-]* | ?????????????????????????????????????*) return 1 ;; ????????-*) ;; *) return 1 ;; esac
}

# is_open NAME UUID
is_open() {
  plain='' rest=$2-
  while [ -n "$rest" ]; do plain=$plain${rest%%-*} rest=${rest#*-}; done
  for dm in "$root"/sys/block/dm-*/dm; do
    [ -d "$dm" ] || continue
    IFS= read -r line <"$dm/name" && [ "$line" = "$1" ] && return 0
    IFS= read -r line <"$dm/uuid" && case $line in CRYPT-*-"$plain"-*) return 0 ;; esac
  done 2>/dev/null
  return 1
}

# has_unit NAME UUID: is there a unit that opens it, or has tried to?
has_unit() {
  for unit in "$root"/run/systemd/generator*/systemd-cryptsetup@*.service "$root"/etc/systemd/system/systemd-cryptsetup@*.service; do
    [ -f "$unit" ] || continue
    text=${unit##*/systemd-cryptsetup@}
    unescape "${text%.service}"
    [ "$text" != "$1" ] || return 0
    while IFS= read -r line; do case $line in ExecStart=*"$2"*) return 0 ;; esac done <"$unit"
  done
  return 1
}

# note NAME UUID: into $unopened, if nothing opens it.
note() {
  is_volume "$1" "$2" && ! is_open "$1" "$2" && ! has_unit "$1" "$2" || return 0
  case "
$unopened" in *" $2
"*) ;; *) unopened="$unopened$1 $2
" ;; esac
}

# find_unopened JOBS: into $unopened a line "NAME UUID" for each of them; $guessed is set if it is not the record that says so: then
# they may be disks that the boot does not need, and the name is that of the device that JOBS wait for, if there is one like it.
find_unopened() {
  unopened='' guessed=yes
  if [ -f "$root/usr/lib/dracut-sshd/storage" ]; then
    while IFS=$tab read -r word _ kind volume uuid _; do
      [ "$word $kind" = 'node crypt' ] || continue
      guessed=''
      note "$volume" "$uuid"
    done <"$root/usr/lib/dracut-sshd/storage"
    [ -n "$guessed" ] || return 0
  fi
  for data in "$root"/run/udev/data/b*; do
    [ -f "$data" ] || continue
    kind='' uuid=''
    while IFS= read -r line; do
      case $line in
        E:ID_FS_TYPE=crypto_LUKS) kind=crypt ;;
        E:ID_FS_UUID=*) uuid=${line#*=} ;;
      esac
    done <"$data"
    [ -z "$kind" ] || note "luks-$uuid" "$uuid"
  done
  # One alone: then that is it. What has a "-" in its name is a logical volume's, and such a name must not be taken.
  case $unopened in *'
'?*) return 0 ;; '') return 0 ;; esac
  case $1 in *dev-mapper-*.device*) ;; *) return 0 ;; esac
  text=${1#*dev-mapper-}
  unescape "${text%%.device*}"
  case $text in luks-* | *[!-]*-*) [ "${text#luks-}" != "$text" ] || return 0 ;; esac
  uuid=${unopened#* } uuid=${uuid%%[!0-9A-Fa-f-]*}
  if is_volume "$text" "$uuid"; then
    unopened="$text $uuid
"
  fi
}

# find_opener: into $opener the path of what opens disks in this image; false if there is none.
find_opener() {
  for opener in /usr/lib/systemd/systemd-cryptsetup /lib/systemd/systemd-cryptsetup /usr/bin/systemd-cryptsetup; do
    [ ! -x "$root$opener" ] || return 0
  done
  opener=''
  return 1
}

# open_command NAME UUID: what to type to open it by hand, into $command; false if this image has nothing for it.
open_command() {
  if find_opener; then
    command="$opener attach $1 /dev/disk/by-uuid/$2"
    return 0
  fi
  for command in /usr/sbin/cryptsetup /sbin/cryptsetup /usr/bin/cryptsetup; do
    if [ -x "$root$command" ]; then
      command="${command##*/} open /dev/disk/by-uuid/$2 $1"
      return 0
    fi
  done
  return 1
}

# tell_unopened PREFIX: about each line of $unopened, what to type now, and what to write into the system's files.
tell_unopened() {
  printf '%s' "$unopened" | {
    many=0
    while read -r volume uuid; do
      many=$((many + 1))
      if [ "$many" -gt 3 ]; then
        printf '%s%s\n' "$1" 'and more.'
        break
      fi
      printf '%s%s (LUKS, %s) is not open, and nothing asks for its passphrase.\n' "$1" "$volume" "$uuid"
      if [ ! -e "$root/dev/disk/by-uuid/$uuid" ]; then
        printf '%s  its disk is not there (yet).\n' "$1"
      elif open_command "$volume" "$uuid"; then
        printf '%s  now:      %s\n' "$1" "$command"
      else
        printf '%s  neither systemd-cryptsetup nor cryptsetup is in this image: it cannot be opened here.\n' "$1"
      fi
      printf '%s  for good: %s UUID=%s none luks\n' "$1" "$volume" "$uuid"
    done
    printf '%s%s\n' "$1" "The last is a line for the real system's /etc/crypttab; then type dracut-sshd-rebuild there. For one boot," \
      "$1" "rd.luks.name=UUID=NAME on the kernel's command line does it, too."
    [ -z "$guessed" ] || printf '%s%s\n' "$1" 'This image has no record of what the system lies on: those are all encrypted disks that are closed.'
  }
}
