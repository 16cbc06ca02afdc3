#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the root lies on, and the lines that the image's crypttab gets for it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/dracut
load lib/roots
load lib/machine

hex=aaaaaaaa111122223333444444444444
uuid=aaaaaaaa-1111-2222-3333-444444444444
hex2=bbbbbbbb111122223333444444444444
uuid2=bbbbbbbb-1111-2222-3333-444444444444

setup() {
  setup_dracut
  make_root debian13
  mkdir -p "$BATS_TEST_TMPDIR/99sshd-crypttab" "$root/usr/lib/systemd/system-generators"
  cp "$BATS_TEST_DIRNAME/../99sshd-crypttab/module-setup.sh" "$BATS_TEST_TMPDIR/99sshd-crypttab/"
  for program in systemd-cryptsetup system-generators/systemd-cryptsetup-generator; do elf "$root/usr/lib/systemd/$program"; done
  mkdir -p "$initdir/usr/lib/systemd" && cp -r "$root/usr/lib/systemd/." "$initdir/usr/lib/systemd/"
  setup_machine
  record=$initdir/usr/lib/dracut-sshd/storage
}

# A Debian as its installer leaves it: LUKS on a partition.
plain() {
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,discard"
  file /etc/fstab '/dev/mapper/vda5_crypt / ext4 errors=remount-ro 0 1' "UUID=$uuid2 /boot ext4 defaults 0 2"
}
plain_devices() {
  block vda
  block vda5 vda
  crypt dm-0 "$hex" vda5_crypt vda5
  udev dm-0 ID_FS_TYPE=ext4 "ID_FS_UUID=$uuid2"
  mounted / ext4 /dev/mapper/vda5_crypt
}
# late [ASSIGNMENT...]: the second module, after all others have written their files; in a chroot, or on the machine.
late() { module 'moddir=${moddir%/*}/99sshd-crypttab; . "$moddir/module-setup.sh"; install' DRACUT_TMPDIR="$BATS_TEST_TMPDIR/state" "$@"; }
on_machine() { late sshd_machine="$machine"; }
node() { holds "$record" "$(printf 'node\t%s\t%s\t%s\t%s\t%s' "$@")"; }
need() { holds "$record" "$(printf 'need\t%s\t%s' "$@")"; }
crypttab() { holds "$initdir/etc/crypttab" "$1"; }

@test "in a chroot the volume that fstab mounts is asked for" {
  plain
  late
  crypttab "vda5_crypt UUID=$uuid none luks,discard"
  mode_of 600 "$initdir/etc/crypttab"
  told "dinfo: dracut-sshd: crypttab in this image, because / lies on it: vda5_crypt UUID=$uuid none luks,discard"
  holds "$record" $'from\tfiles'
  node 2 crypt vda5_crypt "$uuid" 1
  node 3 fs ext4 - 2
  need / 3
}

# systemd reads quotes in crypttab; dracut 110 and later leave such a line out of the image.
@test "a UUID in quotes is the same volume, and its line is taken as it is" {
  plain
  file /etc/crypttab "vda5_crypt UUID=\"$uuid\" none luks,discard"
  late
  crypttab "vda5_crypt UUID=\"$uuid\" none luks,discard"
  [ "$(wc -l <"$initdir/etc/crypttab")" -eq 1 ]
  node 2 crypt vda5_crypt "$uuid" 1
}

@test "in a chroot a host-only image gets the drivers of what the root lies on, whatever the running kernel has loaded" {
  local call='instmods() { echo "hostonly=$hostonly $*" >>"$log"; }; hostonly=1; installkernel'
  plain
  module "$call"
  told 'hostonly= dm_crypt =crypto'
  : >"$log"
  plain_devices
  module "$call" sshd_machine="$machine"
  lacks "$log" hostonly
  file /etc/fstab '/dev/sda1 / ext4 defaults 0 1'
  rm "$root/etc/crypttab"
  module "$call"
  lacks "$log" hostonly
}

@test "on the running system the kernel tells, down to the disk" {
  plain
  plain_devices
  on_machine
  crypttab "vda5_crypt UUID=$uuid none luks,discard"
  holds "$record" $'from\tsysfs'
  node 1 disk vda - -
  node 2 part vda5 - 1
  node 3 crypt vda5_crypt "$uuid" 2
  node 4 fs ext4 "$uuid2" 3
  need / 4
}

