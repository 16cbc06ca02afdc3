# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the real dracut of a Debian suite build real images with the module in a scratch root, and looks into them. Nothing is booted.

Without --package it is the module of this tree, put there by hand.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import image
import places
import roots
import shell

SUITES = ("12", "13")
HOST_KEYS = ("ed25519", "ecdsa", "rsa")
# Lean and not compressed: this is about what is inside, and has to be quick.
SETTINGS = 'hostonly="no"\ncompress="cat"\ndo_strip="no"\ndrivers="virtio_pci virtio_net"\n'
UNITS = "usr/lib/systemd/system"
# A real client, in namespaces of its own, asks the image's sshd. The root lends the program that sets the loopback up.
OVER_SSH = """root=$0 image=$1 work=$2 key=$3
shift 3
for dir in dev proc; do mount --rbind "/$dir" "$image/$dir" && mount --rbind "/$dir" "$root/$dir"; done
mount -t tmpfs -o mode=0755 tmpfs "$image/run" && mkdir -m 0755 "$image/run/sshd"
chroot "$root" ip link set lo up
chroot "$image" /usr/lib/dracut-sshd/fix-accounts
chroot "$image" /usr/sbin/sshd -D -e -p 2222 2>"$work/sshd.log" &
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.3
  [[ $(exec 3<>/dev/tcp/127.0.0.1/2222 && head -c 4 <&3) == SSH- ]] && break
done 2>/dev/null
timeout 60 ssh -F none -i "$key" -p 2222 -o BatchMode=yes -o IdentitiesOnly=yes -o LogLevel=ERROR \
  -o UserKnownHostsFile="$work/known_hosts" "$@" root@127.0.0.1 || { status=$?; cat "$work/sshd.log"; exit "$status"; }
"""
ASKED = b"[ -e /etc/initrd-release ] && echo in-the-image; exit\n"


def keygen(*words: str) -> None:
    shell.run(["ssh-keygen", "-q", *words])


class Image:
    """An image, unpacked below the root by dracut's own reader."""

    def __init__(self, root: Root, file: str) -> None:
        self.root = root
        self.top = Path(tempfile.mkdtemp(prefix="image-", dir=root.tree / "var/tmp"))
        self.top.chmod(0o755)
        self.within = f"/{self.top.relative_to(root.tree)}"
        self.listing = root.inside("lsinitrd", file).output
        root.inside("sh", "-c", f"cd {self.within} && lsinitrd --unpack {file}")

    def is_there(self, mode: int, path: str) -> None:
        """A file or folder, no link, of that mode, owned by root."""
        file = self.top / path
        status = file.lstat()
        assert not file.is_symlink()
        assert (f"{status.st_mode & 0o7777:o}", status.st_uid, status.st_gid) == (f"{mode:o}", 0, 0), path

    def is_missing(self, path: str) -> None:
        file = self.top / path
        assert not file.exists() and not file.is_symlink()

    def has_of_root(self, theirs: str, path: str = "") -> None:
        """The same bytes as the root's file."""
        assert (self.top / (path or theirs)).read_bytes() == (self.root.tree / theirs).read_bytes(), path or theirs

    def has_line(self, pattern: str, path: str) -> None:
        text = (self.top / path).read_text()
        assert any(re.fullmatch(pattern, line) for line in text.splitlines()), f"no line {pattern} in /{path}:\n{text}"

    def is_enabled(self, unit: str, target: str) -> None:
        link = (self.top / f"etc/systemd/system/{target}.wants/{unit}").readlink()
        assert (self.top / str(link).lstrip("/")).samefile(self.top / UNITS / unit)

    def sshd_accepts(self) -> None:
        """Without a word. The folder for privilege separation is made by the unit at boot, in a /run that is empty then."""
        said = image.inside(self.top, ["sh", "-c", "mkdir -m 0755 /run/sshd && exec /usr/sbin/sshd -t"], self.root.log)
        assert said.output == ""

    def over_ssh(self, key: str, *words: str) -> str:
        argv = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash", "-uc", OVER_SSH,
                str(self.root.tree), str(self.top), str(self.root.work), str(self.root.work / key), *words]
        return shell.run(argv, stdin=ASKED, timeout=120, check=False).output

    def end(self) -> None:
        shutil.rmtree(self.top, ignore_errors=True)


