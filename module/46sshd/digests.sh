# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# (moddir and dracutsysrootdir are dracut's.)
#
# What an image is made from: the digests of the system's files that this module takes along. They go into the image, and
# dracut-sshd-check(8) compares them with what the system holds by then. The libraries of sshd are not among them.

sshd_sources_file=/usr/lib/dracut-sshd/sources # in the image

# sshd_digest FILE
sshd_digest() {
  local digest
  read -r digest _ < <(sha256sum <"$1") && [[ $digest ]] && printf '%s\n' "$digest"
}

# sshd_module_digest: of the module itself, its folder's files by name. How an image is named is no part of one.
sshd_module_digest() {
  (cd -- "$moddir" && find . -type f ! -name initrd.conf -print0 | sort -z | xargs -0 sha256sum) | sshd_digest /dev/stdin
}

# sshd_source_paths: prints the paths of the files that would go into an image now.
sshd_source_paths() {
  local daemon path extra root=${dracutsysrootdir-}
  daemon=$(sshd_find_daemon) && printf '%s\n' "$daemon" && sshd_find_helpers "$daemon"
  path=$(sshd_find_authorized_keys) && printf '%s\n' "${path#"$root"}"
  while IFS= read -r path; do
    for extra in '' .pub -cert.pub; do printf '%s\n' "$path$extra"; done
  done < <(sshd_find_host_keys)
  if sshd_is_sealed; then printf '%s\n' "$sshd_sealed/ssh_host_ed25519_key".{cred,pub}; fi
  while IFS= read -r path; do
    printf '%s\n' "$path"
    sshd_referenced "$root$path"
  done < <(
    sshd_dropins
    printf '%s\n' /etc/dracut-sshd/sshd_config
  )
  [[ $(sshd_policy_kind) != config ]] || printf '%s\n' "$sshd_crypto_policy"
  sshd_environment_files
  sshd_own_networks network netdev link nmconnection
  sshd_own_key_files
  sshd_credential_files
  if sshd_beacon_is_set; then printf '%s\n' /etc/dracut-sshd/beacon-ca.pem; fi
  # Its lines may be in the image, see crypttab.sh.
  printf '%s\n' /etc/crypttab
}

# sshd_sources: prints "DIGEST  PATH" for each of them, and for the module.
sshd_sources() {
  local path file seconds
  printf '%s  %s\n' "$(sshd_module_digest)" /usr/lib/dracut/modules.d/46sshd
  if sshd_network_is_off; then printf '%064d  NETWORK=no in /etc/dracut-sshd/initrd.conf\n' 0; fi
  if seconds=$(sshd_hold); then printf '%064d  HOLD=%s in /etc/dracut-sshd/initrd.conf\n' 0 "$seconds"; fi
  # The address may hold a secret: its digest is enough.
  if sshd_beacon_is_set; then
    printf '%s  BEACON= and BEACON_NAME= in /etc/dracut-sshd/initrd.conf\n' \
      "$({ sshd_setting BEACON && sshd_beacon_name; } | sshd_digest /dev/stdin)"
  fi
  if sshd_is_sealed; then
    if ! sshd_unsealed_key >/dev/null; then printf '%064d  the sealed host key alone\n' 0; fi
    if sshd_seal_lacks >/dev/null; then printf '%064d  without the sealed host key\n' 0; fi
  fi
  sshd_source_paths | sort -u | while IFS= read -r path; do
    file=$(sshd_host_file "$path") || continue
    printf '%s  %s\n' "$(sshd_digest "$file")" "$path"
  done
}
