# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attacker, or a bad disk, may do to a site: one function a harm, for each layout of a repository. Each takes a copy of the
site, and returns (the beginning of) the path that a client has to ask for, or else it was refused for another reason."""

from __future__ import annotations

import base64
import gzip
import io
import platform
import re
import shutil
import tarfile
import textwrap
from pathlib import Path

import sites


def flip(file: Path, at: int) -> None:
    """One bit, the lowest, of the byte there."""
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def flip_after(file: Path, mark: bytes) -> None:
    """One bit of the first letter or digit after a mark for which that makes another one: the file stays well-formed, so that nothing but
    its digest or signature can tell."""
    content = file.read_bytes()
    start = content.index(mark) + len(mark)
    fine = (at for at in range(start, len(content)) if chr(content[at]).isalnum() and chr(content[at] ^ 1).isalnum())
    flip(file, next(fine))


def flip_in_armour(file: Path) -> None:
    """One bit of the last signature in a file, its very end; the armour's checksum is put right, so that it is still read."""
    text = file.read_text()
    head, body = text.rsplit("-----BEGIN PGP SIGNATURE-----\n", 1)
    lines = body.partition("-----END")[0].split()
    data = bytearray(base64.b64decode("".join(line for line in lines if line[0] != "=")))
    data[-1] ^= 1
    checksum = 0xB704CE
    for byte in data:
        checksum ^= byte << 16
        for _ in range(8):
            checksum = checksum << 1 ^ (0x1864CFB if checksum & 0x800000 else 0)
    crc = base64.b64encode(checksum.to_bytes(3, "big")).decode()
    armour = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    file.write_text(f"{head}-----BEGIN PGP SIGNATURE-----\n\n{armour}\n={crc}\n-----END PGP SIGNATURE-----\n")


