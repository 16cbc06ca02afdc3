#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Packages that somebody has changed, made by the real rpmbuild, bsdtar and dpkg, each beside the good source package:
# orchestrator verify refuses every one, and says what is in it.

load common

setup_file() { build "$BATS_FILE_TMPDIR/dist" --package module --distro fedora:44 --distro debian:13 --distro arch >&2; }
setup() {
  dist=$BATS_FILE_TMPDIR/dist
  cases=$BATS_TEST_TMPDIR/cases
  mkdir "$cases"
}

# begin NAME RELEASE: a folder with the good files of that release, as the current one
begin() {
  here=$cases/$1
  cp -rT "$dist/$2" "$here"
  rm -f "$here"/manifest.json "$here"/*.changes "$here"/*.buildinfo
}

# all_refused GLOB COUNT: verify refuses the package of each case for what its name says, and nothing of it ran
all_refused() {
  local -a files
  mapfile -t files < <(compgen -G "$cases/*/$1")
  same "$2" "${#files[@]}"
  run "$orchestrator" verify --project "$project" --tools "$tools" --packager "$packager" --json "${files[@]}"
  echo "$output"
  [ "$status" -eq 1 ]
  python3 -c 'import json, os, sys
passed = [one["file"] for one in json.load(sys.stdin) if not one["fault"]]
sys.exit("\n".join(["not refused:"] + passed) if passed else 0)' <<<"$output"
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

# fault CASE: what verify says of it
fault() {
  python3 -c 'import json, os, sys
for one in json.load(sys.stdin):
    if os.path.basename(os.path.dirname(one["file"])) == sys.argv[1]: print(one["fault"])' "$1" <<<"$output"
}

# spec CASE SED: the same .rpm, from a spec file that sed has changed; the command is the build's own
spec() {
  local top=$BATS_TEST_TMPDIR/top command
  begin "$1" fedora-44
  rm -rf "$top" && mkdir -p "$top/SOURCES" "$top/SPECS" "$top/tmp"
  (cd "$top/SOURCES" && rpm2cpio "$here"/*.src.rpm | cpio --quiet -i && mv ./*.spec ../SPECS/)
  sed -i "$2" "$top/SPECS/dracut-sshd.spec"
  command=$(sed "s#/build#$top#g; s#rpmbuild -ba#rpmbuild -bb --quiet#" "$BATS_FILE_TMPDIR/command")
  bash -c "$command" >"$top/log" 2>&1 || {
    cat "$top/log"
    return 1
  }
  rm "$here"/*.noarch.rpm
  cp "$top"/RPMS/noarch/*.rpm "$here/$(cd "$dist/fedora-44" && echo ./*.noarch.rpm)"
}

# tag CASE LINE...: further lines before the description
tag() {
  local name=$1 lines
  shift
  lines=$(printf '%s\\n' "$@")
  spec "$name" "s#^%description\$#$lines&#"
}

# section CASE LINE...: further lines before the list of files
section() {
  local name=$1 lines
  shift
  lines=$(printf '%s\\n' "$@")
  spec "$name" "s#^%files\$#$lines&#"
}

# file CASE ATTRIBUTE: of a program
file() { spec "$1" "s#^%{_sbindir}/dracut-sshd-check\$#$2 &#"; }

@test "an rpm with another tag, dependency, script or file attribute is refused" {
  "$orchestrator" build --project "$project" --packager "$packager" --package module --dry-run --distro fedora:44 | grep -m 1 'rpmbuild -ba' >"$BATS_FILE_TMPDIR/command"
  tag provides 'Provides: openssh-server = 99'
  tag provides-itself 'Provides: dracut-sshd = 99'
  tag epoch 'Epoch: 1'
  tag prefix 'Prefix: /usr'
  tag vendor 'Vendor: Somebody'
  tag packager 'Packager: Somebody <s@example.org>'
  tag distribution 'Distribution: Another'
  tag bugurl 'BugURL: https://example.org/'
  tag vcs 'VCS: https://example.org/'
  tag group 'Group: Another'
  tag obsoletes 'Obsoletes: openssh-server'
  tag recommends 'Recommends: openssh-server'
  tag supplements 'Supplements: bash'
  tag enhances 'Enhances: bash'
  tag requires-pre 'Requires(pre): bash'
  tag ordering 'OrderWithRequires: bash'
  spec changelog 's/^- First release/- Another release/'
  spec description 's/^This dracut module/That dracut module/'
  spec preun-expands 's/^%preun$/%preun -e/'
  spec post-does-more "s#^%post\$#&\\ntouch $BATS_TEST_TMPDIR/ran#"
  spec postun-does-more "s#^%postun\$#&\\ntouch $BATS_TEST_TMPDIR/ran#"
  section pretrans '%pretrans -p <lua>' 'x = 1' ''
  section triggerin '%triggerin -- bash' true ''
  section verifyscript %verifyscript true ''
  section filetrigger '%filetriggerin -- /usr/bin' true ''
  file capability '%caps(cap_sys_admin=eip)'
  file setuid '%attr(4755,root,root)'
  file owner '%attr(0755,nobody,root)'
  file ghost %ghost
  file config '%config(noreplace)'
  file document %doc
  file language '%lang(de)'
  file unverified '%verify(not md5 mode)'
  spec directory-mode 's#^%dir %{_sysconfdir}/dracut-sshd$#%dir %attr(1777,root,root) %{_sysconfdir}/dracut-sshd#'
  spec symlink "s#^%files\$#%global __brp_x 1\\n&\\n/etc/evil#; s#^%post\$#mkdir -p %{buildroot}/etc \\&\\& ln -s /etc/shadow %{buildroot}/etc/evil\\n\\n&#"
  all_refused '*.noarch.rpm' 35
  for name in epoch prefix vendor packager distribution bugurl vcs group; do
    [[ $(fault "$name") == *"$name"* ]] || { echo "$name: $(fault "$name")" && false; }
  done
  [[ $(fault provides) == *providename*openssh-server* ]]
  [[ $(fault capability) == *filecaps* ]]
  [[ $(fault preun-expands) == *preunflags* ]]
}

# info CASE LINE: a further line of .PKGINFO
info() {
  begin "$1" arch-rolling
  unpacked
  printf '%s\n' "$2" >>"$tree/.PKGINFO"
  packed
}
unpacked() {
  tree=$BATS_TEST_TMPDIR/tree
  rm -rf "$tree" && mkdir "$tree"
  bsdtar -xpf "$(echo "$here"/*.zst)" -C "$tree"
}
# packed [OPTION...]: the tree, as makepkg orders it
packed() {
  (cd "$tree" && LC_ALL=C bsdtar "$@" --uid 0 --gid 0 --uname root --gname root -cf - .[A-Z]* [a-z]* | zstd -qc >"$BATS_TEST_TMPDIR/packed")
  mv "$BATS_TEST_TMPDIR/packed" "$(echo "$here"/*.zst)"
}

@test "an Arch package with another key, script or file is refused" {
  info replaces 'replaces = openssh'
  info provides 'provides = openssh'
  info backup 'backup = etc/shadow'
  info group 'group = base'
  info without-blanks 'replaces=openssh'
  info epoch 'pkgver = 1:1.0.0-1'
  info depend 'depend = evil'
  info makedepend 'makedepend = evil'
  info twice 'pkgbase = openssh'
  info unknown 'hook = evil'
  begin packager arch-rolling && unpacked && sed -i 's/^packager = .*/packager = Somebody/' "$tree/.PKGINFO" && packed
  begin install arch-rolling && unpacked && echo "post_install() { touch $BATS_TEST_TMPDIR/ran; }" >"$tree/.INSTALL" && packed
  begin setuid arch-rolling && unpacked && chmod 4755 "$tree/usr/bin/dracut-sshd-check" && packed
  begin hook arch-rolling && unpacked && mkdir -p "$tree/usr/share/libalpm/hooks" && echo x >"$tree/usr/share/libalpm/hooks/evil.hook" && packed
  begin mtree arch-rolling && unpacked && rm "$tree/.MTREE" && ln -s /etc/passwd "$tree/.MTREE" && packed
  begin second-info arch-rolling && unpacked
  (
    cd "$tree" && cp .PKGINFO "$BATS_TEST_TMPDIR/info" && echo 'replaces = openssh' >>"$BATS_TEST_TMPDIR/info"
    bsdtar --uid 0 --gid 0 --uname root --gname root -cf "$BATS_TEST_TMPDIR/two.tar" .[A-Z]* [a-z]*
    cp "$BATS_TEST_TMPDIR/info" .PKGINFO
    bsdtar --uid 0 --gid 0 --uname root --gname root -rf "$BATS_TEST_TMPDIR/two.tar" .PKGINFO
  )
  zstd -qcf "$BATS_TEST_TMPDIR/two.tar" >"$(echo "$here"/*.zst)"
  begin pkgbuild arch-rolling && echo '# more' >>"$here/PKGBUILD"
  begin srcinfo arch-rolling && printf '\treplaces = openssh\n' >>"$here/.SRCINFO"
  local count=18
  # A file capability, where this user may set one
  begin capability arch-rolling && unpacked
  if setcap cap_sys_admin=eip "$tree/usr/bin/dracut-sshd-check" 2>/dev/null; then
    packed --xattrs && count=$((count + 1))
  else
    rm -r "$here"
  fi
  all_refused '*.zst' "$count"
  for name in replaces provides backup group; do [[ $(fault "$name") == *"$name"* ]]; done
  [[ $(fault capability) == *security.capability* || $count -eq 18 ]]
}

# control CASE SED: the same .deb with another control file
control() {
  begin "$1" debian-13
  extracted
  sed -i "$2" "$tree/DEBIAN/control"
  assembled
}
extracted() {
  tree=$BATS_TEST_TMPDIR/tree
  rm -rf "$tree" && dpkg-deb -R "$(echo "$here"/*.deb)" "$tree"
}
assembled() { dpkg-deb --root-owner-group --build "$tree" "$(echo "$here"/*.deb)" >/dev/null; }

@test "a deb with another field, script or file is refused" {
  local field
  for field in Provides Replaces Breaks Enhances Pre-Depends; do control "$field" "/^Section/i $field: openssh-server"; done
  control Recommends 's/^Recommends: .*/Recommends: openssh-server/'
  control small-letters '/^Section/i provides: openssh-server'
  control essential '/^Section/i Essential: yes'
  control protected '/^Section/i Protected: yes'
  control multi-arch '/^Section/i Multi-Arch: foreign'
  control unknown '/^Section/i Evil-Field: x'
  control second-line 's/^Depends: .*/&\n , evil/'
  control depends 's/^Depends: /Depends: evil, /'
  control version 's/^Version: /Version: 1:/'
  control maintainer 's/^Maintainer: .*/Maintainer: Somebody <s@example.org>/'
  control section 's/^Section: .*/Section: base/'
  control priority 's/^Priority: .*/Priority: required/'
  control description 's/^ This dracut/ That dracut/'
  begin setuid debian-13 && extracted && chmod 4755 "$tree/usr/sbin/dracut-sshd-check" && assembled
  begin symlink debian-13 && extracted && ln -s /etc/shadow "$tree/etc/evil" && assembled
  begin preinst debian-13 && extracted && printf '#!/bin/sh\ntouch %s\n' "$BATS_TEST_TMPDIR/ran" >"$tree/DEBIAN/preinst" \
    && chmod 755 "$tree/DEBIAN/preinst" && assembled
  # The source package: whoever builds it runs debian/rules.
  begin rules debian-13
  (cd "$here" && dpkg-source --no-check -x ./*.dsc tree >/dev/null 2>&1 && printf '\ttouch /ran\n' >>tree/debian/rules \
    && dpkg-source -b tree >/dev/null 2>&1 && rm -r tree)
  begin listed debian-13
  sed -i 's/^Package-List:/Testsuite: evil\n&/' "$here"/*.dsc
  all_refused '*.deb' 23
  [[ $(fault Provides) == *Provides* ]]
  [[ $(fault rules) == *"debian/: rules"* ]]
}

@test "the good ones pass beside all of these" {
  for release in fedora-44 arch-rolling debian-13; do begin "$release" "$release"; done
  run "$orchestrator" verify --project "$project" --tools "$tools" --packager "$packager" "$cases"/*/*.noarch.rpm "$cases"/*/*.zst "$cases"/*/*.deb
  echo "$output"
  [ "$status" -eq 0 ]
}
