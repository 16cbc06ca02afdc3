#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Keys, with the real GnuPG in a home of the test's own.

bats_require_minimum_version 1.5.0
load common

setup() {
  # The name of an agent's socket has to be short.
  GNUPGHOME=$(mktemp -d /tmp/key.XXXXXX)
  export GNUPGHOME
}
teardown() {
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}

quick() { gpg --batch --quiet --pinentry-mode loopback --passphrase '' "$@"; }
# said KEY: of the only key in the list
said() { "$orchestrator" key list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0][sys.argv[1]])' "$1"; }

@test "a first key is RSA 4096 and signs, expires, and its revocation certificate is where it is said to be" {
  run --separate-stderr "$orchestrator" key new --user 'A Packager <a@example.org>' --expires 2y --no-passphrase
  echo "$stderr"
  [ "$status" -eq 0 ]
  fingerprint=$output
  [[ $fingerprint =~ ^[0-9A-F]{40}$ ]]
  same rsa4096 "$(said algorithm)"
  same True "$(said can_sign)"
  [ "$(said expires)" -gt "$(date +%s)" ]
  [[ $stderr == *"$GNUPGHOME/openpgp-revocs.d/$fingerprint.rev"* ]]
  [ -s "$GNUPGHOME/openpgp-revocs.d/$fingerprint.rev" ]
  # The binding signature is made with SHA-512: 10, RFC 4880 9.4.
  gpg --export "$fingerprint" | gpg --list-packets | grep -q 'digest algo 10'
}

@test "the public part alone is exported, and can be imported elsewhere" {
  fingerprint=$("$orchestrator" key new --user 'A Packager <a@example.org>' --no-passphrase 2>/dev/null)
  "$orchestrator" key export "$fingerprint" >"$BATS_TEST_TMPDIR/key.asc"
  head -n 1 "$BATS_TEST_TMPDIR/key.asc" | grep -qx -- '-----BEGIN PGP PUBLIC KEY BLOCK-----'
  if gpg --list-packets "$BATS_TEST_TMPDIR/key.asc" | grep 'secret key packet'; then return 1; fi
  mkdir -m 700 "$GNUPGHOME/other"
  gpg --homedir "$GNUPGHOME/other" --quiet --import "$BATS_TEST_TMPDIR/key.asc"
  gpg --homedir "$GNUPGHOME/other" --list-keys "$fingerprint"
  gpgconf --homedir "$GNUPGHOME/other" --kill all
}

@test "an expired, a revoked and a certify-only key are listed with the reason, and not taken" {
  quick --faked-system-time 20200101T000000 --quick-generate-key 'Old <old@example.org>' rsa2048 sign,cert 1y
  [[ $(said why_not) == 'it expired on 2020-12-31' ]]
  run -2 "$orchestrator" key export "$(said fingerprint)"
  [[ $output == *'cannot sign: it expired'*'key extend'* ]]
  gpg --batch --yes --delete-secret-and-public-key "$(said fingerprint)"

  quick --quick-generate-key 'Certifier <certifier@example.org>' rsa2048 cert 1y
  [[ $(said why_not) == 'no part of it may sign'* ]]
  quick --quick-add-key "$(said fingerprint)" rsa2048 sign 1y
  same True "$(said can_sign)"
  [[ $(said signs_with) != "$(said fingerprint)" ]]

  sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$(said fingerprint).rev" | gpg --batch --quiet --import
  same 'it is revoked' "$(said why_not)"
}

@test "a key lives longer, with its signing subkey and its fingerprint, also when it has expired; a revoked one does not" {
  fingerprint=$("$orchestrator" key new --user 'A Packager <a@example.org>' --expires 30d --no-passphrase 2>/dev/null)
  before=$(said expires)
  run --separate-stderr "$orchestrator" key extend "$fingerprint" --expires 2y
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  [[ $output == "$fingerprint expires "* && $stderr == *'orchestrator publish'* ]]
  same "$fingerprint" "$(said fingerprint)"
  (($(said expires) > before + 600 * 86400))
  gpg --batch --yes --delete-secret-and-public-key "$fingerprint"

  quick --faked-system-time 20200101T000000 --quick-generate-key 'Old <old@example.org>' rsa2048 cert 1y
  fingerprint=$(said fingerprint)
  quick --faked-system-time 20200101T000000 --quick-add-key "$fingerprint" rsa2048 sign 1y
  [[ $(said why_not) == 'it expired on 2020-12-31' ]]
  "$orchestrator" key extend "$fingerprint"
  same True "$(said can_sign)"
  [[ $(said signs_with) != "$fingerprint" ]]

  sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$fingerprint.rev" | gpg --batch --quiet --import
  run -2 "$orchestrator" key extend "$fingerprint"
  [[ $output == *revoked* ]]
  run -2 "$orchestrator" key extend "${fingerprint: -16}"
  [[ $output == *'all 40 digits'* ]]
  run -2 "$orchestrator" key extend "$fingerprint" --expires never
  [[ $output == *'not a lifetime of a key'* ]]
}

@test "a key whose secret part is elsewhere is not taken" {
  quick --quick-generate-key 'Card <card@example.org>' rsa2048 sign,cert 1y
  fingerprint=$(said fingerprint)
  rm "$GNUPGHOME"/private-keys-v1.d/*.key
  gpgconf --kill all
  run -2 "$orchestrator" key export "$fingerprint"
  [[ $output == *'no secret key'* || $output == *'secret part is not here'* ]]
}

@test "a passphrase is asked for by GnuPG's own pinentry, and is in no argument" {
  printf '#!/bin/sh\ntr "\\0" " " </proc/$PPID/cmdline >>%s/parents\necho OK\nwhile read -r line; do case $line in GETPIN*) echo "D secret words 17"; echo OK ;; *) echo OK ;; esac; done\n' \
    "$BATS_TEST_TMPDIR" >"$GNUPGHOME/pinentry"
  chmod 755 "$GNUPGHOME/pinentry"
  echo "pinentry-program $GNUPGHOME/pinentry" >"$GNUPGHOME/gpg-agent.conf"
  run --separate-stderr "$orchestrator" key new --user 'A Packager <a@example.org>'
  echo "$stderr"
  [ "$status" -eq 0 ]
  [ -s "$BATS_TEST_TMPDIR/parents" ]
  if grep 'secret words' "$BATS_TEST_TMPDIR/parents"; then return 1; fi
  # It is protected: without the passphrase nothing is signed.
  gpgconf --kill gpg-agent
  run gpg --batch --pinentry-mode error --local-user "$output" --detach-sign --output "$BATS_TEST_TMPDIR/signature" "$GNUPGHOME/pinentry"
  [ "$status" -ne 0 ]
}
