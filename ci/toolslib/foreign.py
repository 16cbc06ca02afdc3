# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of other distributions: the recipe, and what the format's own tool makes of it without compiling (SRPM, .SRCINFO, Manifest).
When tried, the recipe is also played on this machine, against this machine's libraries: that shows that it works and what it installs.
What comes out then is no package of that distribution, and is thrown away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import places
import shell
import source
from job import Job, Made

INSTALLED = ("usr/bin/dracut-sshd", "usr/share/man/man1/dracut-sshd.1", "usr/share/bash-completion/completions/dracut-sshd",
             "usr/share/zsh/site-functions/_dracut-sshd")
CATEGORY = "sys-kernel"


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


def _environment(job: Job) -> dict[str, str]:
    jobs = str(os.cpu_count())
    env = {"HOME": str(job.work), "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
           "CMAKE_BUILD_PARALLEL_LEVEL": jobs, "MAKEOPTS": f"-j{jobs}"}
    if job.memory:
        for name, text in {"launcher": LAUNCHER, "preprocessor": PREPROCESSOR}.items():
            (job.memory / name).write_text(text.replace("{memory}", str(job.memory)))
            (job.memory / name).chmod(0o755)
        env["CMAKE_CXX_COMPILER_LAUNCHER"] = str(job.memory / "launcher")
    return env


def _need(*tools: str) -> None:
    lost = [tool for tool in tools if shutil.which(tool) is None]
    if lost:
        raise shell.Skipped(f"not installed: {', '.join(lost)}")


def _look(folder: Path, package: source.Package) -> None:
    """The program starts, and every file is where users look for it; manual pages may be compressed."""
    for path in INSTALLED:
        if not any((folder / path).parent.glob(Path(path).name + "*")):
            raise shell.Failed(f"the recipe installs no /{path}")
    said = shell.run([str(folder / INSTALLED[0]), "--version"]).output.strip()
    if said != f"dracut-sshd {package.version}":
        raise shell.Failed(f"dracut-sshd --version says {said!r}")


def _at_one_place(work: Path) -> tuple[list[str], str]:
    """The work folder under the same name each time, and what goes before a command for that: an SRPM holds its spec as rpm has read it,
    with the folders' names in it. Where bubblewrap does not work, it has its own name, and SRPMs differ."""
    there = ["bwrap", "--dev-bind", "/", "/", "--bind", str(work), "/mnt", "--die-with-parent"]
    if shutil.which("bwrap") and shell.run([*there, "true"], check=False).status == 0:
        return there, "/mnt"
    return [], str(work)


def rpm(job: Job, tried: bool) -> Made:
    _need("rpmbuild", "rpm2cpio", "cpio")
    package, release, work, log = job.package, job.release, job.work, job.log
    spec = work / f"{package.name}.spec"
    spec.write_text(source.filled(source.FOLDER / "spec/dracut-sshd-tools.spec", source.values(package)))
    (work / package.tarball_name).write_bytes(package.tarball)
    there, top = _at_one_place(work)
    macros = {"_topdir": f"{top}/top", "_sourcedir": top, "_srcrpmdir": top, "_rpmdir": f"{top}/rpms",
              "use_source_date_epoch_as_buildtime": "1", "clamp_mtime_to_source_date_epoch": "1", "_buildhost": "localhost",
              "source_date_epoch_from_changelog": "1", "dist": str(release["dist"])}
    emulated = {name: value for name, value in dict(release["emulate"]).items() if name != "_target"}  # type: ignore[call-overload]
    defines = [word for name, value in {**macros, **emulated}.items() for word in ("--define", f"{name} {value}")]
    parsed = shell.run([*there, "rpmspec", "--parse", *defines, f"{top}/{spec.name}"], check=False, log=log)
    if parsed.status != 0:
        said = next((line for line in parsed.output.splitlines() if package.name in line), parsed.output.strip())
        raise shell.Failed(f"the spec refuses this release: {said.removeprefix('error: ')}")
    env = _environment(job)
    shell.run([*there, "rpmbuild", "-bs", "--nodeps", *defines, f"{top}/{spec.name}"], log=log, env=env)
    made = Made([spec, *sorted(work.glob("*.src.rpm"))])
    if shutil.which("rpmlint"):
        config = str(source.FOLDER / "spec/rpmlint.toml")
        lint = shell.run(["rpmlint", "--config", config, str(spec), str(made.files[1])], log=log, check=False, env=env)
        made.lines.append("rpmlint: " + lint.output.strip().splitlines()[-1].strip("= "))
        if lint.status != 0:
            raise shell.Failed(f"rpmlint complains: {lint.output}")
    if tried:
        defines += ["--define", f"_smp_mflags -j{os.cpu_count()}"]
        shell.run([*there, "rpmbuild", "-bb", "--nodeps", *defines, f"{top}/{spec.name}"], log=log, env=env, timeout=1500)
        built = next(path for path in (work / "rpms").rglob("*.rpm") if "-debug" not in path.name)
        image = work / "image"
        image.mkdir()
        shell.run(["bash", "-euo", "pipefail", "-c", 'cd "$1" && rpm2cpio "$0" | cpio --quiet -idm', str(built), str(image)], log=log)
        _look(image, package)
        made.lines.append(f"{built.name} was made here to try the spec, and thrown away")
    return made


