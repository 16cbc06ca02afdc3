# SPDX-License-Identifier: GPL-3.0-or-later
"""Unified kernel images, signed for Secure Boot by keys of a test's own, and the firmware (OVMF) that starts them."""

from __future__ import annotations

import shutil
import struct
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import arch
import image
import machine
import places
import roots
import shell
import tpm

# What makes and signs such images, and what lsinitrd takes them apart with. Those of a TPM go with them, so that one root does for all.
PACKAGES = ("systemd-ukify", "systemd-boot-efi", "sbsigntool", "binutils", *tpm.PACKAGES)
TPM_PACKAGES = {"14": ("systemd-tpm",)}  # where systemd-measure has a package of its own: systemd 261 in Debian
OLD_PACKAGES = ("systemd-boot-efi", "sbsigntool", "binutils")  # of Debian 12, which has no ukify
# What scenario.UKIS are. signed: by the key in the firmware's db. tampered: so, and then one bit of its initramfs is changed. unsigned; stranger: by a key
# that the firmware does not know. foreign: somebody else made it, with keys of their own for Secure Boot and for PCR 11, and the firmware
# checks nothing. Where the machine has a TPM, a policy for PCR 11 is signed, too.
FOLDER = Path("/usr/share/OVMF")
CODE, EMPTY = FOLDER / "OVMF_CODE_4M.secboot.fd", FOLDER / "OVMF_VARS_4M.fd"
KEYS = "keys-secure-boot"  # a folder
TREE = "tools"  # the root whose programs make an image
NAMES = ("PK", "KEK", "db", "stranger")

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
DATABASE = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
SWITCH = uuid.UUID("f0a30bc7-af08-4556-99c4-001009c93a44")
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")


def make_keys(folder: Path) -> None:
    folder.mkdir()
    for name in NAMES:
        shell.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "3650", "-subj", f"/CN=e2e {name}",
                   "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")])
        shell.run(["openssl", "x509", "-in", str(folder / f"{name}.pem"), "-outform", "DER", "-out", str(folder / f"{name}.der")])


def pcr_key(site: machine.Site) -> Path:
    """The key that signs what PCR 11 may be. A folder of the site: programs of a root have it below /var/tmp/site while an image is made."""
    folder = site.folder / "uki-pcr"
    with places.locked(folder):
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="boot-uki-", dir=places.cache) as work:
                _pcr_key(Path(work) / "keys")
                (Path(work) / "keys").rename(folder)
    return folder