@test "what dracut has taken along stays as it is" {
  plain
  file_in_image="vda5_crypt /dev/disk/by-uuid/$uuid none luks"
  printf '%s\n' "$file_in_image" >"$initdir/etc/crypttab"
  late
  [[ $(<"$initdir/etc/crypttab") == "$file_in_image" ]]
}

@test "a volume that the kernel's command line names is left to it, since crypttab would give it another name" {
  plain
  file /etc/default/grub "GRUB_CMDLINE_LINUX=\"rd.luks.name=$uuid=cryptroot root=/dev/mapper/cryptroot\""
  late
  absent "$initdir/etc/crypttab"
}

@test "so is one that dracut.conf's kernel_cmdline, a loader entry or GRUB's own file names" {
  plain
  late kernel_cmdline="rd.luks.uuid=luks-$uuid"
  absent "$initdir/etc/crypttab"
  rm -r "$BATS_TEST_TMPDIR/state"
  file /boot/loader/entries/one.conf "options root=UUID=$uuid2 rd.luks.uuid=${uuid%%-*}"
  late
  absent "$initdir/etc/crypttab"
  rm -r "$BATS_TEST_TMPDIR/state" "$root/boot/loader"
  file /boot/grub/grub.cfg "	linux /vmlinuz root=UUID=$uuid2 luks.uuid=$uuid"
  late
  absent "$initdir/etc/crypttab"
}

@test "the running system's command line counts on the running system alone" {
  plain
  plain_devices
  echo "rd.luks.uuid=luks-$uuid" >"$machine/proc/cmdline"
  on_machine
  absent "$initdir/etc/crypttab"
}

@test "CRYPTTAB=no leaves crypttab alone, and the record is there all the same" {
  plain
  file /etc/dracut-sshd/initrd.conf 'CRYPTTAB=no'
  late
  absent "$initdir/etc/crypttab"
  need / 3
}

@test "LVM on LUKS: the volume below the group is found, with swap to resume from" {
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,discard"
  file /etc/fstab '/dev/mapper/deb--ian--vg-root / ext4 errors=remount-ro 0 1' '/dev/mapper/deb--ian--vg-swap_1 none swap sw 0 0'
  late kernel_cmdline='resume=/dev/mapper/deb--ian--vg-swap_1'
  crypttab "vda5_crypt UUID=$uuid none luks,discard"
  [[ $(wc -l <"$initdir/etc/crypttab") == 1 ]]
  node 3 lv deb-ian-vg/root - 2
  node 5 lv deb-ian-vg/swap_1 - 2
  need resume 6
}

@test "LVM on LUKS on the running system" {
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,discard"
  block vda && block vda5 vda
  crypt dm-0 "$hex" vda5_crypt vda5
  mapped dm-1 LVM-abc deb--ian--vg-root && on dm-1 dm-0
  mounted / ext4 /dev/mapper/deb--ian--vg-root
  on_machine
  crypttab "vda5_crypt UUID=$uuid none luks,discard"
  node 4 lv deb-ian-vg/root - 3
}

@test "LUKS on LVM: the line names a logical volume" {
  file /etc/crypttab 'root_crypt /dev/mapper/vg-root none luks'
  file /etc/fstab '/dev/mapper/root_crypt / ext4 defaults 0 1'
  late
  crypttab 'root_crypt /dev/mapper/vg-root none luks'
}

