#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The reader of ci/e2e/installers takes nothing that it does not know, and no value without a source.

setup() {
  cd "$BATS_TEST_DIRNAME/../../.." || return
  cp ci/e2e/installers/debian-13.toml "$BATS_TEST_TMPDIR/"
  file=$BATS_TEST_TMPDIR/debian-13.toml
}

# refused TEXT...: the table is not printed, and the error names the file and all of these.
refused() {
  run ci/e2e/installer-table --folder "$BATS_TEST_TMPDIR"
  [ "$status" -eq 2 ]
  [[ $output == "error: $file: "* ]]
  local text
  for text; do [[ $output == *"$text"* ]]; done
}

@test "a file that is whole becomes rows" {
  run ci/e2e/installer-table --folder "$BATS_TEST_TMPDIR"
  [ "$status" -eq 0 ]
  [[ $output == *"| debian:13 | initramfs-tools | generic | guided-lvm |"* ]]
}

@test "an unknown key is refused by its name, at each level" {
  sed -i '0,/^generator/s//colour = "red"\ngenerator/' "$file"
  refused "colour: unknown"
  sed -i '/^colour/d; 0,/^luks = 2/s//luks = 2\ndisk = 1/' "$file"
  refused 'layout 1: disk: unknown'
  sed -i '/^disk/d; 0,/{ kind/s//{ raid = 1, kind/' "$file"
  refused 'layout "guided-lvm": storage: raid: unknown'
}

@test "a value without a source is refused" {
  sed -i '0,/^cmdline = "grub/{/^cmdline = "grub/d}' "$file"
  refused 'layout "guided-lvm": sources: cmdline: missing'
}

@test "an unknown value has to say where it was looked for" {
  sed -i '0,/^cmdline = "root.*/s//cmdline = "unknown"/' "$file"
  refused 'layout "guided-lvm": sources: cmdline: expected "not found:'
  sed -i '0,/^cmdline = "grub/s//cmdline = "not found: grub/' "$file"
  run ci/e2e/installer-table --folder "$BATS_TEST_TMPDIR"
  [ "$status" -eq 0 ]
}

@test "a placeholder that nothing stands for is refused" {
  sed -i '0,/@LUKS_UUID@/s//@LUCKS_UUID@/' "$file"
  refused 'layout "guided-lvm": crypttab: nothing is called @LUCKS_UUID@'
}

@test "a release belongs into its own file" {
  sed -i 's/^id = .*/id = "debian:12"/' "$file"
  refused 'id: "debian:12" belongs into debian-12.toml'
}

@test "the page has the table of the files" {
  run ci/e2e/installer-table --check
  [ "$status" -eq 0 ]
}
