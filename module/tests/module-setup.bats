#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the module decides: which keys, which configuration, which Type=, and when it stays out.
# shellcheck disable=SC1090,SC1091,SC2016,SC2030,SC2031,SC2034,SC2154,SC2317

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian12
  unit=$initdir/usr/lib/systemd/system/sshd.service
}

public_key() { ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$BATS_TEST_TMPDIR/$1" && cat "$BATS_TEST_TMPDIR/$1.pub"; }

# stays_out REASON: check() refuses and says why; asked for by name it must not make dracut fail, but installs nothing.
stays_out() {
  run module check
  [ "$status" -eq 1 ]
  told "derror: dracut-sshd: $1"
  module check add_dracutmodules=' crypt sshd '
  find "$initdir" | sort >"$BATS_TEST_TMPDIR/before"
  module install
  find "$initdir" | sort | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "without an authorized key it stays out and says where to put one" {
  rm "$root/root/.ssh/authorized_keys"
  stays_out 'there are no authorized keys'
  told 'Put a public key into /etc/dracut-sshd/authorized_keys'
}

@test "an empty file of authorized keys is none" {
  : >"$root/root/.ssh/authorized_keys"
  stays_out 'there are no authorized keys'
}

@test "a file of authorized keys without a valid one is named" {
  file /etc/dracut-sshd/authorized_keys '# none yet' 'ssh-ed25519 AAAAbroken admin@laptop'
  stays_out "$root/etc/dracut-sshd/authorized_keys holds no valid public key"
}

@test "without a host key it stays out and says how to make one" {
  rm "$root"/etc/ssh/ssh_host_*
  : >"$root/etc/ssh/ssh_host_rsa_key"
  stays_out 'there is no host key in /etc/ssh'
  told 'ssh-keygen -t ed25519'
}

@test "a DSA host key alone is none" {
  mv "$root/etc/ssh/ssh_host_ed25519_key" "$root/etc/ssh/ssh_host_dsa_key"
  stays_out 'there is no host key in /etc/ssh'
}

@test "without sshd it stays out" {
  rm "$root/usr/sbin/sshd"
  stays_out 'there is no sshd on this system'
}

@test "a helper that sshd names and that is missing is an error" {
  answering_sshd "$root/usr/sbin/sshd" /usr/lib/openssh NOTIFY_SOCKET
  helpers /usr/lib/openssh session
  stays_out '/usr/sbin/sshd needs /usr/lib/openssh/sshd-auth, which is missing'
}

@test "a helper whose path is compiled in and that is missing is an error" {
  elf "$root/usr/sbin/sshd" NOTIFY_SOCKET /usr/lib/ssh/sshd-session
  stays_out '/usr/sbin/sshd needs /usr/lib/ssh/sshd-session, which is missing'
}

@test "helpers that sshd does not tell of are looked for in the usual folders" {
  helpers /usr/libexec/openssh session auth
  module install
  cmp "$root/usr/libexec/openssh/sshd-session" "$initdir/usr/libexec/openssh/sshd-session"
  cmp "$root/usr/libexec/openssh/sshd-auth" "$initdir/usr/libexec/openssh/sshd-auth"
}

@test "authorized keys come from the first of three files" {
  file /etc/dracut-sshd/authorized_keys "$(public_key second)"
  module install
  cmp "$root/etc/dracut-sshd/authorized_keys" "$initdir/root/.ssh/authorized_keys"
  file /root/.ssh/dracut_authorized_keys "$(public_key first)"
  module install
  cmp "$root/root/.ssh/dracut_authorized_keys" "$initdir/root/.ssh/authorized_keys"
  mode_of 600 "$initdir/root/.ssh/authorized_keys"
  mode_of 700 "$initdir/root/.ssh"
}

@test "the build's log has file, fingerprint and type of each key, and options are kept" {
  file /etc/dracut-sshd/authorized_keys "restrict,command=\"unlock\" $(public_key forced)"
  module install
  told "dinfo: dracut-sshd: may log in (/etc/dracut-sshd/authorized_keys, key 1), and only run \"unlock\": $(ssh-keygen -lf "$BATS_TEST_TMPDIR/forced.pub")"
  grep -q '^restrict,command="unlock" ssh-ed25519' "$initdir/root/.ssh/authorized_keys"
}

@test "host keys of the initramfs's own go before the system's, with certificate, under the usual names" {
  mv "$root/etc/ssh/ssh_host_ed25519_key" "$root/etc/ssh/dracut_ssh_host_ed25519_key"
  cp "$BATS_FILE_TMPDIR/keys/host.pub" "$root/etc/ssh/dracut_ssh_host_ed25519_key.pub"
  cp "$BATS_FILE_TMPDIR/keys/host-cert.pub" "$root/etc/ssh/dracut_ssh_host_ed25519_key-cert.pub"
  cp "$BATS_FILE_TMPDIR/keys/host" "$root/etc/ssh/ssh_host_rsa_key"
  module install
  [ "$(cd "$initdir/etc/ssh" && echo ssh_host_*)" = 'ssh_host_ed25519_key ssh_host_ed25519_key-cert.pub ssh_host_ed25519_key.pub' ]
  mode_of 600 "$initdir/etc/ssh/ssh_host_ed25519_key"
  mode_of 644 "$initdir/etc/ssh/ssh_host_ed25519_key.pub"
  holds "$initdir/etc/ssh/sshd_config" 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub'
}

@test "with the system's host keys the log says so, and how to make others" {
  module install
  told "dracut-sshd: that is the system's own key"
}

@test "an sshd_config of the administrator's is taken as it is, with what it names" {
  file /etc/dracut-sshd/sshd_config 'UsePAM no' 'TrustedUserCAKeys /etc/ssh/ca.pub' 'RevokedKeys=/etc/ssh/revoked' \
    'Include sshd_config.d/*.conf' 'AuthorizedPrincipalsFile /etc/ssh/principals/%u' 'Banner /etc/../../outside'
  file /etc/ssh/ca.pub ca
  file /etc/ssh/revoked revoked
  file /etc/ssh/sshd_config.d/10-more.conf 'Banner /etc/issue.net' 'Include /etc/ssh/sshd_config.d/*.conf'
  file /etc/issue.net banner
  echo outside >"$BATS_TEST_TMPDIR/outside"
  module install
  cmp "$root/etc/dracut-sshd/sshd_config" "$initdir/etc/ssh/sshd_config"
  for path in /etc/ssh/ca.pub /etc/ssh/revoked /etc/ssh/sshd_config.d/10-more.conf /etc/issue.net; do
    cmp "$root$path" "$initdir$path"
  done
  absent "$initdir/outside"
  mode_of 600 "$initdir/etc/ssh/sshd_config"
}

@test "SSHD_OPTS comes from /etc/sysconfig/dracut-sshd and /etc/default/dracut-sshd, after the system's own files" {
  file /etc/sysconfig/dracut-sshd 'SSHD_OPTS="-p 2222"'
  file /etc/default/dracut-sshd 'SSHD_OPTS="-p 2223"'
  module install
  cmp "$root/etc/sysconfig/dracut-sshd" "$initdir/etc/sysconfig/dracut-sshd"
  cmp "$root/etc/default/dracut-sshd" "$initdir/etc/default/dracut-sshd"
  [ "$(grep '^EnvironmentFile=' "$unit" | tail -n 2 | tr '\n' ' ')" = \
    'EnvironmentFile=-/etc/sysconfig/dracut-sshd EnvironmentFile=-/etc/default/dracut-sshd ' ]
}

@test "an EnvironmentFile= that a distribution added to the unit is taken along" {
  sed -i 's#^ExecStart=#EnvironmentFile=-/etc/conf.d/sshd\n&#' "$moddir/sshd.service"
  file /etc/conf.d/sshd 'SSHD_OPTS='
  module install
  cmp "$root/etc/conf.d/sshd" "$initdir/etc/conf.d/sshd"
}

@test "an sshd that cannot notify is started with Type=simple and -e, whatever the unit says" {
  elf "$root/usr/sbin/sshd" /run/sshd
  module install
  holds "$unit" Type=simple
  holds "$unit" 'ExecStart=/usr/sbin/sshd -e -D $OPTIONS $CRYPTO_POLICY $SSHD_OPTS'
}

@test "-e is not given twice" {
  elf "$root/usr/sbin/sshd" /run/sshd
  sed -i 's/^Type=.*/Type=simple/; s/^\(ExecStart=[^ ]*\) /\1 -D -e /; s/-e -D/-e/' "$moddir/sshd.service"
  module install
  holds "$unit" 'ExecStart=/usr/sbin/sshd -D -e $OPTIONS $CRYPTO_POLICY $SSHD_OPTS'
}

@test "an sshd that notifies is waited for, though the unit says simple" {
  sed -i 's/^Type=.*/Type=simple/' "$moddir/sshd.service"
  module install
  holds "$unit" Type=notify
}

@test "a wrapper script tells nothing, so the unit's Type= stays" {
  printf '#!/bin/sh\nexit 1\n' >"$root/usr/sbin/sshd"
  sed -i 's/^Type=.*/Type=simple/' "$moddir/sshd.service"
  module install
  holds "$unit" Type=simple
  holds "$unit" 'ExecStart=/usr/sbin/sshd -D $OPTIONS $CRYPTO_POLICY $SSHD_OPTS'
}

@test "the path in the unit is that of the sshd that is there" {
  mkdir -p "$root/opt/bin" && mv "$root/usr/sbin/sshd" "$root/opt/bin/" && ln -s /opt/bin/sshd "$root/usr/sbin/sshd"
  module install
  holds "$unit" 'ExecStart=/opt/bin/sshd -D $OPTIONS $CRYPTO_POLICY $SSHD_OPTS'
}

@test "an account that is in the image already is not doubled" {
  printf 'sshd:x:5:5::/:/bin/false\n' >"$initdir/etc/passwd"
  module install
  [ "$(grep -c '^sshd:' "$initdir/etc/passwd")" -eq 1 ]
}

@test "a link in the image never leads out of it" {
  mkdir "$BATS_TEST_TMPDIR/outside"
  rmdir "$initdir/root" && ln -s "$BATS_TEST_TMPDIR/outside" "$initdir/root"
  module install
  [ -z "$(ls -A "$BATS_TEST_TMPDIR/outside")" ]
}

@test "a link of the system's that goes round in circles is no key" {
  rm "$root/root/.ssh/authorized_keys"
  ln -s authorized_keys "$root/root/.ssh/authorized_keys"
  stays_out 'there are no authorized keys'
}

@test "an image without a network is built, and the log warns" {
  module install mods_to_load=' systemd base '
  told 'dwarn: dracut-sshd: there is sshd in this image, but no network'
}

@test "with a network nothing warns" {
  module install mods_to_load=' systemd-networkd '
  lacks "$log" 'no network'
}

@test "the shipped sshd_config has no option that only a newer sshd than 8.0 knows" {
  known=' allowusers permitrootlogin pubkeyauthentication authenticationmethods passwordauthentication '
  known+='kbdinteractiveauthentication hostbasedauthentication permitemptypasswords usepam authorizedkeysfile '
  known+='logingracetime disableforwarding allowagentforwarding allowtcpforwarding allowstreamlocalforwarding '
  known+='x11forwarding permittunnel gatewayports permituserenvironment permituserrc usedns printlastlog printmotd '
  known+='pidfile subsystem '
  while read -r option _; do
    [[ $known == *" ${option,,} "* ]]
  done < <(grep -v -e '^#' -e '^$' "$moddir/sshd_config")
}

@test "copied by hand it is the whole module: no other file of the source is needed" {
  mv "$moddir" "$BATS_TEST_TMPDIR/elsewhere"
  moddir=$BATS_TEST_TMPDIR/elsewhere
  module check
  module install
  lacks "$log" derror
}

@test "the module's own scripts go in whole but for comments and empty lines" {
  module install modules_loaded=' systemd-networkd '
  for name in bin/unlock bin/resume-boot bin/boot-state lib/dracut-sshd/fix-accounts lib/dracut-sshd/release-network; do
    dash -n "$initdir/usr/$name"
    [[ $(head -n 1 "$initdir/usr/$name") == '#!/bin/sh' ]]
    diff "$BATS_TEST_DIRNAME/../46sshd/boot/${name##*/}" "$initdir/usr/$name" >"$BATS_TEST_TMPDIR/gone" || :
    [[ -s $BATS_TEST_TMPDIR/gone ]]
    if grep -vE '^< *(#.*)?$|^[0-9]' "$BATS_TEST_TMPDIR/gone"; then return 1; fi
  done
}

@test "a part of the module that is missing is a failure, not an empty file" {
  rm "$moddir/boot/fix-accounts"
  run module install
  [[ $status -eq 1 ]]
  told 'sshd could not be installed into the image'
}

@test "options of newer sshds go in where this very sshd knows them, each for itself" {
  dracutsysrootdir=$root
  for part in host config verdict; do . "$moddir/$part.sh"; done
  sshd_in_tree() { [[ "$*" != *PerSourceNetBlockSize* ]]; }
  [ "$(sshd_learn_options sshd)" = $'PerSourceMaxStartups 8\nMaxStartups 200:30:400' ]
  sshd_in_tree() { [[ "$*" != *PerSource* ]]; }
  [ "$(sshd_learn_options sshd)" = 'MaxStartups 200:30:400' ]
}

@test "one network of IPv6 counts as one address, and a drop-in of the administrator's wins" {
  real_sshd
  grep -aqi persourcenetblocksize "$root/usr/sbin/sshd" || skip "this sshd is older than 8.5"
  file /etc/dracut-sshd/sshd_config.d/a.conf 'MaxStartups 5:50:20'
  module 'check && install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR"
  mkdir -p "$initdir/dev" "$initdir/run/sshd" && : >"$initdir/dev/null"
  chroot "$initdir" /usr/sbin/sshd -T </dev/null >"$BATS_TEST_TMPDIR/in-force"
  holds "$BATS_TEST_TMPDIR/in-force" 'persourcenetblocksize 32:64'
  holds "$BATS_TEST_TMPDIR/in-force" 'persourcemaxstartups 8'
  holds "$BATS_TEST_TMPDIR/in-force" 'maxstartups 5:50:20'
}

@test "rd.shell=0, on the command line of this system, of the image or of dracut.conf, is warned of" {
  module install kernel_cmdline='quiet rd.shell=0 root=/dev/sda'
  told 'dwarn: dracut-sshd: rd.shell=0 is on the kernel'\''s command line: when the boot fails, as after too many wrong passphrases'
  : >"$log"
  mkdir -p "$initdir/etc/cmdline.d"
  echo 'rd.shell=no rd.emergency=reboot' >"$initdir/etc/cmdline.d/10.conf"
  module install
  told '(rd.emergency=reboot)'
  rm -r "$initdir/etc/cmdline.d"
  : >"$log"
  module 'sshd_running_line() { echo "BOOT_IMAGE=/x rd.shell=off"; }; install'
  told 'dwarn: dracut-sshd: rd.shell=off is on the kernel'\''s command line'
  : >"$log"
  module install kernel_cmdline='rd.emergency=poweroff panic=30'
  told 'dwarn: dracut-sshd: rd.emergency=poweroff is on the kernel'\''s command line: when a shell of dracut'\''s ends'
  : >"$log"
  module install kernel_cmdline='rd.shell=1 panic=30 xrd.shell=0'
  lacks "$log" 'rd.shell'
}
