# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Configuring and building, in the same way for every script. To be sourced after common.sh.

: "${project:?}"

# configure FOLDER [ARGUMENT...]
configure() {
  local folder=$1 log
  shift
  local -a settings=()
  if type -P ccache >/dev/null; then settings+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  # A warning is an error where the compiler is one that we build with; elsewhere it may know warnings that we do not.
  if [[ -e /etc/debian_version ]]; then settings+=(-DWERROR=ON); fi
  mkdir -p -- "$folder"
  log=$folder/configure.log
  say "configuring $(shown "$folder")"
  if ! cmake -S "$project" -B "$folder" -G Ninja "${settings[@]}" "$@" >"$log" 2>&1; then
    tail -n 30 -- "$log" >&2
    die 1 "cmake failed; the whole log is $log"
  fi
}

# build FOLDER TARGET...: ninja's own lines are the progress, and "no work to do" says what a second run did.
build() {
  local folder=$1
  shift
  say "building $* in $(shown "$folder")"
  NINJA_STATUS="[%f/%t %es] " cmake --build "$folder" --target "$@" >&2 || die 1 "the build failed"
}

# shown PATH: as people name it who stand in the project.
shown() { printf '%s' "${1#"$project"/}"; }
