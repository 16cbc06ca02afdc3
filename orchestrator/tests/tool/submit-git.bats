#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
#
# orchestrator submit --to aur and --to guru: real git pushes to bare repositories, after the real makepkg and pkgcheck have looked, and
# the tarball was found where the recipe says. What was pushed to the AUR is built as a user builds it.

# each @test is a subshell
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0
load common

setup_file() {
  copy_project "$BATS_FILE_TMPDIR/project"
  real_address "$BATS_FILE_TMPDIR/project"
  build "$BATS_FILE_TMPDIR/dist" --project "$BATS_FILE_TMPDIR/project" --distro arch --distro gentoo >&2
}
setup() {
  dist=$BATS_FILE_TMPDIR/dist
  remote=$BATS_TEST_TMPDIR/remote.git
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$HOME"
  git config --global safe.directory '*'
  git config --global init.defaultBranch master
  source=$BATS_FILE_TMPDIR/project
  serve_downloads "$BATS_TEST_TMPDIR/downloads" "$dist/arch-rolling/dracut-sshd-1.0.0.tar.gz" \
    "$dist/arch-rolling-tools/dracut-sshd-tools-1.0.0.tar.gz"
  if [[ $BATS_TEST_DESCRIPTION == GURU:* ]]; then
    [ -x "$tools/pkgcheck" ] || skip "pkgcheck is not installed"
    guru
  else
    git init --quiet --bare "$remote"
  fi
}

teardown() { kill "$server"; }

# submit SERVICE [ARGUMENT...]: the module, or what is asked for
submit() {
  local service=$1
  shift
  local -a what=(--package module)
  [[ " $* " == *" --package "* ]] && what=()
  run --separate-stderr "$orchestrator" submit --to "$service=$remote" --project "$source" --tools "$BATS_TEST_TMPDIR/bin" \
    --tools "$tools" --packager "$packager" --out "$dist" "${what[@]}" "$@"
  echo "status $status"
  echo "$output"
  echo "$stderr"
}
at() { git -C "$remote" show "$1"; }

# GURU as it is seen from here: a branch dev, with the main repository (a stub, of the packages that ours names) for a master. pkgcore finds
# its configuration above its own prefix, which is where a symbolic link to the virtual environment lies.
guru() {
  local root=$BATS_TEST_TMPDIR
  cp -r "$project/ebuild/host/gentoo" "$root/gentoo"
  stub_packages "$root/gentoo" "$dist"/gentoo-rolling{,-tools}/overlay
  mkdir -p "$root/etc" "$root/bin"
  cp -r "$project/ebuild/host/etc/portage" "$root/etc/"
  git init --quiet --initial-branch dev "$root/tree"
  mkdir -p "$root/tree"/{profiles,metadata}
  echo guru >"$root/tree/profiles/repo_name"
  echo 8 >"$root/tree/profiles/eapi"
  sed 's/^repo-name.*/repo-name = guru/' "$project/ebuild/overlay/metadata/layout.conf" >"$root/tree/metadata/layout.conf"
  git -C "$root/tree" add -A
  git -C "$root/tree" -c user.name=A -c user.email=a@example.org commit --quiet -m 'The beginning'
  git clone --quiet --bare "$root/tree" "$remote"
  sed -i "s,/build/overlay,$root/tree,; s,/build,$root,; s/@REPOSITORY@/guru/" "$root"/etc/portage/{make.conf,repos.conf/repos.conf,make.profile/parent}
  ln -s "${tools%/bin}" "$root/venv"
  printf '#!/bin/sh\nHOME=%s XDG_CACHE_HOME=%s exec %s %s "$@"\n' "$root" "$root/cache" "$root/venv/bin/python" "$tools/pkgcheck" >"$root/bin/pkgcheck"
  chmod +x "$root/bin/pkgcheck"
}

# forge RELEASE OUTPUT FILE SED: dist/ with FILE of an output changed by somebody who has written its new digest into the proof, too
forge() {
  dist=$BATS_TEST_TMPDIR/dist
  rm -rf "$dist"
  cp -a "$BATS_FILE_TMPDIR/dist" "$dist"
  sed -i "$4" "$dist/$1/$3"
  "$BATS_TEST_DIRNAME/services/forge-digest" "$dist/$1" "$2"
}

