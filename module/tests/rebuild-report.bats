#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What dracut-sshd-rebuild says at the end, its exit status, and where dracut's own words go.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/rebuild
load lib/archive

uuid=aaaaaaaa-1111-2222-3333-444444444444

setup() {
  setup_real
  tree=$BATS_TEST_TMPDIR/tree log=$root/var/log/dracut-sshd/rebuild-6.1.0-1.log
  put /usr/lib/systemd/systemd-cryptsetup x
  put /usr/lib/systemd/system-generators/systemd-cryptsetup-generator x
  put /etc/systemd/network/zzzz-dracut-default.network '[Match]'
  mkdir -p "$root/proc"
  echo "BOOT_IMAGE=/vmlinuz root=/dev/mapper/debian--vg-root ro" >"$root/proc/cmdline"
  program dracut 'pack "$BATS_TEST_TMPDIR/tree" zstd >"$2"'
  export -f pack
}

# put PATH LINE...: a file of the image.
put() { mkdir -p "$(dirname -- "$tree$1")" && printf '%s\n' "${@:2}" >"$tree$1"; }

# lvm_on_luks: the record of a machine as Debian's installer lays it out.
lvm_on_luks() {
  put /usr/lib/dracut-sshd/storage $'version\t1' $'from\tsysfs' $'need\t/\t1' $'need\tresume\t6' $'node\t1\tfs\text4\t5f0c\t2' \
    $'node\t2\tlv\tdebian-vg/root\t-\t3' "$(printf 'node\t3\tcrypt\tvda5_crypt\t%s\t4' "$uuid")" $'node\t4\tpart\tvda5\t-\t5' \
    $'node\t5\tdisk\tvda\t-\t-' $'node\t6\tswap\tswap\t77\t7' $'node\t7\tlv\tdebian-vg/swap_1\t-\t3' $'novelty\tx'
}

says() { [[ $'\n'$output$'\n' == *$'\n'"$1"$'\n'* ]] || { echo "status $status: $output" && return 1; }; }
fails() {
  ends 1 "$1"
  [[ $output == *'was not touched'* ]]
}

@test "the end is six lines: image, keys, address, what asks, what is missing, what is next" {
  lvm_on_luks
  put /etc/crypttab '# a comment' "vda5_crypt UUID=$uuid none luks,discard"
  put /usr/lib/dracut-sshd/nics $'version\t1' $'nic\tenp1s0\tvirtio_net\tvirtio:1' $'nic\tenp2s0\te1000e\tpci:8086:10d3'
  rebuild
  ends 0 ''
  fingerprint=$(ssh-keygen -lf "$key" | cut -d' ' -f2)
  says "  log in:   root, with ED25519 ${fingerprint:0:15}.. admin@laptop"
  says '  address:  by DHCP on enp1s0, enp2s0'
  says '  asks for: vda5_crypt for / and resume (crypttab)'
  says '  missing:  nothing'
  says "  next:     dracut-sshd rehearse boots it in a virtual machine; then reboot (log: $log)"
  [ "${#lines[@]}" -eq 7 ] # and one when it began
  [[ ${lines[0]} == *': building '* && ${lines[1]} == *' is new, with sshd in it; the one before is '* ]]
}

@test "an encrypted root that nothing opens: status 1, the line to write, and the image that was there stays" {
  lvm_on_luks
  rebuild
  fails "nothing in the image opens vda5_crypt, which / and resume needs. In /etc/crypttab: vda5_crypt UUID=$uuid none luks"
  is_image "$image" first
  echo INSPECT=no >"$root/etc/dracut-sshd/initrd.conf"
  rebuild
  ends 0 'missing:  nothing in the image opens vda5_crypt'
  ends 0 'next:     mend what is missing, and build again, before you reboot'
}

@test "what opens it: crypttab by name or by UUID, the command line by a prefix or a name, in any of its places" {
  lvm_on_luks
  for line in "other UUID=$uuid none" "vda5_crypt /dev/vda5" "vda5_crypt PARTUUID=1 none luks,x-initrd.attach"; do
    put /etc/crypttab "$line"
    rebuild
    ends 0 'asks for: vda5_crypt for / and resume (crypttab)'
  done
  rm "$tree/etc/crypttab"
  for word in rd.luks.uuid=luks-aaaaaaaa rd.luks.uuid=$uuid rd.luks.name=$uuid=root luks.uuid="${uuid^^}"; do
    echo "root=/dev/mapper/x $word" >"$root/proc/cmdline"
    rebuild
    ends 0 'asks for: vda5_crypt for / and resume (the command line)'
  done
  echo 'root=/dev/mapper/x rd.auto' >"$root/proc/cmdline"
  rebuild
  ends 0 'asks for: vda5_crypt for / and resume (rd.auto)'
  echo 'root=/dev/mapper/x' >"$root/proc/cmdline"
  put /etc/cmdline.d/90crypt.conf " rd.luks.uuid=luks-$uuid"
  rebuild
  ends 0 '(the command line)'
}

