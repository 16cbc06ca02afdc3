# SPDX-License-Identifier: GPL-3.0-or-later
"""The statically linked program of ci/static-program: the same bytes from another folder, nothing but itself needed, and the answers of the
dynamically linked one, on every suite of Debian and in a folder that holds nothing else; that of aarch64 by qemu-user."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import cpio
import places
import scenario
import shell

sys.path.insert(0, str(places.project / "ci/lib"))

import clean_root  # noqa: E402

pytestmark = [pytest.mark.extended, pytest.mark.xdist_group("static")]
ARCHES = ("x86_64", "aarch64")
DYNAMIC = Path(os.environ.get("DRACUT_SSHD", places.build / "orchestrator/dracut-sshd"))
# What reads which compression is a library of its own.
PACKERS = {"none": ["cat"], "gzip": ["gzip", "-nc"], "bzip2": ["bzip2", "-c"], "xz": ["xz", "--check=crc32", "-c"],
           "lzma": ["xz", "--format=lzma", "-c"], "lz4": ["lz4", "-lc"], "zstd": ["zstd", "-qc"]}
QUESTIONS = (["--version"], ["--help"], ["unlock", "--help"], ["inspect", "explain"], ["inspect", "explain", "sshd.present"])


def has(condition: object, words: str) -> None:
    if not condition:
        raise shell.Failed(words)


def same(left: object, right: object) -> None:
    if left != right:
        raise shell.Failed(f"{str(left)[:1500]}\nis not\n{str(right)[:1500]}")


def ran(argv: Sequence[object], **options: object) -> subprocess.CompletedProcess[bytes]:
    """Without any environment."""
    return subprocess.run([str(word) for word in argv], env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=600,
                          **options)  # type: ignore[call-overload]


def built(project: Path, out: Path, *more: str) -> None:
    done = subprocess.run([project / "ci/static-program", "--out", out, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=6000)
    if done.returncode == 77:
        raise shell.Skipped(done.stdout.strip().removeprefix("SKIPPED: "))
    if done.returncode != 0:
        raise shell.Failed(done.stderr)


class Made:
    def __init__(self, out: Path, work: Path | None = None) -> None:
        self.out, self.work = out, work or out
        self.version = re.search(r"^## (\S+) - (\S+)$", (places.project / "CHANGELOG.md").read_text(), re.MULTILINE)[1]  # type: ignore[index]

    def tarball(self, arch: str) -> Path:
        return self.out / f"dracut-sshd-static-{self.version}-{arch}.tar.gz"

    def tree(self, arch: str) -> Path:
        """Unpacked, without its top folder."""
        folder = self.work / arch
        if not folder.exists():
            folder.mkdir(parents=True)
            shell.run(["tar", "-xf", str(self.tarball(arch)), "--strip-components=1", "-C", str(folder)])
        return folder

    def command(self, arch: str) -> list[str]:
        """How its program is run on this machine."""
        program = str(self.tree(arch) / "bin/dracut-sshd")
        return [program] if arch == platform.machine() else [emulator(arch), program]


def emulator(arch: str) -> str:
    found = shutil.which(f"qemu-{arch}-static")
    if found is None:
        raise shell.Skipped(f"programs of {arch} do not run here: qemu-{arch}-static is not installed (apt install qemu-user-static)")
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Of today's source; or as it lies in the folder that STATIC_PROGRAM names: that of a release."""
    if given := os.environ.get("STATIC_PROGRAM"):
        return Made(Path(given).resolve(), tmp_path_factory.mktemp("static"))
    out = tmp_path_factory.mktemp("static")
    built(places.project, out, "--ccache")
    return Made(out)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One image in each compression, with keys of every type that OpenSSL reads, and a real sshd where this machine has one."""
    folder = tmp_path_factory.mktemp("images")
    keys = []
    for kind, form in (("rsa", "PEM"), ("ecdsa", "PEM"), ("rsa", "PKCS8"), ("ed25519", "RFC4716")):
        name = f"{kind}-{form}"
        shell.run(["ssh-keygen", "-q", "-t", kind, "-m", form, "-N", "", "-C", name, "-f", str(folder / name)])
        keys.append(cpio.Entry(f"etc/ssh/ssh_host_{kind}_{form}_key", 0o100600, (folder / name).read_bytes()))
    public = b"".join((folder / f"{kind}-{form}.pub").read_bytes() for kind, form in (("rsa", "PEM"), ("ecdsa", "PEM"), ("ed25519", "RFC4716")))
    config = "".join(f"HostKey /{key.path}\n" for key in keys)
    entries = [*keys, cpio.Entry("root/.ssh/authorized_keys", 0o100600, public), cpio.Entry("etc/ssh/sshd_config", 0o100600, config.encode()),
               cpio.Entry("etc/passwd", 0o100644, b"root:x:0:0::/root:/bin/sh\n"), cpio.Entry("usr/bin/tool", 0o100755, bytes(200_000))]
    if Path("/usr/sbin/sshd").exists():
        entries.append(cpio.Entry("usr/sbin/sshd", 0o100755, Path("/usr/sbin/sshd").read_bytes()))
    plain = cpio.archive(entries)
    for name, packer in PACKERS.items():
        (folder / f"{name}.img").write_bytes(subprocess.run(packer, input=plain, capture_output=True, check=True).stdout)
    (folder / "other.img").write_bytes(cpio.archive(entries[1:]))
    return folder


def questions() -> Iterator[list[str]]:
    yield from QUESTIONS
    for name in PACKERS:
        yield ["inspect", "--json", f"{name}.img"]
    yield from (["inspect", "zstd.img"], ["inspect", "list", "xz.img"], ["inspect", "tree", "lz4.img"],
                ["inspect", "cat", "bzip2.img", "etc/ssh/sshd_config"], ["inspect", "diff", "gzip.img", "other.img"],
                ["inspect", "nonesuch.img"])


def test_gives_the_same_bytes_from_another_folder(made: Made, tmp_path: Path) -> None:
    """Compiled anew, by another umask, in another time zone."""
    copy = tmp_path / "another place"
    for part in ("ci/lib", "ci/e2e/lib", "ci/staticlib", "orchestrator", "LICENSES"):
        shutil.copytree(places.project / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "module").mkdir()
    for part in ("ci/static-program", "CMakeLists.txt", "CHANGELOG.md", "project.json", "module/Makefile", "module/install-files"):
        shutil.copy2(places.project / part, copy / part)
    mask = os.umask(0o077)
    try:
        os.environ["TZ"] = "Asia/Tokyo"
        built(copy, tmp_path / "out", "--arch", "x86_64")
    finally:
        os.environ.pop("TZ", None)
        os.umask(mask)
    first, second = (out.tarball("x86_64").read_bytes() for out in (made, Made(tmp_path / "out")))
    same(hashlib.sha256(second).hexdigest(), hashlib.sha256(first).hexdigest())


@pytest.mark.parametrize("arch", ARCHES)
def test_tarball_is_what_is_documented(made: Made, arch: str) -> None:
    with tarfile.open(made.tarball(arch)) as archive:
        members = archive.getmembers()
        top = members[0].name
        files = {each.name.removeprefix(f"{top}/"): each for each in members if each.isfile()}
        bill = json.loads(archive.extractfile(f"{top}/sbom.spdx.json").read())  # type: ignore[union-attr]
        program = archive.extractfile(f"{top}/bin/dracut-sshd").read()  # type: ignore[union-attr]
        texts = {name: archive.extractfile(each).read().decode() for name, each in files.items() if not name.startswith("bin/")}  # type: ignore[union-attr]
    same([each.name for each in members], sorted(each.name for each in members))
    same({(each.uid, each.gid) for each in members}, {(0, 0)})
    same(len({each.mtime for each in members}), 1)
    same({name for name in files if not name.startswith("LICENSES-third-party/")},
         {"BUILT.md", "CHANGELOG.md", "LICENSE", "Makefile", "bin/dracut-sshd", "completions/bash/dracut-sshd", "completions/zsh/_dracut-sshd",
          "desk/unlock-host", "install-files", "install.list", "man/dracut-sshd-hosts.5", "man/dracut-sshd.1", "sbom.spdx.json",
          "units/dracut-sshd-watch.service"})
    same({name: each.mode for name, each in files.items() if each.mode != 0o644}, {"bin/dracut-sshd": 0o755, "desk/unlock-host": 0o755})
    has(len(program) <= 9_000_000, f"the program has {len(program)} bytes")
    # the bill of materials
    digests = {each["name"]: each["checksums"][0]["checksumValue"] for each in bill["packages"] if "checksums" in each}
    same(digests["dracut-sshd"], hashlib.sha256(program).hexdigest())
    ids = {each["SPDXID"] for each in bill["packages"]} | {"SPDXRef-DOCUMENT"}
    same(len(ids), len(bill["packages"]) + 1)
    has({each["relatedSpdxElement"] for each in bill["relationships"]} <= ids, "a relationship has no end")
    names = {each["SPDXID"]: each["name"] for each in bill["packages"]}
    linked = {names[each["relatedSpdxElement"]] for each in bill["relationships"] if each["relationshipType"] == "STATIC_LINK"}
    for name in ("libc6-dev", "libssl-dev", "zlib1g-dev", "libbz2-dev", "liblzma-dev", "liblz4-dev", "libzstd-dev"):
        has(name in linked, f"the bill of materials does not say that {name} is linked in")
    has(any(name.startswith("libstdc++-") for name in linked), "libstdc++ is missing")
    has("libarchive-dev" not in names.values(), "libarchive has no part in the program")
    headers = {names[each["relatedSpdxElement"]] for each in bill["relationships"] if each["relationshipType"] == "CONTAINS"}
    has({"libfmt-dev", "libcli11-dev", "libtomlplusplus-dev", "nlohmann-json3-dev"} <= headers, f"of headers alone: {sorted(headers)}")
    # each has its licence, and a source that the list names
    listed = {tuple(line.split()) for line in (made.out / f"dracut-sshd-static-{made.version}-sources.list").read_text().splitlines()}
    sources = {(each["name"], each["versionInfo"]) for each in bill["packages"] if each["primaryPackagePurpose"] == "SOURCE" and "externalRefs" in each}
    has(sources <= listed, f"not in the list: {sorted(sources - listed)}")
    for name, version in sources:
        has(f"{name} {version}" in texts["BUILT.md"], f"BUILT.md does not name {name} {version}")
    for name in ("openssl", "glibc", "xz-utils", "fmtlib"):
        has(f"LICENSES-third-party/{name}.copyright" in files, f"no licence of {name}")
    for name in re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])", "".join(texts.values())):
        has(f"LICENSES-third-party/{name}.txt" in files, f"a copyright file refers to {name}, which is missing")


def test_both_architectures_have_the_same_libraries(made: Made) -> None:
    """The cross compiler's own C library would have no security updates."""
    linked = []
    for arch in ARCHES:
        bill = json.loads((made.tree(arch) / "sbom.spdx.json").read_text())
        parts = {each["SPDXID"]: (each["name"], each["versionInfo"]) for each in bill["packages"]}
        linked.append(sorted(parts[each["relatedSpdxElement"]] for each in bill["relationships"] if each["relationshipType"] == "STATIC_LINK"))
    same(linked[1], linked[0])


