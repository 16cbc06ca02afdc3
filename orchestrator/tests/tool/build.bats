#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every release's packages, by the real rpmbuild, dpkg-buildpackage, makepkg and ebuild, read by the real readers. That the tools' source
# packages can be compiled is seen by ci/e2e/test_tools.py.

# each @test is a subshell
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

setup_file() {
  # what is prebuilt is there or not
  made=(--all --package module --package tools)
  build "$BATS_FILE_TMPDIR/dist" "${made[@]}" --json >"$BATS_FILE_TMPDIR/build.json" 2>"$BATS_FILE_TMPDIR/build.log" || {
    cat "$BATS_FILE_TMPDIR/build.log"
    return 1
  }
}

setup() {
  dist=$BATS_FILE_TMPDIR/dist
  made=(--all --package module --package tools)
}

# of PACKAGE: "dracut-sshd" or "dracut-sshd-tools", by the name of a folder of dist/
of() { [[ $1 == *-tools ]] && echo dracut-sshd-tools || echo dracut-sshd; }

@test "both packages of every release of every distribution are built and proven" {
  run verdicts "$BATS_FILE_TMPDIR/build.json"
  local expected
  expected=$("$orchestrator" list --project "$project" --json | python3 -c 'import json, sys
for row in json.load(sys.stdin):
    folder = row["distribution"] + "-" + row["release"]
    for id in row["packages"]:
        if id in ("module", "tools"): print(folder if id == "module" else f"{folder}-{id}")')
  same "$(sort <<<"$expected")" "$(cut -d ' ' -f 1 <<<"$output" | sort)"
  # of all but those whose compiler is too old
  same $'rhel-8\nsuse-15.6' "$(comm -23 <(sed -n 's/-tools$//; t; p' <<<"$expected" | sort) <(sed -n 's/-tools$//p' <<<"$expected" | sort))"
  for line in "${lines[@]}"; do [[ $line == *" proven" ]] || {
    echo "$line"
    return 1
  }; done
}

@test "a second build finds nothing to do and says so" {
  build "$dist" "${made[@]}" --json >"$BATS_TEST_TMPDIR/again.json" 2>"$BATS_TEST_TMPDIR/log"
  run verdicts "$BATS_TEST_TMPDIR/again.json"
  for line in "${lines[@]}"; do [[ $line == *" unchanged" ]] || {
    echo "$line"
    return 1
  }; done
}

@test "verify holds a package from anywhere against its profile" {
  local folder=$BATS_TEST_TMPDIR/elsewhere release
  for release in fedora-44 debian-13 arch-rolling; do
    cp -rT "$dist/$release" "$folder"
    rm "$folder/manifest.json"
  done
  rm "$folder"/*.buildinfo "$folder"/*.changes
  verify() { run "$orchestrator" verify --project "$project" --tools "$tools" --packager "$packager" "$@"; }
  verify "$folder"/*.noarch.rpm "$folder"/*.deb "$folder"/*.pkg.tar.zst
  echo "$output"
  [ "$status" -eq 0 ]
  for release in fedora-44 debian-13 arch-rolling; do [[ $output == *"is what the profile of $release says"* ]]; done
  # one byte of a file in it
  mkdir "$folder/tree"
  dpkg-deb -R "$folder"/*.deb "$folder/tree"
  echo 'PermitRootLogin yes' >>"$folder/tree/usr/lib/dracut/modules.d/46sshd/sshd_config"
  dpkg-deb --root-owner-group --build "$folder/tree" "$(echo "$folder"/*.deb)" >/dev/null
  verify "$folder"/*.deb
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'46sshd/sshd_config: its content differs'* ]]
  # a script of somebody else's
  cp "$dist"/debian-13/*.deb "$folder/"
  rm -r "$folder/tree" && dpkg-deb -R "$folder"/*.deb "$folder/tree"
  printf '#!/bin/sh\ntrue\n' >"$folder/tree/DEBIAN/preinst" && chmod 755 "$folder/tree/DEBIAN/preinst"
  dpkg-deb --root-owner-group --build "$folder/tree" "$(echo "$folder"/*.deb)" >/dev/null
  verify --json "$folder"/*.deb
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *'preinst: its text differs'* ]]
  # without its source, under another name, beside a folder
  rm "$folder"/*.src.rpm
  verify "$folder"/*.noarch.rpm
  [[ $status -eq 1 && $output == *'does not lie beside it'* ]]
  cp "$folder"/*.noarch.rpm "$folder/other.rpm"
  verify "$folder/other.rpm"
  [[ $status -eq 1 && $output == *'no release has a package of that name'* ]]
  verify "$folder/other.rpm" "$folder"
  [ "$status" -eq 2 ]
}

@test "a package that was tampered with in dist is built again" {
  local deb
  deb=$(echo "$dist"/debian-13/*_all.deb)
  local before
  before=$(sha256sum <"$deb")
  printf x >>"$deb"
  build "$dist" --package module --package tools --distro debian:13 --json >"$BATS_TEST_TMPDIR/again.json" 2>/dev/null
  same $'debian-13 proven\ndebian-13-tools unchanged' "$(verdicts "$BATS_TEST_TMPDIR/again.json")"
  same "$before" "$(sha256sum <"$deb")"
}

@test "rpm reads every binary and source package" {
  local file count=0
  for file in "$dist"/*/*.rpm; do
    local name license=GPL-2.0-or-later
    name=$(of "$(dirname "$file")")
    [[ $name == dracut-sshd ]] || license=GPL-3.0-or-later
    same "$name" "$(rpm_says "$file" --qf '%{NAME}')"
    same "$license" "$(rpm_says "$file" --qf '%{LICENSE}')"
    count=$((count + 1))
  done
  # nine releases: a package and an SRPM of the module; of seven, an SRPM of the tools
  [ "$count" -eq 25 ]
}

@test "dpkg-deb reads every deb, and its version sorts above the release before" {
  local file last=
  for file in "$dist"/debian-1{2,3,4}/*_all.deb; do
    dpkg-deb -I "$file" >/dev/null
    local version
    version=$(dpkg-deb -f "$file" Version)
    [ -z "$last" ] || dpkg --compare-versions "$version" gt "$last"
    last=$version
  done
}

@test "all source packages of all releases share one orig tarball of each package" {
  local name
  for name in dracut-sshd dracut-sshd-tools; do
    [ "$(find "$dist" -name "${name}_*.orig.tar.gz" | wc -l)" -eq 6 ]
    same 1 "$(sha256sum "$dist"/*/"${name}"_*.orig.tar.gz | cut -d' ' -f1 | sort -u | wc -l)"
  done
}