@test "AUR: recipe, .SRCINFO and patches are pushed as one commit of the packager's, and a second submit does nothing" {
  submit aur
  [ "$status" -eq 0 ]
  local name
  for name in PKGBUILD .SRCINFO; do at "master:$name" | cmp - "$dist/arch-rolling/$name"; done
  run git -C "$remote" ls-tree --name-only master
  same '.SRCINFO PKGBUILD dracut-sshd.patch' "$(tr '\n' ' ' <<<"$output" | sed 's/ $//; s/dracut-sshd[^ ]*\.patch/dracut-sshd.patch/')"
  same "dracut-sshd 1.0.0-1 by Test O'Packager <test@dracut-sshd.home.arpa>" "$(git -C "$remote" log --format='%s by %an <%ae>' master)"

  submit aur
  [ "$status" -eq 0 ]
  [[ $output == *'there already'* ]]
  same 1 "$(git -C "$remote" rev-list --count master)"
}

@test "AUR: each package goes to its own repository, and one repository takes one" {
  local name
  for name in dracut-sshd dracut-sshd-tools; do git init --quiet --bare "$BATS_TEST_TMPDIR/$name.git"; done
  remote="$BATS_TEST_TMPDIR/{name}.git"
  submit aur --package module --package tools
  [ "$status" -eq 0 ]
  for name in dracut-sshd dracut-sshd-tools; do
    git -C "$BATS_TEST_TMPDIR/$name.git" show master:.SRCINFO | grep -qx "pkgbase = $name"
  done
  remote=$BATS_TEST_TMPDIR/dracut-sshd.git
  submit aur --package module --package tools
  [ "$status" -eq 2 ]
  [[ $stderr == *'--package chooses one'* ]]
  same 1 "$(git -C "$remote" rev-list --count master)"
}

@test "AUR: what is of an older version goes, and what somebody else has pushed is not lost" {
  git clone --quiet "$remote" "$BATS_TEST_TMPDIR/work" 2>/dev/null
  (cd "$BATS_TEST_TMPDIR/work" && echo old >old.patch && echo x >PKGBUILD && echo 'pkgbase = dracut-sshd' >.SRCINFO && git add -A \
    && git -c user.name=B -c user.email=b@example.org commit --quiet -m 'An older one' && git push --quiet origin HEAD:master)
  submit aur
  [ "$status" -eq 0 ]
  same 2 "$(git -C "$remote" rev-list --count master)"
  run git -C "$remote" ls-tree --name-only master
  [[ $output != *old.patch* ]]
}

@test "AUR: a push that the repository refuses is told, and nothing is half done" {
  printf '#!/bin/sh\necho "error: no such user" >&2\nexit 1\n' >"$remote/hooks/pre-receive"
  chmod +x "$remote/hooks/pre-receive"
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *'no such user'* || $stderr == *'failed to push'* ]]
  run git -C "$remote" rev-parse --verify master
  [ "$status" -ne 0 ]
  rm "$remote/hooks/pre-receive"
  submit aur
  [ "$status" -eq 0 ]
}