@test "btrfs on two volumes needs both" {
  file /etc/crypttab "one UUID=$uuid none luks" "two UUID=$uuid2 none luks"
  block vda && block vdb
  crypt dm-0 "$hex" one vda
  crypt dm-1 "$hex2" two vdb
  udev dm-0 ID_FS_UUID=cafe && mkdir -p "$machine/sys/fs/btrfs/cafe/devices"
  ln -s x "$machine/sys/fs/btrfs/cafe/devices/dm-0" && ln -s x "$machine/sys/fs/btrfs/cafe/devices/dm-1"
  mounted / btrfs /dev/mapper/one
  on_machine
  crypttab "one UUID=$uuid none luks"
  crypttab "two UUID=$uuid2 none luks"
  node 5 fs btrfs cafe 2,4
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  # Where the devices cannot be seen, all that somebody has to open may be below it.
  file /etc/fstab 'UUID=cafe / btrfs subvol=@ 0 0' '/dev/mapper/home /home ext4 defaults 0 2'
  file /etc/crypttab "one UUID=$uuid none luks" "two UUID=$uuid2 none luks" 'home UUID=3 none luks' 'data UUID=4 /root/key luks' \
    'swap /dev/vdc /dev/urandom swap'
  late
  [[ $(wc -l <"$initdir/etc/crypttab") == 2 ]]
}

@test "RAID below LUKS" {
  file /etc/crypttab "md0_crypt UUID=$uuid none luks"
  block vda && block vda1 vda && block vdb && block vdb1 vdb
  block md0 && mkdir "$machine/sys/class/block/md0/md" && on md0 vda1 vdb1 && udev md0 MD_UUID=1:2:3:4
  crypt dm-0 "$hex" md0_crypt md0
  mounted / ext4 /dev/mapper/md0_crypt
  on_machine
  crypttab "md0_crypt UUID=$uuid none luks"
  node 5 md md0 1:2:3:4 2,4
}

@test "a volume that another initramfs opened by its own means gets a line of its own" {
  block vda && block vda2 vda
  crypt dm-0 "$hex" cryptroot vda2
  mounted / ext4 /dev/mapper/cryptroot
  echo "cryptdevice=UUID=$uuid:cryptroot root=/dev/mapper/cryptroot" >"$machine/proc/cmdline"
  on_machine
  crypttab "cryptroot UUID=$uuid none luks"
}

@test "so does one that mkinitcpio or genkernel opened, where only files tell" {
  file /etc/fstab '/dev/mapper/cryptroot / ext4 defaults 0 1'
  file /etc/kernel/cmdline "cryptdevice=UUID=$uuid:cryptroot:allow-discards root=/dev/mapper/cryptroot rw"
  late
  crypttab "cryptroot UUID=$uuid none luks"
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  file /etc/fstab '/dev/mapper/root / ext4 defaults 0 1'
  file /etc/kernel/cmdline "crypt_root=UUID=$uuid root=/dev/mapper/root"
  late
  crypttab "root UUID=$uuid none luks"
}

@test "a keyscript and a key file that is not in the image give way to the passphrase, and the build says so" {
  file /etc/crypttab "vda5_crypt UUID=$uuid root_key luks,keyscript=/lib/cryptsetup/scripts/decrypt_keyctl,discard"
  file /etc/fstab '/dev/mapper/vda5_crypt / ext4 defaults 0 1'
  late
  crypttab "vda5_crypt UUID=$uuid none luks,discard"
  told 'derror: dracut-sshd: crypttab has keyscript=/lib/cryptsetup/scripts/decrypt_keyctl for vda5_crypt'
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  file /etc/crypttab "vda5_crypt UUID=$uuid /etc/keys/root.key luks"
  late
  crypttab "vda5_crypt UUID=$uuid none luks"
  told 'derror: dracut-sshd: the key file /etc/keys/root.key of vda5_crypt is not in this image'
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  mkdir -p "$initdir/etc/keys" && echo key >"$initdir/etc/keys/root.key"
  late
  crypttab "vda5_crypt UUID=$uuid /etc/keys/root.key luks"
}

@test "swap and tmp are left to the real system, where dracut has copied them, too" {
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks" "vda6_crypt UUID=$uuid2 none luks,swap,discard,x-initrd.attach"
  file /etc/fstab '/dev/mapper/vda5_crypt / ext4 defaults 0 1'
  late
  crypttab "vda6_crypt UUID=$uuid2 none luks,discard,x-initrd.attach"
  rm -r "$BATS_TEST_TMPDIR/state"
  printf '%s\n' "vda5_crypt UUID=$uuid none luks" "vda6_crypt /dev/disk/by-uuid/$uuid2 none swap" 'random /dev/vdc /dev/urandom swap' \
    >"$initdir/etc/crypttab"
  late
  crypttab "vda6_crypt /dev/disk/by-uuid/$uuid2 none"
  crypttab 'random /dev/vdc /dev/urandom swap'
  [[ $(wc -l <"$initdir/etc/crypttab") == 3 ]]
}

