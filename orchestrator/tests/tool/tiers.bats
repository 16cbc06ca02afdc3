#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ci/test: which tests run when, and what it refuses.

bats_require_minimum_version 1.5.0
load common

@test "each test runs in one tier: quick, core, or a shard of the rest" {
  ctest --test-dir "$(dirname "$(dirname "$orchestrator")")" --show-only=json-v1 >"$BATS_TEST_TMPDIR/tests.json"
  python3 - "$BATS_TEST_TMPDIR/tests.json" <<'P'
import collections, json, re, sys
count = collections.Counter()
for test in json.load(open(sys.argv[1]))["tests"]:
    labels = next((each["value"] for each in test["properties"] if each["name"] == "LABELS"), [])
    tiers = [label for label in labels if re.fullmatch(r"quick|core|shard-[1-6]", label)]
    # unit tests carry no second label; ci/test quick names theirs
    assert len(tiers) == 1 or not tiers and labels == ["unit"], (test["name"], labels)
    count.update(tiers)
assert set(count) == {"quick", "core", *(f"shard-{number}" for number in range(1, 7))}, count
P
}

@test "what ci/test does not know is a usage error before anything is installed or built" {
  local -a words
  for words in '--shard' '--shard 0' '--shard 7' '--shard x' 'quick unit' 'all unit' '--since' 'unit other' '--help-me'; do
    read -ra words <<<"$words"
    PATH=/usr/bin:/bin run --separate-stderr "$project/ci/test" "${words[@]}"
    echo "${words[*]}: $status: $stderr"
    [ "$status" -eq 2 ]
    [[ $stderr == *expected* ]]
  done
}

@test "each purpose of ci/deps.list is one that ci/deps knows, and each name stands once a purpose" {
  run "$project/ci/deps" nothing
  [ "$status" -eq 2 ]
  local purpose
  while read -r purpose; do [[ $output == *" $purpose"* ]]; done < <(awk 'NF && !/^#/ { print $1 }' "$project/ci/deps.list" | sort -u)
  same '' "$(awk 'NF && !/^#/ { print $1, $2 }' "$project/ci/deps.list" | sort | uniq -d)"
}
