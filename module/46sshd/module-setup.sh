#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC1091,SC2154
# (host.sh is checked by itself; initdir, moddir and the like are dracut's.)
#
# dracut module: OpenSSH's sshd in the initramfs. Sourced by dracut (049 and later), which calls check, depends and
# install. Whatever is read from the system is read below $dracutsysrootdir; whatever is written is written below
# $initdir; neither is ever left by way of a symbolic link.

# Each calls what stands above it here, and nothing below.
# shellcheck source=host.sh
. "${BASH_SOURCE[0]%/*}/host.sh"
# shellcheck source=files.sh
. "${BASH_SOURCE[0]%/*}/files.sh"
# shellcheck source=network-settings.sh
. "${BASH_SOURCE[0]%/*}/network-settings.sh"
# shellcheck source=seal.sh
. "${BASH_SOURCE[0]%/*}/seal.sh"
# shellcheck source=storage.sh
. "${BASH_SOURCE[0]%/*}/storage.sh"
# shellcheck source=storage-modules.sh
. "${BASH_SOURCE[0]%/*}/storage-modules.sh"
# shellcheck source=crypttab.sh
. "${BASH_SOURCE[0]%/*}/crypttab.sh"
# shellcheck source=auto-unlock.sh
. "${BASH_SOURCE[0]%/*}/auto-unlock.sh"
# shellcheck source=nics.sh
. "${BASH_SOURCE[0]%/*}/nics.sh"
# shellcheck source=networkd-files.sh
. "${BASH_SOURCE[0]%/*}/networkd-files.sh"
# shellcheck source=wireguard.sh
. "${BASH_SOURCE[0]%/*}/wireguard.sh"
# shellcheck source=dhcp-client.sh
. "${BASH_SOURCE[0]%/*}/dhcp-client.sh"
# shellcheck source=static-address.sh
. "${BASH_SOURCE[0]%/*}/static-address.sh"
# shellcheck source=network-report.sh
. "${BASH_SOURCE[0]%/*}/network-report.sh"
# shellcheck source=networkd.sh
. "${BASH_SOURCE[0]%/*}/networkd.sh"
# shellcheck source=networkmanager.sh
. "${BASH_SOURCE[0]%/*}/networkmanager.sh"
# shellcheck source=network-legacy.sh
. "${BASH_SOURCE[0]%/*}/network-legacy.sh"
# shellcheck source=network.sh
. "${BASH_SOURCE[0]%/*}/network.sh"
# shellcheck source=config-files.sh
. "${BASH_SOURCE[0]%/*}/config-files.sh"
# shellcheck source=daemon.sh
. "${BASH_SOURCE[0]%/*}/daemon.sh"
# shellcheck source=config.sh
. "${BASH_SOURCE[0]%/*}/config.sh"
# shellcheck source=authorized-keys.sh
. "${BASH_SOURCE[0]%/*}/authorized-keys.sh"
# shellcheck source=login-trial.sh
. "${BASH_SOURCE[0]%/*}/login-trial.sh"
# shellcheck source=key-report.sh
. "${BASH_SOURCE[0]%/*}/key-report.sh"
# shellcheck source=hold.sh
. "${BASH_SOURCE[0]%/*}/hold.sh"
# shellcheck source=beacon.sh
. "${BASH_SOURCE[0]%/*}/beacon.sh"
# shellcheck source=digests.sh
. "${BASH_SOURCE[0]%/*}/digests.sh"
# shellcheck source=ownership.sh
. "${BASH_SOURCE[0]%/*}/ownership.sh"
# shellcheck source=permissions.sh
. "${BASH_SOURCE[0]%/*}/permissions.sh"
# shellcheck source=verdict.sh
. "${BASH_SOURCE[0]%/*}/verdict.sh"

# Where everything is put: the image, or the private folder of the verdict.
sshd_tree=${initdir-}

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
  sshd_auto_modules
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
  sshd_install_tpm_drivers
  sshd_install_network_drivers
}

# sshd_install_boot: what runs in the image, for people and for the units.
sshd_install_boot() {
  local name
  # They are in every image that dracut makes; in one that is none the better.
  inst_multiple -o cat chmod mkdir mv rm sleep >/dev/null 2>&1 || :
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
    && sshd_install_hold \
    && sshd_install_network \
    && sshd_install_unit "$daemon" \
    && sshd_install_seal \
    && sshd_install_beacon \
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
