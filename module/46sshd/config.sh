# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (moddir, systemdsystemunitdir and the like are dracut's.)
#
# What sshd is told in the image: its configuration, and the unit that starts it.

# sshd_shipped_config: prints the module's own sshd_config and what only this image needs.
sshd_shipped_config() {
  local file name
  sshd_without_comments "$moddir/sshd_config"
  printf '\n# Added when this image was built.\n'
  for file in "$sshd_tree"/etc/ssh/ssh_host_*_key; do
    name=${file##*/}
    printf 'HostKey /etc/ssh/%s\n' "$name"
    if [[ -e $file-cert.pub ]]; then printf 'HostCertificate /etc/ssh/%s-cert.pub\n' "$name"; fi
  done
  if [[ -s ${DRACUT_TMPDIR-}/dracut-sshd/options ]]; then cat -- "$DRACUT_TMPDIR/dracut-sshd/options"; fi
  # Last, because of several values sshd takes the first: the policy chooses ciphers, and opens nothing.
  if [[ $(sshd_policy_kind) == config ]]; then printf 'Include %s\n' "$sshd_crypto_policy"; fi
}

# sshd_referenced FILE: prints the paths that an sshd_config of the admin's names absolutely (a user CA, revoked keys,
# principals, a banner, further host keys), and what it includes, and what that names.
sshd_referenced() {
  local -A seen=()
  sshd_walk_config "$1"
}

# sshd_walk_config FILE: sshd_referenced's, which has $seen.
sshd_walk_config() {
  local line keyword value path paths source
  [[ -f $1 && -r $1 ]] || return 0
  while IFS= read -r line || [[ $line ]]; do
    line=${line/=/ }
    read -r keyword value <<<"${line//\"/}"
    case ${keyword,,} in
      include | hostkey | hostcertificate | trustedusercakeys | revokedkeys | authorizedkeysfile | \
        authorizedprincipalsfile | banner | modulifile) ;;
      *) continue ;;
    esac
    read -ra paths <<<"$value"
    for path in "${paths[@]}"; do
      [[ ${keyword,,} != include || $path == /* ]] || path=/etc/ssh/$path
      [[ $path == /* && $path != *%* ]] || continue
      while IFS= read -r source; do
        source=${source#"${dracutsysrootdir-}"}
        [[ ! ${seen[$source]-} ]] || continue
        path=$(sshd_host_file "$source") || continue
        seen[$source]=yes
        printf '%s\n' "$source"
        if [[ ${keyword,,} == include ]]; then sshd_walk_config "$path"; fi
      done < <(compgen -G "${dracutsysrootdir-}$path")
    done
  done <"$1"
}

# sshd_install_referenced FILE: what is in the image already stays.
sshd_install_referenced() {
  local source
  while IFS= read -r source; do
    [[ -e $sshd_tree$(sshd_resolve "$sshd_tree" "$source") ]] && continue
    sshd_put 0600 "$(sshd_host_file "$source")" "$source" || return 1
  done < <(sshd_referenced "$1")
}

# sshd_dropins: the files in /etc/dracut-sshd/sshd_config.d, which add to either sshd_config.
sshd_dropins() {
  local path
  for path in "${dracutsysrootdir-}"/etc/dracut-sshd/sshd_config.d/*.conf; do
    path=${path#"${dracutsysrootdir-}"}
    if sshd_host_file "$path" >/dev/null; then printf '%s\n' "$path"; fi
  done
}

# sshd_install_config: sshd_config (the admin's, or the module's own), what adds to it, the crypto policy, the files of
# variables.
sshd_install_config() {
  local source path first=''
  if [[ $(sshd_policy_kind) == config ]]; then
    sshd_put 0644 "$(sshd_host_file "$sshd_crypto_policy")" "$sshd_crypto_policy" || return 1
  fi
  while IFS= read -r path; do
    source=$(sshd_host_file "$path") || continue
    sshd_tell "configuration: $path"
    sshd_put 0600 "$source" "/etc/ssh/sshd_config.d/${path##*/}" && sshd_install_referenced "$source" || return 1
    # Of several values sshd takes the first. It knows Include since 8.2.
    first+="Include /etc/ssh/sshd_config.d/${path##*/}"$'\n'
  done < <(sshd_dropins)
  if source=$(sshd_host_file /etc/dracut-sshd/sshd_config); then
    sshd_tell "configuration: /etc/dracut-sshd/sshd_config"
    { printf '%s' "$first" && cat -- "$source"; } | sshd_put 0600 - /etc/ssh/sshd_config || return 1
    sshd_install_referenced "$source" || return 1
  else
    { printf '%s' "$first" && sshd_shipped_config; } | sshd_put 0600 - /etc/ssh/sshd_config || return 1
  fi
  while IFS= read -r path; do
    sshd_put 0644 "$(sshd_host_file "$path")" "$path" || return 1
  done < <(sshd_environment_files)
}

# sshd_unit SSHD: prints sshd.service for this very sshd: its path, and the Type= that it can serve.
sshd_unit() {
  local daemon=$1 type section='' line command arguments
  type=$(sshd_service_type "$daemon")
  while IFS= read -r line || [[ $line ]]; do
    if [[ $line == '['* ]]; then section=$line; fi
    case $section$line in
      '[Service]Type='*)
        # notify-reload notifies as well.
        if [[ $type && $line != "Type=$type"* ]]; then line=Type=$type; fi
        ;;
      '[Service]ExecStart='*)
        command=${line#ExecStart=}
        arguments=${command#"${command%%[[:space:]]*}"}
        # An sshd without sd_notify is not expected to find a syslog either: it logs to the journal by standard error.
        if [[ $type == simple && " $arguments " != *' -e '* ]]; then arguments=" -e$arguments"; fi
        line=ExecStart=$daemon$arguments
        ;;
      "[Service]EnvironmentFile=-$sshd_crypto_policy")
        # In the language of sshd_config systemd would warn about each of its lines.
        if [[ $(sshd_policy_kind) == config ]]; then continue; fi
        ;;
    esac
    printf '%s\n' "$line"
  done < <(sshd_without_comments "$moddir/sshd.service")
}

# sshd_want_unit UNIT TARGET: enabled by a link of our own, for which no systemctl of the system's is needed.
sshd_want_unit() {
  local wants=/etc/systemd/system/$2.wants
  sshd_make_dir 0755 "$wants" || return 1
  ln -sf -- "${systemdsystemunitdir:-/usr/lib/systemd/system}/$1" "$sshd_tree$(sshd_resolve "$sshd_tree" "$wants")/$1"
}

# sshd_install_wanted_unit UNIT TARGET: one of ours that is the same for every image.
sshd_install_wanted_unit() {
  sshd_put_own 0644 "boot/$1" "${systemdsystemunitdir:-/usr/lib/systemd/system}/$1" && sshd_want_unit "$1" "$2"
}

# sshd_install_unit SSHD
sshd_install_unit() {
  sshd_unit "$1" | sshd_put 0644 - "${systemdsystemunitdir:-/usr/lib/systemd/system}/sshd.service" || return 1
  sshd_want_unit sshd.service sysinit.target
}
