# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (initdir is dracut's.)
#
# Volumes that open by themselves: by a TPM, a FIDO2 or smart card token, or a key file on another device (crypttab(5)). What that needs in
# the image, and whether somebody is asked where it fails. Older dracut (059, say) takes the libraries along into host-only images alone.

# sshd_line_options UUID: what rd.luks.options= on a command line says of the volume; those without a UUID are everybody's.
sshd_line_options() {
  local word value options=''
  local -a words
  read -rd '' -a words <<<"$sshd_lines"
  for word in "${words[@]}"; do
    case $word in rd.luks.options=* | luks.options=*) value=${word#*=} ;; *) continue ;; esac
    if [[ $value =~ ^[0-9A-Fa-f]{8}-[0-9A-Fa-f-]+= ]]; then
      [[ ${value%%=*} == "${1,,}" ]] || continue
      value=${value#*=}
    fi
    options+=${options:+,}$value
  done
  printf '%s\n' "$options"
}

# sshd_auto_lines CRYPTTAB: "NAME<tab>KEY<tab>OPTIONS" of each volume that the image opens, with what the command line says of it.
sshd_auto_lines() {
  local name uuid line key options more sshd_lines
  sshd_lines=$(sshd_command_lines)
  {
    sshd_needed_crypts
    # What an administrator wants to be opened by the initramfs.
    while IFS=$'\t' read -r name uuid key options _; do
      if sshd_option "$options" x-initrd.attach; then printf '%s\t%s\t%s\n' x-initrd.attach "$name" "$(sshd_tab_uuid "$uuid")"; fi
    done < <(sshd_fields /etc/crypttab)
  } | awk -F '\t' '!seen[$2]++' | while IFS=$'\t' read -r _ name uuid; do
    line=$(sshd_crypttab_line "$1" "$name" "$uuid") || line=''
    read -r _ _ key options _ <<<"$line"
    more=$(sshd_line_options "$uuid")
    printf '%s\t%s\t%s\n' "$name" "${key:-none}" "${options:--}${more:+,$more}"
  done
}

# sshd_auto_kinds OPTIONS: tpm2, fido2 and pkcs11, as far as the options name them.
sshd_auto_kinds() {
  case ,$1, in *,tpm2-device=*) printf '%s\n' tpm2 ;; esac
  case ,$1, in *,fido2-device=* | *,fido2-cid=*) printf '%s\n' fido2 ;; esac
  case ,$1, in *,pkcs11-uri=*) printf '%s\n' pkcs11 ;; esac
}

# sshd_auto_modules: prints dracut's modules with what they need, as far as dracut can have them.
sshd_auto_modules() {
  local name key options kind
  while IFS=$'\t' read -r name key options; do sshd_auto_kinds "$options"; done < <(sshd_auto_lines "$(sshd_host_crypttab)") | sort -u \
    | while IFS= read -r kind; do
      case $kind in tpm2) kind=tpm2-tss ;; esac
      if sshd_could_have "$kind"; then printf '%s\n' "$kind"; fi
    done
}

# sshd_image_library NAME...: is each of these files in one of the image's folders of libraries?
sshd_image_library() {
  local name
  for name; do
    sshd_has_library "$initdir" "$name" || return 1
  done
}

# sshd_auto_token KIND: what it is called, the libraries that systemd-cryptsetup loads for it, and what brings them, into $sshd_token_called,
# $sshd_token_libraries and $sshd_token_bringer.
sshd_auto_token() {
  case $1 in
    tpm2)
      sshd_token_called='the TPM' sshd_token_libraries='libtss2-esys.so.0 libtss2-rc.so.0 libtss2-mu.so.0'
      sshd_token_bringer='dracut'\''s module tpm2-tss, for which the program tpm2 has to be installed (package tpm2-tools)'
      ;;
    fido2) sshd_token_called='a FIDO2 token' sshd_token_libraries=libfido2.so.1 sshd_token_bringer='dracut'\''s module fido2, for which libfido2 has to be installed' ;;
    pkcs11) sshd_token_called='a smart card' sshd_token_libraries=libp11-kit.so.0 sshd_token_bringer='dracut'\''s module pkcs11, for which p11-kit has to be installed' ;;
  esac
}

