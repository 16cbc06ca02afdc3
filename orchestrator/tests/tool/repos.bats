#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Repositories of several packages and architectures, as the distributions' own tools read them. The packages are small, made here by
# rpmbuild, dpkg-deb and bsdtar; mixed-site signs them, puts them into a site and lists them by the code of orchestrator publish.
# What publish does before that is publish.bats's.

# shellcheck disable=SC2030,SC2031,SC2317

bats_require_minimum_version 1.5.0
load common

mixed_site=${BUILD_DIR:-$project/build}/orchestrator/tests/mixed-site
url=https://packages.example.org

setup_file() {
  # The name of an agent's socket has to be short.
  GNUPGHOME=$(mktemp -d /tmp/repos.XXXXXX)
  export GNUPGHOME fingerprint made=$BATS_FILE_TMPDIR/made
  fingerprint=$("$orchestrator" key new --user 'A Packager <a@example.org>' --no-passphrase 2>/dev/null)
  make_packages 1.0 >&2
  make_packages 1.1 >&2
  list 1.0 | site "$BATS_FILE_TMPDIR/site"
  list 1.1 | site "$BATS_FILE_TMPDIR/site"
}
teardown_file() {
  gpgconf --kill all
  rm -rf "$GNUPGHOME"
}
setup() { site=$BATS_FILE_TMPDIR/site; }

# site FOLDER <LIST
site() { "$mixed_site" "$project" "$1" "$fingerprint" "$url"; }

# deb NAME VERSION ARCH, and so on: a package that says its name, in $made
deb() {
  local folder=$BATS_FILE_TMPDIR/deb/$1-$2-$3
  mkdir -p "$folder/DEBIAN" "$folder/usr/share/$1"
  echo "$1 $2 $3" >"$folder/usr/share/$1/said"
  printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: A <a@example.org>\nDescription: small\n' "$1" "$2-1" "$3" \
    >"$folder/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$folder" "$made/$1_$2-1_$3.deb" >/dev/null
}
rpm_() {
  printf '%s\n' "Name: $1" "Version: $2" 'Release: 1' 'Summary: small' 'License: none' '%description' 'Small.' '%prep' \
    '%build' '%install' "mkdir -p %{buildroot}/usr/share/$1" "echo $1 $2 $3 >%{buildroot}/usr/share/$1/said" '%files' "/usr/share/$1" \
    >"$BATS_FILE_TMPDIR/$1.spec"
  rpmbuild -bb --quiet --target "$3" --define "_topdir $BATS_FILE_TMPDIR/rpm" --define "_rpmdir $made" \
    --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' "$BATS_FILE_TMPDIR/$1.spec" 2>/dev/null
}
pkg() {
  local folder=$BATS_FILE_TMPDIR/pkg/$1-$2-$3
  mkdir -p "$folder/usr/share/$1"
  echo "$1 $2 $3" >"$folder/usr/share/$1/said"
  printf '%s\n' "pkgname = $1" "pkgbase = $1" "pkgver = $2-1" 'pkgdesc = small' 'url = none' 'builddate = 1' 'packager = A' 'size = 9' \
    "arch = $3" >"$folder/.PKGINFO"
  (cd "$folder" && bsdtar --uid 0 --gid 0 -cf - .PKGINFO usr | zstd -qc >"$made/$1-$2-1-$3.pkg.tar.zst")
}
ebuild_() {
  local overlay=$made/gentoo-$1-$2/overlay
  mkdir -p "$overlay/sys-kernel/$1" "$overlay/metadata" "$overlay/profiles"
  printf 'masters = gentoo\nthin-manifests = true\nsign-commits = true\n' >"$overlay/metadata/layout.conf"
  echo dracut-sshd >"$overlay/profiles/repo_name"
  printf 'EAPI=8\nSLOT=0\nDESCRIPTION=small\nKEYWORDS="~amd64 ~arm64"\n' >"$overlay/sys-kernel/$1/$1-$2.ebuild"
  echo "source of $1 $2" >"$made/$1-$2.txt"
}

