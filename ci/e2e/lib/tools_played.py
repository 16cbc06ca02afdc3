# SPDX-License-Identifier: GPL-3.0-or-later
"""The source packages of other distributions than Debian, played on this machine by the format's own tool, against this machine's
libraries: that shows that the recipe works, and what it installs. What comes out is no package of that distribution, and is thrown away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import places
import shell
import tools_package
from tools_package import NAME, PACKAGER, Source

# Whether the recipe works is what is tried, and not what this machine's compiler makes of flags that are for another's: without them
# what one recipe compiles, the next one finds in the memory.
LAUNCHER = """#!/bin/sh
for word; do
  shift
  case $word in
    -O* | -g* | -f* | -m* | -W* | -pipe | -specs=* | -[UD]_FORTIFY_SOURCE* | -D_GLIBCXX_ASSERTIONS | -DNDEBUG) ;;
    *) set -- "$@" "$word" ;;
  esac
done
export CCACHE_DIR='{memory}' CCACHE_PREFIX_CPP='{memory}/preprocessor' CCACHE_NODIRECT=1 CCACHE_NOHASHDIR=1 LC_ALL=C
unset CCACHE_DISABLE LANG LC_CTYPE LC_MESSAGES
exec ccache "$@" -O0
"""
# Without the folders' names in it the preprocessed source is that of the recipe before, and so is the object.
PREPROCESSOR = """#!/bin/sh
exec "$@" -P
"""
ZSH = "site-functions"
# What Fedora's macros for cmake do, for an rpmbuild that has none.
CMAKE_MACROS = """%cmake export CXXFLAGS="%{optflags}" LDFLAGS="%{?build_ldflags}"; cmake -S . -B build -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX=%{_prefix}
%cmake_build cmake --build build %{?_smp_mflags} --verbose
%cmake_install DESTDIR=%{buildroot} cmake --install build
"""


def _environment(work: Path) -> dict[str, str]:
    jobs = str(os.cpu_count())
    env = {"HOME": str(work), "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
           "CMAKE_BUILD_PARALLEL_LEVEL": jobs, "MAKEOPTS": f"-j{jobs}"}
    if shutil.which("ccache"):
        memory = tools_package.memory("played")
        for name, text in {"launcher": LAUNCHER, "preprocessor": PREPROCESSOR}.items():
            part = work / name
            part.write_text(text.replace("{memory}", str(memory)))
            part.chmod(0o755)
            shutil.move(part, memory / name)  # whole, where another test is at work
        env["CMAKE_CXX_COMPILER_LAUNCHER"] = str(memory / "launcher")
    return env


def _need(*tools: str) -> None:
    lost = [tool for tool in tools if shutil.which(tool) is None]
    if lost:
        raise shell.Skipped(f"not installed: {', '.join(lost)}")


def rpm(source: Source, work: Path) -> None:
    """As `rpmbuild --rebuild` does on the release itself, with nothing but the SRPM."""
    _need("rpmbuild", "rpm2cpio", "cpio")
    macros = {"_topdir": work / "top", "_tmppath": work, "_dbpath": work / "rpmdb", "_smp_mflags": f"-j{os.cpu_count()}"}
    defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
    stand_ins = work / "macros.cmake"
    stand_ins.write_text(CMAKE_MACROS)
    shell.run(["rpmbuild", "--rebuild", "--nodeps", f"--load={stand_ins}", *defines, str(source.only("*.src.rpm"))], log=source.log, env=_environment(work), timeout=2400)
    built = next(path for path in (work / "top/RPMS").rglob("*.rpm") if "-debug" not in path.name)
    image = work / "image"
    image.mkdir()
    shell.run(["bash", "-euo", "pipefail", "-c", 'cd "$1" && rpm2cpio "$0" | cpio --quiet -idm', str(built), str(image)], log=source.log)
    tools_package.look(image, source, ZSH)


def pkgbuild(source: Source, work: Path) -> None:
    _need("makepkg", "bsdtar", "bwrap")
    recipe = work / "recipe"
    shutil.copytree(source.folder, recipe)
    # makepkg refuses root, and is told that it is somebody.
    someone = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--dev-bind", "/", "/", "--die-with-parent"]
    works = shell.run([*someone, "true"], check=False)
    if works.status != 0:
        raise shell.Skipped(f"bubblewrap does not work here: {works.output.strip()}")
    made = work / "made"
    made.mkdir()
    env = {**_environment(work), "PACKAGER": PACKAGER, "PACMAN": "true", "PKGDEST": str(made), "PKGEXT": ".pkg.tar.zst",
           "BUILDDIR": str(work / "build"), "SOURCE_DATE_EPOCH": "1"}
    makepkg = [*someone, "env", "-C", str(recipe), "makepkg", "--nodeps", "--noconfirm", "--nocolor"]
    shell.run(makepkg, env=env, log=source.log, timeout=2400)
    built = next(path for path in sorted(made.iterdir()) if "-debug-" not in path.name)
    image = work / "image"
    image.mkdir()
    shell.run(["bsdtar", "-xf", str(built), "-C", str(image)], log=source.log)
    tools_package.look(image, source, ZSH)


def ebuild(source: Source, work: Path) -> None:
    """By the portage of the build folder, with as little of a main repository as the orchestrator has it read the ebuild with."""
    portage = places.build / "portage/bin"
    if not (portage / "ebuild").exists():
        raise shell.Skipped("build/portage is not there; ci/deps package makes it")
    overlay = work / "overlay"
    shutil.copytree(source.only("overlay"), overlay)
    recipe = next(overlay.glob(f"*/{NAME}/{NAME}-*.ebuild"))
    category = recipe.parents[1].name
    name = (overlay / "profiles/repo_name").read_text().strip()
    _portage_host(work, {"@REPOSITORY@": name, "@CATEGORY@": category, "/build": str(work), "@@": "@"})
    (work / "distfiles").mkdir()
    shutil.copy(source.only("*.tar.gz"), work / "distfiles")
    env = {**_environment(work), "PORTAGE_CONFIGROOT": str(work), "PORTAGE_OVERRIDE_EPREFIX": "", "FEATURES": "test"}
    env["PATH"] = f"{portage}:{env['PATH']}"
    shell.run(["env", "-C", str(recipe.parent), str(portage / "ebuild"), recipe.name, "clean", "install"], env=env, log=source.log, timeout=2400)
    tools_package.look(work / f"portage/portage/{category}/{recipe.stem}/image", source, ZSH)


def _portage_host(work: Path, known: dict[str, str]) -> None:
    """The templates name /build, the sandbox's folder; here it is the work folder."""
    templates = places.project / "ebuild/host"
    for template in sorted(path for path in templates.rglob("*") if path.is_file()):
        text = template.read_text()
        for word, value in known.items():
            text = text.replace(word, value)
        path = work / template.relative_to(templates)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
