# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What every script of ci/ needs: the project's folder, the build folder, and words for people. To be sourced.

project=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# Where things are built; BUILD_DIR is for those who want a second one.
# shellcheck disable=SC2034  # of use to those who source this
build_dir=${BUILD_DIR:-$project/build}
script=${0#"$project"/}

# say LINE...: progress, on stderr, each line with the script's name.
say() { printf "$script: %s\n" "$@" >&2; }

# die STATUS LINE...: 1 something failed, 2 wrong usage, 3 a tool is missing.
die() {
  local status=$1
  shift
  say "$@"
  exit "$status"
}

# skip REASON: ends a test that this machine cannot run. CTest reads the status; ci/test prints the line.
skip() {
  printf 'SKIPPED: %s\n' "$*"
  exit 77
}

# project_files [PATTERN...]: the project's files, one a line, without what is built; sorted. In a tree without git, what lies there.
project_files() {
  if [[ -e $project/.git ]] && type -P git >/dev/null; then
    git -C "$project" -c safe.directory="$project" ls-files --cached --others --exclude-standard -- "$@" \
      | sort -u | while IFS= read -r file; do [[ ! -f $project/$file ]] || printf '%s\n' "$file"; done
  else
    (
      cd -- "$project" || exit
      # A pattern of git's matches at any depth; so does one of find's -path with "*" before it.
      local -a match=()
      local pattern
      for pattern in "$@"; do match+=(${match[0]:+-o} -path "./$pattern" -o -path "./$pattern/*"); done
      find . \( -path ./build -o -path ./dist -o -path ./.git \) -prune -o -type f \
        ${match[0]:+\( "${match[@]}" \)} -print | sed 's,^\./,,' | sort
    )
  fi
}
