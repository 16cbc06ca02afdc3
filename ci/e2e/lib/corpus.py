# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus: inputs that are laid over an image, what a real sshd does with each, and what `dracut-sshd inspect` says of the same bytes.

A case of ci/e2e/corpus/sshd.toml may have these keys:
  add         what stands in sshd_config behind MIN, which lets root in with a key
  config      the whole of sshd_config, in place of MIN and `add`
  whole       true: the image's own sshd_config
  keys        /root/.ssh/authorized_keys; @KEY@ alone if it is not said
  files       further files: path -> text
  modes       of files, folders: path -> mode in octal figures; a folder that is there gets it, another one is made
  copy        files of the suite's root that the image lacks: path -> path in the root
  identity    what the client has: "key" (an ed25519 key, the default), "rsa", "rsa1024", "ecdsa", "cert"
  from        the addresses that the client comes from; 10.77.0.1 if it is not said
  to          the machine's addresses that it connects to; 10.77.0.2 if it is not said
  port        that it connects to; 22 if it is not said
  proof       what it has to see once it is in; a word that it lets the shell print if it is not said
  suites      the suites that it is tried on; all if it is not said
  real        what the real sshd did: "in", "out", "depends"; or by suite
Texts may have @KEY@, @OTHER@, @RSA@, @RSA1024@, @ECDSA@, @CA@, @KRL@ and the like: see words_of().
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cpio
import places
import readers
import shell
import verdict

DATA = places.project / "ci/e2e/corpus/sshd.toml"
SUITES = ("12", "13", "14")
MIN = "PermitRootLogin prohibit-password\nUsePAM no\n"
CMDLINE = "root=/dev/mapper/cryptroot rd.luks.name=00000000-0000-4000-8000-000000000001=cryptroot"
CLIENT, MACHINE = "10.77.0.1", "10.77.0.2"
IDENTITIES = ("key", "rsa", "rsa1024", "ecdsa", "cert")
REAL = ("in", "out", "depends")
# What an exit status of `dracut-sshd inspect` says.
SAID = {0: "in", 1: "out", 4: "depends"}


@dataclass(frozen=True)
class Case:
    name: str
    real: dict[str, str]
    add: str = ""
    config: str = ""
    whole: bool = False
    keys: str = "@KEY@\n"
    files: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    copy: dict[str, str] = field(default_factory=dict)
    identity: str = "key"
    sources: tuple[str, ...] = (CLIENT,)
    to: tuple[str, ...] = (MACHINE,)
    port: int = 22
    proof: str | None = None


def load(file: Path = DATA) -> list[Case]:
    out: list[Case] = []
    for name, keys in tomllib.loads(file.read_text()).items():
        said = dict(keys)
        suites = said.pop("suites", SUITES)
        real = said.pop("real")
        values = {suite: real if isinstance(real, str) else real[suite] for suite in suites}
        if not set(values.values()) <= set(REAL):
            raise shell.Failed(f"{file.name}: {name}: real is none of {', '.join(REAL)}")
        for key, kind in (("from", "sources"), ("to", "to")):
            if key in said:
                said[kind] = tuple(said.pop(key))
        try:
            case = Case(name, values, **said)
        except TypeError as fault:
            raise shell.Failed(f"{file.name}: {name}: {fault}") from fault
        if case.identity not in IDENTITIES:
            raise shell.Failed(f"{file.name}: {name}: identity is none of {', '.join(IDENTITIES)}")
        out.append(case)
    return out


def make_keys(folder: Path) -> None:
    """The client's keys, an authority, lists of revoked keys; all thrown away with the folder."""
    def keygen(*arguments: str) -> None:
        shell.run(["ssh-keygen", "-q", *arguments])
    for name, kind in (("key", ("ed25519",)), ("other", ("ed25519",)), ("ca", ("ed25519",)), ("rsa", ("rsa", "-b", "2048")),
                       ("rsa1024", ("rsa", "-b", "1024")), ("ecdsa", ("ecdsa",)), ("cert", ("ed25519",))):
        keygen("-t", *kind, "-N", "", "-C", f"corpus {name}", "-f", str(folder / name))
    keygen("-s", str(folder / "ca"), "-I", "corpus", "-n", "root", str(folder / "cert.pub"))
    for name, key in (("krl", "key"), ("krl-other", "other")):
        keygen("-k", "-f", str(folder / name), str(folder / f"{key}.pub"))
    hashes = folder / "hashes"
    fingerprint = shell.run(["ssh-keygen", "-lf", str(folder / "key.pub")]).output.split()[1]
    hashes.write_text(f"hash: {fingerprint}\n")
    keygen("-k", "-f", str(folder / "krl-hash"), str(hashes))


