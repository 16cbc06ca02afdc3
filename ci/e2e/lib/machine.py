# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine is, beside its packages: keys, passphrases, the real system's settings, and its encrypted disks.

All of it is made once for each root and kept beside the disk, because images that are kept hold the same keys."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import places
import roots
import shell

MARKER = "etc/e2e-marker"
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
          "systemd-networkd-wait-online.service", "NetworkManager-wait-online.service", "fstrim.timer")
NETWORK = "[Match]\nType=ether\n[Network]\nDHCP=yes\n"
# The console is a second way to see that the real system is up, for guests without a network.
PROOF = """[Unit]
Description=Say on the console that the real system is up
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'read -r marker </etc/e2e-marker && echo "e2e: the real system is up: $marker" >/dev/console'
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Site:
    root: roots.Root
    folder: Path
    id: str

    def text(self, name: str) -> str:
        return (self.folder / name).read_text().strip()

    def passphrase(self, name: str) -> str:
        return self.text(f"passphrase-{name}")

    def uuid(self, name: str) -> str:
        return self.text(f"uuid-{name}")

    def words(self) -> dict[str, str]:
        """What a scenario may write as @NAME@."""
        return {"KEY": self.text("key.pub"), "OTHER_KEY": self.text("other.pub"), "CA": self.text("ca.pub"),
                "WRONG": self.passphrase("wrong"), "SECOND_UUID": self.uuid("second"), "THIRD_UUID": self.uuid("third"),
                # As ci/e2e/installers calls them.
                "LUKS_UUID": self.uuid("root"), "LUKS2_UUID": self.uuid("second"), "ROOT_UUID": self.uuid("filesystem"),
                "MD_UUID": ":".join(self.uuid("lvm").replace("-", "")[at:at + 8] for at in (0, 8, 16, 24)), "BOOT_UUID": self.uuid("boot"), "EFI_UUID": self.uuid("efi")[:4].upper() + "-" + self.uuid("efi")[4:8].upper(),
                "SWAP_UUID": self.uuid("swap"), "ROOT_LVM_ID": self.uuid("lvm") * 2, "SWAP_LVM_ID": self.uuid("lvm") * 2}


def get(root: roots.Root, *, disks: bool = True) -> Site:
    """disks: the root's and further ones are wanted, and not keys, passphrases and names alone."""
    name = places.digest(root.id, root.tar.name, Path(__file__), disks)
    site = Site(root, places.cache / f"boot-site-{root.suite}-{name}", name)
    with places.locked(site.folder):
        if not site.folder.exists():
            print(f"{root.suite}: making keys{' and an encrypted disk' if disks else ''} (once)", flush=True)
            with tempfile.TemporaryDirectory(prefix="boot-site-", dir=places.cache) as work:
                made = Site(root, Path(work) / "site", name)
                made.folder.mkdir(mode=0o700)
                _make_keys(made)
                if disks:
                    tree = Path(work) / "root"
                    unpack(made, tree)
                    _make_root_disk(made, tree)
                    for disk, passphrase in (("second", "root"), ("third", "third")):
                        _make_further_disk(made, disk, passphrase)
                made.folder.rename(site.folder)
        os.utime(site.folder)
    places.keep_newest(places.cache, "boot-site-*[0-9a-f]", 12)
    return site


def _make_keys(site: Site) -> None:
    # The last two: the host key that is sealed to a TPM, and the one that is shown where it cannot be opened.
    for name in ("key", "other", "ca", "certified", "dracut_ssh_host_ed25519_key", "sealed_host_key", "unsealed_host_key"):
        shell.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"e2e {name}", "-f", str(site.folder / name)])
    shell.run(["ssh-keygen", "-q", "-s", str(site.folder / "ca"), "-I", "e2e user", "-n", "root", str(site.folder / "certified.pub")])
    (site.folder / "etc/ssh").mkdir(parents=True)
    shell.run(["ssh-keygen", "-A", "-f", str(site.folder)])
    # A host certificate beside the key would be sent with it: it is made here, and a scenario that wants it copies it.
    host = site.folder / "host-cert.pub"
    shutil.copy(site.folder / "dracut_ssh_host_ed25519_key.pub", site.folder / "host.pub")
    shell.run(["ssh-keygen", "-q", "-s", str(site.folder / "ca"), "-h", "-I", "e2e host", "-n", "e2e", str(site.folder / "host.pub")])
    assert host.exists()
    for name in ("root", "third", "wrong"):
        _private(site.folder / f"passphrase-{name}", f"{name} {secrets.token_hex(6)}")
    for name in ("root", "second", "third", "filesystem", "boot", "efi", "swap", "lvm"):
        (site.folder / f"uuid-{name}").write_text(str(uuid.uuid4()))
    (site.folder / "marker").write_text(secrets.token_hex(8) + "\n")
    (site.folder / "machine-id").write_text(uuid.uuid4().hex + "\n")


