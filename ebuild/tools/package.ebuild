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
DEPEND="
	${RDEPEND}
@BUILD_DEPENDS@
"
BDEPEND="
	>=dev-build/cmake-3.25
	virtual/pkgconfig
"

# Plain commands instead of cmake.eclass: so the ebuild can be tried where Gentoo's repository is not.
src_configure() {
	local settings=(
		-DCMAKE_BUILD_TYPE=None
		-DCMAKE_INSTALL_PREFIX="${EPREFIX}"/usr
		-DORCHESTRATOR=OFF
		-DBUILD_TESTING=OFF
	)
	cmake -S . -B build -G "Unix Makefiles" "${settings[@]}" || die "cmake failed"
}

src_compile() {
	emake -C build VERBOSE=1
}

src_test() {
	build/orchestrator/dracut-sshd --version || die "the program does not start"
}

src_install() {
	emake -C build DESTDIR="${D}" install
	dodoc CHANGELOG.md
}