def words_of(folder: Path, pam: str) -> dict[str, bytes]:
    def public(name: str) -> bytes:
        return (folder / f"{name}.pub").read_bytes().strip()
    key = public("key")
    kind, blob = key.split()[:2]
    return {"MIN": MIN.encode(), "KEY": key, "OTHER": public("other"), "RSA": public("rsa"), "RSA1024": public("rsa1024"), "ECDSA": public("ecdsa"),
            "CA": public("ca"), "KRL": (folder / "krl").read_bytes(), "KRL_OTHER": (folder / "krl-other").read_bytes(),
            "KRL_HASH": (folder / "krl-hash").read_bytes(), "KEY_BROKEN": kind + b" " + blob[:40] + b"\n" + blob[40:],
            "LONG": b"x" * 300_000, "MANY": (public("other") + b"\n") * 2000, "PAM": pam.encode()}


def filled(text: str, words: dict[str, bytes]) -> bytes:
    out = text.encode()
    for name, value in words.items():
        out = out.replace(b"@" + name.encode() + b"@", value)
    return out


def entries_of(case: Case, words: dict[str, bytes], root: Path) -> list[cpio.Entry]:
    """What is laid over the image. `root`: the suite's own tree."""
    files: dict[str, tuple[bytes, int]] = {}
    if not case.whole:
        files["etc/ssh/sshd_config"] = (filled(case.config or MIN + case.add, words), 0o600)
    files["root/.ssh/authorized_keys"] = (filled(case.keys, words), 0o600)
    for path, text in case.files.items():
        files[path] = (filled(text, words), 0o600 if path == "etc/shadow" or path.startswith("root/") else 0o644)
    for path, source in case.copy.items():
        there = root / filled(source, words).decode()
        files[filled(path, words).decode()] = (there.read_bytes(), there.stat().st_mode & 0o777)
    modes = {path: int(mode, 8) for path, mode in case.modes.items()}
    folders = [cpio.Entry(path, 0o040000 | mode, b"") for path, mode in modes.items() if path not in files]
    # The folders last: those on the way to a file are made before it, with the mode that they usually have.
    return [cpio.Entry(path, 0o100000 | modes.get(path, mode), data) for path, (data, mode) in files.items()] + folders


def real_of(seen: dict[str, bool]) -> str:
    """Of every way that was tried."""
    return "in" if all(seen.values()) else "depends" if any(seen.values()) else "out"


def judged(real: str, status: int) -> str:
    """What an answer of `dracut-sshd inspect` is worth."""
    said = SAID.get(status, "")
    if said == real:
        return "agrees"
    if said == "in":
        return "false comfort"
    return "false alarm" if said == "out" else "cannot tell"


def unpack(image: Path, tree: Path) -> None:
    """The image as the kernel would have it, but for devices."""
    tree.mkdir(exist_ok=True)
    for archive in readers.archives(image):
        # It may be forbidden to make devices: cpio's status says nothing then.
        subprocess.run(["cpio", "--extract", "--make-directories", "--unconditional", "--quiet"], check=False, input=archive, cwd=tree, capture_output=True)
    if not (tree / "usr/sbin/sshd").exists():
        raise shell.Failed(f"{image}: there is no sshd in it")


def pam_folder(root: Path) -> str:
    """Where this suite has PAM's modules, without the leading slash."""
    found = sorted(root.glob("usr/lib/*/security/pam_permit.so")) or sorted(root.glob("lib/*/security/pam_permit.so"))
    if not found:
        raise shell.Failed(f"{root}: no pam_permit.so")
    return str(found[0].parent.relative_to(root))


def logins(suite: str, tree: Path, root: Path, keys: Path, work: Path, names: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """What the real sshd does, of each case that the suite has."""
    out = work / f"logins-{suite}.json"
    program = Path(__file__).with_name("corpus_login.py")
    shell.run(["nice", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "--", sys.executable, str(program), suite,
               str(tree), str(root), str(keys), str(out), *names], timeout=1500, log=work / "logins.log")
    return json.loads(out.read_text())


def answers(case: Case, image: Path, words: dict[str, bytes], root: Path, work: Path, *options: str) -> tuple[int, list[dict[str, str]]]:
    """What `dracut-sshd inspect` says of the image with the case laid over it: the exit status, and the findings that decide."""
    file = work / "image"
    data = image.read_bytes()
    file.write_bytes(data + b"\0" * (-len(data) % 4) + cpio.archive(entries_of(case, words, root)))
    argv = [str(verdict.program()), "inspect", "--json", "--cmdline", CMDLINE, *options, str(file)]
    done = subprocess.run(argv, capture_output=True, timeout=300, check=False)
    try:
        findings = json.loads(done.stdout)["findings"]
    except (ValueError, KeyError) as fault:
        raise shell.Failed(f"{case.name}: inspect ended with {done.returncode}: {done.stderr.decode(errors='replace')[-600:]}") from fault
    return done.returncode, [finding for finding in findings if finding["severity"] in ("error", "unknown")]
