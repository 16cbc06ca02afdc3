# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154
#
# Fake systems, laid out as each distribution lays itself out. The stand-in for sshd is a real ELF program with the
# strings that tell one sshd from another; where sshd answers "sshd -G" (OpenSSH 10.0 and later) it is a script that does.

# elf FILE STRING...: a program that runs, and holds the strings.
elf() {
  local file=$1
  mkdir -p "${file%/*}"
  cat "$(type -P true)" >"$file"
  printf '%s\0' '' "${@:2}" >>"$file"
  chmod 755 "$file"
}

# answering_sshd FILE FOLDER STRING...: an sshd that says where its helpers are, and holds the strings.
answering_sshd() {
  mkdir -p "${1%/*}"
  printf '#!/bin/sh\n[ "$1" = -G ] || exit 1\necho sshdsessionpath %s/sshd-session\necho sshdauthpath %s/sshd-auth\nexit\n' \
    "$2" "$2" >"$1"
  printf '%s\n' "${@:3}" >>"$1"
  chmod 755 "$1"
}

# real_sshd: this machine's own, with its libraries, in the place of the stand-in. It is run in a chroot, and by root alone.
real_sshd() {
  local path helper
  local -a programs=()
  path=$(type -P sshd /usr/sbin/sshd | head -n 1)
  [[ $path ]] || skip "sshd is not installed"
  [[ $EUID -eq 0 ]] || skip "only root may chroot"
  cp "$path" "$root/usr/sbin/sshd"
  for helper in $("$path" -G -f /dev/null 2>/dev/null | sed -n 's/^sshd[a-z]*path //p'); do
    mkdir -p "$root${helper%/*}" && cp "$helper" "$root$helper"
    programs+=("$helper")
  done
  # The shell is root's, for a login to have one.
  mkdir -p "$root/bin"
  [[ -e $root/bin/sh ]] || cp -L "$(type -P sh)" "$root/bin/sh"
  # From OpenSSH 9.8 on most of them are its helpers'.
  ldd "$path" ${programs[@]+"${programs[@]}"} "$(type -P sh)" | grep -oE '/[^ :]+' | grep -E '\.so' | sort -u >"$root/libraries"
  (cd / && xargs cp --parents -L -t "$root" <"$root/libraries")
  # In the root the list is relative to it.
  sed -i 's#^/##' "$root/libraries"
}

file() { mkdir -p "$(dirname -- "$root$1")" && printf '%s\n' "${@:2}" >"$root$1"; }
helpers() { for name in "${@:2}"; do elf "$root$1/sshd-$name" "$name"; done; }
accounts() {
  file /etc/passwd 'root:x:0:0:root:/root:/bin/bash' 'nobody:x:65534:65534::/:/usr/sbin/nologin' "$@"
  file /etc/group 'root:x:0:' 'nogroup:x:65534:' 'sshd:x:74:someone' 'sshd22:x:22:'
}
config_policy() {
  file /usr/share/crypto-policies/DEFAULT/opensshserver.txt 'Ciphers aes256-gcm@openssh.com' 'RequiredRSASize 2048'
  mkdir -p "$root/etc/crypto-policies/back-ends"
  # An absolute link, as the real one: it must not be followed out of the system that is looked at.
  ln -s /usr/share/crypto-policies/DEFAULT/opensshserver.txt "$root/etc/crypto-policies/back-ends/opensshserver.config"
}

# make_keys: a host key and an authorized key, real ones, made once a file of tests.
make_keys() {
  local keys=$BATS_FILE_TMPDIR/keys
  if [[ ! -d $keys ]]; then
    mkdir "$keys"
    ssh-keygen -q -t ed25519 -N '' -C admin@laptop -f "$keys/admin"
    ssh-keygen -q -t ed25519 -N '' -C host -f "$keys/host"
    ssh-keygen -q -s "$keys/admin" -h -I host -n host "$keys/host.pub"
  fi
  mkdir -p "$root/etc/ssh"
  cp "$keys/host" "$root/etc/ssh/ssh_host_ed25519_key"
  cp "$keys/host.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"
  chmod 640 "$root/etc/ssh/ssh_host_ed25519_key"
  [[ -L $root/root ]] || file /root/.ssh/authorized_keys "$(<"$keys/admin.pub")"
}

