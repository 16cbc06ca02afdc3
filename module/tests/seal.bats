#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Sealed host keys: what goes into an image, what keeps the sealed one out, and what the image's program does with it.
# shellcheck disable=SC1090,SC1091,SC2016,SC2030,SC2031,SC2034,SC2154,SC2317

bats_require_minimum_version 1.5.0
load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian12
  ssh-keygen -q -t ed25519 -N '' -C own -f "$root/etc/ssh/dracut_ssh_host_ed25519_key"
  sealed=$root/etc/dracut-sshd/sealed in_image=$initdir/usr/lib/dracut-sshd/sealed
}

# seal: as `dracut-sshd seal` leaves the folder, with random bytes for what only a TPM can read.
seal() {
  install -d -m 0700 "$sealed"
  ssh-keygen -q -t ed25519 -N '' -C sealed -f "$BATS_TEST_TMPDIR/sealed_key"
  ssh-keygen -q -t ed25519 -N '' -C unsealed -f "$sealed/unsealed_ssh_host_ed25519_key"
  mv "$BATS_TEST_TMPDIR/sealed_key.pub" "$sealed/ssh_host_ed25519_key.pub"
  (umask 077 && head -c 300 /dev/urandom | base64 -w 69 >"$sealed/ssh_host_ed25519_key.cred")
  tpm
}
# tpm: what opens it.
tpm() {
  local name
  elf "$root/usr/bin/systemd-creds"
  for name in esys mu rc tcti-device; do file "/usr/lib/libtss2-$name.so.0" "$name"; done
}

# only_sealed: no other private key is anywhere in the image but the unsealed one, where there is one.
only_sealed() {
  local path
  while IFS= read -r path; do
    cmp -s "$path" "$sealed/unsealed_ssh_host_ed25519_key" || { echo "$path is a private key" && return 1; }
  done < <(grep -rlIE -- '-----BEGIN [A-Z ]*PRIVATE KEY' "$initdir")
}

stays_out() {
  run module check
  [ "$status" -eq 1 ]
  told "derror: dracut-sshd: $1"
  told 'sshd stays out of this image'
}

@test "without a sealed key nothing of it is in the image" {
  tpm
  module 'check && install && installkernel'
  [ -z "$(find "$initdir" -iname '*seal*' -o -name 'libtss2*' -o -name systemd-creds)" ]
  run ! grep -ri seal "$initdir" --include=sources --include='*.service' --include=sshd_config
  [ ! -e "$log.drivers" ]
  cmp "$root/etc/ssh/dracut_ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
}

@test "a sealed key goes in with all that opens it, and with the unsealed one; no other key does" {
  seal
  module 'check && install && installkernel'
  cmp "$sealed/ssh_host_ed25519_key.cred" "$in_image/ssh_host_ed25519_key.cred"
  cmp "$sealed/ssh_host_ed25519_key.pub" "$in_image/ssh_host_ed25519_key.pub"
  mode_of 600 "$in_image/ssh_host_ed25519_key.cred"
  mode_of 644 "$in_image/ssh_host_ed25519_key.pub"
  cmp "$sealed/unsealed_ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
  cmp "$sealed/unsealed_ssh_host_ed25519_key.pub" "$initdir/etc/ssh/ssh_host_ed25519_key.pub"
  only_sealed
  holds "$initdir/etc/ssh/sshd_config" 'HostKey /etc/ssh/ssh_host_ed25519_key'
  [ "$(grep -c ^HostKey "$initdir/etc/ssh/sshd_config")" -eq 1 ]
  [ -x "$initdir/usr/bin/systemd-creds" ]
  for name in esys mu rc tcti-device; do [ -e "$initdir/usr/lib/libtss2-$name.so.0" ]; done
  holds "$initdir/usr/lib/systemd/system/dracut-sshd-unseal.service" ExecStart=/usr/lib/dracut-sshd/unseal
  [ -L "$initdir/etc/systemd/system/sshd.service.wants/dracut-sshd-unseal.service" ]
  mode_of 755 "$initdir/usr/lib/dracut-sshd/unseal"
  read -r _ print _ < <(ssh-keygen -lf "$sealed/ssh_host_ed25519_key.pub")
  told "dinfo: dracut-sshd: sealed host key: $print"
  holds "$in_image/fingerprints" "sealed $print"
  read -r _ print _ < <(ssh-keygen -lf "$sealed/unsealed_ssh_host_ed25519_key")
  told "dinfo: dracut-sshd: where the TPM refuses, sshd shows the unsealed host key: $print"
  holds "$in_image/fingerprints" "unsealed $print"
  lacks "$log" 'that is the system'
  lacks "$log" SEALED
  lacks "$log" 'no unsealed'
  holds "$log.drivers" 'hostonly=unset =drivers/char/tpm'
  holds "$log.drivers" 'hostonly= tpm_crb tpm_tis'
  for name in ssh_host_ed25519_key.cred ssh_host_ed25519_key.pub unsealed_ssh_host_ed25519_key unsealed_ssh_host_ed25519_key.pub; do
    grep -q "^[0-9a-f]*  /etc/dracut-sshd/sealed/$name\$" "$initdir/usr/lib/dracut-sshd/sources"
  done
  run ! grep -q '/etc/ssh/.*_key' "$initdir/usr/lib/dracut-sshd/sources"
}

