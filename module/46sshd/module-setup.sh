#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC1091,SC2154
# (host.sh is checked by itself; initdir, moddir and the like are dracut's.)
#
# dracut module: OpenSSH's sshd in the initramfs. Sourced by dracut (049 and later), which calls check, depends and
# install. Whatever is read from the system is read below $dracutsysrootdir; whatever is written is written below
# $initdir; neither is ever left by way of a symbolic link.

# shellcheck source=host.sh
. "${BASH_SOURCE[0]%/*}/host.sh"
# shellcheck source=files.sh
. "${BASH_SOURCE[0]%/*}/files.sh"
# shellcheck source=storage.sh
. "${BASH_SOURCE[0]%/*}/storage.sh"
# shellcheck source=nics.sh
. "${BASH_SOURCE[0]%/*}/nics.sh"
# shellcheck source=verdict.sh
. "${BASH_SOURCE[0]%/*}/verdict.sh"
# shellcheck source=network.sh
. "${BASH_SOURCE[0]%/*}/network.sh"
# shellcheck source=networkd.sh
. "${BASH_SOURCE[0]%/*}/networkd.sh"
# shellcheck source=networkd-files.sh
. "${BASH_SOURCE[0]%/*}/networkd-files.sh"
# shellcheck source=dhcp-client.sh
. "${BASH_SOURCE[0]%/*}/dhcp-client.sh"
# shellcheck source=networkmanager.sh
. "${BASH_SOURCE[0]%/*}/networkmanager.sh"
# shellcheck source=network-legacy.sh
. "${BASH_SOURCE[0]%/*}/network-legacy.sh"
# shellcheck source=static-address.sh
. "${BASH_SOURCE[0]%/*}/static-address.sh"
# shellcheck source=permissions.sh
. "${BASH_SOURCE[0]%/*}/permissions.sh"
# shellcheck source=ownership.sh
. "${BASH_SOURCE[0]%/*}/ownership.sh"
# shellcheck source=config.sh
. "${BASH_SOURCE[0]%/*}/config.sh"
# shellcheck source=authorized-keys.sh
. "${BASH_SOURCE[0]%/*}/authorized-keys.sh"
# shellcheck source=login-trial.sh
. "${BASH_SOURCE[0]%/*}/login-trial.sh"
# shellcheck source=digests.sh
. "${BASH_SOURCE[0]%/*}/digests.sh"

# Where everything is put: the image, or the private folder of the verdict.
sshd_tree=${initdir-}
# sshd_tell SENTENCE: of what goes into the image, said once.
sshd_tell() { [[ $sshd_tree != "${initdir-}" ]] || dinfo "dracut-sshd: $*"; }
# sshd_warn SENTENCE: the same, as a warning.
sshd_warn() { [[ $sshd_tree != "${initdir-}" ]] || dwarn "dracut-sshd: $*"; }

# sshd_install_programs PROGRAM...: with the libraries that they need.
sshd_install_programs() {
  if [[ $sshd_tree == "${initdir-}" ]]; then
    inst_multiple "$@"
  else
    # inst_multiple puts files into the image alone.
    ${DRACUT_INSTALL:-dracut-install} ${dracutsysrootdir:+-r "$dracutsysrootdir"} -D "$sshd_tree" -l -a "$@"
  fi
}

# called by dracut
check() {
  # dracut asks once more whether a module brings what a mount needs.
  [[ -z ${mount_needs-} ]] || return 1
  sshd_verdict && return 0
  if sshd_is_kdump; then dinfo "dracut-sshd: sshd stays out of an image for kdump."; fi
  # A module that was asked for by name and cannot be had makes dracut give up on the whole image, and a machine must not
  # be left without one for the lack of a key: then it goes in with nothing to install.
  [[ " ${add_dracutmodules-} ${force_add_dracutmodules-} ${dracutmodules-} " == *' sshd '* ]]
}

# called by dracut
depends() {
  local dir
  sshd_verdict || return 0
  echo systemd
  # A module of its own, and not chosen by itself, since dracut 050; before, systemd's module holds it.
  for dir in "${dracutbasedir-/usr/lib/dracut}"/modules.d/[0-9][0-9]systemd-ask-password; do
    if [[ -d $dir ]]; then echo systemd-ask-password; fi
  done
  sshd_network_modules
  sshd_storage_modules
  # Where it is not installed beside this one, the image is built without it.
  for dir in "${dracutbasedir-/usr/lib/dracut}"/modules.d/[0-9][0-9]sshd-crypttab; do
    if [[ -d $dir ]]; then echo sshd-crypttab; fi
  done
  return 0
}

