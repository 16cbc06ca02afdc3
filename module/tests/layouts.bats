#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The module in the layout of each distribution. Variables like root and initdir come from lib/dracut.bash.
# shellcheck disable=SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() { setup_dracut; }

# goes_in LAYOUT SSHD PRIVSEP-FOLDER HELPER...: builds, and looks at what every image must have.
goes_in() {
  local helper
  make_root "$1"
  module check
  module install mods_to_load=' systemd network '
  lacks "$log" 'derror:'
  lacks "$log" 'dfatal:'
  cmp "$root$2" "$initdir$2"
  for helper in "${@:4}"; do cmp "$root$helper" "$initdir$helper"; done
  [[ $(find "$initdir" -name 'sshd-*' | wc -l) -eq $(($# - 3)) ]]
  [[ -d $initdir$3 ]]
  mode_of 755 "$initdir$3"
  unit=$initdir/usr/lib/systemd/system/sshd.service
  holds "$unit" "ExecStart=$2 -D \$OPTIONS \$CRYPTO_POLICY \$SSHD_OPTS"
  holds "$unit" Type=notify
  [[ $(readlink "$initdir/etc/systemd/system/sysinit.target.wants/sshd.service") == /usr/lib/systemd/system/sshd.service ]]
  grep -q '^sshd:x:' "$initdir/etc/passwd"
  cmp "$root/etc/ssh/ssh_host_ed25519_key" "$initdir/etc/ssh/ssh_host_ed25519_key"
  mode_of 600 "$initdir/etc/ssh/ssh_host_ed25519_key"
}

@test "Fedora: sshd in /usr/bin behind a link, both helpers, a crypto policy in sshd_config's language" {
  goes_in fedora /usr/bin/sshd /usr/share/empty.sshd /usr/libexec/openssh/sshd-session /usr/libexec/openssh/sshd-auth
  policy=/etc/crypto-policies/back-ends/opensshserver.config
  holds "$initdir/etc/ssh/sshd_config" "Include $policy"
  holds "$initdir$policy" 'Ciphers aes256-gcm@openssh.com'
  [ ! -L "$initdir$policy" ]
  lacks "$unit" "$policy"
  cmp "$root/etc/sysconfig/sshd" "$initdir/etc/sysconfig/sshd"
}

@test "RHEL 8: no helpers, and a crypto policy that is a file of variables" {
  goes_in rhel8 /usr/sbin/sshd /var/empty/sshd
  policy=/etc/crypto-policies/back-ends/opensshserver.config
  holds "$unit" "EnvironmentFile=-$policy"
  cmp "$root$policy" "$initdir$policy"
  lacks "$initdir/etc/ssh/sshd_config" Include
  # The administrator's opt-out in /etc/sysconfig/sshd comes after the policy, and so wins.
  [[ $(grep -n "$policy" "$unit" | cut -d: -f1) -lt $(grep -n 'EnvironmentFile=-/etc/sysconfig/sshd' "$unit" | cut -d: -f1) ]]
}

@test "RHEL 8: dracut 049 has no module systemd-ask-password, so none is asked for" {
  make_root rhel8
  [[ $(module depends) == systemd ]]
  mkdir "$dracutbasedir/modules.d/01systemd-ask-password"
  [[ $(module depends) == $'systemd\nsystemd-ask-password' ]]
}

@test "RHEL 9: no helpers, a crypto policy in sshd_config's language" {
  goes_in rhel9 /usr/sbin/sshd /usr/share/empty.sshd
  holds "$initdir/etc/ssh/sshd_config" 'Include /etc/crypto-policies/back-ends/opensshserver.config'
}

@test "RHEL 10: sshd-session alone" {
  goes_in rhel10 /usr/sbin/sshd /usr/share/empty.sshd /usr/libexec/openssh/sshd-session
}

@test "openSUSE Leap 15.6: no helpers, options in /etc/sysconfig/ssh" {
  goes_in leap156 /usr/sbin/sshd /var/lib/empty
  cmp "$root/etc/sysconfig/ssh" "$initdir/etc/sysconfig/ssh"
}

@test "openSUSE Tumbleweed: both helpers in /usr/libexec/ssh, which sshd -G tells" {
  goes_in tumbleweed /usr/sbin/sshd /var/lib/empty /usr/libexec/ssh/sshd-session /usr/libexec/ssh/sshd-auth
}

@test "Debian 12: no helpers, notifies by libsystemd, options in /etc/default/ssh" {
  goes_in debian12 /usr/sbin/sshd /run/sshd
  cmp "$root/etc/default/ssh" "$initdir/etc/default/ssh"
  holds "$initdir/etc/passwd" 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin'
  holds "$initdir/etc/group" 'nogroup:x:65534:'
  holds "$unit" RuntimeDirectory=sshd
}

@test "Debian 13 and Ubuntu: both helpers in /usr/lib/openssh, which sshd -G tells" {
  goes_in debian13 /usr/sbin/sshd /run/sshd /usr/lib/openssh/sshd-session /usr/lib/openssh/sshd-auth
}

@test "Gentoo: both helpers in lib64/misc, sshd a link, the account has the id 22" {
  goes_in gentoo /usr/bin/sshd /var/empty /usr/lib64/misc/sshd-session /usr/lib64/misc/sshd-auth
  holds "$initdir/etc/passwd" 'sshd:x:22:22:User for SSH:/var/empty:/sbin/nologin'
  holds "$initdir/etc/group" 'sshd22:x:22:'
}

@test "Arch: sshd in /usr/bin, no account of its own, so one is made whose id is free" {
  goes_in arch /usr/bin/sshd /usr/share/empty.sshd /usr/lib/ssh/sshd-session /usr/lib/ssh/sshd-auth
  # 74 is a group's on this system.
  holds "$initdir/etc/passwd" 'sshd:x:75:75:Privilege-separated SSH:/:/usr/sbin/nologin'
  holds "$initdir/etc/group" 'sshd:x:75:'
}

@test "ostree: root's home is a link to nothing, the account is in /usr/lib/passwd, and the key comes from /etc" {
  goes_in silverblue /usr/bin/sshd /usr/share/empty.sshd /usr/libexec/openssh/sshd-session /usr/libexec/openssh/sshd-auth
  cmp "$root/etc/dracut-sshd/authorized_keys" "$initdir/var/roothome/.ssh/authorized_keys"
  mode_of 700 "$initdir/var/roothome/.ssh"
  holds "$initdir/etc/passwd" 'sshd:x:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/usr/sbin/nologin'
}
