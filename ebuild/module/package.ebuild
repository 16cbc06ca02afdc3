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
	elog "Whether it is older than OpenSSH, the keys or the configuration, dracut-sshd-check says at any time,"
	elog "and a unit at every boot and after every change, once it is enabled:"
	elog "    systemctl enable --now dracut-sshd-check.path dracut-sshd-check.service"
}

pkg_prerm() {
	# What was kept of older images goes with the program that knows of it.
	if [[ -z ${ROOT} && -z ${REPLACED_BY_VERSION} ]]; then
		@SBINDIR@/dracut-sshd-check --after removal
	fi
}
