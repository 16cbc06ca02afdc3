#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who could have written what goes into an image: keys are refused as StrictModes would, the rest is warned of.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian12
  keys=/etc/dracut-sshd/authorized_keys
  file "$keys" "$(<"$BATS_FILE_TMPDIR/keys/admin.pub")"
}

# refused REASON REMEDY
refused() {
  : >"$log"
  run module check
  [ "$status" -eq 1 ] || { echo "not refused" && cat "$log" && return 1; }
  told 'derror: dracut-sshd: others than root can change who may log in'
  told "$1"
  told "type $2"
}
# accepted: and what is warned of is in the log.
accepted() {
  : >"$log"
  module check || { cat "$log" && return 1; }
  module install
  lacks "$log" derror
}
# needs_root: giving files to others is root's.
needs_root() { [[ $EUID -eq 0 ]] || skip "only root may chown"; }

@test "keys that others can write are refused, with the command that mends it" {
  chmod 0666 "$root$keys"
  refused "$keys has mode 666" "chmod go-w $keys"
  chmod 0644 "$root$keys"
  accepted
  chmod 0777 "$root/etc/dracut-sshd"
  refused '/etc/dracut-sshd has mode 777' 'chmod go-w /etc/dracut-sshd'
  chmod 0755 "$root/etc/dracut-sshd"
  chmod 0777 "$root"
  refused '/ has mode 777' 'chmod go-w /'
  chmod 0755 "$root"
  accepted
  lacks "$log" 'others than root can change'
}

@test "keys that belong to another user, or that a link of another user's leads to, are refused" {
  needs_root
  chown 65534 "$root$keys"
  refused "$keys belongs to user 65534" "chown root: $keys"
  rm "$root$keys"
  mkdir -p "$root/srv/admin"
  cp "$BATS_FILE_TMPDIR/keys/admin.pub" "$root/srv/admin/keys"
  chown -R 1000 "$root/srv/admin"
  ln -s /srv/admin/keys "$root$keys"
  refused '/srv/admin belongs to user 1000' 'chown root: /srv/admin'
  told '/srv/admin/keys belongs to user 1000'
}

@test "the folders of root's home count, and none above it, as for StrictModes" {
  rm "$root$keys"
  chmod 0775 "$root"
  accepted
  chgrp 50 "$root" 2>/dev/null || skip "only root may chgrp"
  accepted
  chgrp 50 "$root/root" "$root/root/.ssh"
  chmod 0770 "$root/root"
  refused '/root has mode 770' 'chmod go-w /root'
  chmod 0700 "$root/root"
  chmod 0702 "$root/root/.ssh"
  refused '/root/.ssh has mode 702' 'chmod go-w /root/.ssh'
}

@test "what root's own group can write is warned of, and not refused: Debian's sshd does not mind" {
  needs_root
  chmod 0664 "$root$keys"
  accepted
  told "dwarn: dracut-sshd: others than root can change $keys, which goes into the image: $keys has mode 664; type chmod g-w $keys"
}

@test "StrictModes no, for the system or for the image, makes a warning of it" {
  chmod 0666 "$root$keys"
  file /etc/ssh/sshd_config.d/strict.conf 'StrictModes no'
  accepted
  told "dwarn: dracut-sshd: others than root can change $keys"
  rm "$root/etc/ssh/sshd_config.d/strict.conf"
  refused "$keys has mode 666" 'chmod'
  file /etc/dracut-sshd/sshd_config.d/strict.conf 'strictmodes=no'
  accepted
}

@test "further files that say who may log in count, too" {
  file /etc/dracut-sshd/sshd_config.d/a.conf 'AuthorizedKeysFile /etc/ssh/more'
  file /etc/ssh/more "$(<"$BATS_FILE_TMPDIR/keys/admin.pub")"
  chmod 0666 "$root/etc/ssh/more"
  refused '/etc/ssh/more has mode 666' 'chmod go-w /etc/ssh/more'
}

@test "configuration, drop-ins, and files for the network are warned of, each folder once" {
  needs_root
  mkdir -p "$root/etc/dracut-sshd/sshd_config.d" "$root/etc/dracut-sshd/network"
  file /etc/dracut-sshd/sshd_config.d/x.conf 'LoginGraceTime 30'
  file /etc/dracut-sshd/sshd_config.d/y.conf 'LoginGraceTime 30'
  file /etc/dracut-sshd/network/20.network '[Match]'
  chown 65534 "$root/etc/dracut-sshd/sshd_config.d/x.conf"
  chmod 0777 "$root/etc/dracut-sshd/network" "$root/etc/dracut-sshd/sshd_config.d"
  accepted
  told '/etc/dracut-sshd/sshd_config.d/x.conf belongs to user 65534; type chown root: /etc/dracut-sshd/sshd_config.d/x.conf'
  told '/etc/dracut-sshd/network has mode 777; type chmod go-w /etc/dracut-sshd/network'
  [ "$(grep -c '/etc/dracut-sshd/sshd_config.d has mode 777' "$log")" -eq 1 ]
}

@test "a private host key that others can read is warned of" {
  chmod 0644 "$root/etc/ssh/ssh_host_ed25519_key"
  accepted
  told 'dwarn: dracut-sshd: others than root can read the private host key /etc/ssh/ssh_host_ed25519_key: its mode is 644; type chmod 0600'
  chmod 0600 "$root/etc/ssh/ssh_host_ed25519_key"
  accepted
  lacks "$log" 'others than root'
}

@test "a drop-in whose name sshd cannot be told is refused by name" {
  for name in 'a b.conf' $'a\nb.conf' 'a*.conf' 'ä.conf' '"q".conf'; do
    file "/etc/dracut-sshd/sshd_config.d/$name" 'LoginGraceTime 30'
    : >"$log"
    run module check
    [ "$status" -eq 1 ]
    told 'derror: dracut-sshd: sshd cannot be told to read'
    told "$(printf %q "/etc/dracut-sshd/sshd_config.d/$name")"
    [ "$(grep -c . "$log")" -eq 2 ]
    rm "$root/etc/dracut-sshd/sshd_config.d/$name"
  done
  file /etc/dracut-sshd/sshd_config.d/10-a_b@c.conf 'LoginGraceTime 30'
  accepted
}