make_packages() {
  local arch
  mkdir -p "$made"
  deb dracut-sshd "$1" all
  rpm_ dracut-sshd "$1" noarch
  pkg dracut-sshd "$1" any
  ebuild_ dracut-sshd "$1"
  for arch in amd64 arm64; do deb dracut-sshd-tools "$1" "$arch"; done
  for arch in x86_64 aarch64; do
    rpm_ dracut-sshd-tools "$1" "$arch"
    pkg dracut-sshd-tools "$1" "$arch"
  done
  ebuild_ dracut-sshd-tools-bin "$1"
}

# modules VERSION, tools VERSION [ARCH...]: the lines of mixed-site's list
modules() {
  echo "debian 13 dracut-sshd $1-1 all $made/dracut-sshd_$1-1_all.deb"
  echo "fedora 44 dracut-sshd $1-1 noarch $made/dracut-sshd-$1-1.noarch.rpm"
  echo "suse 16.0 dracut-sshd $1-1 noarch $made/dracut-sshd-$1-1.noarch.rpm"
  echo "arch rolling dracut-sshd $1-1 any $made/dracut-sshd-$1-1-any.pkg.tar.zst"
  echo "gentoo rolling dracut-sshd $1-1 any $made/gentoo-dracut-sshd-$1/overlay $made/dracut-sshd-$1.txt"
}
tools_() {
  local version=$1 arch
  shift
  (($# > 0)) || set -- x86_64 aarch64
  for arch; do
    echo "debian 13 dracut-sshd-tools $version-1 $(debian "$arch") $made/dracut-sshd-tools_$version-1_$(debian "$arch").deb"
    echo "fedora 44 dracut-sshd-tools $version-1 $arch $made/dracut-sshd-tools-$version-1.$arch.rpm"
    echo "suse 16.0 dracut-sshd-tools $version-1 $arch $made/dracut-sshd-tools-$version-1.$arch.rpm"
    echo "arch rolling dracut-sshd-tools $version-1 $arch $made/dracut-sshd-tools-$version-1-$arch.pkg.tar.zst"
    echo "gentoo rolling dracut-sshd-tools-bin $version-1 $(debian "$arch") $made/gentoo-dracut-sshd-tools-bin-$version/overlay $made/dracut-sshd-tools-bin-$version.txt"
  done
}
debian() { [[ $1 == x86_64 ]] && echo amd64 || echo arm64; }
list() {
  modules "$1"
  tools_ "$1"
}

@test "verify finds nothing wrong, and counts each package and architecture" {
  gpg --export --armor "$fingerprint" >"$BATS_TEST_TMPDIR/key.asc"
  run --separate-stderr "$orchestrator" verify "$site" --key "$BATS_TEST_TMPDIR/key.asc"
  echo "$output$stderr"
  [ "$status" -eq 0 ]
  for line in 'dracut-sshd: 10 versions in 5 releases, for all architectures' \
    'dracut-sshd-tools: 8 versions in 4 releases, for aarch64, amd64, arm64, x86_64' \
    'dracut-sshd-tools-bin: 2 versions in 1 release, for amd64, arm64'; do
    grep -qxF "$line" <<<"$output"
  done
}

@test "apt: an architecture's list has its own packages and those for all" {
  cd "$site/debian/dists/trixie"
  # names ARCH: names and architectures
  names() { awk '/^[PVA]/ { said[$1] = $2 } /^$/ { print said["Package:"], said["Version:"], said["Architecture:"] }' "main/binary-$1/Packages" | sort | paste -sd ,; }
  same 'dracut-sshd 1.0-1 all,dracut-sshd 1.1-1 all' "$(names all)"
  same "$(names all)" "$(names armhf)"
  for arch in amd64 arm64; do
    same "dracut-sshd 1.0-1 all,dracut-sshd 1.1-1 all,dracut-sshd-tools 1.0-1 $arch,dracut-sshd-tools 1.1-1 $arch" "$(names "$arch")"
  done
  same 'Architectures: all amd64 arm64 armhf i386 ppc64el riscv64 s390x' "$(grep ^Architectures: Release)"
}

# apt_of ARCH COMMAND...: the real apt, of a machine of that architecture, with folders of its own
apt_of() {
  local arch=$1 root=$BATS_TEST_TMPDIR/apt-$1
  shift
  if [[ ! -d $root ]]; then
    mkdir -p "$root"/{etc/apt.conf.d,etc/preferences.d,etc/trusted.gpg.d,lists/partial,cache/archives/partial,log}
    touch "$root/status"
    printf 'Types: deb deb-src\nURIs: file://%s/debian\nSuites: trixie\nComponents: main\nSigned-By: %s\n' "$site" "$site/dracut-sshd.asc" \
      >"$root/etc/dracut-sshd.sources"
  fi
  apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o "Dir::Etc=$root/etc" \
    -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$root/etc" -o "Dir::State=$root" -o "Dir::State::lists=$root/lists" \
    -o "Dir::State::status=$root/status" -o "Dir::Cache=$root/cache" -o "Dir::Log=$root/log" -o APT::Sandbox::User=root \
    -o APT::Update::Error-Mode=any "$@"
}

@test "apt: a machine installs what is for it, and another one hears that there is no such package" {
  local arch
  for arch in amd64 arm64; do
    apt_of "$arch" update
    run apt_of "$arch" install --simulate dracut-sshd dracut-sshd-tools
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Inst dracut-sshd (1.1-1 "*"[all])"*"Inst dracut-sshd-tools (1.1-1 "*"[$arch])"* ]]
  done
  apt_of riscv64 update
  run apt_of riscv64 install --simulate dracut-sshd
  [ "$status" -eq 0 ]
  run apt_of riscv64 install --simulate dracut-sshd-tools
  echo "$output"
  [ "$status" -ne 0 ]
  [[ $output == *'Unable to locate package dracut-sshd-tools'* ]]
}

@test "dnf: a machine is offered what it can run, by the .repo file of before" {
  type -P dnf >/dev/null || skip "dnf is not installed"
  local arch root=$BATS_TEST_TMPDIR/dnf
  mkdir -p "$root/repos"
  sed "s,$url,file://$site," "$site/fedora/44/dracut-sshd.repo" >"$root/repos/dracut-sshd.repo"
  grep -qx "baseurl=file://$site/fedora/44/" "$root/repos/dracut-sshd.repo"
  # of ARCH ARGUMENT...
  of() {
    dnf -q -y --forcearch="$1" --installroot="$root/$1" --releasever=44 --setopt=reposdir="$root/repos" --setopt=plugins=0 \
      --setopt=cachedir="$root/cache-$1" --setopt=varsdir="$root" "${@:2}"
  }
  for arch in x86_64 aarch64; do
    run of "$arch" install --downloadonly --destdir="$root/got-$arch" dracut-sshd dracut-sshd-tools
    echo "$output"
    [ "$status" -eq 0 ]
    same "dracut-sshd-1.1-1.noarch.rpm dracut-sshd-tools-1.1-1.$arch.rpm" \
      "$(cd "$root/got-$arch" && echo *.rpm)"
  done
  run of ppc64le install --downloadonly dracut-sshd-tools
  echo "$output"
  [ "$status" -ne 0 ]
  [[ $output == *'package dracut-sshd-tools-1.1-1.x86_64 does not have a compatible architecture'* ]]
}

@test "zypper: a machine is offered what it can run" {
  type -P zypper >/dev/null || skip "zypper is not installed"
  local arch root=$BATS_TEST_TMPDIR/zypper
  # of ARCH ARGUMENT...
  of() { ZYPP_CONF=$root/$1/zypp.conf zypper --root "$root/$1" --non-interactive --quiet "${@:2}"; }
  for arch in x86_64 aarch64 ppc64le; do
    mkdir -p "$root/$arch"
    printf '[main]\narch = %s\n' "$arch" >"$root/$arch/zypp.conf"
    rpm --root "$root/$arch" --initdb
    rpm --root "$root/$arch" --import "$site/dracut-sshd.asc"
    of "$arch" addrepo "file://$site/suse/16.0" dracut-sshd
    run of "$arch" --xmlout search --details --match-exact dracut-sshd-tools
    echo "$arch: $output"
    [[ $arch == ppc64le || $output == *"edition=\"1.1-1\" arch=\"$arch\""* ]]
    [[ $arch == aarch64 || $output != *'arch="aarch64"'* ]]
    [[ $arch == x86_64 || $output != *'arch="x86_64"'* ]]
  done
}

@test "pacman: each architecture has a database, and a client of before finds the module" {
  local arch
  cd "$site/arch/rolling"
  # names FOLDER: the packages of its database
  names() { bsdtar -tf "$1/dracut-sshd.db" | sed -n 's,/desc$,,p' | sort | paste -sd ,; }
  same 'dracut-sshd-1.1-1' "$(names .)"
  for arch in x86_64 aarch64; do
    same 'dracut-sshd-1.1-1,dracut-sshd-tools-1.1-1' "$(names "$arch")"
    same "dracut-sshd-1.0-1-any.pkg.tar.zst dracut-sshd-1.1-1-any.pkg.tar.zst dracut-sshd-tools-1.0-1-$arch.pkg.tar.zst dracut-sshd-tools-1.1-1-$arch.pkg.tar.zst" \
      "$(cd "$arch" && echo ./*.zst | sed 's,\./,,g')"
  done
  # pac SERVER ARCH ARGUMENT...: the real pacman
  pac() {
    local root=$BATS_TEST_TMPDIR/pacman-$2
    mkdir -p "$root/var/lib/pacman" "$root/cache"
    printf '[options]\nArchitecture = %s\nSigLevel = Never\n[dracut-sshd]\nServer = file://%s\n' "$2" "$1" >"$root/pacman.conf"
    pacman --root "$root" --dbpath "$root/var/lib/pacman" --cachedir "$root/cache" --gpgdir "$root" --hookdir "$root" --logfile /dev/null \
      --config "$root/pacman.conf" --noconfirm "${@:3}"
  }
  pac "$PWD/\$arch" aarch64 -Sy
  run pac "$PWD/\$arch" aarch64 -Sp dracut-sshd dracut-sshd-tools
  same "file://$PWD/aarch64/dracut-sshd-1.1-1-any.pkg.tar.zst file://$PWD/aarch64/dracut-sshd-tools-1.1-1-aarch64.pkg.tar.zst" "${output//$'\n'/ }"
  pac "$PWD" x86_64 -Sy
  run pac "$PWD" x86_64 -Sp dracut-sshd
  same "file://$PWD/dracut-sshd-1.1-1-any.pkg.tar.zst" "$output"
  run pac "$PWD" x86_64 -Sp dracut-sshd-tools
  [ "$status" -ne 0 ]
  [[ $output == *'target not found: dracut-sshd-tools'* ]]
  run pac "$PWD" x86_64 -U aarch64/dracut-sshd-tools-1.1-1-aarch64.pkg.tar.zst
  echo "$output"
  [ "$status" -ne 0 ]
  [[ $output == *architecture* ]]
}

@test "pacman: the section of a client of before is replaced, and the page's lines may be typed twice" {
  local file=$BATS_TEST_TMPDIR/pacman.conf line
  printf '[options]\nArchitecture = auto\nSigLevel = Never\n\n[core]\nServer = file:///core\n\n[dracut-sshd]\nSigLevel = Required\nServer = file:///old\n\n[extra]\nServer = file:///extra\n' >"$file"
  line=$(python3 -c 'import json, sys
print(next(line for entry in json.load(open(sys.argv[1]))["packages"] for line in entry["commands"] if line.startswith("sudo sed")))' "$site/catalog.json")
  line=${line#sudo }
  for _ in 1 2; do
    bash -c "${line///etc\/pacman.conf/$file}"
    cat "$site/arch/rolling/dracut-sshd.conf" >>"$file"
  done
  same core,extra,dracut-sshd "$(pacman-conf --config "$file" --repo-list | paste -sd ,)"
  # shellcheck disable=SC2016
  same 1 "$(grep -c '^Server = https://packages.example.org/arch/rolling/\$arch$' "$file")"
}

@test "portage: one overlay, a Manifest for each package, and one signed commit for each publication" {
  cd "$site/gentoo/rolling/overlay/sys-kernel"
  local package
  for package in dracut-sshd dracut-sshd-tools-bin; do
    same "$package-1.0.txt $package-1.1.txt" "$(sed -n 's/^DIST \([^ ]*\) .*/\1/p' "$package/Manifest" | paste -sd ' ')"
    [ -e "$package/$package-1.0.ebuild" ] && [ -e "$package/$package-1.1.ebuild" ]
  done
  same $'dracut-sshd 1.1-1, dracut-sshd-tools-bin 1.1-1\ndracut-sshd 1.0-1, dracut-sshd-tools-bin 1.0-1' \
    "$(git --git-dir ../../overlay.git log --format=%s main)"
}

@test "the line that installs names what the package manager does not recommend by itself" {
  # last DISTRIBUTION: its last command
  last() { python3 -c 'import json, sys
print([entry["commands"][-1] for entry in json.load(open(sys.argv[1]))["packages"] if entry["distribution"] == sys.argv[2]][-1])' "$site/catalog.json" "$1"; }
  same 'sudo apt install --no-install-recommends dracut-sshd dracut-sshd-tools' "$(last debian)"
  same 'sudo dnf install dracut-sshd' "$(last fedora)"
  same 'sudo zypper install dracut-sshd' "$(last suse)"
  same 'sudo pacman -Syu dracut-sshd dracut-sshd-tools' "$(last arch)"
  same 'sudo emaint sync --repo dracut-sshd && sudo emerge --ask dracut-sshd dracut-sshd-tools-bin' "$(last gentoo)"
  same 5 "$(grep -c '<section' "$site/index.html")"
}

@test "of a package of an overlay that is there as a source, too, the compiled one is named" {
  ebuild_ dracut-sshd-tools 1.0
  (list 1.0 && echo "gentoo rolling dracut-sshd-tools 1.0-1 any $made/gentoo-dracut-sshd-tools-1.0/overlay $made/dracut-sshd-tools-1.0.txt") \
    | site "$BATS_TEST_TMPDIR/site"
  "$orchestrator" verify "$BATS_TEST_TMPDIR/site"
  grep -q 'sudo emerge --ask dracut-sshd dracut-sshd-tools-bin$' "$BATS_TEST_TMPDIR/site/index.html"
}

@test "package by package, and the tools first, it becomes the same repositories" {
  tools_ 1.0 aarch64 | site "$BATS_TEST_TMPDIR/slowly"
  "$orchestrator" verify "$BATS_TEST_TMPDIR/slowly"
  tools_ 1.0 x86_64 | site "$BATS_TEST_TMPDIR/slowly"
  modules 1.0 | site "$BATS_TEST_TMPDIR/slowly"
  list 1.1 | site "$BATS_TEST_TMPDIR/slowly"
  "$orchestrator" verify "$BATS_TEST_TMPDIR/slowly"
  # What lists all of them has another order; the overlay has more commits; and an index of before stays.
  diff -r -x catalog.json -x 'SHA256SUMS*' -x overlay.git "$site" "$BATS_TEST_TMPDIR/slowly"
}

# relist FOLDER: what somebody does who has the key, and lists what is there
relist() {
  (
    cd "$1" && rm -f SHA256SUMS.asc \
      && find . -type f ! -name 'SHA256SUMS*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS \
      && gpg --batch --yes --armor --local-user "$fingerprint" --detach-sign SHA256SUMS
  )
}

@test "a package that is missing in its architecture's list, or is listed for another one, is found" {
  cp -a "$site" "$BATS_TEST_TMPDIR/site"
  cd "$BATS_TEST_TMPDIR/site"
  # in_lists FOLDER: Release anew, with the real key
  in_lists() {
    rm "$1/Release" "$1/InRelease" "$1/Release.gpg"
    apt-ftparchive -o "APT::FTPArchive::Release::Architectures=all amd64 arm64" release "$1" >"$BATS_TEST_TMPDIR/Release"
    cp "$BATS_TEST_TMPDIR/Release" "$1/Release"
    gpg --batch --armor --local-user "$fingerprint" --output "$1/Release.gpg" --detach-sign "$1/Release"
    gpg --batch --local-user "$fingerprint" --output "$1/InRelease" --clear-sign "$1/Release"
    relist .
  }
  lists=debian/dists/trixie
  cp "$lists/main/binary-all/Packages" "$lists/main/binary-arm64/Packages"
  in_lists "$lists"
  run "$orchestrator" verify .
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'dracut-sshd-tools_1.1-1_arm64.deb is there, and not in debian/dists/trixie/main/binary-arm64/Packages'* ]]
  cp "$lists/main/binary-amd64/Packages" "$lists/main/binary-arm64/Packages"
  in_lists "$lists"
  run "$orchestrator" verify .
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'main/binary-arm64/Packages lists a package for amd64'* ]]

  rm -rf "$BATS_TEST_TMPDIR/site" && cp -a "$site" "$BATS_TEST_TMPDIR/site" && cd "$BATS_TEST_TMPDIR/site"
  cp arch/rolling/dracut-sshd.db arch/rolling/aarch64/dracut-sshd.db
  cp arch/rolling/dracut-sshd.db.sig arch/rolling/aarch64/dracut-sshd.db.sig
  relist .
  run "$orchestrator" verify .
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'arch/rolling/aarch64/dracut-sshd.db does not list dracut-sshd-tools-1.1-1-aarch64.pkg.tar.zst'* ]]
}

