#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ci/test: which tests run when, and what it refuses.

bats_require_minimum_version 1.5.0
load common

@test "each test runs in one tier: quick, core, or a shard of the rest" {
  # In a folder of its own: even --show-only begins a new LastTest.log, and the ctest that runs this test is writing one.
  printf 'subdirs("%s")\n' "$(dirname "$(dirname "$orchestrator")")" >"$BATS_TEST_TMPDIR/CTestTestfile.cmake"
  ctest --test-dir "$BATS_TEST_TMPDIR" --show-only=json-v1 >"$BATS_TEST_TMPDIR/tests.json"
  python3 - "$BATS_TEST_TMPDIR/tests.json" <<'P'
import collections, json, re, sys
count = collections.Counter()
for test in json.load(open(sys.argv[1]))["tests"]:
    labels = next((each["value"] for each in test["properties"] if each["name"] == "LABELS"), [])
    tiers = [label for label in labels if re.fullmatch(r"quick|core|shard-[1-8]", label)]
    # unit tests carry no second label; ci/test quick names theirs
    assert len(tiers) == 1 or not tiers and labels == ["unit"], (test["name"], labels)
    count.update(tiers)
assert set(count) == {"quick", "core", *(f"shard-{number}" for number in range(1, 9))}, count
P
}

@test "what ci/test does not know is a usage error before anything is installed or built" {
  local -a words
  for words in '--shard' '--shard 0' '--shard 9' '--shard x' 'quick unit' 'all unit' '--since' 'unit other' '--help-me'; do
    read -ra words <<<"$words"
    PATH=/usr/bin:/bin run --separate-stderr "$project/ci/test" "${words[@]}"
    echo "${words[*]}: $status: $stderr"
    [ "$status" -eq 2 ]
    [[ $stderr == *expected* ]]
  done
}

@test "a skipped test's reason is told before CTest's summary" {
  mkdir "$BATS_TEST_TMPDIR/skips"
  cd "$BATS_TEST_TMPDIR/skips"
  printf '#!/bin/sh\necho noise\necho "SKIPPED: there is no moon"\nexit 77\n' >moon
  printf '#!/bin/sh\nprintf "1..2\\nok 1 a\\nok 2 b # skip not as root\\n"\n' >several
  printf '#!/bin/sh\nprintf "/a/b_test.cpp:7: Skipped\\nroot may read it\\n"\n' >place
  chmod +x moon several place
  for name in moon several place; do
    printf 'add_test(%s "%s")\nset_tests_properties(%s PROPERTIES SKIP_RETURN_CODE 77)\n' "$name" "$PWD/$name" "$name"
  done >CTestTestfile.cmake
  ctest -j 3 2>&1 | "$project/ci/lib/tell-skipped" Testing/Temporary/LastTest.log >told
  cat told
  grep -qxF 'skipped: moon: there is no moon' told
  grep -qxF 'skipped: several: b: not as root' told
  grep -qxF 'skipped: place: root may read it (b_test.cpp:7)' told
  [ "$(grep -n '^skipped: moon' told | cut -d: -f1)" -lt "$(grep -n 'tests passed' told | cut -d: -f1)" ]
}

@test "each purpose of ci/deps.list is one that ci/deps knows, and each name stands once a purpose" {
  run "$project/ci/deps" nothing
  [ "$status" -eq 2 ]
  local purpose
  while read -r purpose; do [[ $output == *" $purpose"* ]]; done < <(awk 'NF && !/^#/ { print $1 }' "$project/ci/deps.list" | sort -u)
  same '' "$(awk 'NF && !/^#/ { print $1, $2 }' "$project/ci/deps.list" | sort | uniq -d)"
}
