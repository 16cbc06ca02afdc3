#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut-sshd-check: is the image what the system would make now, who is told, and what the setting does.
# shellcheck disable=SC2030,SC2031,SC2154

load lib/check

setup() { setup_check; }

@test "an image that was made of what is there now is in order" {
  check
  ends 0 "$newest (kernel 6.12.0-2): sshd is in it, and it is up to date."
}

@test "every source that changes, comes or goes is named, with what to type" {
  file /etc/dracut-sshd/sshd_config.d/10.conf 'Banner /etc/banner'
  file /etc/banner welcome
  file /etc/dracut-sshd/network/20.network '[Match]'
  make_image >"$newest"
  echo changed >>"$root/usr/sbin/sshd"
  echo changed >>"$root/usr/lib/openssh/sshd-auth"
  echo changed >>"$root/root/.ssh/authorized_keys"
  echo changed >>"$root/etc/ssh/ssh_host_ed25519_key"
  echo changed >>"$root/etc/banner"
  echo changed >>"$root/etc/default/ssh"
  rm "$root/etc/dracut-sshd/network/20.network"
  file /etc/dracut-sshd/sshd_config 'Port 2222'
  check
  ends 1 'is OLDER than what it was made from (changed: /etc/banner, /etc/default/ssh, /etc/ssh/ssh_host_ed25519_key'
  ends 1 '/root/.ssh/authorized_keys, /usr/lib/openssh/sshd-auth, /usr/sbin/sshd; new: /etc/dracut-sshd/sshd_config'
  ends 1 '; gone: /etc/dracut-sshd/network/20.network). Type: dracut-sshd-rebuild --kernel 6.12.0-2'
}

@test "a file of keys that is read before the one that went in is news" {
  file /root/.ssh/dracut_authorized_keys "$(<"$root/root/.ssh/authorized_keys")"
  check
  ends 1 'new: /root/.ssh/dracut_authorized_keys; gone: /root/.ssh/authorized_keys'
}

@test "what is no part of an image makes none old" {
  file /etc/dracut-sshd/initrd.conf STALE=tell
  echo more >>"$root/etc/passwd"
  check
  ends 0 'up to date'
  echo NETWORK=no >>"$root/etc/dracut-sshd/initrd.conf"
  check
  ends 1 'new: NETWORK=no in /etc/dracut-sshd/initrd.conf'
}

@test "check warns of a network that setup has not written; at boot the unit does not fail" {
  file /usr/bin/dracut-sshd $'#!/bin/sh\n[ "$*" = "setup --check" ] || exit 2\necho "the network is now eth0, DHCP"\nexit 1'
  chmod 0755 "$root/usr/bin/dracut-sshd"
  check
  ends 0 'up to date'
  file /var/lib/dracut-sshd/setup.json '{}'
  check
  ends 1 'WARNING: the network is now eth0, DHCP'
  check --act
  ends 0 'up to date'
  file /usr/bin/dracut-sshd $'#!/bin/sh\nexit 0'
  check
  ends 0 'up to date'
}

@test "check fails with the words of seal --status where the TPM does not open the sealed host key" {
  file /usr/bin/dracut-sshd $'#!/bin/sh\n[ "$*" = "seal --status" ] || exit 2\nprintf "  sealed     SHA256:x to PCR 7\\n  TPM        does NOT open it: policy\\033[2J\\n"\nexit 1'
  chmod 0755 "$root/usr/bin/dracut-sshd"
  check
  ends 0 'up to date' # nothing is sealed
  file /etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred x
  make_image >"$newest"
  local more
  for more in '' --act; do
    check $more
    ends 1 'WARNING: the TPM does NOT open the sealed host key (policy?[2J). After an update of the firmware, type: dracut-sshd seal --reseal'
    ends 1 'up to date'
  done
  file /usr/bin/dracut-sshd $'#!/bin/sh\necho "  TPM        opens it now"\nexit 0'
  check
  ends 0 'up to date'
}

@test "another module makes an image old" {
  cp -r "$here" "$BATS_TEST_TMPDIR/other"
  echo '# new' >>"$BATS_TEST_TMPDIR/other/46sshd/boot/unlock"
  here=$BATS_TEST_TMPDIR/other
  check
  ends 1 'changed: /usr/lib/dracut/modules.d/46sshd'
  make_image >"$newest"
  echo '# how an image is named is no part of it' >>"$here/46sshd/initrd.conf"
  check
  ends 0 'up to date'
}