@pytest.mark.parametrize("arch", ARCHES)
def test_answers_as_the_dynamically_linked_program(made: Made, images: Path, arch: str) -> None:
    for words in questions():
        ours, theirs = ran([*made.command(arch), *words], cwd=images), ran([DYNAMIC, *words], cwd=images)
        same((words, ours.returncode, ours.stdout, ours.stderr), (words, theirs.returncode, theirs.stdout, theirs.stderr))
    for place in ("ours", "theirs"):
        shutil.rmtree(images / place, ignore_errors=True)
    ran([*made.command(arch), "inspect", "extract", "zstd.img", "ours"], cwd=images)
    ran([DYNAMIC, "inspect", "extract", "zstd.img", "theirs"], cwd=images)
    shell.run(["diff", "-r", str(images / "ours"), str(images / "theirs")])


@pytest.mark.parametrize("arch", ARCHES)
def test_needs_nothing_but_itself(made: Made, images: Path, arch: str, tmp_path: Path) -> None:
    """In a folder as its root that has no /etc, no /usr, no /dev and no /proc."""
    command = ["/dracut-sshd"]
    shutil.copy(made.tree(arch) / "bin/dracut-sshd", tmp_path)
    if arch != platform.machine():
        shutil.copy(emulator(arch), tmp_path / "emulator")
        command = ["/emulator", "/dracut-sshd"]
    for file in images.glob("*.img"):
        shutil.copy(file, tmp_path)
    for words in questions():
        inside, outside = ran(["/usr/sbin/chroot", tmp_path, *command, *words]), ran([*made.command(arch), *words], cwd=images)
        same((words, inside.returncode, inside.stdout), (words, outside.returncode, outside.stdout))
    # what needs other programs says so
    for words in (["rehearse", "--image", "zstd.img"], ["unlock", "host"]):
        refused = ran(["/usr/sbin/chroot", tmp_path, *command, *words])
        has(refused.returncode in (1, 3) and refused.stderr.startswith(b"error: ") and not refused.stdout, f"{words}: {refused}")