@test "what does not open it: noauto, another volume's line, rd.luks=0, rd.luks.crypttab=no, and crypttab where the command line names others" {
  lvm_on_luks
  for line in "vda5_crypt UUID=$uuid none luks,noauto" "#vda5_crypt UUID=$uuid none" 'other UUID=bbbb none'; do
    put /etc/crypttab "$line"
    rebuild
    fails 'nothing in the image opens vda5_crypt'
  done
  put /etc/crypttab "vda5_crypt UUID=$uuid none luks"
  for word in rd.luks=0 luks=no rd.luks.crypttab=no rd.luks.uuid=bbbbbbbb rd.luks.name=bbbb=x; do
    echo "root=/dev/mapper/x $word" >"$root/proc/cmdline"
    rebuild
    fails 'nothing in the image opens vda5_crypt'
  done
  is_image "$image" first
}

@test "the boot loader's entry of that kernel goes before what the running one was given" {
  lvm_on_luks
  mkdir -p "$root/boot/grub" "$root/boot/loader/entries"
  printf '%s\n' 'menuentry x {' "	linux	/vmlinuz-6.1.0-1 root=/dev/mapper/x ro rd.luks.uuid=$uuid" '}' \
    '	linux	/vmlinuz-6.1.0-1 root=/dev/mapper/x ro single' >"$root/boot/grub/grub.cfg"
  rebuild
  ends 0 '(the command line)'
  printf '%s\n' 'title x' 'linux /vmlinuz-6.1.0-1' 'options root=/dev/mapper/x' >"$root/boot/loader/entries/x-6.1.0-1.conf"
  rebuild
  fails 'nothing in the image opens vda5_crypt'
}

@test "where it cannot be known it is said, and nothing is refused" {
  lvm_on_luks
  rm "$root/proc/cmdline"
  rebuild
  ends 0 'asks for: vda5_crypt for / and resume, if the command line names it, which is not known here'
  echo quiet >"$root/proc/cmdline"
  rebuild
  ends 0 "if systemd finds it by its partition's type"
  put /etc/cmdline.d/95root-dev.conf ' root=/dev/mapper/x'
  rebuild
  fails 'nothing in the image opens vda5_crypt'
  rm "$tree/etc/cmdline.d/95root-dev.conf"
  put /usr/lib/dracut-sshd/storage $'version\t1' $'from\tfiles' $'need\t/\t1' $'node\t1\tunknown\t/dev/vda1\t-\t-'
  rebuild
  ends 0 'asks for: not known, for the image was not built on the system that boots with it'
  put /usr/lib/dracut-sshd/storage $'version\t1' $'need\t/\t1' $'node\t1\tfs\text4\t-\t2' $'node\t2\tdisk\tvda\t-\t1'
  rebuild
  ends 0 'asks for: nothing: the boot needs no encrypted disk'
  rm "$tree/usr/lib/dracut-sshd/storage"
  put /etc/crypttab 'vda5_crypt /dev/vda5'
  rebuild
  ends 0 'asks for: vda5_crypt (crypttab)'
}

@test "systemd-cryptsetup or its generator missing, as after --no-install-recommends: status 1, and what to type" {
  lvm_on_luks
  put /etc/crypttab "vda5_crypt UUID=$uuid none luks"
  rm "$tree/usr/lib/systemd/systemd-cryptsetup"
  rebuild
  fails 'apt install systemd-cryptsetup'
  put /usr/lib/systemd/systemd-cryptsetup x
  rm "$tree/usr/lib/systemd/system-generators/systemd-cryptsetup-generator"
  rebuild
  fails 'apt install systemd-cryptsetup'
  is_image "$image" first
}

@test "a swap that nothing opens is missing, and locks nobody out" {
  put /usr/lib/dracut-sshd/storage $'need\t/\t1' $'need\tresume\t2' $'node\t1\tfs\text4\t-\t-' $'node\t2\tcrypt\tcryptswap\tbbbb\t-'
  rebuild
  ends 0 'missing:  nothing in the image opens cryptswap, which resume needs.'
}