def _pcr_key(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    shell.run(["openssl", "genrsa", "-out", str(folder / "private.pem"), "2048"])
    shell.run(["openssl", "rsa", "-in", str(folder / "private.pem"), "-pubout", "-out", str(folder / "public.pem")])


def _list(certificate: bytes) -> bytes:
    """EFI_SIGNATURE_LIST of one X.509 certificate (UEFI specification, "Signature Database")."""
    return X509.bytes_le + struct.pack("<III", 28 + 16 + len(certificate), 0, 16 + len(certificate)) + uuid.uuid4().bytes_le + certificate


def _variable(name: str, vendor: uuid.UUID, attributes: int, data: bytes) -> bytes:
    """As edk2 keeps it: MdeModulePkg/Include/Guid/VariableFormat.h, AUTHENTICATED_VARIABLE_HEADER."""
    text = name.encode("utf-16-le") + b"\0\0"
    entry = struct.pack("<HBBIQ16sIII", 0x55AA, 0x3F, 0, attributes, 0, b"", 0, len(text), len(data)) + vendor.bytes_le + text + data
    return entry + b"\xff" * (-len(entry) % 4)


def make_variables(keys: Path, file: Path) -> None:
    """The firmware's variables, as if somebody had enrolled the keys and switched Secure Boot on. Written here and by `dracut-sshd rehearse`
    each in its own way: where they differ, one of them is wrong."""
    store = bytearray(EMPTY.read_bytes())
    begin = struct.unpack_from("<H", store, 48)[0] + 28  # behind the volume's header and the store's
    if store[begin:begin + 2] != b"\xff\xff":
        raise shell.Failed(f"{EMPTY} is not empty")
    made = b"".join(_variable(name, GLOBAL if name != "db" else DATABASE, 0x27, _list((keys / f"{name}.der").read_bytes()))
                    for name in ("PK", "KEK", "db"))
    made += _variable("SecureBootEnable", SWITCH, 3, b"\1")
    store[begin:begin + len(made)] = made
    file.write_bytes(store)


def _sections(data: bytes) -> dict[str, tuple[int, int]]:
    header = struct.unpack_from("<I", data, 60)[0]
    count, optional = struct.unpack_from("<H", data, header + 6)[0], struct.unpack_from("<H", data, header + 20)[0]
    found = {}
    for number in range(count):
        entry = header + 24 + optional + number * 40
        size, offset = struct.unpack_from("<II", data, entry + 16)
        found[data[entry:entry + 8].rstrip(b"\0").decode()] = (offset, size)
    return found


def packages(suite: str) -> tuple[str, ...]:
    return (*PACKAGES, *TPM_PACKAGES.get(suite, ()))


def tamper(file: Path) -> None:
    """One bit in the middle of its initramfs."""
    data = bytearray(file.read_bytes())
    offset, size = _sections(data)[".initrd"]
    data[offset + size // 2] ^= 1
    file.write_bytes(data)


@dataclass(frozen=True)
class Made:
    file: Path
    keys: Path


def make(site: machine.Site, kind: str, kernel: Path, initrd: Path, arguments: str, work: Path, measured: bool = False) -> Made:
    """measured: with a signed policy for PCR 11. By the root's own ukify, which signs by sbsign."""
    if arch.here().name != "amd64":
        raise shell.Skipped("unified kernel images are booted on amd64 alone")
    keys = work / KEYS
    make_keys(keys)
    tree = work / TREE
    roots.unpack(site.root, tree)
    if not (tree / "usr/bin/ukify").exists():
        raise shell.Skipped("the root has no ukify")
    inner = tree / "var/tmp/uki"
    inner.mkdir()
    for file, name in ((kernel, "linux"), (initrd, "initrd")):
        shutil.copy(file, inner / name)
    (inner / "cmdline").write_text(arguments)
    shutil.copytree(keys, inner / "keys")
    release = next((tree / "usr/lib/modules").iterdir()).name
    signer = {"unsigned": "", "stranger": "stranger", "foreign": "stranger"}.get(kind, "db")
    sign = [f"--secureboot-private-key=/var/tmp/uki/keys/{signer}.key", f"--secureboot-certificate=/var/tmp/uki/keys/{signer}.pem"] if signer else []
    if measured:
        if kind == "foreign":
            _pcr_key(inner / "pcr")
        else:
            shutil.copytree(pcr_key(site), inner / "pcr")
        sign += ["--pcr-private-key=/var/tmp/uki/pcr/private.pem", "--pcr-public-key=/var/tmp/uki/pcr/public.pem", "--pcr-banks=sha256"]
    image.inside(tree, ["ukify", "build", "--linux=/var/tmp/uki/linux", "--initrd=/var/tmp/uki/initrd", "--cmdline=@/var/tmp/uki/cmdline",
                        f"--uname={release}", *sign, "--output=/var/tmp/uki/e2e.efi"], work / "ukify.log")
    made = work / f"e2e-{release}.efi"
    shutil.move(inner / "e2e.efi", made)
    made.chmod(0o600)
    shutil.rmtree(tree)
    if kind == "tampered":
        tamper(made)
    return Made(made, keys)


def firmware(made: Made, kind: str, work: Path) -> dict[str, object]:
    """For guest.Guest."""
    if not CODE.exists():
        raise shell.Skipped("ovmf is not installed")
    place = work / "boot/EFI/BOOT"
    place.mkdir(parents=True)
    shutil.copy(made.file, place / "BOOTX64.EFI")
    if kind == "foreign":
        shutil.copy(EMPTY, work / "variables.fd")  # no key is enrolled: nothing is checked
    else:
        make_variables(made.keys, work / "variables.fd")
    return {"code": str(CODE), "variables": str(work / "variables.fd"), "boot_partition": str(work / "boot"), "oem_strings": []}