@test "the tools' tarball holds the program's source, and nothing of the machine, no test and no recipe" {
  local list top file
  list=$(tar --numeric-owner -tvzf "$dist"/debian-13-tools/*.orig.tar.gz)
  top=$(awk '{ print $6 }' <<<"$list" | cut -d / -f 1 | sort -u)
  same dracut-sshd-tools-1.0.0 "$top"
  same 0/0 "$(awk '{ print $2 }' <<<"$list" | sort -u)"
  same 1 "$(awk '{ print $4, $5 }' <<<"$list" | sort -u | wc -l)"
  for file in CMakeLists.txt CHANGELOG.md LICENSES/GPL-3.0-or-later.txt orchestrator/src/boot/dracut_sshd.cpp orchestrator/man/dracut-sshd.1; do
    grep -qE " $top/$file\$" <<<"$list"
  done
  run ! grep -E "/(tests|package|build|debian|spec)/" <(grep -v "/orchestrator/src/" <<<"$list")
}

@test "the tools are refused where the compiler is too old for them, and nothing is written" {
  local release
  for release in rhel:8 suse:15.6; do
    run build "$BATS_TEST_TMPDIR/none" --package tools --distro "$release"
    echo "$output"
    [ "$status" -eq 2 ]
    [[ $output == *tools* ]]
    [ ! -e "$BATS_TEST_TMPDIR/none" ]
  done
  run build "$BATS_TEST_TMPDIR/none" --package nothing --distro fedora
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *nothing* ]]
  [ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "pacman reads the Arch package" {
  mkdir -p "$BATS_TEST_TMPDIR/db"
  run pacman --dbpath "$BATS_TEST_TMPDIR/db" -Qip "$dist"/arch-rolling/*.pkg.tar.zst
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"dracut-sshd"* ]]
}

@test "makepkg's own lint takes the PKGBUILDs, whose .SRCINFO is what makepkg prints" {
  local folder package
  # makepkg refuses root.
  lint() {
    bwrap --dev-bind / / --unshare-user --uid 1000 --gid 1000 --chdir "$folder" --setenv PACMAN true makepkg --printsrcinfo
  }
  for package in arch-rolling arch-rolling-tools; do
    folder=$BATS_TEST_TMPDIR/$package
    cp -r "$dist/$package" "$folder"
    lint >"$BATS_TEST_TMPDIR/srcinfo"
    diff "$BATS_TEST_TMPDIR/srcinfo" "$folder/.SRCINFO"
    grep -qx "pkgbase = $(of "$package")" "$folder/.SRCINFO"
    # makepkg reads the variables, and sets those that are not assigned
    shellcheck --shell bash --exclude SC2034,SC2154,SC2164 "$folder/PKGBUILD"
    sed -i 's/^pkgrel=.*/pkgrel=one/' "$folder/PKGBUILD"
    run ! lint
  done
}

@test "an overlay has ebuild, Manifest, metadata and cache, and the Manifest names the distfile's digest" {
  local folder overlay package sum
  for folder in gentoo-rolling gentoo-rolling-tools; do
    overlay=$dist/$folder/overlay package=$dist/$folder/overlay/sys-kernel/$(of "$folder")
    [ -f "$package/metadata.xml" ]
    [ -f "$overlay/metadata/layout.conf" ]
    [ -f "$overlay/metadata/md5-cache/sys-kernel/$(basename "$(echo "$package"/*.ebuild)" .ebuild)" ]
    sum=$(find "$dist/$folder" -name "$(of "$folder")-*.tar.gz" -exec sha512sum {} + | head -n1 | cut -d' ' -f1)
    grep -q "SHA512 $sum" "$package/Manifest"
  done
}

# Each exception is in an overrides file of the package, with its reason, but for these: a Debian of today cannot know the names of series
# that came after it, nor the policy that a newer release's lintian asks for.
@test "lintian finds nothing in any deb and source package, not even of the least weight" {
  command -v lintian >/dev/null || skip "lintian is not installed"
  local folder
  for folder in "$dist"/debian-* "$dist"/ubuntu-*; do
    local id=${folder##*/}
    local -a files=("$folder"/*_source.changes)
    [[ $id == *-tools ]] || files+=("$folder"/*.deb)
    run lintian --allow-root --profile "${id%%-*}" --display-info --display-experimental --pedantic \
      --fail-on error,warning,info,pedantic --suppress-tags bad-distribution-in-changes-file,newer-standards-version "${files[@]}"
    [ "$status" -eq 0 ] || {
      echo "$id: $output"
      return 1
    }
  done
}

@test "rpmlint finds nothing that the filter file does not explain" {
  command -v rpmlint >/dev/null || skip "rpmlint is not installed"
  local folder
  for folder in fedora-44 rhel-9 suse-tumbleweed fedora-44-tools rhel-9-tools suse-tumbleweed-tools; do # one by one: two specs of one name are an error of their own
    run rpmlint -c "$project/spec/rpmlint.toml" "$dist/$folder"/*.rpm
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *" 0 errors, 0 warnings"* ]]
  done
}

# The main repository is the stub that portage builds with, and stubs of packages. pkgcore finds its configuration above its own prefix,
# which is where a symbolic link to the virtual environment lies.
pkgcheck_overlay() {
  [ -x "$tools/pkgcheck" ] || skip "pkgcheck is not installed"
  local root=$BATS_TEST_TMPDIR overlay=$dist/$1/overlay name
  name=$(of "$1")
  cp -r "$project/ebuild/host/gentoo" "$root/gentoo"
  sed -i 's/@ARCH@/amd64/; s/@MACHINE@/x86_64/' "$root/gentoo/profiles/default/make.defaults"
  stub_packages "$root/gentoo" "$overlay"
  ln -s "${tools%/bin}" "$root/venv"
  # scan OVERLAY
  scan() {
    rm -rf "${root:?}/etc"
    mkdir -p "$root/etc"
    cp -r "$project/ebuild/host/etc/portage" "$root/etc/"
    sed -i "s,/build/overlay,$1,; s,/build,$root,; s/@REPOSITORY@/$(<"$1/profiles/repo_name")/" \
      "$root"/etc/portage/{make.conf,repos.conf/repos.conf,make.profile/parent}
    run env HOME="$root" XDG_CACHE_HOME="$root/cache" "$root/venv/bin/python" "$tools/pkgcheck" scan --exit error,warning,style -r "$1"
    echo "$output"
  }
  scan "$overlay"
  [ "$status" -eq 0 ]
  [ -z "$output" ]

  # and it looks: an overlay with a fault is refused
  cp -r "$overlay" "$root/overlay"
  sed -i 's/^SLOT=.*//' "$root/overlay/sys-kernel/$name"/*.ebuild
  rm -r "$root/overlay/metadata/md5-cache"
  scan "$root/overlay"
  [ "$status" -ne 0 ]
}

@test "pkgcheck finds nothing in the module's overlay" { pkgcheck_overlay gentoo-rolling; }

@test "pkgcheck finds nothing in the tools' overlay" { pkgcheck_overlay gentoo-rolling-tools; }

# systemd's macros, and gzip, which the release's own rpm has too, are in spec/host/macros.
@test "the SRPM rebuilds with nothing but what the release's own rpm defines, as a copr does it, and gives the same files" {
  local top=$BATS_TEST_TMPDIR/top
  # Fedora's rpm has programs of either kind in one folder since 42.
  rpmbuild --rebuild --load "$project/spec/host/macros" --nodeps --define "_topdir $top" --define "_tmppath $BATS_TEST_TMPDIR" --define 'dist .fc44' --define '_sbindir /usr/bin' \
    --dbpath "$BATS_TEST_TMPDIR/rpmdb" "$dist"/fedora-44/*.src.rpm >"$BATS_TEST_TMPDIR/log" 2>&1 || {
    tail -n 20 "$BATS_TEST_TMPDIR/log"
    return 1
  }
  local ours theirs format='[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME} %{FILEDIGESTS}\n]'
  ours=$(rpm_says "$(echo "$dist"/fedora-44/*.noarch.rpm)" --qf "$format" | grep -v -e /share/doc/ -e /share/licenses/)
  theirs=$(rpm_says "$(echo "$top"/RPMS/noarch/*.rpm)" --qf "$format" | grep -v -e /share/doc/ -e /share/licenses/)
  same "$ours" "$theirs"
}

@test "the Debian source package builds again from its dsc" {
  cp "$dist"/debian-13/*.{dsc,tar.*} "$BATS_TEST_TMPDIR"
  (cd "$BATS_TEST_TMPDIR" && dpkg-source --no-check -x ./*.dsc tree >/dev/null && cd tree \
    && dpkg-buildpackage -us -uc -b -d >"$BATS_TEST_TMPDIR/log" 2>&1) || {
    tail -n 20 "$BATS_TEST_TMPDIR/log"
    return 1
  }
  same "$(dpkg-deb -c "$dist"/debian-13/*_all.deb | awk '{print $1, $2, $6}')" \
    "$(dpkg-deb -c "$BATS_TEST_TMPDIR"/*_all.deb | awk '{print $1, $2, $6}')"
}

@test "two builds in other folders, at another time, under another umask, time zone and user give the same bytes" {
  local there=$BATS_TEST_TMPDIR/there
  copy_project "$there/project"
  local -a user=()
  if [[ $EUID -eq 0 ]]; then
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
    chown -R 1234:1234 "$there"
    user=(setpriv --reuid 1234 --regid 1234 --clear-groups env "HOME=$there")
    if ! "${user[@]}" test -x "$orchestrator"; then
      mkdir "$BATS_TEST_TMPDIR/view"
      user=(unshare --mount bash "$BATS_TEST_DIRNAME/reachable" "$project" "$BATS_TEST_TMPDIR/view" "${user[@]}")
    fi
  else
    echo "# not root: built by the same user" >&3
  fi
  (
    umask 077
    export TZ=Asia/Tokyo
    cd / && "${user[@]}" "$orchestrator" build --project "$there/project" --tools "$tools" --packager "$packager" \
      --out "$there/dist" "${made[@]}" --jobs 3 >"$BATS_TEST_TMPDIR/log" 2>&1
  ) || {
    tail -n 40 "$BATS_TEST_TMPDIR/log"
    return 1
  }
  # .changes and .buildinfo name the time and the machine, and are not promised to be equal.
  run diff <(cd "$dist" && find . -type f ! -path './.*' ! -name '*.changes' ! -name '*.buildinfo' ! -name manifest.json -exec sha256sum {} + | sort -k2) \
    <(cd "$there/dist" && find . -type f ! -path './.*' ! -name '*.changes' ! -name '*.buildinfo' ! -name manifest.json -exec sha256sum {} + | sort -k2)
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "a deb enables its units at the first installation, and what the administrator decides stays" {
  type -P deb-systemd-helper systemctl >/dev/null || skip "deb-systemd-helper or systemctl is not installed"
  local root=$BATS_TEST_TMPDIR/root control=$BATS_TEST_TMPDIR/control
  mkdir "$root"
  dpkg-deb -x "$dist"/debian-13/*_all.deb "$root"
  dpkg-deb -e "$dist"/debian-13/*_all.deb "$control"
  script() { DPKG_MAINTSCRIPT_PACKAGE=dracut-sshd DPKG_ROOT=$root sh "$control/$1" "${@:2}"; }
  enabled() { find "$root/etc/systemd" -type l -printf '%f\n' | LC_ALL=C sort | paste -sd ' '; }
  script postinst configure ''
  same 'dracut-sshd-check.path dracut-sshd-check.service' "$(enabled)"
  systemctl --root="$root" disable dracut-sshd-check.service
  script postinst configure 1.0.0
  same '' "$(enabled)"
  script postrm remove
  script postrm purge
  same '' "$(find "$root/var/lib/systemd" -type f)"
}

@test "an rpm leaves it to the preset whether its units are enabled, once, and takes them away in the end" {
  local post preun
  post=$(rpm_says "$dist"/fedora-45/*.noarch.rpm --qf '%{POSTIN}')
  preun=$(rpm_says "$dist"/fedora-45/*.noarch.rpm --qf '%{PREUN}')
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\necho "$@" >>"%s"\n' "$BATS_TEST_TMPDIR/called" >"$BATS_TEST_TMPDIR/bin/systemctl"
  chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
  local units='dracut-sshd-check.service dracut-sshd-check.path'
  PATH=$BATS_TEST_TMPDIR/bin:$PATH sh -c "$post" post 1
  same "--no-reload preset $units" "$(<"$BATS_TEST_TMPDIR/called")"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH sh -c "$post" post 2
  PATH=$BATS_TEST_TMPDIR/bin:$PATH sh -c "$preun" preun 1
  same 1 "$(wc -l <"$BATS_TEST_TMPDIR/called")"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH sh -c "$preun" preun 0
  same "--no-reload disable --now $units" "$(tail -n 1 "$BATS_TEST_TMPDIR/called")"
}

@test "a first profile of a running system is one that check reads, and says what is left to its author" {
  local root=$BATS_TEST_TMPDIR/root
  mkdir -p "$root"/{etc,usr/{sbin,bin,lib/{dracut,kernel/install.d,modules/6.1.0-1},libexec/openssh},boot}
  printf 'ID=tester\nNAME="Tester $(id) `id` Linux"\nVERSION_ID="9"\n' >"$root/etc/os-release"
  printf 'OpenSSH_9.9p1 NOTIFY_SOCKET /usr/share/empty.sshd' >"$root/usr/sbin/sshd"
  : >"$root/usr/libexec/openssh/sshd-session"
  : >"$root/usr/bin/dnf"
  : >"$root/boot/initramfs-6.1.0-1.img"
  echo 'sshd:x:74:74::/:/sbin/nologin' >"$root/etc/passwd"
  echo 'DRACUT_VERSION=105' >"$root/usr/lib/dracut/dracut-version.sh"
  "$project/ci/new-profile" --root "$root" >"$BATS_TEST_TMPDIR/tester.json"
  run "$orchestrator" check "$BATS_TEST_TMPDIR/tester.json"
  echo "$output"
  [ "$status" -eq 2 ]
  [[ $output == *'rpm/dist'*UNKNOWN* ]]
  sed -i 's/"dist": "UNKNOWN"/"dist": ".t9"/; s,"sources": {,&"/packages/module/requires": "a list"\,,' "$BATS_TEST_TMPDIR/tester.json"
  run "$orchestrator" check "$BATS_TEST_TMPDIR/tester.json"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *'no /ci/runners'*'no /services'* ]]
  grep -q '"path": "/usr/sbin/sshd"' "$BATS_TEST_TMPDIR/tester.json"
  grep -q '"image": "/boot/initramfs-%k.img"' "$BATS_TEST_TMPDIR/tester.json"
}
