# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (moddir, initdir and dracutsysrootdir are dracut's, sshd_tree is module-setup.sh's.)
#
# A host key that is sealed to the machine's TPM (dracut-sshd seal makes it): what an image needs to have it opened while it boots. Where
# that cannot be, or the TPM refuses, sshd shows a second key, which clients know by another name.

sshd_seal_name=ssh_host_ed25519_key
sshd_seal_dir=/usr/lib/dracut-sshd/sealed # in the image
# systemd-creds opens them by these names, at run time.
sshd_seal_libraries=(libtss2-esys.so.0 libtss2-mu.so.0 libtss2-rc.so.0 libtss2-tcti-device.so.0)

# sshd_is_credential FILE: is it text in base64, as systemd-creds writes it, and no shorter than a header? More only the TPM can tell.
sshd_is_credential() { [[ $(base64 -d -- "$1" 2>/dev/null | wc -c) -gt 64 ]] && base64 -d -- "$1" >/dev/null 2>&1; }

# sshd_seal_lacks: prints why the sealed key cannot go into an image, a tab, and what to do; fails if nothing is missing.
sshd_seal_lacks() {
  local file name
  if ! file=$(sshd_host_file "$sshd_sealed/$sshd_seal_name.cred") || ! sshd_is_credential "$file"; then
    printf '%s is damaged\tSeal it again (dracut-sshd seal --reseal) and build the image again.\n' "$sshd_sealed/$sshd_seal_name.cred"
  elif ! file=$(sshd_host_file "$sshd_sealed/$sshd_seal_name.pub") || [[ -z $(sshd_describe_keys "$file") ]]; then
    printf '%s, its public half, is missing or damaged\tSeal it again (dracut-sshd seal --reseal) and build the image again.\n' "$sshd_sealed/$sshd_seal_name.pub"
  elif [[ ! -x ${dracutsysrootdir-}/usr/bin/systemd-creds ]]; then
    printf 'there is no systemd-creds here, which would open it\tThat needs systemd 250 or later, and on some systems a package of its own. Install it and build the image again.\n'
  elif [[ -z ${dracutsysrootdir-} ]] && /usr/bin/systemd-creds --version 2>/dev/null | grep -qw -e '-TPM2'; then
    printf 'systemd is built without TPM2 here\tInstall one with it and build the image again.\n'
  else
    for name in "${sshd_seal_libraries[@]}"; do
      sshd_has_library "${dracutsysrootdir-}" "$name" && continue
      printf 'the library %s is missing\tInstall the libraries of tpm2-tss (on Debian and Ubuntu tpm2-tools brings them along) and build the image again.\n' "$name"
      return 0
    done
    return 1
  fi
}

# sshd_seal_goes_in: will this machine's images have a sealed key?
sshd_seal_goes_in() { sshd_is_sealed && ! sshd_seal_lacks >/dev/null; }

# sshd_image_host_keys: prints the host keys that the image has, or will have when the sealed one has been opened.
sshd_image_host_keys() {
  local file
  for file in "$sshd_tree"/etc/ssh/ssh_host_*_key; do
    if [[ -e $file ]]; then printf '%s\n' "${file#"$sshd_tree"}"; fi
  done
  if sshd_is_sealed && [[ ! -e $sshd_tree/etc/ssh/$sshd_seal_name ]]; then printf '%s\n' "/etc/ssh/$sshd_seal_name"; fi
}

# sshd_put_trial_key: sshd tests no configuration without a host key, and the sealed one cannot be had here. Only in the private folder.
sshd_put_trial_key() {
  local file=$sshd_tree/etc/ssh/$sshd_seal_name
  [[ $sshd_tree != "${initdir-}" && ! -e $file ]] && sshd_is_sealed || return 0
  ssh-keygen -q -t ed25519 -N '' -C trial -f "$file" </dev/null >/dev/null 2>&1 || :
}

# sshd_seal_prints: prints the fingerprints of both keys, for who sees the console.
sshd_seal_prints() {
  local file print
  file=$(sshd_host_file "$sshd_sealed/$sshd_seal_name.pub") && print=$(sshd_fingerprint "$file") && printf 'sealed %s\n' "$print"
  file=$(sshd_unsealed_key) && file=$(sshd_host_file "$file") && print=$(sshd_fingerprint "$file") && printf 'unsealed %s\n' "$print"
  return 0
}

# sshd_put_seal: the key, and all that opens it.
sshd_put_seal() {
  local name
  # Their names are the same everywhere, their folders are dracut's business.
  inst_multiple /usr/bin/systemd-creds && inst_libdir_file "${sshd_seal_libraries[@]/%.so.0/.so.*}" || return 1
  for name in "${sshd_seal_libraries[@]}"; do
    sshd_has_library "$initdir" "$name" || return 1
  done
  sshd_bring_needed "${sshd_seal_libraries[@]}" || return 1
  inst_multiple -o modprobe >/dev/null 2>&1 || :
  sshd_put 0600 "$(sshd_host_file "$sshd_sealed/$sshd_seal_name.cred")" "$sshd_seal_dir/$sshd_seal_name.cred" \
    && sshd_put 0644 "$(sshd_host_file "$sshd_sealed/$sshd_seal_name.pub")" "$sshd_seal_dir/$sshd_seal_name.pub" \
    && sshd_seal_prints | sshd_put 0644 - "$sshd_seal_dir/fingerprints" \
    && sshd_put_own 0755 boot/unseal /usr/lib/dracut-sshd/unseal \
    && sshd_install_wanted_unit dracut-sshd-unseal.service sshd.service
}

# sshd_install_seal: the sealed host key, where there is one. Without it the other one serves.
sshd_install_seal() {
  local why unsealed
  sshd_is_sealed || return 0
  unsealed=$(sshd_unsealed_key) || unsealed=''
  if why=$(sshd_seal_lacks) || { why=$'what opens it could not be put into the image\tWhat is said above tells why.' && ! sshd_put_seal; }; then
    # Who has no second key was refused before, unless a file could not be copied.
    [[ $unsealed ]] || return 1
    sshd_warn "the SEALED host key stays out of this image: ${why%%$'\t'*}. ${why#*$'\t'} Until then sshd shows the UNSEALED host key."
    return 0
  fi
  why=$(sshd_seal_prints)
  sshd_tell "sealed host key: $(sed -n 's/^sealed //p' <<<"$why") (the machine's TPM opens it at each boot; this image does not hold it in the clear)"
  if [[ $unsealed ]]; then
    sshd_tell "where the TPM refuses, sshd shows the unsealed host key: $(sed -n 's/^unsealed //p' <<<"$why")"
  else
    sshd_warn "there is no unsealed host key (UNSEALED_KEY=no): where the TPM does not open the sealed one, as after an update of the firmware," \
      "NOBODY can log in while this image boots."
  fi
}

# sshd_instmods_tpm: in a host-only image the drivers of TPMs that this machine uses, and the two that most machines need.
sshd_instmods_tpm() {
  instmods '=drivers/char/tpm'
  hostonly='' instmods tpm_crb tpm_tis
  return 0
}

# sshd_install_tpm_drivers: where there is a sealed host key.
sshd_install_tpm_drivers() {
  if sshd_seal_goes_in; then sshd_instmods_tpm; fi
}
