#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may log in and what they can do then: forced commands, certificates, keys in other files.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots

setup() {
  setup_dracut
  make_root debian12
  admin=$(<"$BATS_FILE_TMPDIR/keys/admin.pub")
}

# forced COMMAND-AS-WRITTEN: the only key is tied to it.
forced() {
  file /root/.ssh/authorized_keys "no-port-forwarding,no-agent-forwarding,Command=\"$1\",no-X11-forwarding $admin"
  : >"$log"
  rm -rf "$BATS_TEST_TMPDIR/state"
  module install
}

@test "the key line of dropbear-initramfs unlocks: its command is there" {
  forced cryptroot-unlock
  [[ $(readlink "$initdir/usr/bin/cryptroot-unlock") == unlock && -x $initdir/usr/bin/cryptroot-unlock ]]
  told 'dinfo: dracut-sshd: may log in (/root/.ssh/authorized_keys, key 1), and only run "cryptroot-unlock": '
  lacks "$log" dwarn:\ dracut-sshd:\ key
}

@test "the key line of cloud images logs nobody in, and that is said" {
  forced "echo 'Please login as the user \\\"debian\\\" rather than the user \\\"root\\\".';echo;sleep 10;exit 142"
  told 'dwarn: dracut-sshd: key 1 in /root/.ssh/authorized_keys gets neither a shell nor unlocks anything, for it can only run "echo '"'"'Please login as the user "debian"'
  lacks "$log" 'may log in'
}

@test "a command that is not in the image is named" {
  forced 'borg serve --append-only'
  told 'for it can only run "borg serve --append-only", and borg is not in this image'
  for command in 'unlock --wait 60' /usr/bin/unlock /bin/cryptroot-unlock 'exec unlock' 'IFS= read -r p; unlock' '$SSH_ORIGINAL_COMMAND'; do
    forced "$command"
    told "and only run \"$command\""
  done
  for command in /opt/x/unlock /usr/local/bin/unlock; do
    forced "$command"
    told "and $command is not in this image"
  done
}

@test "a comma, a quote or the word in a comment is no option" {
  file /root/.ssh/authorized_keys "environment=\"A=,command=\\\"x\\\"\" $admin" "$admin command=\"false\""
  module install
  told 'may log in (/root/.ssh/authorized_keys, key 1): '
  told 'may log in (/root/.ssh/authorized_keys, key 2): '
}

@test "certificates alone are enough, with the CA that the configuration names" {
  rm "$root/root/.ssh/authorized_keys"
  file /etc/ssh/ca.pub "$admin"
  file /etc/dracut-sshd/sshd_config.d/10-ca.conf 'TrustedUserCAKeys /etc/ssh/ca.pub'
  module check
  module install
  cmp "$root/etc/ssh/ca.pub" "$initdir/etc/ssh/ca.pub"
  grep -q '^#' "$initdir/root/.ssh/authorized_keys"
  told "may log in with a certificate of (/etc/ssh/ca.pub): $(ssh-keygen -lf "$root/etc/ssh/ca.pub")"
  # A CA that is not there, or no key.
  echo nothing >"$root/etc/ssh/ca.pub"
  run module check
  [[ $status -eq 1 ]]
  told 'there are no authorized keys'
}

@test "a certificate logs in by the image's own sshd" {
  real_sshd
  rm "$root/root/.ssh/authorized_keys"
  file /etc/ssh/ca.pub "$admin"
  file /etc/dracut-sshd/sshd_config.d/10-ca.conf 'TrustedUserCAKeys /etc/ssh/ca.pub'
  module check
  lacks "$log" UNTESTED
}

@test "AuthorizedKeysFile for root, below its home or by a pattern: the files come along" {
  file /etc/ssh/authorized_keys/root "$admin"
  file /root/.keys "$admin"
  file /root/.ssh/more_1 "$admin"
  file /etc/dracut-sshd/sshd_config 'UsePAM no' 'AuthorizedKeysFile /etc/ssh/authorized_keys/%u %h/.keys .ssh/more_* .ssh/authorized_keys /etc/%i/x none'
  module install
  for path in /etc/ssh/authorized_keys/root /root/.keys /root/.ssh/more_1; do
    cmp "$root$path" "$initdir$path"
    mode_of 600 "$initdir$path"
  done
}

@test "keys elsewhere alone are enough, and they are the ones that the log names" {
  real_sshd
  rm "$root/root/.ssh/authorized_keys"
  file /etc/ssh/authorized_keys/root "$admin"
  file /etc/dracut-sshd/sshd_config 'UsePAM no' 'AuthorizedKeysFile /etc/ssh/authorized_keys/%u'
  module 'check && install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR"
  told 'may log in (/etc/ssh/authorized_keys/root, key 1): '
  rm -r "$BATS_TEST_TMPDIR/dracut-sshd"
  # With a key in the usual place, which this sshd does not read.
  file /root/.ssh/authorized_keys "$admin"
  rm "$root/etc/ssh/authorized_keys/root" && rm -r "$initdir/etc/ssh/authorized_keys"
  : >"$log"
  module 'check; install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR"
  lacks "$log" 'may log in'
  told "no file that this image's sshd reads holds an authorized key"
}
