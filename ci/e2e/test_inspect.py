# SPDX-License-Identifier: GPL-3.0-or-later
"""Has `dracut-sshd inspect` read images that the real dracut made, and compares with what others see in them: cpio, bsdcpio, lsinitrd, 3cpio.

Full, lean and host-only images of each suite; one whose files are in a file system of their own; a unified kernel image; one of
initramfs-tools; and some that are cut short. Nothing is booted.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import image
import machine
import package
import places
import readers
import roots
import scenario
import shell
import verdict

# What dracut makes without a word: all drivers, compressed as this dracut does by itself.
FULL = 'compress="{}"\ndrivers=""\ndo_strip="yes"\nadd_dracutmodules+=" crypt "\n'
COMPRESSION = {"12": "gzip", "13": "zstd", "14": "zstd"}
# dracut's modules for an inner file system, and the package of the root's that makes it.
INNER = {"12": {"squash": "squashfs-tools"}, "13": {"squash-squashfs": "squashfs-tools", "squash-erofs": "erofs-utils"},
         "14": {"squash-squashfs": "squashfs-tools", "squash-erofs": "erofs-utils"}}
TOOLS = {"12": ("dracut-squash", "squashfs-tools"), "13": ("dracut-squash", "erofs-utils", "squashfs-tools", "systemd-boot-efi", "systemd-ukify"),
         "14": ("3cpio", "erofs-utils", "squashfs-tools")}
UNPACKERS = {"squashfs-tools": "unsquashfs", "erofs-utils": "fsck.erofs"}
CMDLINE = "root=/dev/mapper/cryptroot rd.luks.name=1=cryptroot console=ttyS0"


KINDS = {"lean": lambda suite: scenario.Image(), "full": lambda suite: scenario.Image(config=FULL.format(COMPRESSION[suite])),
         "host-only": lambda suite: scenario.Image(kind="hostonly")}
CORE = "13"  # the suite of which every change has its lean image read


def marks(suite: str, name: str = "") -> list[pytest.MarkDecorator]:
    return [pytest.mark.core if (suite, name) == (CORE, "lean") else pytest.mark.extended, pytest.mark.xdist_group(f"inspect-{suite}")]


def of_suites(*names: str) -> list[object]:
    """Parameters: each suite, with each name."""
    return [pytest.param((suite, name), id=f"{name}:{suite}", marks=marks(suite, name)) for suite in scenario.SUITES for name in names]


def has(condition: bool, words: str) -> None:
    if not condition:
        raise shell.Failed(words)


def same(left: readers.Listing, right: readers.Listing) -> None:
    has(bool(right), "the other lists nothing")
    lines = readers.unlike(left, right)
    has(not lines, f"{len(lines)} differences:\n  " + "\n  ".join(lines[:10]))


def judged(file: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """The exit status, and of each finding that is not good its severity."""
    done = subprocess.run([str(verdict.program()), "inspect", "--json", *arguments, str(file)], capture_output=True, timeout=120, check=False)
    if not done.stdout:
        raise shell.Failed(f"it ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-600:]}")
    findings = json.loads(done.stdout)["findings"]
    return done.returncode, {each["id"]: f"{each['severity']}: {each['message']}" for each in findings if each["severity"] not in ("ok", "note")}


def inspected(*arguments: str) -> bytes:
    done = subprocess.run([str(verdict.program()), "inspect", *arguments], capture_output=True, check=False)
    has(done.returncode == 0, f"inspect {' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-600:]}")
    return done.stdout


def lets_in(file: Path, *arguments: str) -> None:
    status, findings = judged(file, *arguments)
    has(status == 0, f"it says {status}: {findings}")


@pytest.fixture(scope="session", autouse=True)
def tools(as_root: None) -> None:
    for tool in ("cpio", "bsdcpio", "zstd", "gzip"):
        if shutil.which(tool) is None:
            raise shell.Skipped(f"{tool} is not installed")


class Suite:
    """A suite's root with further tools, unpacked, with images in it."""

    def __init__(self, suite: str, work: Path, module: package.Package) -> None:
        self.suite, self.work, self.package = suite, work, module
        self.log = work / "log"
        self.tree = work / "root"
        self.site = machine.get(roots.get(suite))
        self.root = roots.get(suite, TOOLS[suite])
        roots.unpack(self.root, self.tree)

    def made(self, name: str, wish: scenario.Image, site: machine.Site | None = None) -> Path:
        """An image, in the root, where the root's own programs find it."""
        file = self.tree / f"var/tmp/{name}.img"
        if not file.exists():
            there = image.get(site or self.site, self.package, wish)
            has(there.initrd.exists(), f"dracut made no image: {there.log()[-600:]}")
            shutil.copy(there.initrd, file)
        return file

    def kind(self, name: str) -> Path:
        return self.made(name, KINDS[name](self.suite))


