# Copyright @YEARS@ Gentoo Authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION=@SUMMARY@
HOMEPAGE=@URL@
SRC_URI=@SOURCE@

LICENSE=@LICENSE@
SLOT="0"
KEYWORDS=@KEYWORDS@

RDEPEND="
@RELATIONS@
"
@PATCHES@
src_install() {
	emake DESTDIR="${D}" SBINDIR=@SBINDIR@@HOOKS@ install
	keepdir /etc/dracut-sshd
	dodoc CHANGELOG.md README.md
	docinto examples
	dodoc examples/*
	docompress -x "/usr/share/doc/${PF}/examples"
}

pkg_postinst() {
	if [[ -z ${REPLACING_VERSIONS} ]]; then
		elog "An initramfs that was built before has no sshd in it. To build it anew:"
		elog "    dracut-sshd-rebuild --all"
		elog "Whether it is older than OpenSSH, the keys or the configuration, dracut-sshd-check says at any time,"
		elog "and a unit at every boot and after every change, once it is enabled:"
		elog "    systemctl enable --now dracut-sshd-check.path dracut-sshd-check.service"
@SUGGESTIONS@	fi
}

pkg_prerm() {
	# What was kept of older images goes with the program that knows of it.
	if [[ -z ${ROOT} && -z ${REPLACED_BY_VERSION} ]]; then
		@SBINDIR@/dracut-sshd-check --after removal
	fi
}
