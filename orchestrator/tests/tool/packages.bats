#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `dracut-sshd doctor` asks package managers, by detect/packages.json, and what it makes of their answers: the real
# ones, each with a repository that has the package dracut and no dracut-sshd, before and after it has fetched its list.
# shellcheck disable=SC2016,SC2154

load common

bats_require_minimum_version 1.5.0

setup() {
  missing=${BUILD_DIR:-$project/build}/orchestrator/tests/missing-packages
  [ -x "$missing" ] || skip 'missing-packages is not built'
  work=$BATS_TEST_TMPDIR
  mkdir -p "$work/repo"
}

needs() {
  local tool
  for tool; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
}

# rpms: a repository with the packages bash and dracut
rpms() {
  local name
  needs rpmbuild createrepo_c
  for name in bash dracut; do
    printf 'Name: %s\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%%description\nx\n%%files\n' "$name" >"$work/$name.spec"
    rpmbuild -bb --quiet --define "_topdir $work/top" "$work/$name.spec"
  done
  mv "$work"/top/RPMS/noarch/*.rpm "$work/repo/"
  createrepo_c -q "$work/repo"
  printf '[x]\nname=x\nenabled=1\nautorefresh=0\nbaseurl=file://%s/repo\ngpgcheck=0\n' "$work" >"$work/x.repo"
}

# alone <SCRIPT: in a mount namespace; a mount on a folder that is missing makes the folder, which stays empty
alone() {
  unshare --mount --propagation private true 2>/dev/null || skip 'mounting is not allowed here'
  unshare --mount --propagation private env work="$work" missing="$missing" bash -euc '
    empty() { for folder; do mkdir -p "$folder" && mount -t tmpfs none "$folder"; done; }
    '"$(cat)"
}

# says OUTPUT PURPOSE NAME yes|no|unknown
says() {
  grep -qxF "$2 $3 $4" <<<"$1" || {
    printf 'expected: %s\nfound:\n%s\n' "${*:2}" "$1"
    return 1
  }
}

@test "zypper" {
  needs zypper
  rpms
  run -0 alone <<<'empty /etc/zypp /var/cache/zypp /var/lib/rpm && mkdir /etc/zypp/repos.d
    "$missing" zypper
    cp "$work/x.repo" /etc/zypp/repos.d/ && zypper --non-interactive refresh >/dev/null
    echo == && "$missing" zypper'
  echo "$output"
  says "${output%==*}" dracut dracut unknown
  says "${output#*==}" dracut dracut yes
  says "${output#*==}" module dracut-sshd no
  says "${output#*==}" cryptsetup-generator udev no
}

@test "dnf" {
  needs dnf
  rpms
  run -0 alone <<<'empty /etc/yum.repos.d /var/cache/dnf /var/lib/rpm
    cp "$work/x.repo" /etc/yum.repos.d/
    "$missing" dnf
    dnf --quiet makecache >/dev/null 2>&1
    echo == && "$missing" dnf'
  echo "$output"
  says "${output%==*}" dracut dracut unknown
  says "${output#*==}" dracut dracut yes
  says "${output#*==}" module dracut-sshd no
}

@test "pacman" {
  local name
  needs pacman repo-add bsdtar
  for name in bash dracut; do
    printf 'pkgname = %s\npkgver = 1-1\npkgdesc = x\narch = any\nsize = 1\n' "$name" >"$work/.PKGINFO"
    bsdtar -C "$work" --zstd -cf "$work/repo/$name-1-1-any.pkg.tar.zst" .PKGINFO
  done
  repo-add -q "$work/repo/x.db.tar.gz" "$work"/repo/*.zst
  printf '[options]\nArchitecture = auto\nSigLevel = Never\n[x]\nServer = file://%s/repo\n' "$work" >"$work/pacman.conf"
  run -0 alone <<<'empty /var/lib/pacman
    mount --bind "$work/pacman.conf" /etc/pacman.conf
    "$missing" pacman
    pacman --sync --refresh >/dev/null
    echo == && "$missing" pacman'
  echo "$output"
  says "${output%==*}" dracut dracut unknown
  says "${output#*==}" dracut dracut yes
  says "${output#*==}" module dracut-sshd no
  says "${output#*==}" openssh-server openssh no
}

@test "apt" {
  needs apt-ftparchive dpkg-deb
  mkdir -p "$work/dracut/DEBIAN"
  printf 'Package: dracut\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >"$work/dracut/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$work/dracut" "$work/repo/dracut.deb" >/dev/null
  (cd "$work/repo" && apt-ftparchive packages . >Packages && apt-ftparchive release . >../Release && mv ../Release .)
  run -0 alone <<<'empty /etc/apt /var/lib/apt /var/cache/apt && mkdir -p /var/lib/apt/lists/partial /var/cache/apt/archives/partial /etc/apt/apt.conf.d
    empty /var/lib/dpkg && touch /var/lib/dpkg/status
    echo "deb [trusted=yes] file://$work/repo ./" >/etc/apt/sources.list
    apt-get -q update >/dev/null
    "$missing" apt'
  echo "$output"
  says "$output" dracut dracut yes
  says "$output" module dracut-sshd no
}

# What packages.json asks of portage, beside what is for a machine of Gentoo alone: PyPI's lies in the build folder.
@test "portage" {
  local bin name keywords
  bin=$(readlink -f "${BUILD_DIR:-$project/build}/portage/bin")
  [ -x "$bin/portageq" ] || skip 'portage is not installed; ci/deps package installs it'
  mkdir -p "$work"/etc/portage/repos.conf
  cp -r "$project/ebuild/host/gentoo/." "$work/repo/"
  sed -i 's/@ARCH@/amd64/; s/@MACHINE@/x86_64/' "$work/repo/profiles/default/make.defaults"
  echo sys-kernel >"$work/repo/profiles/categories"
  while read -r name keywords; do
    mkdir -p "$work/repo/sys-kernel/$name"
    printf 'EAPI=8\nDESCRIPTION="x"\nSLOT="0"\nLICENSE="MIT"\nKEYWORDS="%s"\n' "$keywords" >"$work/repo/sys-kernel/$name/$name-1.ebuild"
  done <<<$'dracut ~amd64\nother '
  printf '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = %s/repo\nauto-sync = no\n' "$work" >"$work/etc/portage/repos.conf/gentoo.conf"
  ln -s "$work/repo/profiles/default" "$work/etc/portage/make.profile"
  mapfile -t query < <(python3 -c 'import json, sys; print(*json.load(sys.stdin)["managers"]["emerge"]["query"][:-1], sep="\n")' \
    <"$project/orchestrator/src/boot/detect/packages.json")
  # A portage in a folder of its own has that for its root.
  ask() { env -i PATH="$bin:/usr/bin:/bin" HOME=/nonexistent LC_ALL=C PORTAGE_CONFIGROOT="$work" PORTAGE_USERNAME=root PORTAGE_GRPNAME=root "${query[@]}" "${bin%/bin}" "$1"; }
  run -0 ask sys-kernel/dracut
  same sys-kernel/dracut-1 "$output"
  run -1 ask sys-kernel/other
  same '' "$output"
  run -1 ask sys-kernel/dracut-sshd
}