@test "what an image's record says is shown, and moves no cursor" {
  printf '%064d  /etc/\033[2Jx\n' 0 >>"$newest"
  check
  ends 1 'gone: /etc/?[2Jx)'
}

@test "an image without sshd, and one without a record, are named as such" {
  grep -v bin/sshd "$BATS_TEST_TMPDIR/good" >"$newest"
  check
  ends 1 'has NO sshd in it: nobody could log in while it boots (not in it: sshd). Type: dracut-sshd-rebuild --kernel 6.12.0-2'
  cp "$BATS_TEST_TMPDIR/good" "$newest"
  check
  ends 1 '(an older version of the module made it)'
}

@test "where dracut-sshd(1) is installed, what it finds is said" {
  program dracut-sshd 'printf "error    account.root          sshd will refuse root\nerror    keys.modes            sshd passes over keys\n"; exit 1'
  check
  ends 1 'would let NOBODY log in while it boots (account.root: sshd will refuse root; keys.modes: sshd passes over keys). Type: dracut-sshd-rebuild'
  program dracut-sshd 'exit 0'
  check
  ends 0 'up to date'
}

@test "the default is the newest kernel that has an image; others are looked at on request" {
  rm "$newest"
  check
  ends 0 "$image (kernel 6.1.0-1): sshd is in it"
  check --all
  ends 1 'there is no such file'
  check --kernel 6.12.0-2
  ends 1 'say IMAGE= in /etc/dracut-sshd/initrd.conf'
  check --image "$image"
  ends 0 'up to date'
}

@test "what grubby says boots next is believed, where that kernel is there" {
  program grubby 'echo /boot/vmlinuz-6.1.0-1'
  check
  ends 0 'kernel 6.1.0-1'
  program grubby 'echo /boot/vmlinuz-9.9'
  check
  ends 0 'kernel 6.12.0-2'
}

@test "after packages have changed an old image is told, once, and the status is 0" {
  echo changed >>"$root/usr/sbin/sshd"
  check --after packages
  ends 0 "$newest (kernel 6.12.0-2) is OLDER"
  ends 0 'Not in order are the images of: 6.1.0-1 6.12.0-2. All of them: dracut-sshd-rebuild --all'
  [ "$(grep -c OLDER <<<"$output")" = 1 ]
  check --after nonsense
  [ "$status" -eq 0 ]
  echo 'NONSENSE' >"$root/etc/dracut-sshd/initrd.conf"
  check --after packages
  [ "$status" -eq 0 ]
}