@test "a key file that is not in the image, and keyscript=, are missing" {
  lvm_on_luks
  put /etc/crypttab "vda5_crypt UUID=$uuid /etc/keys/root.key luks"
  rebuild
  ends 0 'asks for: vda5_crypt for / and resume (crypttab, key file /etc/keys/root.key)'
  ends 0 'missing:  the key file /etc/keys/root.key of vda5_crypt is not in the image: it asks for a passphrase'
  put /etc/keys/root.key x
  rebuild
  ends 0 'missing:  nothing'
  put /etc/crypttab "vda5_crypt UUID=$uuid none luks,keyscript=decrypt_keyctl"
  rebuild
  ends 0 'keyscript= of vda5_crypt does nothing here'
}

@test "keys without a valid one let nobody in" {
  put /root/.ssh/authorized_keys '# none'
  rebuild
  fails 'a valid public key: put one into /etc/dracut-sshd/authorized_keys'
}

@test "many keys are three and a number; what is in them moves no cursor" {
  for number in 1 2 3 4; do sed "s/admin@laptop/admin$number/" "$key"; done >"$tree/root/.ssh/authorized_keys"
  sed -i $'2s/admin2/\033[2J/' "$tree/root/.ssh/authorized_keys"
  rebuild
  ends 0 'admin1, ED25519 '
  ends 0 'admin3, and 1 more'
  [[ $output != *$'\033'* ]]
}

@test "keys that can do nothing do not count, and certificates alone do" {
  nothing="command=\"echo 'Please login as the user debian'\" $(<"$key")"
  put /root/.ssh/authorized_keys "$nothing" "command=\"borg serve\" $(<"$key")"
  rebuild
  fails 'a key that can do something: each of the 2 in the image is tied to a command'
  put /root/.ssh/authorized_keys "$nothing" "command=\"cryptroot-unlock\" $(<"$key")"
  rebuild
  ends 0 'missing:  1 of the keys can neither unlock nor get a shell'
  put /usr/bin/borg x
  put /root/.ssh/authorized_keys "command=\"borg serve\" $(<"$key")"
  rebuild
  ends 0 'log in:   root, with ED25519'
  put /root/.ssh/authorized_keys '# none here'
  put /etc/ssh/sshd_config.d/10-ca.conf 'TrustedUserCAKeys /etc/ssh/ca.pub'
  rebuild
  ends 0 'log in:   root, with certificates of its CA'
}

@test "an image whose sshd let no key in when it was built: status 1" {
  put /usr/lib/dracut-sshd/login $'version\t1' $'login\tdenied\t/root/.ssh/authorized_keys\t1\t203.0.113.7\tPAM: \033[2Jfailed'
  rebuild
  fails 'a configuration of sshd that lets a key in: it refused each when the image was built (PAM: ?[2Jfailed)'
  put /usr/lib/dracut-sshd/login $'version\t1' $'login\tuntested\t-\t-\t-\tno ssh'
  rebuild
  ends 0 '(no login could be tried when the image was built)'
  put /usr/lib/dracut-sshd/login $'version\t1' $'login\tdenied\t/x\t1\t203.0.113.7\t-' $'login\tshell\t/x\t1\t10.0.0.0\t-'
  rebuild
  ends 0 'log in:   root, with ED25519'
}

