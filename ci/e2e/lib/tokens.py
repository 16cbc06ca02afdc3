# SPDX-License-Identifier: GPL-3.0-or-later
"""What opens the root's disk beside its passphrase: a token in its LUKS2 header, made by the programs of the disk's own root, in which it is
enrolled without device-mapper. Kept as the first bytes of the disk, and laid over a copy of it for each guest: the data stays the same."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import image
import machine
import places
import roots
import shell
import tpm

HEADER = 32 << 20  # of bytes: all of the header that machine.encrypt() makes room for
PLACE = "var/tmp/token"
TANG = "10.77.0.1:7500"  # in the guest's network
SLOT = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]
# Tokens that need a device which no test has: as systemd-cryptenroll writes them, with random bytes in the place of what the device made.
IMPORTED = {
    **{name: {"type": "systemd-fido2", "keyslots": ["1"], "fido2-credential": "@RANDOM@", "fido2-salt": "@RANDOM@", "fido2-rp": "io.systemd.cryptsetup",
              "fido2-clientPin-required": pin, "fido2-up-required": True, "fido2-uv-required": False}
       for name, pin in (("fido2", False), ("fido2-pin", True))},
    "pkcs11": {"type": "systemd-pkcs11", "keyslots": ["1"], "pkcs11-uri": "pkcs11:token=e2e;object=disk", "pkcs11-key": "@RANDOM@"},
}
# Shell, in the root, in the folder that has "disk", "passphrase", and "pin".
ENROLL = {
    "tpm2": f'PASSWORD=$(cat passphrase) systemd-cryptenroll --tpm2-device="$TPM" --tpm2-pcrs={tpm.PCR} disk',
    "tpm2-pin": f'PASSWORD=$(cat passphrase) NEWPIN=$(cat pin) systemd-cryptenroll --tpm2-device="$TPM" --tpm2-pcrs={tpm.PCR} --tpm2-with-pin=yes disk',
    "clevis-tpm2": f"TPM2TOOLS_TCTI=$TPM clevis luks bind -f -k passphrase -d disk tpm2 '{{\"pcr_bank\":\"sha256\",\"pcr_ids\":\"{tpm.PCR}\"}}'",
    "clevis-tang": f"clevis luks bind -f -y -k passphrase -d disk tang '{{\"url\":\"http://{TANG}\",\"adv\":\"/{PLACE}/adv\"}}'",
    **{kind: f"cryptsetup luksAddKey -q --key-file passphrase {' '.join(SLOT)} disk random && cryptsetup token import --json-file token disk"
       for kind in IMPORTED},
}
KINDS = ("", *ENROLL)


def disk(site: machine.Site, kind: str, changed: bool, work: Path) -> Path:
    """The root's disk with such a token, for one guest. changed: the TPM's PCR has another value by then."""
    header = _header(site, kind, changed)
    file = work / "root.img"
    shell.run(["cp", "--sparse=always", "--reflink=auto", str(site.folder / "root.img"), str(file)], timeout=300)
    with file.open("r+b") as out:
        out.write(header.read_bytes())
    return file


def _header(site: machine.Site, kind: str, changed: bool) -> Path:
    file = site.folder / f"token-{kind}{'-changed' if changed else ''}-{places.digest(Path(__file__))}"
    with places.locked(file):
        if not file.exists():
            print(f"{site.root.suite}: making a token of the kind {kind} (once)", flush=True)
            with tempfile.TemporaryDirectory(prefix="boot-token-", dir=places.cache) as work:
                _make(site, kind, changed, Path(work))
                (Path(work) / "header").rename(file)
    return file


def _make(site: machine.Site, kind: str, changed: bool, work: Path) -> None:
    tree = work / "root"
    roots.unpack(site.root, tree)
    folder = tree / PLACE
    folder.mkdir(mode=0o700, parents=True)
    shell.run(["cp", "--sparse=always", "--reflink=auto", str(site.folder / "root.img"), str(folder / "disk")], timeout=300)
    machine.put(folder, "passphrase", site.passphrase("root"), 0o600)
    machine.put(folder, "pin", site.passphrase(_pin(site)), 0o600)
    machine.put(folder, "random", secrets.token_hex(32), 0o600)
    if kind in IMPORTED:
        machine.put(folder, "token", json.dumps({name: base64.b64encode(secrets.token_bytes(32)).decode() if value == "@RANDOM@" else value for name, value in IMPORTED[kind].items()}))
    if kind == "clevis-tang":
        (folder / "adv").write_bytes(_advertisement(tang(site)))
    with tpm.reachable(site, tree, changed=changed) if "tpm2" in kind else contextlib.nullcontext(""):
        image.inside(tree, ["sh", "-euc", f"cd /{PLACE} && TPM={tpm.DEVICE} && {ENROLL[kind]} && cryptsetup luksDump disk"], work / "log", timeout=300)
    with (folder / "disk").open("rb") as source, (work / "header").open("wb") as out:
        out.write(source.read(HEADER))


def _pin(site: machine.Site) -> str:
    """The name of the PIN among the passphrases."""
    file = site.folder / "passphrase-pin"
    with places.locked(file):
        if not file.exists():
            machine.put(site.folder, file.name, f"pin {secrets.token_hex(6)}", 0o600)
    return "pin"


def _tang_program(name: str) -> str:
    for folder in ("/usr/libexec", "/usr/lib/tang", "/usr/lib"):
        if (Path(folder) / name).exists():
            return str(Path(folder) / name)
    raise shell.Skipped(f"{name} is not installed; ci/deps core installs tang")


def tang(site: machine.Site) -> Path:
    """The keys of a Tang server, made when they are asked for first."""
    folder = site.folder / "tang"
    with places.locked(folder):
        if not folder.exists():
            made = folder.with_name("tang.part")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(mode=0o700)
            shell.run([_tang_program("tangd-keygen"), str(made)])
            made.rename(folder)
    return folder


def tang_server(site: machine.Site) -> list[str]:
    """What serves these keys, in the network namespace of a guest."""
    return ["python3", str(Path(__file__).with_name("inetd.py")), TANG, _tang_program("tangd"), str(tang(site))]


def _advertisement(keys: Path) -> bytes:
    said = subprocess.run([_tang_program("tangd"), str(keys)], input=b"GET /adv HTTP/1.1\r\nHost: e2e\r\n\r\n", capture_output=True, timeout=30, check=False).stdout
    head, _, body = said.partition(b"\r\n\r\n")
    if b" 200 " not in head or not body:
        raise shell.Failed(f"tangd advertises nothing: {said[:300]!r}")
    return body
