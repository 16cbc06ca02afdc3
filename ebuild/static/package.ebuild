# Copyright @YEARS@ Gentoo Authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION=@SUMMARY@
HOMEPAGE=@URL@
SRC_URI=@SOURCE@
S="${WORKDIR}/@SOURCE_NAME@-${PV}"

LICENSE=@LICENSE@
SLOT="0"
KEYWORDS=@KEYWORDS@
# It comes stripped.
RESTRICT="strip"

RDEPEND="
@RELATIONS@
"

QA_PREBUILT="usr/bin/dracut-sshd"

src_install() {
	emake DESTDIR="${D}" SBINDIR=@SBINDIR@ ZSHDIR=@ZSHDIR@ install
	dodoc -r BUILT.md CHANGELOG.md LICENSES-third-party sbom.spdx.json
}
