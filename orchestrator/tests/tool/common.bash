# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the tool tests share: the program that was built, copies of the project, packages and their readers.

project=$(cd "${BATS_TEST_DIRNAME:?}/../../.." && pwd)
orchestrator=${ORCHESTRATOR:-${BUILD_DIR:-$project/build}/orchestrator/orchestrator}
tools=${BUILD_DIR:-$project/build}/portage/bin
# An apostrophe is the one quote that a name may have. No service takes a mail address of an example's.
packager="Test O'Packager <test@dracut-sshd.home.arpa>"

# build OUT [ARGUMENT...]: --project may be among the arguments
build() {
  local out=$1
  shift
  local -a where=(--project "$project")
  [[ " $* " == *" --project "* ]] && where=()
  "$orchestrator" build "${where[@]}" --tools "$tools" --packager "$packager" --out "$out" "$@"
}

# copy_project FOLDER: what a build reads of the project, and nothing that is built
copy_project() {
  mkdir -p "$1"
  (cd "$project" && cp -a project.json CHANGELOG.md LICENSES module distros spec debian ebuild pkgbuild "$1/")
}

# real_address PROJECT: a copy of the project with an address that no example has, of a server of the test's own
real_address() { sed -i 's,"url": "[^"]*","url": "https://dracut-sshd.home.arpa/",' "$1/project.json"; }

# serve_downloads FOLDER [FILE...]: that server, with these files on it; sets server, and has curl find it by HOME's .curlrc
serve_downloads() {
  local folder=$1
  shift
  mkdir -p "$folder"
  "$BATS_TEST_DIRNAME/services/downloads" "$folder" dracut-sshd.home.arpa >/dev/null 2>&1 3>&- &
  # shellcheck disable=SC2034  # the test ends it
  server=$!
  for _ in {1..200}; do [[ -e $folder/port ]] || sleep 0.1; done
  cp -- "$folder/curlrc" "$HOME/.curlrc"
  (($# == 0)) || cp -- "$@" "$folder/www/"
}

# verdicts JSON: one line a job, "fedora-44 proven"
verdicts() {
  python3 -c 'import json, sys
for row in json.load(open(sys.argv[1])): print(row["folder"], row["verdict"])' "$1"
}

# rpm_says FILE [ARGUMENT...]: the real rpm, with a database of the test's own
rpm_says() {
  local file=$1
  shift
  rpm --dbpath "$BATS_FILE_TMPDIR/rpmdb" -qp --nosignature "$@" "$file"
}

# same TEXT TEXT
same() {
  [[ $1 == "$2" ]] || {
    printf 'expected: %s\nfound:    %s\n' "$1" "$2"
    return 1
  }
}
