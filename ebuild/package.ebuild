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

pkg_postinst() {
	elog "An initramfs that was built before has no sshd in it, or another one. To build it anew:"
	elog "    dracut-sshd-rebuild --all"
	elog "When OpenSSH, the keys or the configuration change, dracut-sshd-check.service says so at the next boot;"
	elog "dracut-sshd-check does at any time."
}

pkg_prerm() {
	# What was kept of older images goes with the program that knows of it.
	if [[ -z ${ROOT} && -z ${REPLACED_BY_VERSION} ]]; then
		@SBINDIR@/dracut-sshd-check --after removal
	fi
}