# called by dracut
installkernel() {
  local -a drivers
  sshd_verdict || return 0
  mapfile -t drivers < <(sshd_storage_drivers)
  if ((${#drivers[@]})); then hostonly='' instmods "${drivers[@]}"; fi
  return 0
}

# sshd_install_user: the account that sshd gives up its privileges to, as the system has it; else one is made up.
sshd_install_user() {
  local user group id rest
  user=$(sshd_host_line passwd sshd)
  if [[ -z $user ]]; then
    id=74
    while grep -qE "^[^:]*:[^:]*:$id:" "${dracutsysrootdir-}/etc/passwd" "${dracutsysrootdir-}/etc/group" 2>/dev/null; do
      ((id += 1))
    done
    user="sshd:x:$id:$id:Privilege-separated SSH:/:/usr/sbin/nologin"
  fi
  IFS=: read -r _ _ _ id rest <<<"$user"
  group=$(grep -m 1 -E "^[^:]*:[^:]*:$id:" "${dracutsysrootdir-}/etc/group" 2>/dev/null) || group="sshd:x:$id:"
  grep -qs '^sshd:' "$sshd_tree/etc/passwd" || printf '%s\n' "$user" >>"$sshd_tree/etc/passwd"
  grep -qsE "^[^:]*:[^:]*:$id:" "$sshd_tree/etc/group" || printf '%s\n' "${group%:*}:" >>"$sshd_tree/etc/group"
  chmod 0644 "$sshd_tree/etc/passwd" "$sshd_tree/etc/group"
}

# sshd_install_privsep_dir PROGRAM...: the empty folder that sshd confines itself to. It is compiled in, and differs:
# /run/sshd is Debian's (the unit makes it at boot), /var/empty upstream's and Gentoo's, /var/lib/empty SUSE's.
sshd_install_privsep_dir() {
  local dir program
  for dir in /run/sshd /usr/share/empty.sshd /var/empty/sshd /var/empty /var/lib/empty /var/chroot/ssh; do
    for program; do
      if LC_ALL=C grep -aqF "$dir" "${dracutsysrootdir-}$program"; then
        sshd_make_dir 0755 "$dir"
        break
      fi
    done
    if [[ -d ${dracutsysrootdir-}$dir ]]; then sshd_make_dir 0755 "$dir"; fi
  done
}

# sshd_tell_host_key PATH: which private key is in the image, and whose it is. Keys that were made for the initramfs and are the
# system's all the same give the system's away.
sshd_tell_host_key() {
  if ! sshd_is_system_key "$1"; then
    sshd_tell "host key: $1 (its private key is in the image; the system's sshd has another one)"
  else
    sshd_tell "host key: $1 (the SYSTEM's own private key is in the image)"
    if sshd_own_host_keys >/dev/null; then
      sshd_warn "$1 is the system's own host key under another name. Whoever reads this image can pass for the system." \
        "To make another one, type: rm $1 $1.pub; ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key"
    fi
  fi
}

# sshd_install_keys: authorized keys and host keys, under the names that sshd expects.
sshd_install_keys() {
  local source key name extra
  sshd_make_dir 0700 /root && sshd_make_dir 0700 /root/.ssh || return 1
  if source=$(sshd_find_authorized_keys); then
    sshd_put 0600 "$source" /root/.ssh/authorized_keys || return 1
  else
    # Who looks for the file finds why.
    printf '%s\n' '# No keys here: the configuration of sshd names others, or certificates.' | sshd_put 0600 - /root/.ssh/authorized_keys || return 1
  fi
  sshd_make_dir 0755 /etc/ssh || return 1
  while IFS= read -r key; do
    name=${key##*/}
    name=${name#dracut_}
    sshd_put 0600 "$(sshd_host_file "$key")" "/etc/ssh/$name" || return 1
    for extra in .pub -cert.pub; do
      source=$(sshd_host_file "$key$extra") || continue
      sshd_put 0644 "$source" "/etc/ssh/$name$extra" || return 1
    done
    sshd_tell_host_key "$key"
    if [[ ${key##*/} != dracut_* ]]; then
      sshd_tell "that is the system's own key; for one of the initramfs's own:" \
        "ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key"
    fi
  done < <(sshd_find_host_keys)
}

# sshd_install_boot: what runs in the image, for people and for the units.
sshd_install_boot() {
  local name
  # They are in every image that dracut makes; in one that is none the better.
  inst_multiple -o cat chmod mv rm sleep >/dev/null 2>&1 || :
  for name in unlock resume-boot boot-state; do
    sshd_put_own 0755 "boot/$name" "/usr/bin/$name" || return 1
  done
  # The name in the keys of those who come from dropbear-initramfs.
  ln -sf unlock "$sshd_tree$(sshd_resolve "$sshd_tree" /usr/bin)/cryptroot-unlock" || return 1
  for name in fix-accounts release-network; do
    sshd_put_own 0755 "boot/$name" "/usr/lib/dracut-sshd/$name" || return 1
  done
  for name in prompts disks; do
    sshd_put_own 0644 "boot/$name.sh" "/usr/lib/dracut-sshd/$name.sh" || return 1
  done
  sshd_install_wanted_unit dracut-sshd-release-network.service initrd-switch-root.target
}

# sshd_install_record: what came of it when keys were tried.
sshd_install_record() {
  [[ ! -s ${DRACUT_TMPDIR-}/dracut-sshd/login ]] || sshd_put 0644 "$DRACUT_TMPDIR/dracut-sshd/login" /usr/lib/dracut-sshd/login
}

# sshd_running_line: prints the running kernel's command line, where this is the system that it runs.
sshd_running_line() { [[ ${dracutsysrootdir-} ]] || cat /proc/cmdline; }

# sshd_warn_of_endings: where a boot that fails ends the machine, wrong passphrases do so, too, and no session can mend it.
sshd_warn_of_endings() {
  local word shell='' action=''
  while IFS= read -r word; do
    case $word in
      rd.shell=0 | rd.shell=no | rd.shell=off) shell=$word ;;
      rd.shell | rd.shell=*) shell='' ;;
      rd.emergency=*) action=$word ;;
    esac
  done < <({
    cat -- "$initdir"/etc/cmdline "$initdir"/etc/cmdline.d/*.conf
    printf '%s\n' "${kernel_cmdline-}"
    sshd_running_line
  } 2>/dev/null | tr -s '[:space:]"' '\n')
  if [[ $shell ]]; then
    dwarn "dracut-sshd: $shell is on the kernel's command line: when the boot fails, as after too many wrong passphrases, the machine" \
      "halts, powers off or restarts${action:+ ($action)}, and nobody can log in to mend it. Take it away unless that is meant."
  elif [[ $action ]]; then
    dwarn "dracut-sshd: $action is on the kernel's command line: when a shell of dracut's ends, as by resume-boot, the machine may halt," \
      "power off or restart instead of going on."
  fi
}

# sshd_warn_without_network: an sshd that no network reaches helps nobody.
sshd_warn_without_network() {
  sshd_network_in "${mods_to_load-} ${modules_loaded-}" \
    || dwarn "dracut-sshd: there is sshd in this image, but no network. See \"NETWORK\" in dracut-sshd(7)."
}

# sshd_warn_without_crypttab: 99sshd-crypttab completes the image's crypttab when dracut's own modules have written theirs.
sshd_warn_without_crypttab() {
  [[ " ${mods_to_load-} ${modules_loaded-} " == *' sshd-crypttab '* ]] || ! sshd_storage_kinds | grep -qx crypt \
    || dwarn "dracut-sshd: the module sshd-crypttab is not in this image: if dracut takes no crypttab along, nothing asks for a passphrase." \
      "Its folder 99sshd-crypttab belongs beside 46sshd."
}

# called by dracut
install() {
  local daemon helpers
  sshd_verdict || return 0
  daemon=$(sshd_find_daemon)
  mapfile -t helpers < <(sshd_find_helpers "$daemon")
  if sshd_install_programs "$daemon" "${helpers[@]}" \
    && sshd_install_user \
    && sshd_install_privsep_dir "$daemon" "${helpers[@]}" \
    && sshd_install_keys \
    && sshd_install_config \
    && sshd_put 0644 "$moddir/motd" /etc/motd \
    && sshd_put_own 0644 profile /root/.profile \
    && sshd_install_boot \
    && sshd_install_network \
    && sshd_install_unit "$daemon" \
    && sshd_install_record \
    && sshd_sources | sshd_put 0600 - "$sshd_sources_file"; then
    sshd_tell_of_keys
    sshd_warn_without_network
    sshd_warn_of_readers
    sshd_warn_without_crypttab
    sshd_warn_of_owners
    sshd_warn_of_endings
    return 0
  fi
  dfatal "dracut-sshd: sshd could not be installed into the image: nobody can log in while it boots."
  return 1
}