# sshd_tell_missing NAME KIND: on the build's log, of what the image has not got. After sshd_auto_token.
sshd_tell_missing() {
  derror "dracut-sshd: crypttab or the command line has $2 for $1, but this image lacks ${sshd_token_libraries// /, }: $1 will NOT open by itself." \
    "What brings it: $sshd_token_bringer."
}

# sshd_drop_tokens: takes from the image's crypttab the options of tokens whose libraries are not in the image. Without its library
# systemd-cryptsetup(8) may end, instead of asking for a passphrase.
sshd_drop_tokens() {
  local line name device key options rest kind text='' dropped='' file=$initdir/etc/crypttab sshd_token_called sshd_token_libraries sshd_token_bringer
  [[ -s $file ]] || return 0
  while IFS= read -r line || [[ $line ]]; do
    read -r name device key options rest <<<"$line"
    for kind in $([[ $name == '#'* ]] || sshd_auto_kinds "$options"); do
      sshd_auto_token "$kind"
      # shellcheck disable=SC2086
      if sshd_image_library $sshd_token_libraries && sshd_bring_needed $sshd_token_libraries; then continue; fi
      sshd_tell_missing "$name" "$kind"
      options=$(tr ',' '\n' <<<"$options" | grep -v "^$kind-" | paste -sd ,)
      # A key file is what the token would have decrypted.
      line="$name $device none${options:+ $options}${rest:+ $rest}" dropped=yes
    done
    text+=$line$'\n'
  done <"$file"
  [[ ! $dropped ]] || sshd_put 0600 - /etc/crypttab <<<"${text%$'\n'}"
}

# sshd_asks_without_card: is a passphrase asked for where no smart card is plugged in? systemd-cryptsetup of systemd 252 ends instead; that of
# 257 waits and asks.
sshd_asks_without_card() {
  local file
  # The system's: dracut puts a program's libraries into the image at the end.
  for file in "${dracutsysrootdir-}"/{usr/,}lib{,64,/*}/systemd/libsystemd-shared-{2[0-4]?,25[0-2]}*.so; do
    if [[ -e $file ]]; then return 1; fi
  done
}

# sshd_is_headless OPTIONS: is nobody asked? The last one counts.
sshd_is_headless() {
  local option headless=''
  for option in ${1//,/ }; do
    case $option in
      headless | headless=1 | headless=yes | headless=y | headless=true | headless=t | headless=on) headless=yes ;;
      headless=*) headless='' ;;
    esac
  done
  [[ $headless ]]
}

# sshd_tell_of_auto: on the build's log, of each volume that opens by itself, what happens where that fails.
sshd_tell_of_auto() {
  local name key options kind ways='' sshd_token_called sshd_token_libraries sshd_token_bringer
  while IFS=$'\t' read -r name key options; do
    ways=''
    for kind in $(sshd_auto_kinds "$options"); do
      sshd_auto_token "$kind"
      # shellcheck disable=SC2086
      if [[ $kind == pkcs11 ]] && ! sshd_asks_without_card; then
        derror "dracut-sshd: $name opens by a smart card, and this systemd gives up where none is plugged in: then NOBODY IS ASKED for a passphrase." \
          "Take pkcs11-uri= out of its line in /etc/crypttab if you unlock it over SSH, and build the image again."
      elif sshd_image_library $sshd_token_libraries; then
        ways+=${ways:+, }$sshd_token_called
      else
        sshd_tell_missing "$name" "$kind"
      fi
    done
    case $key in /*:*)
      ways+="${ways:+, }the key file ${key%:*} on ${key##*:}"
      sshd_option "$options" keyfile-timeout || sshd_is_headless "$options" \
        || derror "dracut-sshd: the key of $name is on ${key##*:}: as long as that is not plugged in, NOBODY IS ASKED for a passphrase." \
          "Add keyfile-timeout=30s to its options in /etc/crypttab, and build the image again."
      ;;
    esac
    if sshd_is_headless "$options"; then
      derror "dracut-sshd: $name is headless= in crypttab or on the command line: where it does not open by itself NOBODY IS ASKED for its passphrase," \
        "and sshd helps nobody. Take headless= away, and build the image again."
    elif [[ $ways ]]; then
      dinfo "dracut-sshd: $name opens by $ways; if that fails, this image asks for its passphrase."
    fi
  done < <(sshd_auto_lines "$initdir/etc/crypttab")
}