@test "a key on a stick stays: systemd asks where the stick is not there" {
  file /etc/crypttab "vda5_crypt UUID=$uuid /key:LABEL=stick luks,keyfile-timeout=10s"
  file /etc/fstab '/dev/mapper/vda5_crypt / ext4 defaults 0 1'
  late
  crypttab "vda5_crypt UUID=$uuid /key:LABEL=stick luks,keyfile-timeout=10s"
}

@test "what opens by itself is said, with what happens where that fails and what is missing for it" {
  file /etc/fstab '/dev/mapper/vda5_crypt / ext4 defaults 0 1'
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,tpm2-device=auto"
  late
  told 'derror: dracut-sshd: crypttab or the command line has tpm2 for vda5_crypt, but this image lacks libtss2-esys.so.0, libtss2-rc.so.0, libtss2-mu.so.0: vda5_crypt will NOT open by itself.'
  told 'tpm2-tools'
  # Then it asks, whatever systemd makes of an option without its library.
  crypttab "vda5_crypt UUID=$uuid none luks"
  file /etc/crypttab "vda5_crypt UUID=$uuid /etc/encrypted.key luks,pkcs11-uri=pkcs11:token=a,discard"
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  late
  crypttab "vda5_crypt UUID=$uuid none luks,discard"
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,tpm2-device=auto"
  mkdir -p "$initdir/usr/lib/x86_64-linux-gnu"
  for library in libtss2-esys.so.0 libtss2-rc.so.0 libtss2-mu.so.0; do : >"$initdir/usr/lib/x86_64-linux-gnu/$library"; done
  : >"$log"
  late
  crypttab "vda5_crypt UUID=$uuid none luks,tpm2-device=auto"
  told 'dinfo: dracut-sshd: vda5_crypt opens by the TPM; if that fails, this image asks for its passphrase.'
  lacks "$log" 'derror:'
  # The command line's options, of this disk and of another one.
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks"
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  late kernel_cmdline="rd.luks.options=$uuid2=headless=yes rd.luks.options=$uuid=fido2-device=auto"
  told 'lacks libfido2.so.1: vda5_crypt will NOT open by itself'
  lacks "$log" 'NOBODY'
}