def pkgbuild(job: Job, tried: bool) -> Made:
    _need("makepkg", "bsdtar", "bwrap")
    package, work, log = job.package, job.work, job.log
    recipe, tarball = work / "PKGBUILD", work / package.tarball_name
    recipe.write_text(source.filled(source.FOLDER / "pkgbuild/PKGBUILD", source.values(package)))
    tarball.write_bytes(package.tarball)
    # makepkg refuses root, and is told that it is somebody.
    someone = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--dev-bind", "/", "/", "--die-with-parent"]
    works = shell.run([*someone, "true"], check=False)
    if works.status != 0:
        raise shell.Skipped(f"bubblewrap does not work here: {works.output.strip()}")
    env = {**_environment(job), "PACKAGER": package.packager, "PACMAN": "true", "PKGDEST": str(work / "made"), "PKGEXT": ".pkg.tar.zst",
           "BUILDDIR": str(work / "build"), "SOURCE_DATE_EPOCH": str(package.epoch)}
    (work / "made").mkdir()
    makepkg = [*someone, "env", "-C", str(work), "makepkg", "--nodeps", "--noconfirm", "--nocolor"]
    said = shell.run([*makepkg, "--printsrcinfo"], env=env, log=log).output
    if f"pkgbase = {package.name}" not in said:
        raise shell.Failed(f"makepkg --printsrcinfo says {said}")
    (work / ".SRCINFO").write_text(said)
    shell.run([*makepkg, "--verifysource"], env=env, log=log)
    made = Made([recipe, work / ".SRCINFO", tarball])
    if tried:
        shell.run(makepkg, env=env, log=log, timeout=1500)
        built = next(path for path in sorted((work / "made").iterdir()) if "-debug-" not in path.name)
        image = work / "image"
        image.mkdir()
        shell.run(["bsdtar", "-xf", str(built), "-C", str(image)], log=log)
        _look(image, package)
        made.lines.append(f"{built.name} was made here to try the PKGBUILD, and thrown away")
    return made


def ebuild(job: Job, tried: bool) -> Made:
    """By the portage of build/portage, with as little of a main repository as the dracut module's own ebuild is tried with."""
    package, work, log = job.package, job.work, job.log
    portage = places.project / "build/portage/bin"
    if not (portage / "ebuild").exists():
        raise shell.Skipped("build/portage is not there; ci/deps package makes it")
    known = source.values(package)
    overlay = work / "overlay"
    folder = overlay / CATEGORY / package.name
    folder.mkdir(parents=True)
    recipe = folder / f"{package.name}-{package.version}.ebuild"
    recipe.write_text(source.filled(source.FOLDER / "ebuild/package.ebuild", known))
    (folder / "metadata.xml").write_text(source.filled(source.FOLDER / "ebuild/metadata.xml", known))
    host = places.project / "ebuild"
    source.fill_tree(host / "overlay", {**known, "NAME": package.name}, overlay)
    _portage_host(host / "host", work, {**known, "CATEGORY": CATEGORY})
    (work / "distfiles").mkdir()
    (work / "distfiles" / package.tarball_name).write_bytes(package.tarball)
    env = {**_environment(job), "PORTAGE_CONFIGROOT": str(work), "PORTAGE_OVERRIDE_EPREFIX": "",
           "PATH": f"{portage}:{_environment(job)['PATH']}"}
    ebuild_ = ["env", "-C", str(folder), str(portage / "ebuild"), recipe.name]
    shell.run([*ebuild_, "manifest"], env=env, log=log, timeout=120)
    made = Made([recipe, folder / "Manifest", folder / "metadata.xml", work / "distfiles" / package.tarball_name])
    made.lines.append(_pkgcheck(portage, work, overlay, env, log))
    if tried:
        shell.run([*ebuild_, "clean", "install"], env={**env, "FEATURES": "test"}, log=log, timeout=1500)
        _look(work / f"portage/portage/{CATEGORY}/{package.name}-{package.version}/image", package)
        made.lines.append("the ebuild was played here to its install phase, and what it installs was thrown away")
    return made


def _portage_host(templates: Path, work: Path, known: dict[str, str]) -> None:
    """The templates name /build, the sandbox's folder; here it is the work folder."""
    source.fill_tree(templates, known, work)
    for path in (work / "etc/portage").rglob("*"):
        if path.is_file():
            path.write_text(path.read_text().replace("/build", str(work)))
    gentoo = work / "gentoo"
    (gentoo / "licenses/GPL-3+").write_text("The text of this licence is in Gentoo's own repository.\n")


def _pkgcheck(portage: Path, work: Path, overlay: Path, env: dict[str, str], log: Path) -> str:
    """It wants the main repository: a stub of each package that the ebuild names is put there."""
    ebuild_text = next(overlay.rglob("*.ebuild")).read_text()
    categories = work / "gentoo/profiles/categories"
    known = set(categories.read_text().split())
    for word in ebuild_text.split():
        atom = word.lstrip(">=").removesuffix(":=")
        category, slash, name = atom.partition("/")
        if slash and category.islower() and "$" not in atom and word[0] not in "\"'-" and (
                category.startswith(("app-", "dev-", "sys-", "virtual"))):
            name = name.rsplit("-", 1)[0] if word.startswith(">=") else name
            folder = work / "gentoo" / category / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}-99.ebuild").write_text('EAPI=8\nDESCRIPTION="A stub"\nSLOT=0/1\nKEYWORDS="~amd64 ~arm64"\n')
            known.add(category)
    categories.write_text("".join(f"{name}\n" for name in sorted(known)))
    # pkgcore finds its configuration above its own prefix, which is where a symbolic link to the virtual environment lies.
    (work / "venv").symlink_to(portage.parent)
    argv = [str(work / "venv/bin/python"), str(portage / "pkgcheck"), "scan", "--exit", "error,warning,style", "-r", str(overlay)]
    found = shell.run(argv, env={**env, "XDG_CACHE_HOME": str(work / "cache")}, log=log, timeout=120, check=False)
    if found.status != 0 or found.output.strip():
        raise shell.Failed(f"pkgcheck complains: {found.output}")
    return "pkgcheck: nothing"
