#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC1091,SC2034,SC2154
# (46sshd's files are checked by themselves; initdir, moddir and the like are dracut's.)
#
# dracut module: what has to be done when all other modules have written their files. dracut's crypt module replaces
# the image's crypttab, and comes after 46sshd, which depends on this one. Never chosen by itself.

# called by dracut
check() { return 255; }

# called by dracut
depends() { return 0; }

# called by dracut
install() {
  local part own=${moddir%/*}/46sshd sshd_tree=$initdir
  [[ -r $own/module-setup.sh ]] || return 0
  # Its functions, and none of what dracut calls.
  for part in host files storage crypttab auto-unlock nics; do
    # shellcheck source=/dev/null
    . "$own/$part.sh"
  done
  if ! sshd_install_crypttab; then derror "dracut-sshd: the image's crypttab could not be completed."; fi
  sshd_drop_tokens
  sshd_storage | sshd_put 0644 - /usr/lib/dracut-sshd/storage
  sshd_nics | sshd_put 0644 - /usr/lib/dracut-sshd/nics
  sshd_warn_of_no_opener
  sshd_warn_of_unnamed
  sshd_warn_of_later
  sshd_tell_of_auto
  return 0
}