@test "where nobody is asked when it fails the build says so" {
  file /etc/fstab '/dev/mapper/vda5_crypt / ext4 defaults 0 1'
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,headless=yes"
  late
  told 'derror: dracut-sshd: vda5_crypt is headless= in crypttab or on the command line: where it does not open by itself NOBODY IS ASKED'
  : >"$log"
  file /etc/crypttab "vda5_crypt UUID=$uuid /key:LABEL=stick luks"
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  late
  told 'derror: dracut-sshd: the key of vda5_crypt is on LABEL=stick: as long as that is not plugged in, NOBODY IS ASKED'
  # systemd 252 ends where there is no smart card, 257 asks.
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,pkcs11-uri=auto"
  mkdir -p "$root/usr/lib/x86_64-linux-gnu/systemd"
  : >"$initdir/usr/lib/libp11-kit.so.0"
  for shared in 252 257; do
    : >"$log"
    rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
    rm -f "$root"/usr/lib/x86_64-linux-gnu/systemd/*
    : >"$root/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-$shared.so"
    late
    if [ "$shared" -eq 252 ]; then
      told 'this systemd gives up where none is plugged in: then NOBODY IS ASKED for a passphrase'
    else
      told 'dinfo: dracut-sshd: vda5_crypt opens by a smart card; if that fails'
    fi
  done
  : >"$log"
  file /etc/crypttab "vda5_crypt UUID=$uuid /key:LABEL=stick luks,keyfile-timeout=10s,headless=yes,headless=no"
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  late
  lacks "$log" NOBODY
  told 'vda5_crypt opens by the key file /key on LABEL=stick; if that fails'
}

@test "dracut's modules for what opens by itself are asked for, where dracut can have them" {
  plain
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks,tpm2-device=auto,fido2-device=auto" 'data UUID=7 none luks,pkcs11-uri=auto'
  asked() { module 'check_module() { [[ " '"$1"' " == *" $1 "* ]]; }; depends' "${@:2}"; }
  [[ $(asked 'tpm2-tss fido2 pkcs11') == *$'\nfido2\ntpm2-tss'* ]]
  [[ $(asked 'tpm2-tss pkcs11') != *fido2* ]]
  [[ $(asked 'tpm2-tss pkcs11') != *pkcs11* ]]
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks" 'data UUID=7 none luks,pkcs11-uri=auto,x-initrd.attach'
  [[ $(asked 'tpm2-tss pkcs11') == *$'\npkcs11'* ]]
}

@test "a disk that only the real system asks for is said, and x-initrd.attach takes it along" {
  plain
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks" 'data UUID=7 none luks' 'media UUID=8 none luks,nofail' 'keyed UUID=9 /etc/key luks'
  late
  told 'dwarn: dracut-sshd: the passphrase of data is asked for after the switch to the real system'
  lacks "$log" 'of media'
  lacks "$log" 'of keyed'
  rm -r "$BATS_TEST_TMPDIR/state" "$initdir/etc/crypttab"
  : >"$log"
  file /etc/crypttab "vda5_crypt UUID=$uuid none luks" 'data UUID=7 none luks,x-initrd.attach'
  late
  crypttab 'data UUID=7 none luks,x-initrd.attach'
  lacks "$log" 'dwarn:'
}

@test "an image that cannot open what the root lies on is an error with what to install" {
  plain
  rm "$initdir/usr/lib/systemd/systemd-cryptsetup"
  late
  told 'derror: dracut-sshd: NOTHING IN THIS IMAGE CAN OPEN vda5_crypt: systemd-cryptsetup is not in it'
  told 'add_dracutmodules+=" crypt systemd-cryptsetup "'
  rm "$root/usr/lib/systemd/systemd-cryptsetup"
  late
  told 'Install the package that has it'
}

@test "a command line that names some volumes keeps the others shut, and the build says so" {
  file /etc/crypttab "one UUID=$uuid none luks" "two UUID=$uuid2 none luks"
  file /etc/fstab 'UUID=cafe / btrfs subvol=@ 0 0'
  late kernel_cmdline="rd.luks.uuid=$uuid"
  told "dwarn: dracut-sshd: the kernel's command line names volumes to open, and two is not among them"
  told "rd.luks.uuid=$uuid2"
}

@test "an unencrypted root needs no line" {
  file /etc/fstab "UUID=$uuid2 / ext4 defaults 0 1"
  file /etc/crypttab 'swap /dev/vdb /dev/urandom swap' 'home UUID=9 /etc/key luks'
  late
  absent "$initdir/etc/crypttab"
  need / 2
  lacks "$log" 'derror:'
}

@test "dracut's modules for what the root lies on are asked for, where dracut can have them" {
  plain
  asked() { module 'check_module() { [[ " '"$1"' " == *" $1 "* ]]; }; depends' "${@:2}"; }
  [[ $(asked 'crypt systemd-cryptsetup lvm') == *$'\ncrypt\nsystemd-cryptsetup'* ]]
  [[ $(asked 'lvm') != *crypt* ]]
  file /etc/fstab '/dev/mapper/vg-root / btrfs defaults 0 1'
  [[ $(asked 'crypt lvm btrfs mdraid') == *lvm* ]]
  [[ $(asked 'crypt lvm btrfs mdraid') == *btrfs* ]]
  mkdir -p "$dracutbasedir/modules.d/99sshd-crypttab"
  [[ $(asked '') == *$'\nsshd-crypttab' ]]
}

@test "a record holds no control character, and a stack that goes round in circles ends" {
  file /etc/crypttab "$(printf 'bad\001name UUID=%s none luks' "$uuid")"
  file /etc/fstab "$(printf '/dev/mapper/bad\001name / ext4 defaults 0 1')"
  late
  node 2 crypt 'bad?name' "$uuid" 1
  rm -r "$BATS_TEST_TMPDIR/state"
  mapped dm-0 LVM-a a-b && mapped dm-1 LVM-b b-c && on dm-0 dm-1 && on dm-1 dm-0
  mounted / ext4 /dev/mapper/a-b
  on_machine
  holds "$record" $'from\tsysfs'
}

@test "the drivers of the disks, down to their bus, are in the record" {
  plain
  plain_devices
  rm "$machine/sys/class/block/vda" "$machine/sys/class/block/vda5"
  mkdir -p "$machine/sys/devices/pci0000:00/0000:00:04.0/virtio1/block" "$machine"/sys/module/{virtio_blk,virtio_pci}
  mv "$machine/sys/devices/vda" "$machine/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda"
  ln -s "$machine/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda" "$machine/sys/class/block/vda"
  ln -s "$machine/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda5" "$machine/sys/class/block/vda5"
  for driver in virtio1:virtio_blk :virtio_pci; do
    mkdir -p "$machine/sys/bus/${driver#*:}"
    ln -sfn "$machine/sys/module/${driver#*:}" "$machine/sys/bus/${driver#*:}/module"
    ln -s "$machine/sys/bus/${driver#*:}" "$machine/sys/devices/pci0000:00/0000:00:04.0/${driver%:*}/driver"
  done
  on_machine
  holds "$record" $'driver\tvda\tvirtio_blk'
  holds "$record" $'driver\tvda\tvirtio_pci'
}

@test "the wired network interfaces and their drivers are in the image" {
  plain
  nic=$machine/sys/class/net/enp1s0
  mkdir -p "$nic" "$machine/sys/devices/nic/driver" "$machine/sys/module/virtio_net" "$machine/sys/bus/pci"
  echo 1 >"$nic/type"
  ln -s "$machine/sys/devices/nic" "$nic/device"
  ln -s "$machine/sys/module/virtio_net" "$machine/sys/devices/nic/driver/module"
  ln -s "$machine/sys/bus/pci" "$machine/sys/devices/nic/subsystem"
  echo 0x1af4 >"$machine/sys/devices/nic/vendor" && echo 0x1000 >"$machine/sys/devices/nic/device"
  echo 52:54:00:ab:00:01 >"$nic/address" && echo 0 >"$nic/addr_assign_type" && echo 2 >"$nic/ifindex"
  mkdir -p "$machine/run/udev/data"
  printf '%s\n' I:1 E:ID_PATH=pci-0000:01:00.0 E:ID_NET_NAME_SLOT=ens1 E:ID_NET_NAME_PATH=enp1s0 E:ID_NET_NAME_MAC=enx525400ab0001 \
    >"$machine/run/udev/data/n2"
  on_machine
  holds "$initdir/usr/lib/dracut-sshd/nics" \
    $'nic\tenp1s0\tvirtio_net\tpci:1af4:1000\t52:54:00:ab:00:01\tpci-0000:01:00.0\tens1,enx525400ab0001'
  rm -r "$BATS_TEST_TMPDIR/state"
  mkdir -p "$nic/bonding_slave" && echo 52:54:00:ab:00:09 >"$nic/bonding_slave/perm_hwaddr"
  on_machine
  holds "$initdir/usr/lib/dracut-sshd/nics" \
    $'nic\tenp1s0\tvirtio_net\tpci:1af4:1000\t52:54:00:ab:00:09\tpci-0000:01:00.0\tens1,enx525400ab0001'
  rm -r "$BATS_TEST_TMPDIR/state"
  late
  lacks "$initdir/usr/lib/dracut-sshd/nics" enp1s0
}

@test "a port of a bridge is left out by each of its names" {
  nic=$machine/sys/class/net/eno1
  mkdir -p "$nic/device" "$nic/master" "$machine/run/udev/data"
  echo 1 >"$nic/type" && echo 2 >"$nic/ifindex"
  printf '%s\n' E:ID_NET_NAME_ONBOARD=eno1 E:ID_NET_NAME_PATH=enp0s31f6 >"$machine/run/udev/data/n2"
  run module 'sshd_default_network duid' hostonly=yes sshd_machine="$machine"
  [[ $output == *$'\nName=!eno1 enp0s31f6\n'* ]]
}