@test "a site of before, which has the module alone, is proven and carried on" {
  modules 1.0 | site "$BATS_TEST_TMPDIR/site"
  cd "$BATS_TEST_TMPDIR/site"
  # What an orchestrator of format 1 has left
  python3 - <<'P'
import json
catalog = json.load(open("catalog.json"))
del catalog["project"]
catalog["format"] = 1
for entry in catalog["packages"]: del entry["architecture"]
open("catalog.json", "w").write(json.dumps(catalog, indent=1) + "\n")
P
  rm -r arch/rolling/x86_64 arch/rolling/aarch64
  relist .
  "$orchestrator" verify .
  list 1.1 | site "$BATS_TEST_TMPDIR/site"
  cd "$BATS_TEST_TMPDIR/site" # another folder
  "$orchestrator" verify . >"$BATS_TEST_TMPDIR/said"
  grep -qxF 'dracut-sshd: 10 versions in 5 releases, for all architectures' "$BATS_TEST_TMPDIR/said"
  same 2 "$(python3 -c 'import json; print(json.load(open("catalog.json"))["format"])')"
  # Where a client of before looks: each of these has both versions, or the newest
  local place
  for place in fedora/44/packages/dracut-sshd-1.1-1.noarch.rpm fedora/44/repodata/repomd.xml debian/dists/trixie/InRelease \
    debian/dists/trixie/main/binary-s390x/Packages.gz arch/rolling/dracut-sshd.db arch/rolling/dracut-sshd-1.0-1-any.pkg.tar.zst \
    arch/rolling/dracut-sshd-1.1-1-any.pkg.tar.zst.sig gentoo/rolling/overlay.git/HEAD gentoo/rolling/distfiles/dracut-sshd-1.0.txt; do
    [ -s "$place" ]
  done
}

@test "two packages with one path and other contents are refused" {
  ebuild_ dracut-sshd 2.0
  ebuild_ dracut-sshd-tools-bin 2.0
  echo 'auto-sync = no' >>"$made/gentoo-dracut-sshd-tools-bin-2.0/overlay/metadata/layout.conf"
  run site "$BATS_TEST_TMPDIR/site" <<<"gentoo rolling dracut-sshd 2.0-1 any $made/gentoo-dracut-sshd-2.0/overlay $made/dracut-sshd-2.0.txt
gentoo rolling dracut-sshd-tools-bin 2.0-1 amd64 $made/gentoo-dracut-sshd-tools-bin-2.0/overlay $made/dracut-sshd-tools-bin-2.0.txt"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'overlay/metadata/layout.conf is there with other contents'* ]]
  [ ! -e "$BATS_TEST_TMPDIR/site" ]
}