@test "the address is that of ip=, of a file of the administrator's, or of dracut's own" {
  echo 'root=/dev/vda1 ip=192.0.2.5::192.0.2.1:24::eth0:none' >"$root/proc/cmdline"
  rebuild
  ends 0 'address:  ip=192.0.2.5::192.0.2.1:24::eth0:none on the command line'
  echo 'root=/dev/vda1' >"$root/proc/cmdline"
  put /etc/systemd/network/20-static.network '[Network]' 'Address=192.0.2.7/24' 'Gateway=192.0.2.1'
  rebuild
  ends 0 'address:  192.0.2.7/24 (20-static.network)'
  rm "$tree"/etc/systemd/network/*
  put /etc/NetworkManager/system-connections/lan.nmconnection '[ipv4]' 'method=auto'
  rebuild
  ends 0 'address:  by DHCP (lan.nmconnection)'
  rm "$tree"/etc/NetworkManager/system-connections/*
  put /usr/lib/dracut-sshd/dhclient x
  rebuild
  ends 0 'address:  by DHCP on all wired interfaces'
  rm "$tree/usr/lib/dracut-sshd/dhclient"
  rebuild
  ends 0 'missing:  a network that is known here: see "NETWORK" in dracut-sshd(7)'
}

@test "a host whose network interfaces are all ports: status 1, of one that is not the address says which" {
  put /usr/lib/dracut-sshd/nics $'version\t1' $'nic\teth0\tvirtio_net\tvirtio:1'
  put /etc/systemd/network/zzzz-dracut-default.network '[Match]' 'Type=ether' 'Name=!eth0'
  rebuild
  fails 'a network: all network interfaces of this host are ports of a bond or a bridge; the log says what to write'
  put /usr/lib/dracut-sshd/nics $'version\t1' $'nic\teth0\tvirtio_net\tvirtio:1' $'nic\teth1\tvirtio_net\tvirtio:1'
  rebuild
  ends 0 'address:  by DHCP on eth1'
  # What NetworkManager and dhclient are told.
  rm "$tree"/etc/systemd/network/*
  put /usr/lib/dracut-sshd/networkmanager x
  put /usr/lib/dracut-sshd/dracut-sshd.nmconnection '[match]' 'interface-name=!eth0;eth1;'
  rebuild
  fails 'are ports of a bond or a bridge'
  rm "$tree"/usr/lib/dracut-sshd/{networkmanager,dracut-sshd.nmconnection}
  put /usr/lib/dracut-sshd/dhclient x
  put /usr/lib/dracut-sshd/ports eth0 eth1
  rebuild
  fails 'are ports of a bond or a bridge'
}

@test "dracut's words are in a log of root's; the module's warnings and errors are shown, by any dracut" {
  words='printf "%s\n" "dracut: *** Including module: sshd ***" "dracut: dracut-sshd: may log in (/root/.ssh/authorized_keys, key 1): x" \
    "dracut: dracut-sshd: old warning" "dracut[I]: dracut-sshd: new info" "dracut[W]: dracut-sshd: new warning" \
    "dracut[E]: dracut-sshd: new error" "dracut[W]: of another module" >&2'
  program dracut "$words"'; pack "$BATS_TEST_TMPDIR/tree" zstd >"$2"'
  rebuild
  ends 0 ''
  for word in 'old warning' 'new warning' 'new error'; do [[ $output == *"dracut-sshd: $word"* ]]; done
  for word in Including 'may log in' 'new info' 'another module'; do [[ $output != *"$word"* ]]; done
  [ "$(grep -c . "$log")" -eq 7 ]
  [ "$(stat -c %a "$log" "${log%/*}" | tr '\n' ' ')" = '600 700 ' ]
  rebuild --verbose
  ends 0 'Including module: sshd'
  program dracut "$words; exit 1"
  rebuild
  fails 'the last that it printed:'
  ends 1 'of another module'
}

@test "the log has an end, and a folder that another user could change is not written to" {
  program dracut 'for i in {1..30000}; do echo "a line of dracut that is long enough to make the log one that ends somewhere $i"; done; pack "$BATS_TEST_TMPDIR/tree" zstd >"$2"'
  rebuild
  ends 0 ''
  [ "$(stat -c %s "$log")" -lt 1100000 ]
  rm -r "$root/var/log" && mkdir -p "$root/var/log" "$BATS_TEST_TMPDIR/elsewhere" && ln -s "$BATS_TEST_TMPDIR/elsewhere" "$root/var/log/dracut-sshd"
  program dracut 'echo all of it; pack "$BATS_TEST_TMPDIR/tree" zstd >"$2"'
  rebuild
  ends 0 'all of it'
  [ -z "$(ls "$BATS_TEST_TMPDIR/elsewhere")" ]
}

@test "of several kernels whose images are alike the end is said once" {
  rebuild --all
  ends 0 'the rest is as said above'
  [ "$(grep -c 'log in: ' <<<"$output")" -eq 1 ]
}

@test "what dracut-sshd(1) says of disks counts" {
  program dracut-sshd 'echo "error    crypt.present         it is to open x, but no systemd-cryptsetup is in it"; exit 1'
  rebuild
  fails 'would let nobody log in and unlock: crypt.present: it is to open x'
  program dracut-sshd 'printf "%s\n" "error    root.opened           nothing opens vda5" "unknown  image.current         not known"; exit 1'
  rebuild
  fails 'root.opened: nothing opens vda5'
}