def _private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def put(tree: Path, path: str, text: str, mode: int = 0o644) -> None:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(mode)


def enable(tree: Path, unit: str, target: str) -> None:
    link = tree / "etc/systemd/system" / f"{target}.wants" / unit
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(f"/etc/systemd/system/{unit}" if (tree / "etc/systemd/system" / unit).exists() else f"/usr/lib/systemd/system/{unit}")


def configure(site: Site, tree: Path) -> None:
    """Makes a machine of an unpacked root."""
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for key in [*(site.folder / "etc/ssh").iterdir(), *site.folder.glob("dracut_ssh_host_ed25519_key*")]:
        shutil.copy(key, tree / "etc/ssh" / key.name)
    (tree / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    put(tree, "root/.ssh/authorized_keys", site.text("key.pub") + "\n", 0o600)
    put(tree, "etc/hostname", "e2e\n")
    put(tree, "etc/machine-id", site.text("machine-id") + "\n", 0o444)
    put(tree, MARKER, site.text("marker") + "\n")
    put(tree, "etc/systemd/network/20-wired.network", NETWORK)
    put(tree, "etc/systemd/system/e2e-proof.service", PROOF)
    enable(tree, "e2e-proof.service", "multi-user.target")
    enable(tree, "systemd-networkd.service", "multi-user.target")
    # Or each boot would think it were the first after an update.
    for folder in ("etc", "var"):
        put(tree, f"{folder}/.updated", "")
    mask(tree)


def mask(tree: Path) -> None:
    """What a guest that lives for some minutes does not need."""
    for unit in MASKED:
        link = tree / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


def make_filesystem(site: Site, tree: Path, disk: Path, kind: str = "ext4", room: int = 0) -> None:
    """The root's, made of a folder: without a loop device, and in user space. room: bytes that it has left at least."""
    used = int(subprocess.run(["du", "-sk", "--apparent-size", str(tree)], check=True, capture_output=True).stdout.split()[0])
    # What gets a block of its own is more than what is used.
    with disk.open("wb") as file:
        file.truncate((used * 5 // 4 // 1024 + 192 + (room >> 20)) // 4 * 4 * 1024 * 1024)
    if kind == "btrfs":
        shell.run(["mkfs.btrfs", "-q", "-U", site.uuid("filesystem"), "--rootdir", str(tree), str(disk)], timeout=300)
    else:
        shell.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "^has_journal", "-U", site.uuid("filesystem"), "-d", str(tree), str(disk)], timeout=300)


def encrypt(site: Site, disk: Path, version: int = 2) -> None:
    """LUKS around what is in the file, without device-mapper."""
    with disk.open("r+b") as file:
        file.truncate(disk.stat().st_size + 32 * 1024 * 1024)
    sectors = ["--sector-size", "4096"] if version == 2 else []
    shell.run(["cryptsetup", "reencrypt", "--encrypt", "--type", f"luks{version}", "--reduce-device-size", "32M", "--uuid", site.uuid("root"),
               *sectors, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--force-offline-reencrypt", "-q",
               "--key-file", "-", str(disk)], stdin=site.passphrase("root").encode(), timeout=300)


def _make_root_disk(site: Site, tree: Path) -> None:
    disk = site.folder / "root.img"
    make_filesystem(site, tree, disk)
    encrypt(site, disk)


def _make_further_disk(site: Site, name: str, passphrase: str) -> None:
    disk = site.folder / f"{name}.img"
    with disk.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    shell.run(["cryptsetup", "reencrypt", "--encrypt", "--type", "luks2", "--reduce-device-size", "32M", "--uuid", site.uuid(name),
               "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--force-offline-reencrypt", "-q", "--key-file", "-", str(disk)],
              stdin=site.passphrase(passphrase).encode(), timeout=300)


def unpack(site: Site, tree: Path) -> None:
    roots.unpack(site.root, tree)
    configure(site, tree)
