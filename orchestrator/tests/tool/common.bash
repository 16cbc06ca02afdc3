# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the tool tests share: the program that was built, copies of the project, packages and their readers.

project=$(cd "${BATS_TEST_DIRNAME:?}/../../.." && pwd)
orchestrator=${ORCHESTRATOR:-${BUILD_DIR:-$project/build}/orchestrator/orchestrator}
tools=${BUILD_DIR:-$project/build}/portage/bin
# An apostrophe is the one quote that a name may have. No service takes a mail address of an example's.
packager="Test O'Packager <test@dracut-sshd.home.arpa>"

# build OUT [ARGUMENT...]: --project and --package may be among the arguments; without the latter, what needs no static program, which may be
# there or not
build() {
  local out=$1
  shift
  local -a where=(--project "$project")
  [[ " $* " == *" --project "* ]] && where=()
  [[ " $* " == *" --package "* ]] || where+=(--package module --package tools)
  "$orchestrator" build "${where[@]}" --tools "$tools" --packager "$packager" --out "$out" "$@"
}

# copy_project FOLDER: what a build reads of the project, and nothing that is built
copy_project() {
  mkdir -p "$1"
  (cd "$project" && cp -a project.json CHANGELOG.md CMakeLists.txt LICENSES module distros spec debian ebuild pkgbuild "$1/" \
    && find orchestrator -path orchestrator/tests -prune -o -type f -print0 | cpio --quiet -pdm0 "$1")
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

# stub_packages REPOSITORY OVERLAY...: pkgcheck wants the main repository, and Gentoo's own is not here. This one gets a stub of each package
# that the overlays' packages need, by the relations in their caches: !category/name:slot, >=category/name-1. It knows their own categories, too.
stub_packages() {
  local repository=$1 package
  shift
  for package; do basename -a "$package"/metadata/md5-cache/*; done | sort -u >"$repository/profiles/categories"
  while IFS= read -r package; do
    mkdir -p "$repository/$package"
    printf '%s\n' 'EAPI=8' 'DESCRIPTION="A stub"' 'SLOT=0/1' 'KEYWORDS="~amd64 ~arm64"' >"$repository/$package/${package#*/}-99.ebuild"
    grep -qxF "${package%/*}" "$repository/profiles/categories" || echo "${package%/*}" >>"$repository/profiles/categories"
  done < <(for overlay; do sed -n 's/^[RB]*DEPEND=//p' "$overlay"/metadata/md5-cache/*/*; done | tr ' ' '\n' \
    | sed -E -n '/^[!<>=~]*[a-z0-9-]+\//{ s/[:[].*//; /^!*[<>=~]/s/-[0-9][^-]*$//; s/^[!<>=~]+//; p }' | sort -u)
  [ -s "$repository/profiles/categories" ]
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

# forge_proof FOLDER: what somebody who can write to dist/ does last: the digests in manifest.json are those of the files
forge_proof() {
  python3 - "$1" <<'P'
import hashlib, json, os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
sha = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
for output in manifest["outputs"]:
    path = folder / output["name"]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        output["sha256"] = hashlib.sha256("".join(f"{sha(file)}  {file.relative_to(path)}\n" for file in files).encode()).hexdigest()
    else:
        output["sha256"], output["size"] = sha(path), path.stat().st_size
(folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
P
}