@pytest.fixture(scope="module")
def suites(module_package: Callable[[str], package.Package]) -> Iterator[Callable[[str], Suite]]:
    """suites(name): each unpacked once."""
    with tempfile.TemporaryDirectory(prefix="dracut-sshd-inspect.") as folder:
        known: dict[str, Suite] = {}

        def get(name: str) -> Suite:
            if name not in known:
                work = Path(folder) / name
                work.mkdir()
                known[name] = Suite(name, work, module_package(name))
            return known[name]
        yield get


class Case:
    """An image of a suite, and its archives."""

    def __init__(self, here: Suite, name: str) -> None:
        self.here, self.name = here, name
        self.file = here.kind(name)
        self.archives = readers.archives(self.file)
        self.work = here.work


@pytest.fixture(scope="module")
def case(request: pytest.FixtureRequest, suites: Callable[[str], Suite]) -> Case:
    suite, name = request.param
    return Case(suites(suite), name)


of_images = pytest.mark.parametrize("case", of_suites(*KINDS), indirect=True, scope="module")


@of_images
def test_lets_in(case: Case) -> None:
    lets_in(case.file, "--cmdline", CMDLINE)


@pytest.mark.parametrize(("case", "other"), [
    pytest.param((suite, name), other, id=f"{other}:{name}:{suite}", marks=marks(suite, name)) for suite in scenario.SUITES for name in KINDS
    for other in ("cpio", "bsdcpio", "lsinitrd", *(("3cpio",) if "3cpio" in TOOLS[suite] else ()))], indirect=["case"], scope="module")
def test_lists_as(case: Case, other: str, record_property: Callable[[str, object], None]) -> None:
    """Names, types, modes, sizes and links."""
    ours = readers.ours(case.file)
    others: dict[str, Callable[[], readers.Listing]] = {
        "cpio": lambda: readers.by_cpio(case.archives),
        "bsdcpio": lambda: readers.by_bsdcpio(case.archives),
        "lsinitrd": lambda: readers.in_root(case.here.tree, ["lsinitrd"], case.file, case.here.log),
        "3cpio": lambda: readers.in_root(case.here.tree, ["3cpio", "--list", "--verbose"], case.file, case.here.log),
    }
    same(ours, others[other]())
    record_property("", f"{len(ours)} names")


