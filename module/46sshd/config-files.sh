# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (dracutsysrootdir is dracut's.)
#
# The configuration files of sshd on the system, and the files that they name.

# sshd_dropins: the files in /etc/dracut-sshd/sshd_config.d, which add to either sshd_config.
sshd_dropins() {
  local path
  for path in "${dracutsysrootdir-}"/etc/dracut-sshd/sshd_config.d/*.conf; do
    path=${path#"${dracutsysrootdir-}"}
    sshd_is_plain_name "${path##*/}" || continue
    if sshd_host_file "$path" >/dev/null; then printf '%s\n' "$path"; fi
  done
}

# sshd_odd_dropin: prints the first drop-in whose name sshd cannot be told; fails if there is none.
sshd_odd_dropin() {
  local path
  for path in "${dracutsysrootdir-}"/etc/dracut-sshd/sshd_config.d/*.conf; do
    if [[ -e $path || -L $path ]] && ! sshd_is_plain_name "${path##*/}"; then
      printf '%s' "${path#"${dracutsysrootdir-}"}"
      return 0
    fi
  done
  return 1
}

# sshd_named FILE: prints "KEYWORD PATH" for each file that an sshd_config of the admin's names (a user CA, revoked keys, root's keys and
# principals, a banner, further host keys), for what it includes, and for what that names. The keyword is in lower case.
sshd_named() {
  local -A seen=()
  sshd_walk_config "$1"
}

# sshd_walk_config FILE: sshd_named's, which has $seen.
sshd_walk_config() {
  local line keyword value path paths source
  [[ -f $1 && -r $1 ]] || return 0
  while IFS= read -r line || [[ $line ]]; do
    line=${line/=/ }
    read -r keyword value <<<"${line//[\"\']/}"
    keyword=${keyword,,}
    case $keyword in
      include | hostkey | hostcertificate | trustedusercakeys | revokedkeys | authorizedkeysfile | \
        authorizedprincipalsfile | banner | modulifile) ;;
      *) continue ;;
    esac
    read -ra paths <<<"$value"
    for path in "${paths[@]}"; do
      [[ $keyword != include || $path == /* ]] || path=/etc/ssh/$path
      case $keyword in
        authorizedkeysfile | authorizedprincipalsfile)
          path=$(sshd_root_path "$path") || continue
          # That is where the image has what the administrator chose for it.
          [[ $path != /root/.ssh/authorized_keys ]] || continue
          ;;
      esac
      [[ $path == /* && $path != *%* ]] || continue
      while IFS= read -r source; do
        source=${source#"${dracutsysrootdir-}"}
        [[ ! ${seen["$keyword $source"]-} ]] || continue
        path=$(sshd_host_file "$source") || continue
        seen["$keyword $source"]=yes
        printf '%s %s\n' "$keyword" "$source"
        if [[ $keyword == include ]]; then sshd_walk_config "$path"; fi
      done < <(compgen -G "${dracutsysrootdir-}$path")
    done
  done <"$1"
}

# sshd_referenced FILE: prints the paths that an sshd_config of the admin's names and that go into the image for it.
sshd_referenced() {
  local keyword path
  while read -r keyword path; do
    sshd_is_left_out "$keyword" "$path" || printf '%s\n' "$path"
  done < <(sshd_named "$1") | sort -u
}

# sshd_is_plain_name NAME: sshd splits what follows Include at blanks, and takes some characters for a pattern, so that it would
# read nothing, or something else.
sshd_is_plain_name() { [[ $1 =~ ^[A-Za-z0-9._@:+,=~-]+$ ]]; }

# sshd_is_left_out KEYWORD PATH: where the initramfs has host keys of its own, those of the system stay out, whatever a configuration
# names: an image is read more easily than the system's own disk. Where one of them is sealed, the others stay out, too.
sshd_is_left_out() {
  if [[ $1 == hostkey && ${2##*/} == dracut_ssh_host_* ]] && sshd_is_sealed; then return 0; fi
  [[ $1 == hostkey && ${2##*/} != dracut_ssh_host_* ]] && sshd_own_host_keys >/dev/null && sshd_is_system_key "$2"
}

# sshd_is_system_key PATH: is it one of those, by whatever name, or a copy of one?
sshd_is_system_key() {
  local file theirs print
  file=$(sshd_host_file "$1") || return 1
  print=$(sshd_fingerprint "$file") || print=''
  while IFS= read -r theirs; do
    theirs=$(sshd_host_file "$theirs") || continue
    if [[ $file -ef $theirs || $(<"$file") == "$(<"$theirs")" ]]; then return 0; fi
    if [[ $print && $print == "$(sshd_fingerprint "$theirs")" ]]; then return 0; fi
  done < <(sshd_system_keys | sort -u)
  return 1
}

# sshd_system_keys: prints the private keys that the system's own sshd is known by: those of the usual names, and those that its
# configuration names.
sshd_system_keys() {
  local path keyword root=${dracutsysrootdir-}
  for path in "$root"/etc/ssh/ssh_host_*_key; do
    if sshd_host_file "${path#"$root"}" >/dev/null; then printf '%s\n' "${path#"$root"}"; fi
  done
  while read -r keyword path; do
    [[ $keyword == hostkey && ${path##*/} != dracut_ssh_host_* ]] && printf '%s\n' "$path"
  done < <(sshd_named "$root/etc/ssh/sshd_config")
}
