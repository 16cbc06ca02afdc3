#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which private keys go into an image, and what is said of them.
# shellcheck disable=SC1090,SC1091,SC2016,SC2030,SC2031,SC2034,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian12
}

# make_key NAME [TYPE [FORMAT]]: in the system's /etc/ssh.
make_key() { ssh-keygen -q -t "${2-ed25519}" ${3+-m "$3"} -N '' -C "$1" -f "$root/etc/ssh/$1"; }

# system_keys_and_own: the system as OpenSSH's packages leave it, and one key for the initramfs, as the manual page has it.
system_keys_and_own() {
  rm "$root"/etc/ssh/ssh_host_*
  make_key ssh_host_rsa_key rsa PEM
  make_key ssh_host_ecdsa_key ecdsa
  make_key ssh_host_ed25519_key
  make_key dracut_ssh_host_ed25519_key
}

stock='HostKey /etc/ssh/ssh_host_rsa_key
HostKey /etc/ssh/ssh_host_ecdsa_key
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
UsePAM no
AuthorizedKeysFile .ssh/authorized_keys'

# no_system_key [FOLDER]: none of the system's private keys is anywhere in the image, under whatever name.
no_system_key() {
  local key file
  for key in "$root"/etc/ssh/ssh_host_*_key; do
    while IFS= read -r -d '' file; do
      if cmp -s "$key" "$file"; then echo "$key is in the image as $file" && return 1; fi
    done < <(find "$initdir" -type f -print0)
  done
}

# goes_in: the real sshd accepts what would go in, and what went in.
goes_in() {
  module check || { cat "$log" && return 1; }
  module install
  lacks "$log" derror
  lacks "$log" UNTESTED
}

# in_force WORD: prints what the image's sshd makes of its configuration, of that option.
in_force() {
  mkdir -p "$initdir/dev" "$initdir/run/sshd"
  : >"$initdir/dev/null"
  chroot "$initdir" /usr/sbin/sshd -T 2>/dev/null </dev/null | grep "^$1 "
}

@test "stock HostKey lines beside keys of the initramfs's own: no key of the system's is in the image, and sshd starts" {
  real_sshd
  system_keys_and_own
  file /etc/dracut-sshd/sshd_config "$stock"
  goes_in
  no_system_key
  cmp "$root/etc/ssh/dracut_ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
  [ "$(in_force hostkey)" = 'hostkey /etc/ssh/ssh_host_ed25519_key' ]
  told "dwarn: dracut-sshd: left out of this image: the system's private key /etc/ssh/ssh_host_rsa_key, which /etc/dracut-sshd/sshd_config"
  told 'host key: /etc/ssh/dracut_ssh_host_ed25519_key (its private key is in the image'
  lacks "$log" 'left out of this image: the system'\''s private key /etc/ssh/ssh_host_ed25519_key'
}

@test "where every HostKey line is one of the system's, the initramfs's own takes their place" {
  real_sshd
  system_keys_and_own
  file /etc/dracut-sshd/sshd_config 'HostKey=/etc/ssh/ssh_host_rsa_key' 'hostkey "/etc/ssh/ssh_host_ecdsa_key"' 'UsePAM no'
  goes_in
  no_system_key
  [ "$(in_force hostkey)" = 'hostkey /etc/ssh/ssh_host_ed25519_key' ]
}

@test "the same in drop-ins, and in what a configuration includes" {
  real_sshd
  system_keys_and_own
  file /etc/dracut-sshd/sshd_config.d/10.conf 'HostKey /etc/ssh/ssh_host_rsa_key'
  file /etc/dracut-sshd/sshd_config 'Include /etc/ssh/more.conf' 'UsePAM no'
  file /etc/ssh/more.conf 'HostKey /etc/ssh/ssh_host_ecdsa_key' 'LoginGraceTime 33'
  goes_in
  no_system_key
  [ "$(in_force hostkey)" = 'hostkey /etc/ssh/ssh_host_ed25519_key' ]
  [ "$(in_force logingracetime)" = 'logingracetime 33' ]
}

@test "a key of the system's is known by another name, in another format, and by the system's own configuration" {
  system_keys_and_own
  make_key elsewhere
  file /etc/ssh/sshd_config 'HostKey /etc/ssh/elsewhere'
  ln -s ssh_host_rsa_key "$root/etc/ssh/link"
  cp "$root/etc/ssh/ssh_host_rsa_key" "$root/etc/ssh/converted"
  chmod 600 "$root/etc/ssh/converted"
  ssh-keygen -q -p -N '' -f "$root/etc/ssh/converted" >/dev/null
  if cmp -s "$root/etc/ssh/ssh_host_rsa_key" "$root/etc/ssh/converted"; then return 1; fi
  file /etc/dracut-sshd/sshd_config 'HostKey /etc/ssh/elsewhere' 'HostKey /etc/ssh/link' 'HostKey /etc/ssh/converted' \
    'HostKey /etc/ssh/dracut_ssh_host_ed25519_key'
  module install
  no_system_key
  for name in elsewhere link converted; do
    absent "$initdir/etc/ssh/$name"
    told "left out of this image: the system's private key /etc/ssh/$name,"
  done
  [ -e "$initdir/etc/ssh/dracut_ssh_host_ed25519_key" ]
}

