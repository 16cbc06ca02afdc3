# Copyright @YEARS@ the dracut-sshd contributors
# Distributed under the terms of the GNU General Public License v3 or, at your option, any later one
# SPDX-License-Identifier: GPL-3.0-or-later

EAPI=8

DESCRIPTION="@SUMMARY@"
HOMEPAGE="@URL@"
SRC_URI="@URL@${P}.tar.gz"

LICENSE="GPL-3+"
SLOT="0"
KEYWORDS="~amd64 ~arm64"

RDEPEND="
	app-arch/bzip2:=
	app-arch/libarchive:=
	app-arch/lz4:=
	app-arch/xz-utils:=
	app-arch/zstd:=
	dev-libs/libfmt:=
	dev-libs/openssl:=
	virtual/zlib:=
"
DEPEND="
	${RDEPEND}
	dev-cpp/cli11
	dev-cpp/nlohmann_json
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