class Root:
    """A suite's root with the module, a key of the administrator's, and the system's host keys."""

    def __init__(self, suite: str, work: Path, package: Path | None) -> None:
        self.suite, self.work = suite, work
        self.tree, self.log = work / "root", work / "log"
        self.admin = self.tree / "etc/dracut-sshd"
        self.options = self.tree / "etc/default/dracut-sshd"
        self.settings = self.tree / "etc/dracut.conf.d/90-test.conf"
        self.authorized = self.tree / "root/.ssh/authorized_keys"
        roots.unpack(roots.get(suite), self.tree)
        self.kernel = next((self.tree / "usr/lib/modules").iterdir()).name
        self.initrd = self.tree / f"boot/initrd.img-{self.kernel}"
        for name in ("key", "other", "ca"):
            keygen("-t", "ed25519", "-N", "", "-C", "admin@laptop", "-f", str(work / name))
        for file in (self.tree / "etc/ssh").glob("ssh_host_*"):
            file.unlink()
        self.inside("ssh-keygen", "-A")
        if package is not None:
            shutil.copy(package, self.tree / "var/tmp/module.deb")
            self.inside("dpkg", "-i", "/var/tmp/module.deb")
            self.rebuild = "/usr/sbin/dracut-sshd-rebuild"
        else:
            shutil.copytree(places.project / "module/46sshd", self.tree / "usr/lib/dracut/modules.d/46sshd", symlinks=True)
            shutil.copy(places.project / "module/dracut-sshd-rebuild", self.tree / "usr/local/sbin/")
            self.rebuild = "/usr/local/sbin/dracut-sshd-rebuild"
        self._network = self.tree / "etc/dracut.conf.d/11-ifcfg.conf"  # Debian 12's dracut-network asks for a network of its own accord
        self._asks_for_network = self._network.read_bytes() if self._network.exists() else None
        self.reset()

    def inside(self, *argv: str, check: bool = True) -> shell.Result:
        return image.inside(self.tree, ["env", "-u", "INITRD", *argv], self.log, check=check)

    def reset(self) -> None:
        """As after the installation, with one key in root's home."""
        shutil.rmtree(self.admin, ignore_errors=True)
        shutil.rmtree(self.tree / "etc/ssh/ca", ignore_errors=True)
        for file in (self.options, *(self.tree / "etc/ssh").glob("dracut_ssh_host_*")):
            file.unlink(missing_ok=True)
        self.settings.write_text(SETTINGS)
        if self._asks_for_network is not None:
            self._network.write_bytes(self._asks_for_network)
        self.authorized.parent.mkdir(mode=0o700, exist_ok=True)
        self.authorized.parent.chmod(0o700)
        self.authorized.write_text(f'from="127.0.0.1" {(self.work / "key.pub").read_text()}')
        key = (self.tree / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
        (self.work / "known_hosts").write_text(f"[127.0.0.1]:2222 {key}")

    def by_admin(self) -> None:
        """All that an administrator can set: host keys of the initramfs's own with a certificate, keys, options, a user CA."""
        own = self.tree / "etc/ssh/dracut_ssh_host_ed25519_key"
        keygen("-t", "ed25519", "-N", "", "-f", str(own))
        keygen("-s", str(self.work / "ca"), "-h", "-I", "host", "-n", "127.0.0.1", f"{own}.pub")
        self.admin.mkdir()
        (self.tree / "etc/ssh/ca").mkdir()
        shutil.copy(self.work / "ca.pub", self.tree / "etc/ssh/ca/users.pub")
        shutil.copy(self.work / "key.pub", self.admin / "authorized_keys")
        self.options.write_text('SSHD_OPTS="-p 2222"\n')
        (self.work / "known_hosts").write_text(f"@cert-authority [127.0.0.1]:2222 {(self.work / 'ca.pub').read_text()}")

    def own_sshd_config(self) -> None:
        (self.admin / "sshd_config").write_text("UsePAM no\nPermitRootLogin forced-commands-only\nTrustedUserCAKeys /etc/ssh/ca/users.pub\n")

    def without_network(self) -> None:
        (self.admin / "initrd.conf").write_text("NETWORK=no\n")
        self._network.unlink(missing_ok=True)

    def dracut_says(self, sentence: str, *words: str) -> None:
        """Builds an image without a kernel (3 s), and ends well."""
        done = self.inside("dracut", "--force", "--no-kernel", *words, "/var/tmp/small.img", self.kernel, check=False)
        assert done.status == 0, done.output
        assert sentence in done.output, "\n".join(line for line in done.output.splitlines() if "will not be installed" not in line)


@pytest.fixture(scope="module", params=[pytest.param(suite, marks=[pytest.mark.extended, pytest.mark.xdist_group(f"image-{suite}")]) for suite in SUITES])
def prepared(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[Root]:
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-image."))
    try:
        yield Root(request.param, work, pytestconfig.option.package)
    finally:
        if pytestconfig.option.keep:
            print(f"kept: {work}")
        else:
            subprocess.run(["rm", "-rf", "--one-file-system", "--", str(work)], check=False)


@pytest.fixture
def root(prepared: Root) -> Iterator[Root]:
    """Each test finds it as after the installation."""
    prepared.reset()
    yield prepared


@pytest.fixture
def unpacked(root: Root) -> Iterator[Callable[[], Image]]:
    """unpacked(): what dracut_says() has built."""
    made: list[Image] = []

    def read() -> Image:
        made.append(Image(root, "/var/tmp/small.img"))
        return made[-1]
    yield read
    for one in made:
        one.end()


@pytest.fixture(scope="module")
def generic(prepared: Root) -> Iterator[Image]:
    """The image that the boot loader names, built by dracut-sshd-rebuild."""
    prepared.reset()
    prepared.initrd.write_text("no image\n")
    prepared.inside(prepared.rebuild, "--kernel", prepared.kernel)
    made = Image(prepared, f"/boot/{prepared.initrd.name}")
    yield made
    made.end()


# --- generic, with a key in root's home ---

def test_rebuild_builds_the_image_that_the_boot_loader_names(generic: Image) -> None:
    boot = generic.root.tree / "boot"
    kernel = generic.root.kernel
    assert (boot / f"dracut-sshd-initrd.img-{kernel}.old").read_text() == "no image\n"
    assert not (boot / f"initramfs-{kernel}.img").exists()


def test_lists_sshd_and_the_module(generic: Image) -> None:
    assert re.search(r" usr/sbin/sshd$", generic.listing, re.MULTILINE)
    assert re.search(r"^sshd$", generic.listing, re.MULTILINE)


def test_has_the_helpers_of_sshd(generic: Image) -> None:
    for helper in (generic.root.tree / "usr/lib/openssh").glob("sshd-*"):
        generic.has_of_root(str(helper.relative_to(generic.root.tree)))


def test_has_the_authorized_keys(generic: Image) -> None:
    generic.is_there(0o600, "root/.ssh/authorized_keys")
    generic.has_of_root("root/.ssh/authorized_keys")
    generic.is_there(0o700, "root/.ssh")


@pytest.mark.parametrize("type_", HOST_KEYS)
def test_has_the_host_key(generic: Image, type_: str) -> None:
    generic.is_there(0o600, f"etc/ssh/ssh_host_{type_}_key")
    generic.has_of_root(f"etc/ssh/ssh_host_{type_}_key")


def test_has_files_with_their_modes(generic: Image) -> None:
    generic.is_there(0o600, "etc/ssh/sshd_config")
    for path in ("etc/motd", "root/.profile", f"{UNITS}/sshd.service"):
        generic.is_there(0o644, path)
    for path in ("usr/bin/unlock", "usr/bin/resume-boot", "usr/bin/boot-state", "usr/lib/dracut-sshd/fix-accounts",
                 "usr/bin/systemd-tty-ask-password-agent"):
        generic.is_there(0o755, path)


def test_has_the_unit(generic: Image) -> None:
    generic.is_enabled("sshd.service", "sysinit.target")
    generic.has_line("Type=notify", f"{UNITS}/sshd.service")  # what this sshd sends
    generic.has_line("ExecStart=/usr/sbin/sshd -D .*", f"{UNITS}/sshd.service")
    assert generic.root.inside("systemd-analyze", "verify", "--man=no", f"{generic.within}/{UNITS}/sshd.service").output == ""


def test_has_the_handover(generic: Image) -> None:
    generic.is_enabled("dracut-sshd-release-network.service", "initrd-switch-root.target")


def test_has_networkd_where_nobody_chose_a_network(generic: Image) -> None:
    generic.is_there(0o755, "usr/lib/systemd/systemd-networkd")
    default = "etc/systemd/network/zzzz-dracut-default.network"
    generic.has_line("DHCP=yes", default)
    generic.has_line("Type=ether", default)
    generic.is_enabled("dracut-sshd-networkd.service", "sysinit.target")


def test_has_an_account_to_give_up_privileges_to(generic: Image) -> None:
    generic.has_line("sshd:.*", "etc/passwd")


def test_sshd_accepts_configuration_and_keys(generic: Image) -> None:
    generic.sshd_accepts()


def test_logs_in(generic: Image) -> None:
    """A key that is in the image, to the system's host key; a terminal is greeted with the message of the day; another key is refused."""
    generic.root.reset()
    assert "in-the-image" in generic.over_ssh("key")
    assert "This is the initramfs" in generic.over_ssh("key", "-tt")
    assert "Permission denied (publickey)" in generic.over_ssh("other")


# --- host-only, with all that an administrator can set ---

def test_has_host_keys_of_its_own(root: Root, unpacked: Callable[[], Image]) -> None:
    """The system's keys are passed over for them; a client that trusts the authority takes the certificate."""
    root.by_admin()
    root.dracut_says("dracut_ssh_host_ed25519_key", "--hostonly")
    image_ = unpacked()
    image_.has_of_root("etc/ssh/dracut_ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key")
    image_.has_of_root("etc/ssh/dracut_ssh_host_ed25519_key-cert.pub", "etc/ssh/ssh_host_ed25519_key-cert.pub")
    image_.has_line("HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub", "etc/ssh/sshd_config")
    image_.is_missing("etc/ssh/ssh_host_rsa_key")
    image_.has_of_root("etc/dracut-sshd/authorized_keys", "root/.ssh/authorized_keys")
    image_.has_of_root("etc/default/dracut-sshd")
    image_.sshd_accepts()
    assert "in-the-image" in image_.over_ssh("key", "-o", "HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com")


def test_takes_an_sshd_config_of_the_administrators(root: Root, unpacked: Callable[[], Image]) -> None:
    """As it is, with the user CA that it names. One setting leaves the network alone, and the lack of one is told."""
    root.by_admin()
    root.own_sshd_config()
    root.dracut_says("/etc/dracut-sshd/sshd_config", "--hostonly")
    root.without_network()
    root.dracut_says("but no network", "--hostonly")
    image_ = unpacked()
    image_.is_missing("usr/lib/systemd/systemd-networkd")
    image_.has_of_root("etc/dracut-sshd/sshd_config", "etc/ssh/sshd_config")
    image_.has_of_root("etc/ssh/ca/users.pub")
    image_.sshd_accepts()


def test_takes_files_for_networkd(root: Root, unpacked: Callable[[], Image]) -> None:
    """One that may hold a key is networkd's alone to read."""
    root.by_admin()
    root.own_sshd_config()
    (root.admin / "network").mkdir()
    (root.admin / "network/10-lan.netdev").write_text("[NetDev]\nName=lan\nKind=vlan\n[VLAN]\nId=7\n")
    root.dracut_says("/etc/dracut-sshd/network/10-lan.netdev", "--hostonly")
    status = (unpacked().top / "etc/systemd/network/10-lan.netdev").stat()
    assert (f"{status.st_mode & 0o7777:o}", status.st_uid) == ("640", 0)
    assert status.st_gid != 0


def test_takes_a_file_that_adds_to_sshd_config(root: Root, unpacked: Callable[[], Image]) -> None:
    root.by_admin()
    root.own_sshd_config()
    (root.admin / "sshd_config.d").mkdir()
    (root.admin / "sshd_config.d/10-tries.conf").write_text("MaxAuthTries 3\n")
    root.dracut_says("/etc/dracut-sshd/sshd_config.d/10-tries.conf", "--hostonly")
    image_ = unpacked()
    image_.has_line("Include /etc/ssh/sshd_config.d/10-tries.conf", "etc/ssh/sshd_config")
    image_.sshd_accepts()


def test_refuses_an_option_that_sshd_does_not_know(root: Root, unpacked: Callable[[], Image]) -> None:
    """In sshd's own words; the image has no sshd then."""
    root.by_admin()
    root.own_sshd_config()
    (root.admin / "sshd_config.d").mkdir()
    (root.admin / "sshd_config.d/20-broken.conf").write_text("NoSuchOption yes\n")
    root.dracut_says("Bad configuration option: NoSuchOption", "--hostonly", "--add", "sshd")
    unpacked().is_missing("usr/sbin/sshd")


def test_tells_what_lets_nobody_in(root: Root) -> None:
    root.by_admin()
    root.own_sshd_config()
    (root.admin / "sshd_config.d").mkdir()
    (root.admin / "sshd_config.d/20-root.conf").write_text("PermitRootLogin no\n")
    root.dracut_says('says "permitrootlogin no"', "--hostonly")


def test_tries_the_options_for_sshd(root: Root) -> None:
    root.by_admin()
    root.options.write_text('SSHD_OPTS="-p 2222 -o Nonsense=yes"\n')
    root.dracut_says("Nonsense", "--hostonly")


def test_tells_where_sshd_cannot_be_tried(root: Root) -> None:
    """The image is built all the same."""
    root.by_admin()
    chroot = root.tree / "usr/sbin/chroot"
    chroot.rename(root.work / "chroot")
    try:
        root.dracut_says("UNTESTED", "--hostonly")
    finally:
        (root.work / "chroot").rename(chroot)


# --- where nobody could log in ---

@pytest.mark.parametrize("words", [pytest.param((), id="by-itself"), pytest.param(("--add", "sshd"), id="asked-for")])
def test_leaves_sshd_out_without_a_key(root: Root, unpacked: Callable[[], Image], words: tuple[str, ...]) -> None:
    """dracut says so, and builds its image, without sshd and its unit."""
    root.by_admin()
    (root.admin / "authorized_keys").write_text("")
    root.authorized.unlink()
    root.dracut_says("dracut-sshd: there are no authorized keys.", "--hostonly", *words)
    image_ = unpacked()
    image_.is_missing("usr/sbin/sshd")
    image_.is_missing(f"{UNITS}/sshd.service")


def test_rebuild_leaves_the_image_without_a_key(root: Root, generic: Image) -> None:
    """It fails, the image that was there stays, and nothing is left over."""
    del generic  # an image is there
    root.by_admin()
    (root.admin / "authorized_keys").write_text("")
    root.authorized.unlink()
    root.settings.write_text(SETTINGS + 'no_kernel="yes"\n')
    before = root.initrd.read_bytes()
    assert root.inside(root.rebuild, "--kernel", root.kernel, check=False).status != 0
    assert root.initrd.read_bytes() == before
    assert not list((root.tree / "boot").glob(".dracut-sshd.*"))
