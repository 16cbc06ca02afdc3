# Copyright @YEARS@ the dracut-sshd contributors
# Distributed under the terms of the GNU General Public License v3 or, at your option, any later one

EAPI=8

DESCRIPTION=@SUMMARY@
HOMEPAGE=@URL@
SRC_URI=@SOURCE@

LICENSE=@LICENSE@
SLOT="0"
KEYWORDS=@KEYWORDS@
@USE_FLAGS@
RDEPEND="
@RELATIONS@
"
@PATCHES@
src_install() {
@INSTALL@
}
