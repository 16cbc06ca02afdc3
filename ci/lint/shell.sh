# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# shell_files: every shell script of the project, by its first line or by the dialect that it names for shellcheck. To be
# sourced after lib/common.sh.

: "${project:?}"

shell_files() {
  local file
  project_files | while IFS= read -r file; do
    # The formats' folders hold templates, which @VAR@ makes no shell of: what is rendered is judged by the formats' tests.
    case $file in */golden/* | debian/* | spec/* | ebuild/* | pkgbuild/*) continue ;; esac
    # Bytes that are no text would make bash warn of NUL.
    if head -n 2 -- "$project/$file" | LC_ALL=C grep -aqE '^(#!.*[/ ](bash|sh|dash|bats)( |$)|# shellcheck shell=)'; then
      printf '%s\n' "$file"
    fi
  done
}
