# SPDX-License-Identifier: GPL-3.0-or-later
"""dracut-sshd-rebuild on systems that boot unified kernel images: the real kernel-install with ukify, and the real dracut with uefi=yes,
make and sign them, in a root of Debian. What comes out is what `dracut-sshd inspect` takes for signed and good; what lacks a signature is
not used. Scenarios (uki-*, refused-uki-*) boot such images."""

from __future__ import annotations

import json
import os
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
import roots
import shell
import uki
import verdict

# How the image is made, and what its root needs for that.
WAYS = {("13", "kernel-install"): uki.PACKAGES, ("13", "dracut"): uki.PACKAGES, ("12", "dracut"): uki.OLD_PACKAGES}
CONFIGURED = {"kernel-install": {"etc/kernel/install.conf": "layout=uki\nBOOT_ROOT=/efi\n", "etc/kernel/entry-token": "e2e\n"},
              "dracut": {"etc/dracut.conf.d/uki.conf": 'uefi="yes"\nkernel_cmdline="@CMDLINE@"\n'}}
SIGNED = {"kernel-install": ("etc/kernel/uki.conf", "[UKI]\nSecureBootPrivateKey=/etc/secure-boot/db.key\nSecureBootCertificate=/etc/secure-boot/db.pem\n"),
          "dracut": ("etc/dracut.conf.d/sign.conf", 'uefi_secureboot_key="/etc/secure-boot/db.key"\nuefi_secureboot_cert="/etc/secure-boot/db.pem"\n')}


class Here:
    """A root with the module, dracut and what makes such images, and an empty boot partition."""

    def __init__(self, suite: str, way: str, module: package.Package) -> None:
        self.way = way
        self.site = machine.get(roots.get(suite, WAYS[suite, way]))
        self.work = Path(tempfile.mkdtemp(prefix="e2e-uki-", dir=places.cache))
        self.tree, self.log = self.work / "root", self.work / "log"
        machine.unpack(self.site, self.tree)
        machine.put(self.tree, "etc/dracut.conf.d/90-e2e.conf", image.settings("hostonly"))
        self.kernel = next((self.tree / "usr/lib/modules").iterdir()).name
        words = f"rd.luks.name={self.site.uuid('root')}=cryptroot root=/dev/mapper/cryptroot rw"
        machine.put(self.tree, "etc/kernel/cmdline", f"{words}\n")
        for path, text in CONFIGURED[way].items():
            machine.put(self.tree, path, text.replace("@CMDLINE@", words))
        (self.tree / "efi/EFI").mkdir(parents=True)
        uki.make_keys(self.tree / "etc/secure-boot")
        shutil.copytree(self.site.folder, self.tree / "var/tmp/site", ignore=shutil.ignore_patterns("*.img", "passphrase-*"))
        shutil.copy(module.file, self.tree / "var/tmp/module.deb")
        image.inside(self.tree, ["sh", "-euc", "rm -f /etc/kernel/postinst.d/dracut && apt-get install -y /var/tmp/module.deb"], self.log)

    def sign(self, wanted: bool) -> None:
        path, text = SIGNED[self.way]
        if wanted:
            machine.put(self.tree, path, text)
        else:
            (self.tree / path).unlink()

    def rebuild(self) -> shell.Result:
        return image.inside(self.tree, ["dracut-sshd-rebuild", "--kernel", self.kernel], self.log, timeout=2400, check=False)

    def images(self) -> list[Path]:
        return sorted((self.tree / "efi/EFI/Linux").glob("*.efi"))

    def end(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)


@pytest.fixture
def here(request: pytest.FixtureRequest, module_package: Callable[[str], package.Package]) -> Iterator[Here]:
    suite, way = request.param
    made = Here(suite, way, module_package(suite))
    yield made
    made.end()


def inspected(file: Path) -> dict[str, str]:
    """What is said of each check: its severity and message."""
    done = subprocess.run([str(verdict.program()), "inspect", "--json", str(file)], capture_output=True, timeout=300, check=False)
    said = json.loads(done.stdout)
    if not said["uki"]:
        raise shell.Failed(f"{file.name} is no unified kernel image")
    return {finding["id"]: f"{finding['severity']}: {finding['message']}" for finding in said["findings"]}


@pytest.mark.parametrize("here", [pytest.param(way, id=f"{way[1]}:{way[0]}", marks=pytest.mark.extended if way == ("13", "kernel-install") else pytest.mark.all)
                                  for way in WAYS], indirect=True)
def test_rebuild(here: Here, record_property: Callable[[str, object], None]) -> None:
    here.sign(True)
    done = here.rebuild()
    if done.status != 0 or len(here.images()) != 1:
        raise shell.Failed(f"it ended with {done.status}, and made {here.images()}: {done.output.strip()[-1500:]}")
    made = here.images()[0]
    record_property("", made.name)
    said = inspected(made)
    if "signed by e2e db" not in said["image.signed"] or not said["image.signed"].startswith("ok"):
        raise shell.Failed(f"image.signed: {said['image.signed']}")
    wrong = [f"{name} {text}" for name, text in said.items() if text.startswith(("error", "unknown"))]
    if wrong:
        raise shell.Failed(f"what is wrong with it: {wrong}")
    if list((here.tree / "boot").glob("init*")):
        raise shell.Failed("there is an initramfs of its own, too")

    # Without a key there is no signature, and the image before it stays.
    before = places.digest(made)
    here.sign(False)
    done = here.rebuild()
    if done.status != 1 or "is not signed, and the one before it is" not in done.output:
        raise shell.Failed(f"without a key it ended with {done.status}: {done.output.strip()[-1500:]}")
    if here.images() != [made] or places.digest(made) != before:
        raise shell.Failed("the image is not what it was")
    left = [name for name in os.listdir(made.parent) if name not in (made.name, f"dracut-sshd-{made.name}.old")]
    if left:
        raise shell.Failed(f"it leaves {left} behind")
