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