@test "what is in the folder besides, such as the key for a recovery, stays on the disk" {
  seal
  file /etc/dracut-sshd/sealed/ssh_host_ed25519_key.recovery 'a recovery'
  module 'check && install'
  [ -z "$(find "$initdir" -name '*recovery*')" ]
  run ! grep -rq 'a recovery' "$initdir"
}

# left_out REASON: the unsealed key serves, and the build says why.
left_out() {
  module 'check && install && installkernel'
  told "dwarn: dracut-sshd: the SEALED host key stays out of this image: $1"
  lacks "$log" derror
  [ ! -e "$in_image" ]
  [ ! -e "$initdir/usr/lib/systemd/system/dracut-sshd-unseal.service" ]
  [ ! -e "$log.drivers" ]
  only_sealed
  cmp "$sealed/unsealed_ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
  grep -q '^0*  without the sealed host key$' "$initdir/usr/lib/dracut-sshd/sources"
}

@test "a systemd that is too old keeps the sealed key out, loudly, and the unsealed one serves" {
  seal
  rm "$root/usr/bin/systemd-creds"
  left_out 'there is no systemd-creds here'
  told 'systemd 250 or later'
}

@test "so does each library that is missing" {
  local name
  seal
  for name in esys mu rc tcti-device; do
    : >"$log"
    rm -rf "${initdir:?}"/{etc,usr/lib/dracut-sshd,root} "$root/usr/lib/libtss2-$name.so.0"
    mkdir -p "$initdir"/{etc,root}
    left_out "the library libtss2-$name.so.0 is missing"
    told 'tpm2-tools brings them along'
    tpm
  done
}

@test "libraries in a folder of the architecture are found" {
  seal
  mkdir "$root/usr/lib/aarch64-linux-gnu"
  mv "$root"/usr/lib/libtss2* "$root/usr/lib/aarch64-linux-gnu/"
  dracutsysrootdir=$root
  for part in host seal; do . "$moddir/$part.sh"; done
  sshd_seal_goes_in
}

@test "a damaged credential is left out: empty, cut off, or no credential at all" {
  local text
  seal
  for text in '' c2hvcnQ= 'not base64 at all, but long enough to be one: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789'; do
    : >"$log"
    printf %s "$text" >"$sealed/ssh_host_ed25519_key.cred"
    rm -rf "${initdir:?}"/{etc,usr/lib/dracut-sshd,root}
    mkdir -p "$initdir"/{etc,root}
    left_out '/etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred is damaged'
  done
}

@test "a credential that cannot be read, a link that leads nowhere, is no reason to fall back to the keys of before" {
  seal
  rm "$sealed/ssh_host_ed25519_key.cred"
  ln -s /gone "$sealed/ssh_host_ed25519_key.cred"
  left_out '/etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred is damaged'
}

@test "without its public half the sealed key stays out" {
  seal
  echo nonsense >"$sealed/ssh_host_ed25519_key.pub"
  left_out '/etc/dracut-sshd/sealed/ssh_host_ed25519_key.pub, its public half, is missing or damaged'
}

@test "the libraries bring along what they need, also where dracut looks at executable files alone" {
  seal
  # The system's own, because ldd reads no other's: whatever this one has of libtss2 comes from here.
  module "dracutsysrootdir=''
    sshd_needed_libraries libc.so.6 >'$BATS_TEST_TMPDIR/none'; sshd_needed_libraries libcrypto.so.3 >'$BATS_TEST_TMPDIR/some'"
  grep -qx '/.*/libc.so.6' "$BATS_TEST_TMPDIR/some"
  run ! grep -q libcrypto "$BATS_TEST_TMPDIR/none"
}

@test "libraries that could not be copied: the unsealed key serves" {
  seal
  module 'inst_libdir_file() { :; }; check && install'
  told 'dwarn: dracut-sshd: the SEALED host key stays out of this image: what opens it could not be put into the image'
  [ ! -e "$in_image" ]
  cmp "$sealed/unsealed_ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
}

