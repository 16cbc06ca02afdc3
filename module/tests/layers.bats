#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The module's files call one way: each what was read before it, and nothing that comes later.
# shellcheck disable=SC2030,SC2031

setup() {
  module=$BATS_TEST_DIRNAME/../46sshd
  # in the order in which module-setup.sh reads them
  mapfile -t parts < <(sed -n 's/^\. "\${BASH_SOURCE\[0\]%\/\*}\/\([a-z-]*\)\.sh"$/\1/p' "$module/module-setup.sh")
}

# code FILE: without comments. functions FILE: the names of those that it defines.
code() { sed -E 's/(^|[[:space:]])#.*//' "$1"; }
functions() { sed -nE 's/^([a-z_0-9]+)\(\) *[{(].*/\1/p' "$1"; }

@test "a file calls functions of the files before it alone" {
  local part later name faults=''
  [ "${#parts[@]}" -ge 20 ]
  while ((${#parts[@]} > 1)); do
    part=${parts[0]} parts=("${parts[@]:1}")
    while read -r name; do
      if code "$module/$part.sh" | grep -qE "(^|[^A-Za-z0-9_-])$name([^A-Za-z0-9_-]|\$)"; then faults+="$part.sh calls $name, which comes later"$'\n'; fi
    done < <(for later in "${parts[@]}" module-setup; do functions "$module/$later.sh" | grep '^sshd_'; done)
  done
  echo "$faults"
  [ -z "$faults" ]
}

@test "no function has two definitions, and each file that module-setup.sh reads is installed" {
  local part twice
  twice=$(for part in "$module"/*.sh; do functions "$part"; done | sort | uniq -d)
  echo "$twice"
  [ -z "$twice" ]
  for part in "${parts[@]}"; do grep -q " 46sshd/$part\.sh " "$module/../install.list"; done
}

@test "what the programs and the second module read defines all that it calls" {
  local list file name defined
  for list in 99sshd-crypttab/module-setup.sh dracut-sshd-check dracut-sshd-rebuild; do
    mapfile -t files < <(
      sed -nE 's/^\. "\$module\/([a-z-]+\.sh)"$/\1/p' "$module/../$list"
      sed -nE 's/.*for part in ([a-z -]+); do$/\1/p' "$module/../$list" | tr ' ' '\n' | sed 's/$/.sh/'
    )
    [ "${#files[@]}" -ge 5 ]
    defined=" $(for file in "${files[@]}"; do functions "$module/$file"; done | tr '\n' ' ') "
    for name in $(code "$module/../$list" | grep -oE '(^|[^A-Za-z0-9_$-])sshd_[a-z_]+' | grep -oE 'sshd_[a-z_]+' | sort -u); do
      if ! functions "$module/../$list" | grep -qxF "$name" && grep -qxF "$name" <(cat "$module"/*.sh | sed -nE 's/^(sshd_[a-z_]+)\(\).*/\1/p'); then
        echo "$list: $name"
        [[ $defined == *" $name "* ]]
      fi
    done
  done
}
