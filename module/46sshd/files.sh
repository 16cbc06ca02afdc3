# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# (moddir is dracut's, sshd_tree is module-setup.sh's, and sshd_resolve is host.sh's.)
#
# Files in the image, or in the private folder of the verdict: below $sshd_tree, and never by way of a symbolic link out of it.

# sshd_make_dir MODE PATH: the folder in the image; parents that are made on the way are 0755 (dracut's umask is 077).
sshd_make_dir() {
  local path
  path=$sshd_tree$(sshd_resolve "$sshd_tree" "$2") || return 1
  (umask 022 && mkdir -p -- "$path") && chmod "$1" -- "$path"
}

# sshd_put MODE SOURCE PATH: a copy of the file SOURCE (or of standard input: -) at PATH in the image, owned by root.
sshd_put() {
  local path
  path=$(sshd_resolve "$sshd_tree" "$3") || return 1
  [[ -d $sshd_tree${path%/*} ]] || sshd_make_dir 0755 "${path%/*}" || return 1
  path=$sshd_tree$path
  rm -f -- "$path"
  if [[ $2 == - ]]; then (umask 077 && cat >"$path"); else (umask 077 && cat -- "$2" >"$path"); fi \
    && chmod "$1" -- "$path"
}

# sshd_without_comments FILE: prints one of the module's own texts without the lines that nothing in an image reads.
sshd_without_comments() { sed -e '1{/^#!/b' -e '}' -e '/^[[:space:]]*#/d' -e '/^$/d' -- "$1"; }

# sshd_put_own MODE SOURCE PATH: the module's own file SOURCE, without its comments.
sshd_put_own() { [[ -s $moddir/$2 ]] && sshd_without_comments "$moddir/$2" | sshd_put "$1" - "$3"; }

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

# sshd_want_unit UNIT TARGET: enabled by a link of our own, for which no systemctl of the system's is needed.
sshd_want_unit() {
  local wants=/etc/systemd/system/$2.wants
  sshd_make_dir 0755 "$wants" || return 1
  ln -sf -- "${systemdsystemunitdir:-/usr/lib/systemd/system}/$1" "$sshd_tree$(sshd_resolve "$sshd_tree" "$wants")/$1"
}

# sshd_install_wanted_unit UNIT TARGET: one of ours that is the same for every image.
sshd_install_wanted_unit() {
  sshd_put_own 0644 "boot/$1" "${systemdsystemunitdir:-/usr/lib/systemd/system}/$1" && sshd_want_unit "$1" "$2"
}

# sshd_in_tree ARGUMENT...: the private folder's sshd, with that folder as its root.
sshd_in_tree() { chroot "$sshd_tree" "$@" </dev/null; }
