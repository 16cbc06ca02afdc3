# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
#
# As much of dracut as the module meets: its functions, its variables, and the order of its calls. Everything happens in
# a bash of its own, with the options that dracut has (no errexit, umask 077).

# setup_dracut: $root is the system, $initdir the image, $log what dracut was told.
setup_dracut() {
  umask 022 # owner and mode of what goes in are looked at
  root=$BATS_TEST_TMPDIR/root initdir=$BATS_TEST_TMPDIR/image log=$BATS_TEST_TMPDIR/log
  moddir=$BATS_TEST_TMPDIR/46sshd
  dracutbasedir=$root/usr/lib/dracut
  cp -r "$BATS_TEST_DIRNAME/../46sshd" "$moddir"
  mkdir -p "$root" "$dracutbasedir/modules.d" "$initdir"/{etc,root,run,var,usr/bin,usr/sbin,usr/lib}
  ln -s usr/lib "$initdir/lib"
  : >"$log"
  export root initdir log moddir dracutbasedir
}

# module FUNCTION [ASSIGNMENT...]: calls one of the module's functions as dracut does.
module() {
  env -- dracutsysrootdir="$root" "${@:2}" bash -c '
    umask 077
    for level in dinfo dwarn derror dfatal; do eval "$level() { printf \"%s: %s\n\" $level \"\$*\" >>\"\$log\"; }"; done
    inst_multiple() {
      local path
      for path; do
        [[ -x $root$path ]] || return 1
        mkdir -p "$initdir${path%/*}"
        cp -- "$root$path" "$initdir$path" || return 1
        # Of the real sshd (roots.bash).
        if [[ $path == */sshd && -e $root/libraries ]]; then (cd "$root" && xargs cp --parents -t "$initdir" <libraries) || return 1; fi
      done
    }
    inst_libdir_file() {
      local pattern path
      for pattern; do for path in "$root"/usr/lib/$pattern; do
        [[ ! -e $path ]] || { mkdir -p "$initdir/usr/lib" && cp -- "$path" "$initdir/usr/lib/"; }
      done; done
    }
    instmods() { printf "%s\n" "hostonly=${hostonly-unset} $*" >>"$log.drivers"; }
    DRACUT_INSTALL=install_into_tree
    install_into_tree() { # [-r ROOT] -D TREE -l -a PROGRAM...
      [[ $1 != -r ]] || shift 2
      initdir=$2 inst_multiple "${@:5}"
    }
    . "$moddir/module-setup.sh"
    '"$1"
}

# An assertion that fails shows what it saw.
holds() { grep -qxF -- "$2" "$1" || { printf 'no line "%s" in %s:\n' "$2" "$1" && cat -- "$1" && return 1; }; }
lacks() { if grep -F -- "$2" "$1"; then return 1; fi; }
told() { grep -qF -- "$1" "$log" || { cat -- "$log" && return 1; }; }
mode_of() { [[ $(stat -c %a -- "$2") == "$1" ]] || { ls -ld -- "$2" && return 1; }; }
absent() { [[ ! -e $1 && ! -L $1 ]] || { ls -ld -- "$1" && return 1; }; }