@test "AUR: what was pushed builds, from the address that it names" {
  submit aur
  [ "$status" -eq 0 ]
  local user=$BATS_TEST_TMPDIR/user
  git clone --quiet "$remote" "$user/dracut-sshd"
  # A user's own configuration, whose curl finds the test's server; no file of the project's is near.
  cat >"$user/makepkg.conf" <<END
DLAGENTS=('https::/usr/bin/curl --config $BATS_TEST_TMPDIR/downloads/curlrc -fLsS -o %o %u')
CARCH=x86_64
PKGEXT=.pkg.tar.zst
SRCEXT=.src.tar.gz
INTEGRITY_CHECK=(sha256)
BUILDENV=(!distcc !color !ccache check !sign)
OPTIONS=(!strip docs !libtool !staticlibs emptydirs zipman purge !debug !lto)
COMPRESSZST=(zstd -c -q -)
MAN_DIRS=(usr/share/man)
END
  chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null || true
  local -a as=()
  if ((EUID == 0)); then
    as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    chown -R 65534:65534 "$user"
    "${as[@]}" test -r "$user/makepkg.conf" || skip "nobody cannot read below $BATS_TEST_TMPDIR"
  fi
  (cd "$user/dracut-sshd" && HOME=$user PACMAN=true PACKAGER='A User <u@dracut-sshd.home.arpa>' \
    "${as[@]}" makepkg --config "$user/makepkg.conf" --nodeps --noconfirm)
  local what
  for what in arch-rolling user; do
    local file=$dist/$what/dracut-sshd-1.0.0-1-any.pkg.tar.zst
    [[ $what != user ]] || file=$user/dracut-sshd/dracut-sshd-1.0.0-1-any.pkg.tar.zst
    bsdtar -tvf "$file" | awk '{ print $1, $NF }' | grep -v ' \.' >"$BATS_TEST_TMPDIR/$what.list"
  done
  diff "$BATS_TEST_TMPDIR/arch-rolling.list" "$BATS_TEST_TMPDIR/user.list"
}

@test "AUR: nothing is pushed while the tarball is not at its address, or is another there" {
  rm "$BATS_TEST_TMPDIR/downloads/www/"*
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *'fetches https://dracut-sshd.home.arpa/dracut-sshd-1.0.0.tar.gz, which cannot be had: '*404*'upload dracut-sshd-1.0.0.tar.gz there first'* ]]
  echo other >"$BATS_TEST_TMPDIR/downloads/www/dracut-sshd-1.0.0.tar.gz"
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *'which is another file than dracut-sshd-1.0.0.tar.gz'* ]]
  run git -C "$remote" rev-parse --verify master
  [ "$status" -ne 0 ]
}

@test "AUR: an example's address, or such a packager, is refused, and a dry run says so" {
  source=$project
  submit aur
  [ "$status" -eq 2 ]
  [[ $stderr == *'project.json: /url: https://dracut-sshd.example.org/ is an example'* ]]
  submit aur --dry-run
  [ "$status" -eq 0 ]
  [[ $stderr == *'without --dry-run this is refused'* ]]
  source=$BATS_FILE_TMPDIR/project packager='Ada <ada@mail.example.com>'
  submit aur
  [ "$status" -eq 2 ]
  [[ $stderr == *'a mail address that nobody has'* ]]
}

@test "AUR: a repository of something else is refused, whatever its address: the project itself, a remote of it, another package" {
  local own=$BATS_TEST_TMPDIR/own
  cp -r "$source" "$own"
  git init --quiet "$own"
  git -C "$own" add -A
  git -C "$own" -c user.name=A -c user.email=a@example.org commit --quiet -m all
  git -C "$own" remote add origin ssh://git@forge.dracut-sshd.home.arpa/ada/dracut-sshd.git
  git -C "$own" worktree add --quiet "$BATS_TEST_TMPDIR/tree" 2>/dev/null
  git clone --quiet --bare "$own" "$BATS_TEST_TMPDIR/mirror.git"
  source=$own
  for remote in "$own" "$own/.git" "$BATS_TEST_TMPDIR/tree" "file://$own" git@forge.dracut-sshd.home.arpa:ada/dracut-sshd \
    https://forge.dracut-sshd.home.arpa/ada/dracut-sshd.git; do
    submit aur
    [ "$status" -eq 2 ]
    [[ $stderr == *"a push there would replace the project's files"* ]]
  done
  remote=$BATS_TEST_TMPDIR/mirror.git
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *'is not a repository of the AUR: it has no .SRCINFO'* ]]
  git init --quiet "$BATS_TEST_TMPDIR/other"
  (cd "$BATS_TEST_TMPDIR/other" && printf 'pkgbase = other\n' >.SRCINFO && git add -A && git -c user.name=B -c user.email=b@example.org commit --quiet -m x)
  remote=$BATS_TEST_TMPDIR/other
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *'repository of another package'* ]]
  same 1 "$(git -C "$BATS_TEST_TMPDIR/other" rev-list --count HEAD)"
  same 1 "$(git -C "$own" rev-list --count HEAD)"
}