@test "an image in order, a root without kernels and one without images hear nothing" {
  check --after packages
  [ "$status" -eq 0 ] && [ -z "$output" ]
  rm "$root"/boot/*
  check --after packages
  [ "$status" -eq 0 ] && [ -z "$output" ]
  rm -r "$root"/usr/lib/modules/*
  check --after packages
  [ "$status" -eq 0 ] && [ -z "$output" ]
}

@test "nothing of it in an ostree, or while a snapshot is made" {
  echo changed >>"$root/usr/sbin/sshd"
  echo STALE=rebuild >"$root/etc/dracut-sshd/initrd.conf"
  for variable in TRANSACTIONAL_UPDATE=true KERNEL_INSTALL_LAYOUT=ostree; do
    run env "$variable" PATH="$bin:/usr/bin:/bin" bash "$here/dracut-sshd-check" --after packages
    [ "$status" -eq 0 ] && [ -z "$output" ]
  done
  mkdir -p "$root/sysroot/ostree"
  for event in packages 'kernel 6.12.0-2' removal; do
    # shellcheck disable=SC2086
    check --after $event
    [ "$status" -eq 0 ] && [ -z "$output" ]
  done
  called ''
}

@test "in an ostree that has booted root's home does not count, for its image was built without" {
  rm "$root"/root/.ssh/authorized_keys
  file /etc/dracut-sshd/authorized_keys "$(<"$BATS_FILE_TMPDIR/keys/admin.pub")"
  make_image >"$root/usr/lib/modules/6.1.0-1/initramfs.img"
  file /root/.ssh/authorized_keys other
  file /root/.ssh/dracut_authorized_keys other
  touch "$root/run/ostree-booted"
  check
  ends 0 'usr/lib/modules/6.1.0-1/initramfs.img (kernel 6.1.0-1): sshd is in it, and it is up to date.'
}

@test "STALE=rebuild: what is old is built anew, checked, and the one before is kept" {
  echo STALE=rebuild >"$root/etc/dracut-sshd/initrd.conf"
  echo changed >>"$root/usr/sbin/sshd"
  check --after packages
  ends 0 "STALE=rebuild: the image of kernel 6.12.0-2 is built anew."
  check --all
  ends 0 'up to date'
  [ -e "$root/boot/dracut-sshd-initramfs-6.1.0-1.img.old" ]
  [ -e "$root/boot/dracut-sshd-initramfs-6.12.0-2.img.old" ]
  nothing_left
}

@test "STALE=rebuild: the unit does it too; without it the image stays" {
  echo changed >>"$root/root/.ssh/authorized_keys"
  check --act
  ends 1 'is OLDER'
  echo STALE=rebuild >"$root/etc/dracut-sshd/initrd.conf"
  check
  ends 1 'is OLDER'
  check --act
  ends 0 'up to date'
}

@test "a rebuild that fails fails no transaction, and leaves the image" {
  echo STALE=rebuild >"$root/etc/dracut-sshd/initrd.conf"
  echo changed >>"$root/usr/sbin/sshd"
  before=$(<"$newest")
  program dracut 'echo half >"$2"; exit 1'
  check --after packages
  ends 0 'The image of kernel 6.12.0-2 was NOT built anew; what is said above tells why.'
  contains "$newest" "$before"
  nothing_left
  check --act
  ends 1 'is OLDER'
}

@test "a kernel's hook ends with its verdict in one line" {
  check --after kernel 6.12.0-2
  [ "$output" = "dracut-sshd: $newest (kernel 6.12.0-2): sshd is in it, and it is up to date." ]
  grep -v bin/sshd "$BATS_TEST_TMPDIR/good" >"$newest"
  check --after kernel 6.12.0-2
  [ "$status" -eq 0 ]
  [[ ${#lines[@]} -eq 1 && $output == *'has NO sshd in it'* ]]
}

@test "the hooks of the kernel packages run it, and do no harm where it is gone" {
  hook=$BATS_TEST_TMPDIR/hook
  for file in kernel-install/99-dracut-sshd.install postinst.d/zz-dracut-sshd postrm.d/zz-dracut-sshd; do
    sed "s#/usr/sbin/dracut-sshd-check#$BATS_TEST_TMPDIR/program#" "$here/hooks/$file" >"$hook"
    grep -q "$BATS_TEST_TMPDIR/program" "$hook"
    rm -f "$BATS_TEST_TMPDIR/program"
    run sh "$hook" 6.1.0-1 6.1.0-1
    [ "$status" -eq 0 ] && [ -z "$output" ]
    printf '#!/bin/sh\necho "ran $*"; exit 1\n' >"$BATS_TEST_TMPDIR/program"
    chmod 755 "$BATS_TEST_TMPDIR/program"
    case $file in
      kernel-install/*)
        run sh "$hook" add 6.1.0-1 /efi/x
        ends 0 'ran --after kernel 6.1.0-1'
        run sh "$hook" remove 6.1.0-1
        ends 0 'ran --after kernel-removal 6.1.0-1'
        ;;
      postinst.d/*)
        run sh "$hook" 6.1.0-1 /boot/vmlinuz
        ends 0 'ran --after kernel 6.1.0-1'
        ;;
      *)
        run sh "$hook" 6.1.0-1 /boot/vmlinuz
        ends 0 'ran --after kernel-removal 6.1.0-1'
        ;;
    esac
  done
}

@test "what was kept goes with its kernel, and with the package; nothing else does" {
  kept() { printf '%s\n' "$root/boot/dracut-sshd-initramfs-$1.img.old"; }
  for kernel in 6.1.0-1 6.12.0-2 5.0; do echo old >"$(kept "$kernel")"; done
  echo foreign >"$root/boot/dracut-sshd-notes.old"
  check --after packages
  [ ! -e "$(kept 5.0)" ]
  [ -e "$(kept 6.1.0-1)" ]
  check --after kernel-removal 6.1.0-1
  [ ! -e "$(kept 6.1.0-1)" ]
  check --after kernel-removal '../../etc/passwd'
  [ -e "$(kept 6.12.0-2)" ]
  check --after removal
  [ ! -e "$(kept 6.12.0-2)" ]
  contains "$root/boot/dracut-sshd-notes.old" foreign
  [ -e "$image" ] && [ -e "$newest" ]
}

@test "what was kept of an image that all kernels share does not go with one of them" {
  echo IMAGE=/boot/initrd >"$root/etc/dracut-sshd/initrd.conf"
  cp "$newest" "$root/boot/initrd"
  echo old >"$root/boot/dracut-sshd-initrd.old"
  check --after kernel-removal 6.1.0-1
  contains "$root/boot/dracut-sshd-initrd.old" old
  check --after removal
  [ ! -e "$root/boot/dracut-sshd-initrd.old" ]
}

@test "where transactional-update has the say it is named, and nothing is rebuilt behind its back" {
  program transactional-update ''
  program findmnt 'echo ro,relatime'
  echo STALE=rebuild >"$root/etc/dracut-sshd/initrd.conf"
  echo changed >>"$root/usr/sbin/sshd"
  check --act
  ends 1 'Type: dracut-sshd-rebuild, and reboot.'
  called ''
}

@test "an old image of a kernel that is gone stays while its image is there" {
  echo old >"$root/boot/dracut-sshd-initramfs-5.0.img.old"
  echo image >"$root/boot/initramfs-5.0.img"
  check --after packages
  [ -e "$root/boot/dracut-sshd-initramfs-5.0.img.old" ]
}

@test "wrong arguments and settings, and a missing lsinitrd, are told" {
  check --nonsense
  ends 2 'unknown argument'
  check --all --kernel 6.1.0-1
  ends 2 '--all goes with neither'
  check --kernel '../x'
  ends 2 'is no release of a kernel'
  echo 'STALE=maybe' >"$root/etc/dracut-sshd/initrd.conf"
  check
  ends 2 'STALE is tell or rebuild, not "maybe"'
  rm "$root/etc/dracut-sshd/initrd.conf"
  # No folder of programs: bash itself does without up to here.
  run env PATH="$BATS_TEST_TMPDIR" "$BASH" "$here/dracut-sshd-check" --image "$image"
  ends 3 'lsinitrd is not installed.'
  check --help
  ends 0 'Usage: dracut-sshd-check'
  check --version
  ends 0 'dracut-sshd-check 1.0.0'
}

@test "before the first image with sshd the unit says that it is not set up yet, and does not fail" {
  for file in "$image" "$newest"; do grep -v bin/sshd "$BATS_TEST_TMPDIR/good" >"$file"; done
  check --act
  ends 0 "not set up yet: $newest (kernel 6.12.0-2) has NO sshd in it. Put a public key into /etc/dracut-sshd/authorized_keys. Type: dracut-sshd-rebuild"
  called ''
  # Who asks by hand is told by the status, too.
  check
  ends 1 'not set up yet'
  check --after packages
  ends 0 'not set up yet'
  program dracut 'exit 1'
  echo STALE=rebuild >"$root/etc/dracut-sshd/initrd.conf"
  check --act
  ends 0 'not set up yet'
}

@test "once an image had sshd in it the lack of it is a fault, also when no image has any more" {
  check --act
  ends 0 'up to date'
  for file in "$image" "$newest"; do grep -v bin/sshd "$BATS_TEST_TMPDIR/good" >"$file"; done
  check --act
  ends 1 'has NO sshd in it: nobody could log in while it boots'
  # With the package goes what it remembers.
  check --after removal
  [ -z "$(find "$root/var/lib" "$root/var/log" -name 'dracut-sshd*' 2>/dev/null)" ]
  check --act
  ends 0 'not set up yet'
}

@test "an image of dracut-sshd-rebuild's is the first one, and so is another kernel's" {
  grep -v bin/sshd "$BATS_TEST_TMPDIR/good" >"$newest"
  check --act
  ends 1 'has NO sshd in it: nobody'
  rm -r "$root/var/lib/dracut-sshd"
  rm "$image"
  check --act
  ends 0 'not set up yet'
  PATH="$bin:/usr/bin:/bin" bash "$here/dracut-sshd-rebuild" --kernel 6.1.0-1
  check --act
  ends 1 'has NO sshd in it: nobody'
}

@test "an image that is cut off is broken, and the one to boot instead is named" {
  # shellcheck source=lib/archive.bash
  . "$BATS_TEST_DIRNAME/lib/archive.bash"
  make_tree "$BATS_TEST_TMPDIR/tree" x
  pack "$BATS_TEST_TMPDIR/tree" zstd >"$BATS_TEST_TMPDIR/whole"
  cut_off "$BATS_TEST_TMPDIR/whole" 70 >"$newest"
  real_lsinitrd
  check
  ends 1 "is BROKEN, cut off or damaged: the machine would not boot with it. Type: dracut-sshd-rebuild --kernel 6.12.0-2"
  cp "$BATS_TEST_TMPDIR/whole" "$root/boot/dracut-sshd-initramfs-6.12.0-2.img.old"
  check
  ends 1 "The one before is $root/boot/dracut-sshd-initramfs-6.12.0-2.img.old."
}

@test "sshd is in it, and nothing opens the root: locked, and no image in order" {
  program lsinitrd 'if [[ $1 != -f ]]; then sed "/^sources\$/,\$d" "$3$1"; echo usr/lib/dracut-sshd/storage; elif [[ $2 == usr/lib/dracut-sshd/sources ]]; then sed "1,/^sources\$/d" "$3"
    elif [[ $2 == usr/lib/dracut-sshd/storage ]]; then printf "need\t/\t1\nnode\t1\tcrypt\troot_crypt\taaaa-bbbb\t-\n"; fi'
  mkdir -p "$root/proc" && echo 'root=/dev/mapper/root_crypt' >"$root/proc/cmdline"
  check
  ends 1 'NOBODY could unlock the machine with it. Missing: systemd-cryptsetup, which opens disks: install it (Debian, Ubuntu: apt install systemd-cryptsetup), and build again; nothing in the image opens root_crypt, which / needs.'
  check --after kernel 6.12.0-2
  ends 0 'NOBODY could unlock'
  echo INSPECT=no >"$root/etc/dracut-sshd/initrd.conf"
  check
  ends 0 'up to date'
}

@test "what was kept from before the package goes when an image with sshd has booted, and not sooner" {
  before=$root/boot/dracut-sshd-initramfs-6.1.0-1.img.before
  echo before >"$before"
  mkdir -p "$root/proc" "$root/run/dracut-sshd"
  later() { echo "btime $(($(date +%s) + $1))" >"$root/proc/stat"; }
  rm "$newest"
  later 100
  check --act
  [ -e "$before" ] # the initramfs that booted had no sshd
  touch "$root/run/dracut-sshd/booted"
  later -100
  check --act
  [ -e "$before" ] # the image is newer than this boot
  later 100
  check
  [ -e "$before" ] # that is the unit's
  check --act
  ends 0 'has booted: '
  [ ! -e "$before" ]
}

@test "what was kept from before goes with its kernel and with the package" {
  before() { printf '%s\n' "$root/boot/dracut-sshd-initramfs-$1.img.before"; }
  for kernel in 6.1.0-1 6.12.0-2 5.0; do echo before >"$(before "$kernel")"; done
  check --after packages
  [ ! -e "$(before 5.0)" ]
  check --after kernel-removal 6.1.0-1
  [ ! -e "$(before 6.1.0-1)" ]
  [ -e "$(before 6.12.0-2)" ]
  check --after removal
  [ ! -e "$(before 6.12.0-2)" ]
}

@test "who else could change what goes into an image is told, and keys like that are a fault" {
  file /etc/dracut-sshd/sshd_config.d/10.conf 'LoginGraceTime 30'
  chmod 0666 "$root/etc/dracut-sshd/sshd_config.d/10.conf"
  chmod 0600 "$root"/etc/ssh/*_key
  make_image >"$newest"
  check
  ends 0 'WARNING: others than root can change /etc/dracut-sshd/sshd_config.d/10.conf, which goes into the image'
  ends 0 'has mode 666; type chmod go-w /etc/dracut-sshd/sshd_config.d/10.conf'
  chmod 0777 "$root/root/.ssh"
  check
  ends 1 'The next image would have NO sshd in it'
  ends 1 'type chmod go-w /root/.ssh'
}