make_root() {
  case $1 in
    fedora)
      elf "$root/usr/bin/sshd" NOTIFY_SOCKET /usr/libexec/openssh/sshd-session /usr/libexec/openssh/sshd-auth \
        /usr/share/empty.sshd
      ln -s bin "$root/usr/sbin"
      helpers /usr/libexec/openssh session auth
      accounts 'sshd:x:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/usr/sbin/nologin'
      config_policy
      file /etc/sysconfig/sshd 'OPTIONS=-u0'
      ;;
    rhel8)
      elf "$root/usr/sbin/sshd" sd_notify /var/empty/sshd
      accounts 'sshd:x:74:74:Privilege-separated SSH:/var/empty/sshd:/sbin/nologin'
      file /etc/crypto-policies/back-ends/opensshserver.config "CRYPTO_POLICY='-oCiphers=aes256-ctr'"
      file /etc/sysconfig/sshd 'OPTIONS=-u0'
      ;;
    rhel9)
      elf "$root/usr/sbin/sshd" sd_notify /usr/share/empty.sshd
      accounts 'sshd:x:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/sbin/nologin'
      config_policy
      file /etc/sysconfig/sshd 'OPTIONS='
      ;;
    rhel10)
      elf "$root/usr/sbin/sshd" NOTIFY_SOCKET /usr/libexec/openssh/sshd-session /usr/share/empty.sshd
      helpers /usr/libexec/openssh session
      accounts 'sshd:x:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/sbin/nologin'
      config_policy
      ;;
    leap156)
      elf "$root/usr/sbin/sshd" sd_notify /var/lib/empty
      accounts 'sshd:x:475:475:SSH daemon:/var/lib/sshd:/usr/sbin/nologin'
      file /etc/sysconfig/ssh 'SSHD_OPTS=""'
      ;;
    tumbleweed)
      answering_sshd "$root/usr/sbin/sshd" /usr/libexec/ssh NOTIFY_SOCKET /var/lib/empty
      helpers /usr/libexec/ssh session auth
      accounts 'sshd:x:475:475:SSH daemon:/var/lib/sshd:/usr/sbin/nologin'
      ;;
    debian12)
      elf "$root/usr/sbin/sshd" sd_notify /run/sshd
      accounts 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin'
      file /etc/default/ssh 'SSHD_OPTS='
      ;;
    debian13)
      answering_sshd "$root/usr/sbin/sshd" /usr/lib/openssh NOTIFY_SOCKET /run/sshd
      helpers /usr/lib/openssh session auth
      accounts 'sshd:x:991:65534:sshd user:/run/sshd:/usr/sbin/nologin'
      file /etc/default/ssh 'SSHD_OPTS='
      ;;
    gentoo)
      elf "$root/usr/bin/sshd" NOTIFY_SOCKET /usr/lib64/misc/sshd-session /usr/lib64/misc/sshd-auth /var/empty
      mkdir -p "$root/usr/sbin" && ln -s ../bin/sshd "$root/usr/sbin/sshd"
      helpers /usr/lib64/misc session auth
      accounts 'sshd:x:22:22:User for SSH:/var/empty:/sbin/nologin'
      ;;
    arch)
      elf "$root/usr/bin/sshd" NOTIFY_SOCKET /usr/lib/ssh/sshd-session /usr/lib/ssh/sshd-auth /usr/share/empty.sshd
      ln -s bin "$root/usr/sbin"
      helpers /usr/lib/ssh session auth
      accounts
      ;;
    silverblue)
      elf "$root/usr/bin/sshd" NOTIFY_SOCKET /usr/libexec/openssh/sshd-session /usr/libexec/openssh/sshd-auth \
        /usr/share/empty.sshd
      ln -s bin "$root/usr/sbin"
      helpers /usr/libexec/openssh session auth
      file /etc/passwd 'root:x:0:0:root:/root:/bin/bash'
      file /usr/lib/passwd 'sshd:x:74:74:Privilege-separated SSH:/usr/share/empty.sshd:/usr/sbin/nologin'
      # While an image is built, what the link leads to is not there; in the image it is the same link.
      ln -s /var/roothome "$root/root"
      rmdir "$initdir/root" && ln -s /var/roothome "$initdir/root"
      ;;
  esac
  make_keys
  if [[ $1 == silverblue ]]; then file /etc/dracut-sshd/authorized_keys "$(<"$BATS_FILE_TMPDIR/keys/admin.pub")"; fi
  mkdir -p "$root/root/.ssh" 2>/dev/null || true
}