@pytest.mark.parametrize("arch", ARCHES)
def test_heeds_no_configuration_of_openssl(made: Made, images: Path, arch: str, tmp_path: Path) -> None:
    """It would name modules, which a static program cannot load."""
    (tmp_path / "openssl.cnf").write_text("openssl_conf = all\n[all]\nproviders = them\n[them]\nnone = it\n[it]\nmodule = /nonesuch.so\nactivate = 1\n")
    words = ["inspect", "--json", "zstd.img"]
    plain = ran([*made.command(arch), *words], cwd=images)
    for value in (tmp_path / "openssl.cnf", tmp_path / "nonesuch"):
        told = ran(["/usr/bin/env", f"OPENSSL_CONF={value}", "OPENSSL_MODULES=/nonesuch", *made.command(arch), *words], cwd=images)
        same((told.returncode, told.stdout, told.stderr), (plain.returncode, plain.stdout, plain.stderr))


@pytest.mark.parametrize("arch", ARCHES)
def test_passes_the_tests_of_inspect(made: Made, arch: str, tmp_path: Path) -> None:
    if shutil.which("bats") is None:
        raise shell.Skipped("bats is not installed")
    program = tmp_path / "dracut-sshd"
    program.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in made.command(arch)) + ' "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(["bats", "--tap", places.project / "orchestrator/tests/tool/inspect.bats"], capture_output=True, text=True, check=False,
                          env={**os.environ, "DRACUT_SSHD": str(program)}, stdin=subprocess.DEVNULL, timeout=1200)
    has(done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("ok ")))


@pytest.mark.parametrize("suite", scenario.SUITES)
def test_runs_on_debian(made: Made, images: Path, suite: str) -> None:
    """In a root with apt and what is essential, without the name service's configuration."""
    if platform.machine() != "x86_64":
        raise shell.Skipped(f"the roots are {platform.machine()}'s")
    with clean_root.unpacked(suite, "apt") as root:
        shutil.copy(made.tree("x86_64") / "bin/dracut-sshd", root.folder / "usr/bin")
        shutil.copy(images / "zstd.img", root.folder / "root")
        for name in ("etc/nsswitch.conf", "etc/passwd", "etc/ssl"):
            path = root.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        said = root.run("cd /root; env -i /usr/bin/dracut-sshd --version; env -i /usr/bin/dracut-sshd inspect list zstd.img", timeout=60).output
        has(said.startswith(f"dracut-sshd {made.version}\n") and "root/.ssh/authorized_keys" in said, said)
        same(root.run("cd /root; env -i /usr/bin/dracut-sshd inspect --json zstd.img", timeout=60, check=False).output.encode(),
             ran([DYNAMIC, "inspect", "--json", "zstd.img"], cwd=images).stdout)