@test "AUR: nothing is pushed on the word of dist/manifest.json" {
  forge arch-rolling PKGBUILD PKGBUILD '$ a install=evil.install'
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *PKGBUILD* ]]
  run git -C "$remote" rev-parse --verify --quiet master
  [ "$status" -ne 0 ]
}

@test "AUR: a stale .SRCINFO is refused" {
  forge arch-rolling .SRCINFO .SRCINFO 's/^\tpkgdesc = .*/\tpkgdesc = something else/'
  submit aur
  [ "$status" -eq 1 ]
  [[ $stderr == *'the .SRCINFO: summary: is "something else"'* ]]
  run git -C "$remote" rev-parse --verify master
  [ "$status" -ne 0 ]
}

@test "GURU: a branch has one signed-off commit that adds the ebuild, pkgcheck is content, and a second submit does nothing" {
  submit guru
  [ "$status" -eq 0 ]
  local branch=dracut-sshd-1.0.0 where=sys-kernel/dracut-sshd
  same "$where: add 1.0.0" "$(git -C "$remote" log --format=%s "dev..$branch")"
  git -C "$remote" log -1 --format=%b "$branch" | grep -qx "Signed-off-by: Test O'Packager <test@dracut-sshd.home.arpa>"
  at "$branch:$where/Manifest" | cmp - "$dist/gentoo-rolling/overlay/$where/Manifest"
  at "$branch:$where/dracut-sshd-1.0.0.ebuild" | cmp - "$dist/gentoo-rolling/overlay/$where/dracut-sshd-1.0.0.ebuild"
  run git -C "$remote" diff --name-only dev "$branch"
  run ! grep -v "^$where/" <<<"$output"

  submit guru
  [ "$status" -eq 0 ]
  [[ $output == *'there already'* ]]
  same 1 "$(git -C "$remote" rev-list --count "dev..$branch")"
}

@test "GURU: each package has a branch of its own" {
  submit guru --package module --package tools
  [ "$status" -eq 0 ]
  local name
  for name in dracut-sshd dracut-sshd-tools; do
    same "sys-kernel/$name: add 1.0.0" "$(git -C "$remote" log --format=%s "dev..$name-1.0.0")"
  done
}

@test "GURU: a repository that is not GURU is refused" {
  git -C "$BATS_TEST_TMPDIR/tree" rm --quiet -r profiles
  git -C "$BATS_TEST_TMPDIR/tree" -c user.name=A -c user.email=a@example.org commit --quiet -m 'Something else'
  remote=$BATS_TEST_TMPDIR/tree
  submit guru
  [ "$status" -eq 1 ]
  [[ $stderr == *'has no GURU in it'* ]]
}

@test "GURU: what pkgcheck complains about is refused" {
  rm -r "$BATS_TEST_TMPDIR/gentoo/net-misc/openssh" # a dependency that the main repository does not have
  submit guru
  [ "$status" -eq 1 ]
  [[ $stderr == *'pkgcheck is not content'* ]]
  run git -C "$remote" rev-parse --verify dracut-sshd-1.0.0
  [ "$status" -ne 0 ]
}

@test "GURU: a changed ebuild is refused, and so is a stale Manifest" {
  local where=overlay/sys-kernel/dracut-sshd
  forge gentoo-rolling overlay "$where/dracut-sshd-1.0.0.ebuild" 's/^SLOT=.*//'
  submit guru
  [ "$status" -eq 1 ]
  [[ $stderr == *'ebuild is not the one that was staged'* ]]
  forge gentoo-rolling overlay "$where/Manifest" 's/BLAKE2B ./BLAKE2B 0/; s/SHA512 ./SHA512 0/'
  submit guru
  [ "$status" -eq 1 ]
  [[ $stderr == *'Manifest is not the one that was staged'* ]]
  run git -C "$remote" rev-parse --verify dracut-sshd-1.0.0
  [ "$status" -ne 0 ]
}
