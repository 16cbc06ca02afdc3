# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (moddir, systemdsystemunitdir and the like are dracut's.)
#
# What sshd is told in the image: its configuration, and the unit that starts it.

# sshd_shipped_config: prints the module's own sshd_config and what only this image needs.
sshd_shipped_config() {
  local path
  sshd_without_comments "$moddir/sshd_config"
  printf '\n# Added when this image was built.\n'
  while IFS= read -r path; do
    printf 'HostKey %s\n' "$path"
    if [[ -e $sshd_tree$path-cert.pub ]]; then printf 'HostCertificate %s-cert.pub\n' "$path"; fi
  done < <(sshd_image_host_keys)
  if [[ -s ${DRACUT_TMPDIR-}/dracut-sshd/options ]]; then cat -- "$DRACUT_TMPDIR/dracut-sshd/options"; fi
  # Last, because of several values sshd takes the first: the policy chooses ciphers, and opens nothing.
  if [[ $(sshd_policy_kind) == config ]]; then printf 'Include %s\n' "$sshd_crypto_policy"; fi
}

# sshd_is_missing_key LINE: is this line of an sshd_config a HostKey of the system's that is left out, with none of the initramfs's
# in its place?
sshd_is_missing_key() {
  local keyword value path
  read -r keyword value <<<"${1/=/ }"
  [[ ${keyword,,} == hostkey ]] || return 1
  read -r path _ <<<"${value//[\"\']/}"
  sshd_is_left_out hostkey "$path" && [[ ! -e $sshd_tree$(sshd_resolve "$sshd_tree" "$path") ]]
}

# sshd_config_text FILE: prints an sshd_config of the admin's, without the HostKey lines of what is left out.
sshd_config_text() {
  local line
  if ! sshd_own_host_keys >/dev/null; then
    cat -- "$1"
    return
  fi
  while IFS= read -r line || [[ $line ]]; do
    if sshd_is_missing_key "$line"; then line="# Left out by dracut-sshd, for the initramfs has host keys of its own: $line"; fi
    printf '%s\n' "$line"
  done <"$1"
}

# sshd_install_referenced FILE: what is in the image already stays.
sshd_install_referenced() {
  local keyword source file whose="the system's private key" why='has host keys of its own'
  if sshd_is_sealed; then whose='the private key' why='has a sealed host key'; fi
  while read -r keyword source; do
    [[ -e $sshd_tree$(sshd_resolve "$sshd_tree" "$source") ]] && continue
    if sshd_is_left_out "$keyword" "$source"; then
      sshd_warn "left out of this image: $whose $source, which ${1#"${dracutsysrootdir-}"} or what it includes" \
        "names as HostKey. The initramfs $why."
      continue
    fi
    file=$(sshd_host_file "$source") || return 1
    if [[ $keyword == include ]]; then
      sshd_config_text "$file" | sshd_put 0600 - "$source" || return 1
    else
      sshd_put 0600 "$file" "$source" || return 1
    fi
    if [[ $keyword == hostkey ]] && sshd_is_private_key "$file"; then
      sshd_tell_host_key "$source"
      ! sshd_is_sealed || sshd_warn "$source goes into the image in the clear, beside the sealed host key: sshd shows it, too, and whoever" \
        "reads this image can pass for the machine that is known by it."
    fi
  done < <(sshd_named "$1")
}

# sshd_host_key_lines FILE...: prints HostKey lines for the keys in the image where these configurations name host keys, but none
# that is there; and in any case for a sealed one.
sshd_host_key_lines() {
  local file keyword path named=''
  for file; do
    ! sshd_is_sealed || break
    while read -r keyword path; do
      [[ $keyword == hostkey ]] || continue
      if [[ -e $sshd_tree$(sshd_resolve "$sshd_tree" "$path") ]]; then return 0; fi
      named=yes
    done < <(sshd_named "$file")
  done
  if [[ $named ]] || sshd_is_sealed; then sshd_image_host_keys | sed 's/^/HostKey /'; fi
}

# sshd_install_config: sshd_config (the admin's, or the module's own), what adds to it, the crypto policy, the files of
# variables.
sshd_install_config() {
  local source path first='' dropins=()
  if [[ $(sshd_policy_kind) == config ]]; then
    sshd_put 0644 "$(sshd_host_file "$sshd_crypto_policy")" "$sshd_crypto_policy" || return 1
  fi
  while IFS= read -r path; do
    source=$(sshd_host_file "$path") || continue
    sshd_tell "configuration: $path"
    sshd_config_text "$source" | sshd_put 0600 - "/etc/ssh/sshd_config.d/${path##*/}" \
      && sshd_install_referenced "$source" || return 1
    dropins+=("$source")
    # Of several values sshd takes the first. It knows Include since 8.2.
    first+="Include /etc/ssh/sshd_config.d/${path##*/}"$'\n'
  done < <(sshd_dropins)
  if source=$(sshd_host_file /etc/dracut-sshd/sshd_config); then
    sshd_tell "configuration: /etc/dracut-sshd/sshd_config"
    sshd_install_referenced "$source" || return 1
    { printf '%s' "$first" && sshd_host_key_lines "${dropins[@]}" "$source" && sshd_config_text "$source"; } \
      | sshd_put 0600 - /etc/ssh/sshd_config || return 1
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

# sshd_install_unit SSHD
sshd_install_unit() {
  sshd_unit "$1" | sshd_put 0644 - "${systemdsystemunitdir:-/usr/lib/systemd/system}/sshd.service" || return 1
  sshd_want_unit sshd.service sysinit.target
}
