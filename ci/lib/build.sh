# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Configuring and building, in the same way for every script. To be sourced after common.sh.

: "${project:?}"

# For a build that is used here and not installed: a room's sources and the headers are compiled once, together. On two cores it takes
# 3 minutes instead of 10. (clang-tidy needs a build without: each source's own command.)
# shellcheck disable=SC2034  # of use to those who source this
quick_build=(-DPRECOMPILE=ON -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0
  -DCMAKE_BUILD_TYPE=RelWithDebInfo '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g0 -DNDEBUG')

# configure FOLDER [ARGUMENT...]
configure() {
  local folder=$1 log
  shift
  local -a settings=()
  # With the default sloppiness nothing that uses a precompiled header is remembered.
  if type -P ccache >/dev/null; then
    settings+=('-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_SLOPPINESS=pch_defines,time_macros;ccache')
  fi
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
