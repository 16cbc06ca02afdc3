# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (hostonly is dracut's.)
#
# The modules of dracut and the drivers that an image needs for what /, /usr and resume lie on.

# sshd_storage_kinds: the kinds of its nodes, and the types of its file systems, a line each.
sshd_storage_kinds() {
  local word kind name
  while IFS=$'\t' read -r word _ kind name _; do
    [[ $word == node ]] || continue
    case $kind in fs) printf '%s\n' "fs-$name" ;; *) printf '%s\n' "$kind" ;; esac
  done < <(sshd_storage) | sort -u
}

# sshd_storage_modules: prints dracut's modules that open what the root lies on, as far as dracut can have them. In a host-only image
# dracut chooses them by the devices that it sees, and in a chroot it sees none.
sshd_storage_modules() {
  local kind module
  while IFS= read -r kind; do
    case $kind in
      crypt) set -- crypt systemd-cryptsetup ;;
      lv) set -- lvm ;;
      md) set -- mdraid ;;
      multipath) set -- multipath ;;
      fs-btrfs) set -- btrfs ;;
      *) continue ;;
    esac
    for module; do if sshd_could_have "$module"; then printf '%s\n' "$module"; fi; done
  done < <(sshd_storage_kinds)
}

# sshd_storage_drivers: prints the kernel modules, and classes of them as dracut's instmods has them, by which those volumes are opened.
# A host-only image has what the running kernel has loaded. In a chroot that is another system's kernel, and nothing may be loaded.
sshd_storage_drivers() {
  local kind
  sshd_is_live && return 0
  while IFS= read -r kind; do
    case $kind in
      crypt) printf '%s\n' dm_crypt =crypto ;;
      lv) printf '%s\n' dm_mod ;;
      md) printf '%s\n' md_mod raid0 raid1 raid10 raid456 ;;
      multipath) printf '%s\n' dm_multipath ;;
      fs-btrfs) printf '%s\n' btrfs ;;
    esac
  done < <(sshd_storage_kinds)
}
