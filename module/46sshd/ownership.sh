# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# Who could have written what goes into an image. sshd's StrictModes looks at owner and mode of authorized keys, but sees only the
# copies, which are root's. So the originals are looked at when the image is built; dracut-sshd-check(8) does the same.
#
# Keys are refused where StrictModes on the system itself would pass over them, and in no other case: an image without sshd locks
# people out. Everything else is warned of.

# sshd_way PATH: prints the real names of all folders and of the file that are gone through from / to the system's file PATH, with
# those that its symbolic links lie in.
sshd_way() {
  local rest=${1#/} out='' part target links=0 root=${dracutsysrootdir-}
  printf '/\n'
  while [[ $rest ]]; do
    part=${rest%%/*}
    if [[ $rest == */* ]]; then rest=${rest#*/}; else rest=''; fi
    case $part in
      '' | .) ;;
      ..) out=${out%/*} ;;
      *)
        if [[ -L $root$out/$part ]]; then
          ((links += 1))
          [[ $links -le 40 ]] && target=$(readlink -- "$root$out/$part") || return 1
          if [[ $target == /* ]]; then out=''; fi
          rest=${target#/}${rest:+/$rest}
        else
          out+=/$part
          printf '%s\n' "$out"
        fi
        ;;
    esac
  done
}

# sshd_loose_at PATH: prints what lets others than root write this file or folder, and what to type; fails if nothing does. What
# root's own group may write is told apart by the status 2: not every StrictModes minds that.
sshd_loose_at() {
  local file=${dracutsysrootdir-}$1 mode owner group name
  read -r mode owner group < <(stat -c '%a %u %g' -- "$file" 2>/dev/null) || return 1
  printf -v name %q "$1"
  if [[ $owner != 0 && $owner != "$EUID" ]]; then
    printf '%s\n' "$1 belongs to user $owner; type chown root: $name"
  elif (((8#$mode & 8#2) != 0)) || (((8#$mode & 8#20) != 0 && group != 0)); then
    printf '%s\n' "$1 has mode $mode; type chmod go-w $name"
  elif (((8#$mode & 8#20) != 0)); then
    printf '%s\n' "$1 has mode $mode; type chmod g-w $name"
    return 2
  else
    return 1
  fi
}

# sshd_key_paths: prints the paths of the files that say who may log in, as far as StrictModes looks at them.
sshd_key_paths() {
  local path keyword root=${dracutsysrootdir-}
  path=$(sshd_find_authorized_key_path) && printf '%s\n' "$path"
  while IFS= read -r path; do
    while read -r keyword path; do
      case $keyword in authorizedkeysfile | authorizedprincipalsfile) printf '%s\n' "$path" ;; esac
    done < <(sshd_named "$root$path")
  done < <(
    sshd_dropins
    printf '%s\n' /etc/dracut-sshd/sshd_config
  )
}

# sshd_is_lax: has somebody said "StrictModes no", for the system or for the image?
sshd_is_lax() {
  grep -qisE '^[[:space:]]*StrictModes[[:space:]=]+"?no' "${dracutsysrootdir-}"/etc/{ssh,dracut-sshd}/sshd_config{,.d/*.conf}
}

# sshd_loose_keys: prints a line for each file or folder for which StrictModes on the system would pass over a file that says who may
# log in; fails if there is none. Like that, it looks no further up than root's home.
sshd_loose_keys() {
  local path part home real why
  local -A seen=()
  sshd_is_lax && return 1
  home=$(sshd_resolve "${dracutsysrootdir-}" /root) || home=/root
  while IFS= read -r path; do
    real=$(sshd_resolve "${dracutsysrootdir-}" "$path") || continue
    while IFS= read -r part; do
      # Above home.
      if [[ $real == "$home"/* && $part != "$home" && $part != "$home"/* ]]; then continue; fi
      [[ ! ${seen[$part]-} ]] || continue
      seen[$part]=yes
      if why=$(sshd_loose_at "$part"); then printf '%s\n' "$why"; fi
    done < <(sshd_way "$real")
  done < <(sshd_key_paths | sort -u) | grep .
}

# sshd_loose_sources: prints a line for each file or folder that lets others than root say what goes into an image, and for each
# private host key that others can read.
sshd_loose_sources() {
  local path part why file mode group
  local -A seen=()
  while IFS= read -r path; do
    sshd_host_file "$path" >/dev/null || continue
    while IFS= read -r part; do
      [[ ! ${seen[$part]-} ]] || continue
      seen[$part]=yes
      why=$(sshd_loose_at "$part")
      [[ ! $why ]] || printf '%s\n' "others than root can change $path, which goes into the image: $why"
    done < <(sshd_way "$path")
  done < <(sshd_source_paths | sort -u)
  while IFS= read -r path; do
    file=$(sshd_host_file "$path") || continue
    read -r mode group < <(stat -c '%a %G' -- "$file" 2>/dev/null) || continue
    # As the distributions of Red Hat's kind have it.
    [[ $group != ssh_keys ]] || mode=$(printf %o "$((8#$mode & ~8#40))")
    (((8#$mode & 8#77) == 0)) \
      || printf '%s\n' "others than root can read the private host key $path: its mode is $mode; type chmod 0600 $path"
  done < <(sshd_find_host_keys)
}

# sshd_warn_of_owners: of what goes into the image that dracut is building.
sshd_warn_of_owners() {
  local line
  while IFS= read -r line; do dwarn "dracut-sshd: $line"; done < <(sshd_loose_sources)
}