@test "a private key where the sealed one belongs keeps sshd out" {
  seal
  cp "$sealed/unsealed_ssh_host_ed25519_key" "$sealed/ssh_host_ed25519_key.cred"
  stays_out '/etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred holds a PRIVATE key'
}

@test "UNSEALED_KEY=no: no private key is in the image, sshd accepts it, and the build says what that risks" {
  local setting
  real_sshd
  seal
  for setting in no '"no"'; do
    : >"$log"
    file /etc/dracut-sshd/initrd.conf "UNSEALED_KEY=$setting"
    module 'check && install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR/$RANDOM"
    cmp "$sealed/ssh_host_ed25519_key.cred" "$in_image/ssh_host_ed25519_key.cred"
    [ -z "$(ls "$initdir"/etc/ssh/*_key* 2>/dev/null)" ]
    run ! grep -rqIE -- '-----BEGIN [A-Z ]*PRIVATE KEY' "$initdir"
    holds "$initdir/etc/ssh/sshd_config" 'HostKey /etc/ssh/ssh_host_ed25519_key'
    told 'dwarn: dracut-sshd: there is no unsealed host key (UNSEALED_KEY=no)'
    told 'NOBODY can log in while this image boots'
    lacks "$log" UNTESTED
    lacks "$log" derror
    grep -q '^0*  the sealed host key alone$' "$initdir/usr/lib/dracut-sshd/sources"
    run ! grep -q unsealed "$initdir/usr/lib/dracut-sshd/sources"
    run ! grep -q '^unsealed' "$in_image/fingerprints"
  done
}

@test "a second key that is not there is as UNSEALED_KEY=no" {
  seal
  rm "$sealed"/unsealed*
  module 'check && install'
  told 'dwarn: dracut-sshd: there is no unsealed host key'
  [ -z "$(ls "$initdir"/etc/ssh/*_key* 2>/dev/null)" ]
}

@test "UNSEALED_KEY=no where the sealed one cannot be opened: sshd stays out" {
  seal
  file /etc/dracut-sshd/initrd.conf UNSEALED_KEY=no
  rm "$root/usr/lib/libtss2-esys.so.0"
  stays_out 'the sealed host key cannot go into this image, because the library libtss2-esys.so.0 is missing, and there is no unsealed one.'
  told 'Or take UNSEALED_KEY=no out of'
}

@test "what an sshd_config of the administrator's names is left out, and the sealed key is named" {
  real_sshd
  seal
  file /etc/dracut-sshd/sshd_config 'HostKey /etc/ssh/dracut_ssh_host_ed25519_key' 'HostKey /etc/ssh/ssh_host_ed25519_key' \
    'PermitRootLogin prohibit-password' 'UsePAM no' 'AuthorizedKeysFile .ssh/authorized_keys'
  module 'check && install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR/tmp"
  only_sealed
  [ "$(grep -m 1 ^HostKey "$initdir/etc/ssh/sshd_config")" = 'HostKey /etc/ssh/ssh_host_ed25519_key' ]
  [ ! -e "$initdir/etc/ssh/dracut_ssh_host_ed25519_key" ]
  lacks "$log" derror
  told 'left out of this image: the private key /etc/ssh/dracut_ssh_host_ed25519_key'
}

@test "another host key that is named in the clear goes in, with a warning" {
  seal
  cp "$root/etc/ssh/dracut_ssh_host_ed25519_key" "$root/etc/dracut-sshd/third_key"
  file /etc/dracut-sshd/sshd_config.d/third.conf 'HostKey /etc/dracut-sshd/third_key'
  module 'check && install'
  told 'dwarn: dracut-sshd: /etc/dracut-sshd/third_key goes into the image in the clear, beside the sealed host key'
}

@test "dracut-sshd-check sees a key that is sealed anew, and libraries that have gone" {
  local before
  seal
  sources() { (
    dracutsysrootdir=$root
    for part in host seal network-settings networkd-files authorized-keys config-files hold digests; do . "$moddir/$part.sh"; done
    sshd_sources
  ); }
  before=$(sources)
  [ "$before" = "$(sources)" ]
  head -c 300 /dev/urandom | base64 >"$sealed/ssh_host_ed25519_key.cred"
  [ "$before" != "$(sources)" ]
  [ "$(sources | wc -l)" -eq "$(wc -l <<<"$before")" ]
  rm "$root/usr/lib/libtss2-rc.so.0"
  [ "$(sources | wc -l)" -gt "$(wc -l <<<"$before")" ]
}