@test "a further key that is not the system's goes in, and the log says whose it is" {
  system_keys_and_own
  make_key initramfs_rsa rsa
  file /etc/dracut-sshd/sshd_config 'HostKey /etc/ssh/initramfs_rsa'
  module install
  cmp "$root/etc/ssh/initramfs_rsa" "$initdir/etc/ssh/initramfs_rsa"
  told "host key: /etc/ssh/initramfs_rsa (its private key is in the image; the system's sshd has another one)"
}

@test "without keys of the initramfs's own everything stays as it was, and the log says whose the keys are" {
  file /etc/dracut-sshd/sshd_config "$stock"
  module install
  cmp "$root/etc/dracut-sshd/sshd_config" "$initdir/etc/ssh/sshd_config"
  cmp "$root/etc/ssh/ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
  told "host key: /etc/ssh/ssh_host_ed25519_key (the SYSTEM's own private key is in the image)"
}

@test "a key for the initramfs that is a copy of the system's is warned of" {
  cp "$root/etc/ssh/ssh_host_ed25519_key" "$root/etc/ssh/dracut_ssh_host_ed25519_key"
  module install
  told "dwarn: dracut-sshd: /etc/ssh/dracut_ssh_host_ed25519_key is the system's own host key under another name"
}

@test "what stays out is no source of the image" {
  system_keys_and_own
  file /etc/dracut-sshd/sshd_config "$stock"
  module install
  grep -q '/etc/ssh/dracut_ssh_host_ed25519_key$' "$initdir/usr/lib/dracut-sshd/sources"
  lacks "$initdir/usr/lib/dracut-sshd/sources" /etc/ssh/ssh_host_
}

# refused FILE: by name, before sshd is asked, whose words would have the key's text in them.
refused() {
  local secret
  run module check
  [ "$status" -eq 1 ]
  told "derror: dracut-sshd: $1"
  told 'holds a PRIVATE key'
  secret=$(sed -n 2p "$root/etc/ssh/ssh_host_ed25519_key")
  lacks "$log" "${secret:0:30}"
  module check add_dracutmodules=' sshd '
  module install
  no_system_key
  absent "$initdir/etc/ssh"
}

@test "a private key that is named as something else is refused by name, whatever it is named as" {
  for keyword in Include AuthorizedKeysFile Banner TrustedUserCAKeys RevokedKeys AuthorizedPrincipalsFile HostCertificate; do
    : >"$log"
    file /etc/dracut-sshd/sshd_config "$keyword /etc/ssh/ssh_host_ed25519_key"
    refused "/etc/ssh/ssh_host_ed25519_key, which /etc/dracut-sshd/sshd_config or what it includes names as ${keyword,,},"
  done
  : >"$log"
  file /etc/dracut-sshd/sshd_config 'HostKey /etc/ssh/ssh_host_ed25519_key' 'Banner /etc/ssh/ssh_host_ed25519_key'
  refused '/etc/ssh/ssh_host_ed25519_key, which'
}

@test "a private key in the place of authorized keys, a drop-in, or a public key is refused by name" {
  cp "$root/etc/ssh/ssh_host_ed25519_key" "$root/root/.ssh/dracut_authorized_keys"
  refused /root/.ssh/dracut_authorized_keys
  rm "$root/root/.ssh/dracut_authorized_keys"
  mkdir -p "$root/etc/dracut-sshd/sshd_config.d"
  cp "$root/etc/ssh/ssh_host_ed25519_key" "$root/etc/dracut-sshd/sshd_config.d/a.conf"
  refused /etc/dracut-sshd/sshd_config.d/a.conf
  rm "$root/etc/dracut-sshd/sshd_config.d/a.conf"
  cp "$root/etc/ssh/ssh_host_ed25519_key" "$root/etc/ssh/ssh_host_ed25519_key.pub"
  refused /etc/ssh/ssh_host_ed25519_key.pub
}

@test "every form of a private key is known by its content, and nothing else is" {
  . "$moddir/host.sh"
  key=$BATS_TEST_TMPDIR/key
  for begin in '-----BEGIN OPENSSH PRIVATE KEY-----' '-----BEGIN RSA PRIVATE KEY-----' '-----BEGIN EC PRIVATE KEY-----' \
    '-----BEGIN DSA PRIVATE KEY-----' '-----BEGIN PRIVATE KEY-----' '-----BEGIN ENCRYPTED PRIVATE KEY-----' \
    '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----' 'SSH PRIVATE KEY FILE FORMAT 1.1' 'PuTTY-User-Key-File-3: ssh-ed25519'; do
    printf '# a comment before\n%s\r\nAAAA\n' "$begin" >"$key"
    sshd_is_private_key "$key"
  done
  for other in 'ssh-ed25519 AAAA' '-----BEGIN PUBLIC KEY-----' '---- BEGIN SSH2 PUBLIC KEY ----' '# no PRIVATE KEY here' \
    '-----BEGIN CERTIFICATE-----' ''; do
    printf '%s\n' "$other" >"$key"
    run sshd_is_private_key "$key"
    [ "$status" -ne 0 ]
  done
}