class Layout:
    """A repository of one manager, in a copy of the site."""

    def __init__(self, site: Path, shop: sites.Sites, distribution: str) -> None:
        self.site, self.shop = site, shop
        older, newest = shop.published("new", distribution)[-2:]
        self.folder = str(Path(newest["how"]).parent)
        self.package, self.older = (next(file["path"] for file in entry["files"] if re.search(self.is_package, file["path"]))
                                    for entry in (newest, older))

    is_package: str
    metadata: str
    signatures: tuple[str, ...]

    @classmethod
    def asked_for(cls, path: str) -> str:
        """Where a client looks for a package of the catalog's."""
        return path

    def at(self, path: str) -> Path:
        return self.site / path

    def no_harm(self) -> str:
        return self.package

    def package_bit(self) -> str:
        file = self.at(self.package)
        flip(file, file.stat().st_size * 3 // 4)
        return self.package

    def swapped_package(self) -> str:
        """The older one, which is signed just as well, under the newer one's name."""
        shutil.copyfile(self.at(self.older), self.at(self.package))
        return self.package

    def no_signature(self) -> str:
        for name in self.signatures:
            self.at(name).unlink()
        return self.signatures[0]

    def other_key(self) -> str:
        """Everything is signed by a key of the same name; the key that the users are told to trust is theirs."""
        donor = self.shop.site("other")
        shutil.rmtree(self.at(self.folder))
        shutil.copytree(donor / self.folder, self.at(self.folder))
        return self.signatures[0]

    def expired_key(self) -> str:
        """The whole site, its key too: it was good when it was made."""
        donor = self.shop.site("expired")
        shutil.rmtree(self.site)
        shutil.copytree(donor, self.site)
        return self.metadata

    def sign(self, file: Path, to: Path, *how: str) -> None:
        to.unlink(missing_ok=True)
        self.shop.run(["gpg", "--batch", *how, "--output", str(to), str(file)])


class RpmMd(Layout):
    is_package = r"\.noarch\.rpm$"

    def __init__(self, site: Path, shop: sites.Sites, distribution: str) -> None:
        super().__init__(site, shop, distribution)
        self.metadata = f"{self.folder}/repodata/repomd.xml"
        self.signatures = (f"{self.metadata}.asc",)

    def metadata_bit(self) -> str:
        flip_after(self.at(self.metadata), b"<revision>")
        return self.metadata

    def signature_bit(self) -> str:
        flip_in_armour(self.at(self.signatures[0]))
        return self.signatures[0]

    def index_bit(self) -> str:
        named = re.search(r"repodata/[^\"]*-primary\.xml\.gz", self.at(self.metadata).read_text())
        assert named is not None
        path = f"{self.folder}/{named[0]}"
        flip(self.at(path), 9)  # gzip's name of the system: the content stays the same
        return path

    def _list_anew(self) -> None:
        self.shop.run(["createrepo_c", "--quiet", "--no-database", "--general-compress-type=gz", str(self.at(self.folder))])
        self.sign(self.at(self.metadata), self.at(self.signatures[0]), "--armor", "--detach-sign")

    def unsigned_package(self) -> str:
        self.shop.run(["rpmsign", "--delsign", str(self.at(self.package))])
        self._list_anew()
        return self.package

    def package_of_other_key(self) -> str:
        shutil.copyfile(self.shop.site("other") / self.package, self.at(self.package))
        self._list_anew()
        return self.package


class Deb(Layout):
    is_package = r"_all\.deb$"

    def __init__(self, site: Path, shop: sites.Sites, distribution: str) -> None:
        super().__init__(site, shop, distribution)
        self.dists = f"{self.folder}/dists/{Path(self.package).parent.name}"
        self.metadata = f"{self.dists}/InRelease"
        self.signatures = (self.metadata, f"{self.dists}/Release.gpg")

    def metadata_bit(self) -> str:
        flip_after(self.at(self.metadata), b"Description: ")
        return self.metadata

    def signature_bit(self) -> str:
        flip_in_armour(self.at(self.metadata))
        return self.metadata

    def index_bit(self) -> str:
        for file in self.at(f"{self.dists}/main").rglob("*"):
            if not file.is_file():
                continue
            if file.read_bytes()[:2] == b"\x1f\x8b":
                flip(file, 9)
            else:
                flip(file, file.stat().st_size // 2)
        return f"{self.dists}/main/binary-"


class Db(Layout):
    is_package = r"\.pkg\.tar\.[a-z]+$"

    @classmethod
    def asked_for(cls, path: str) -> str:
        """What is for all architectures lies in the folder of each, too ($arch)."""
        folder, name = path.rsplit("/", 1)
        return f"{folder}/{platform.machine()}/{name}"

    def __init__(self, site: Path, shop: sites.Sites, distribution: str) -> None:
        super().__init__(site, shop, distribution)
        self.folder = str(Path(self.asked_for(self.package)).parent)
        self.package, self.older = self.asked_for(self.package), self.asked_for(self.older)
        self.metadata = f"{self.folder}/{shop.package}.db"
        self.signatures = (f"{self.metadata}.sig",)

    def metadata_bit(self) -> str:
        flip(self.at(self.metadata), 9)
        return self.metadata

    def signature_bit(self) -> str:
        flip(self.at(self.signatures[0]), -1)
        return self.signatures[0]

    def _without_its_signature(self) -> None:
        """The database holds the packages' signatures; without them pacman asks for the file beside the package."""
        changed = io.BytesIO()
        with tarfile.open(self.at(self.metadata)) as old, tarfile.open(fileobj=changed, mode="w", format=tarfile.GNU_FORMAT) as new:
            for member in old:
                file = old.extractfile(member)
                content = file.read() if file else b""
                if member.name.endswith("/desc"):
                    content = re.sub(rb"%PGPSIG%\n[^\n]*\n\n", b"", content)
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
        self.at(self.metadata).write_bytes(gzip.compress(changed.getvalue()))
        self.sign(self.at(self.metadata), self.at(self.signatures[0]), "--no-armor", "--detach-sign")

    def unsigned_package(self) -> str:
        self.at(f"{self.package}.sig").unlink()
        self._without_its_signature()
        return f"{self.package}.sig"

    def package_of_other_key(self) -> str:
        for name in (self.package, f"{self.package}.sig"):
            shutil.copyfile(self.shop.site("other") / name, self.at(name))
        self._without_its_signature()
        return f"{self.package}.sig"


LAYOUTS: dict[str, type[Layout]] = {"dnf": RpmMd, "zypper": RpmMd, "apt": Deb, "pacman": Db}
UNSIGNED = "its packages bear no signature: the signed list has their digests"
# stage: the harm, and why there is none where a layout has none
REFUSALS = {
    "accepts-an-untouched-copy": ("no_harm", ""),
    "refuses-a-flipped-bit-in-the-package": ("package_bit", ""),
    "refuses-a-flipped-bit-in-the-metadata": ("metadata_bit", ""),
    "refuses-a-flipped-bit-in-the-list-of-packages": ("index_bit", "the metadata that is signed is the list"),
    "refuses-a-flipped-bit-in-the-signature": ("signature_bit", ""),
    "refuses-metadata-without-a-signature": ("no_signature", ""),
    "refuses-another-key-of-the-same-name": ("other_key", ""),
    "refuses-the-older-package-under-the-newer-name": ("swapped_package", ""),
    "refuses-an-unsigned-package-in-a-signed-list": ("unsigned_package", UNSIGNED),
    "refuses-another-keys-package-in-a-signed-list": ("package_of_other_key", UNSIGNED),
    "refuses-an-expired-key": ("expired_key", ""),
}
