# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles and links the program in a clean root, offline, and sees to it that it is what it has to be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import linked
import shell
import source
from clean_root import CleanRoot

# Debian 12. With Debian 13's libraries the program has 10 MB, 2 MB more than it may have: OpenSSL 3.5 cannot be linked without its
# post-quantum algorithms and its code for AVX-512.
SUITE = "12"
LARGEST = 8_250_000
LIBRARIES = ("libbz2-dev", "libfmt-dev", "liblz4-dev", "liblzma-dev", "libssl-dev", "libzstd-dev", "zlib1g-dev")
TOOLS = ("ccache", "cmake", "g++", "libcli11-dev", "libtomlplusplus-dev", "ninja-build", "nlohmann-json3-dev", "pkg-config")
# The cross compiler's own C and C++ libraries get no security updates, and are not used; this brings those that do.
FOREIGN = ("libstdc++-12-dev",)
HOST = "x86_64"  # of the root, and so of the machine: what else there is is cross-compiled
OPTIONS = ("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_UNITY_BUILD_BATCH_SIZE=0",
           "-DORCHESTRATOR=OFF", "-DBUILD_TESTING=OFF", "-DSTATIC_PROGRAM=ON")


@dataclass(frozen=True)
class Target:
    name: str  # as uname -m has it
    triplet: str
    dpkg: str  # as dpkg calls it
    machine: str  # as readelf prints it
    options: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


TARGETS: dict[str, Target] = {target.name: target for target in (
    Target("x86_64", "x86_64-linux-gnu", "amd64", "Advanced Micro Devices X86-64"),
    Target("aarch64", "aarch64-linux-gnu", "arm64", "AArch64", (
        "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++",
        "-DCMAKE_EXE_LINKER_FLAGS=" + " ".join(f"-B{folder} -L{folder}" for folder in (
            "/usr/lib/gcc/aarch64-linux-gnu/12", "/usr/lib/aarch64-linux-gnu"))),
        # in the order of a compiler that runs on arm64
        ("-nostdinc", "-nostdinc++", *(f"-isystem {folder}" for folder in (
            "/usr/include/c++/12", "/usr/include/aarch64-linux-gnu/c++/12", "/usr/include/c++/12/backward",
            "/usr/lib/gcc/aarch64-linux-gnu/12/include", "/usr/include/aarch64-linux-gnu", "/usr/include")))),
)}


def contents(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """What a root has to hold to build for these targets: packages, and dpkg's architectures, the root's own first."""
    packages, architectures = [*TOOLS, *LIBRARIES], [TARGETS[HOST].dpkg]
    for target in (TARGETS[name] for name in sorted(names) if name != HOST):
        packages += [f"g++-{target.triplet}", *(f"{name}:{target.dpkg}" for name in (*LIBRARIES, *FOREIGN))]
        architectures.append(target.dpkg)
    return packages, architectures


@dataclass(frozen=True)
class Program:
    target: Target
    file: Path  # in the root, stripped
    command: str  # cmake's, for people
    tools: tuple[str, ...]  # name and version
    packages: tuple[linked.Package, ...]


def program(root: CleanRoot, what: source.Source, target: Target, log: Path, memory: Path | None) -> Program:
    """With a `memory`, ccache keeps there what was compiled."""
    folder = f"/build/{target.name}"
    flags = [f"-ffile-prefix-map=/build/{what.top}=.", *target.flags]
    words = [*OPTIONS, *target.options, f"-DCMAKE_CXX_FLAGS={' '.join(flags)}"]
    command = f"cmake -G Ninja -S /build/{what.top} -B {folder} {' '.join(map(shlex.quote, words))}"
    (root.folder / "build").mkdir(exist_ok=True)
    (root.folder / "build/source.tar").write_bytes(what.tar)
    launcher = " -DCMAKE_CXX_COMPILER_LAUNCHER=ccache" if memory else ""
    root.run(f"""cd /build
        export SOURCE_DATE_EPOCH={what.epoch} TZ=UTC PKG_CONFIG_LIBDIR=/usr/lib/{target.triplet}/pkgconfig CCACHE_DIR=/ccache CCACHE_MAXSIZE=300M
        umask 022
        rm -rf {what.top} {folder}
        tar --no-same-owner -xf source.tar
        {command}{launcher}
        cmake --build {folder} --target dracut-sshd --parallel "$(nproc)"
        cd {folder}
        {target.triplet}-strip --strip-all -o program orchestrator/dracut-sshd
        ninja -t deps >deps
        {target.triplet}-nm orchestrator/dracut-sshd >symbols
        {target.triplet}-readelf --wide --file-header --program-headers --dynamic program >elf""",
             timeout=3000, log=log, shown=[(memory, "ccache")] if memory else ())
    made = root.folder / f"build/{target.name}"
    _check(target, made)
    files = linked.linked_files((made / "dracut-sshd.map").read_text())
    packages = linked.packages(root, target.dpkg, files, linked.headers((made / "deps").read_text()))
    for package in packages:
        package.licence  # noqa: B018 - every one has to be known
    names = ["cmake", "ninja-build", *{"x86_64": ("g++-12", "binutils-x86-64-linux-gnu"),
                                       "aarch64": ("g++-12-aarch64-linux-gnu", "binutils-aarch64-linux-gnu")}[target.name]]
    said = root.run(f"dpkg-query --show --showformat='${{Package}} ${{Version}}\\n' {' '.join(names)}", timeout=30).output
    return Program(target, made / "program", command, tuple(said.splitlines()), tuple(packages))


def _check(target: Target, made: Path) -> None:
    elf, symbols = (made / "elf").read_text(), (made / "symbols").read_text()
    size = (made / "program").stat().st_size
    faults = [words for words, good in (
        (f"it is not for {target.name}", f"Machine:                           {target.machine}" in elf),
        ("it is not position-independent", re.search(r"Type: +DYN", elf) and re.search(r"\(FLAGS_1\).* PIE", elf)),
        ("it has an interpreter", "INTERP" not in elf),
        ("it needs shared libraries", "(NEEDED)" not in elf),
        ("it has relocations of code", "TEXTREL" not in elf),
        ("not all is resolved at the start and then read-only", "GNU_RELRO" in elf and re.search(r"\(FLAGS\).*BIND_NOW", elf)),
        ("it has memory that is writable and executable", "RWE" not in elf and re.search(r"GNU_STACK .* RW ", elf)),
        ("no stack is protected", " T __stack_chk_fail\n" in symbols),
        ("no buffer's size is checked", re.search(r" [TW] __mem(cpy|move)_chk\n", symbols)),
        ("std's bounds are not checked", "__glibcxx_assert_fail" in symbols),
        (f"it has {size} bytes, and may have {LARGEST}", size <= LARGEST),
    ) if not good]
    # Functions of glibc that would load shared libraries, of its own version, when they are called.
    faults += [f"{name} is linked in" for name in ("getaddrinfo", "getpwnam_r", "getpwuid_r", "getgrnam_r", "gethostbyname_r", "iconv_open")
               if re.search(rf" [TW] {name}$", symbols, re.MULTILINE)]
    if faults:
        raise shell.Failed(f"the program for {target.name}: {'; '.join(faults)}")