@pytest.fixture
def extracted(case: Case, tmp_path: Path) -> Iterator[Path]:
    """What cpio extracts."""
    folder = tmp_path / "cpios"
    folder.mkdir()
    for archive in case.archives:
        # It may be forbidden to make devices: cpio's status says nothing then.
        subprocess.run(["cpio", "--extract", "--make-directories", "--preserve-modification-time", "--unconditional", "--quiet"],
                       check=False, input=archive, cwd=folder, capture_output=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@of_images
def test_extracts_as_cpio(case: Case, extracted: Path, tmp_path: Path) -> None:
    """extract: contents, modes, owners, times, links. cat: contents."""
    mine = tmp_path / "mine"
    inspected("extract", str(case.file), str(mine))
    left, right = readers.tree(mine), readers.tree(extracted)
    shutil.rmtree(mine, ignore_errors=True)
    lines = [f"{path}: {left.get(path)} and {right.get(path)}" for path in sorted(left.keys() | right.keys())
             if left.get(path) != right.get(path)]
    has(len(right) > 100 and not lines, f"{len(lines)} differences:\n  " + "\n  ".join(lines[:10]))
    for path in ("etc/ssh/sshd_config", "usr/sbin/sshd", "usr/lib/os-release"):
        has(inspected("cat", str(case.file), path) == (extracted / path).read_bytes(), f"cat {path} differs")


@pytest.mark.parametrize("case", of_suites("lean", "full"), indirect=True, scope="module")
def test_tells_what_is_cut_short(case: Case) -> None:
    whole = case.file.read_bytes()
    broken = case.work / "broken.img"
    for part in (1, 30, 60, 95):
        broken.write_bytes(whole[:len(whole) * part // 100 + 1])
        status, findings = judged(broken, "--cmdline", CMDLINE)
        has(status == 1 and findings.get("image.whole", "").startswith("error"), f"of an image cut at {part} % it says {status}: {findings}")
    broken.write_bytes(whole + b"\0" * (-len(whole) % 4) + b"this is no archive, and no zeros\n" * 20)
    status, findings = judged(broken, "--cmdline", CMDLINE)
    has("image.whole" in findings, f"of an image with something after its end it says {status}: {findings}")


@pytest.mark.parametrize(("suite", "module", "maker"), [
    pytest.param(suite, module, maker, id=f"{module}:{suite}", marks=marks(suite))
    for suite, modules in INNER.items() for module, maker in modules.items()])
def test_looks_into_an_inner_file_system(suite: str, module: str, maker: str, suites: Callable[[str], Suite]) -> None:
    here = suites(suite)
    if shutil.which(UNPACKERS[maker]) is None:
        raise shell.Skipped(f"{UNPACKERS[maker]} is not installed")
    if not list((here.tree / "usr/lib/dracut/modules.d").glob(f"*{module}")):
        raise shell.Skipped(f"this dracut has no module {module}")
    wish = scenario.Image(config=f'add_dracutmodules+=" {module} "\nadd_drivers+=" squashfs erofs loop overlay "\n')
    file = here.made(module, wish, machine.get(here.root))
    outer = subprocess.run(["cpio", "--list", "--quiet"], input=file.read_bytes(), capture_output=True, check=True).stdout.decode()
    has("usr/sbin/sshd" not in outer.split(), "sshd is not in the inner file system")
    lets_in(file, "--cmdline", CMDLINE)
    rules = "usr/lib/udev/rules.d/50-udev-default.rules"  # dracut takes it as it is
    has(inspected("cat", str(file), rules) == (here.tree / rules).read_bytes(), f"cat prints another {rules} than the root has")


@pytest.mark.parametrize("suite", [pytest.param(suite, marks=marks(suite)) for suite in scenario.SUITES if "systemd-ukify" in TOOLS[suite]])
def test_reads_a_unified_kernel_image(suite: str, suites: Callable[[str], Suite]) -> None:
    here = suites(suite)
    file = here.kind("full")
    kernel = next((here.tree / "usr/lib/modules").iterdir()).name
    if not (here.tree / "usr/bin/ukify").exists():
        raise shell.Skipped("the root has no ukify")
    image.inside(here.tree, ["ukify", "build", f"--linux=/boot/vmlinuz-{kernel}", f"--initrd=/{file.relative_to(here.tree)}",
                             f"--cmdline={CMDLINE}", f"--uname={kernel}", "--output=/var/tmp/unified.efi"], here.log)
    unified = here.tree / "var/tmp/unified.efi"
    said = json.loads(inspected("--json", str(unified)))
    has(said["uki"] and any("rd.luks.name=1=" in each["message"] for each in said["findings"]), "its command line was not seen")
    same(readers.ours(unified), readers.ours(file))


@pytest.mark.extended
def test_names_initramfs_tools(tmp_path: Path) -> None:
    """An image of theirs will not let in, and is called by its maker's name."""
    root = roots.get("13", ("initramfs-tools",), ("dracut", "dracut-network"))
    kept = places.cache / f"boot-initramfs-tools-{root.id}.img"
    with places.locked(kept):
        if not kept.exists():
            tree = tmp_path / "initramfs-tools"
            roots.unpack(root, tree)
            kernel = next((tree / "usr/lib/modules").iterdir()).name
            image.inside(tree, ["mkinitramfs", "-o", "/var/tmp/initrd", kernel], tmp_path / "log")
            shutil.copy(tree / "var/tmp/initrd", kept.with_suffix(".part"))
            kept.with_suffix(".part").rename(kept)
            shutil.rmtree(tree, ignore_errors=True)
    status, findings = judged(kept)
    has(status == 1 and "initramfs-tools" in findings.get("image.generator", ""), f"it says {status}: {findings}")
