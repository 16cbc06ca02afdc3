# SPDX-License-Identifier: GPL-3.0-or-later
"""The package managers, each the real one, with a scratch root. What a site tells its users to type is typed here, word by word;
shell functions of the managers' names add the scratch root, and the root's /etc takes the place of the machine's."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import shell
import tools

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# The network is the machine's: the site is on its loopback.
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
# The commands are for a user with sudo. Here root types them, as the page tells root to.
SUDO = 'sudo() { "$@"; }'
STUBS = """Name: stubs
Version: 1
Release: 1
Summary: What the package asks for
License: none
BuildArch: noarch
{provides}
%description
Stubs.
%files
"""
CONTROL = """Package: stubs
Version: 1
Architecture: all
Maintainer: A Packager <a@example.org>
Provides: {provides}
Description: what the package asks for
"""
DNF_CONF = """[main]
gpgcheck=1
repo_gpgcheck=1
plugins=0
reposdir={root}/etc/yum.repos.d
varsdir={root}/etc/dnf/vars
"""
APT_CONF = """Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Etc "/etc/apt";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Log "{root}/var/log/apt";
DPkg::Options { "--root={root}"; "--log={root}/var/log/dpkg.log"; "--force-script-chrootless"; };
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
"""
PACMAN_CONF = """[options]
RootDir = {root}
DBPath = {root}/var/lib/pacman
CacheDir = {root}/var/cache/pacman/pkg
GPGDir = {root}/etc/pacman.d/gnupg
HookDir = {root}/etc/pacman.d/hooks
LogFile = {root}/var/log/pacman.log
Architecture = auto
SigLevel = Required DatabaseRequired TrustedOnly
"""


class Client:
    """A manager is a handful of commands; {package} is the package's name, {older} an older version, in the manager's words."""

    name: str  # what the tests call it
    manager: str
    distribution: str
    tools: tuple[str, ...]
    prelude: str
    reinstall: list[str]
    upgrade: list[str]
    downgrade: list[str]
    remove: list[str]
    verify: str
    version_is: str
    configuration_is: str
    etc = "/etc/"
    # Not of the tree: the managers' own books, which are asked in their own words.
    books = r"(var|run)/"
    overwrites = True  # files that belong to no package
    start_over: tuple[str, ...] = ()  # what has to be typed when what a bad network has left is in the way
    takes_expired_keys = ""  # why, where the manager does
    follows_unasked = ""  # why, where the manager goes on with a new key that its user has not fetched
    after_a_revocation: tuple[str, ...] = ()  # what has to be typed beside what is about the key
    later: dict[str, str] = {}  # stages, by a pattern, that only --all plays, and why

    def __init__(self, work: Path, package: str) -> None:
        self.work, self.package = work / self.name, package
        self.root = self.work / "root"
        self.needs: list[str] = []
        self.said = ""  # by the last command
        self.work.mkdir(parents=True)
        self.home = self.work / "home"
        self.home.mkdir()
        # Debian's rpm has its database in the home folder.
        (self.home / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")

    @classmethod
    def missing(cls) -> list[str]:
        """Programs that are not installed."""
        return [tool for tool in cls.tools if shutil.which(tool) is None]

    # What differs from manager to manager in more than words.
    def asks_for(self, package: Path) -> list[str]:
        raise NotImplementedError

    def furnish(self) -> None:
        """Makes the root that a stage begins with: nothing but what the package asks for."""
        raise NotImplementedError

    def older(self, entry: str, url: str) -> str:
        """A published package, as one names it to the manager."""
        raise NotImplementedError

    def plain(self, argv: list[str]) -> str:
        env = {"PATH": PATH, "HOME": str(self.home), "LC_ALL": "C.UTF-8"}
        return shell.run(argv, env=env).output

    def write(self, path: str, content: str) -> Path:
        target = self.work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content.replace("{root}", str(self.root)))
        return target

    def fresh(self, package: Path) -> None:
        template = self.work / "template"
        if not template.exists():
            self.needs = self.asks_for(package)
            self.root.mkdir()
            self.furnish()
            self.root.rename(template)
        shutil.rmtree(self.root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--", template, self.root], check=True)

    def tries(self, command: str, timeout: float = 60) -> int:
        """Runs a command as a user would type it. Processes that it leaves behind (dnf: a gpg-agent) end with it; what it makes below
        /run does too (dnf: a folder for GnuPG's sockets, which would move those of the whole machine)."""
        assumed = " ".join(f"--assume-installed {need}=999" for need in self.needs)
        prelude = self.prelude.replace("{root}", str(self.root)).replace("{work}", str(self.work)).replace("{assumed}", assumed)
        command = command.replace("{package}", self.package)
        # The machine's own /etc is nobody's business. Apt's sources name files below it, so there the root's is mounted.
        typed = re.sub(r"(?<![\w/.])/etc/", f"{self.root}/etc/", command) if self.etc == "/etc/" else command
        typed = re.sub(r"(?<![\w/.])/usr/lib/dracut/", f"{self.root}/usr/lib/dracut/", typed)
        env = {"PATH": PATH, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
               "APT_CONFIG": str(self.work / "apt.conf")}
        script = f"mount -t tmpfs -o mode=0755 none /run\n{SUDO}\n{prelude}\n{typed}"
        result = shell.run([*ALONE, "bash", "-euo", "pipefail", "-c", script], env=env, timeout=timeout, check=False)
        self.said = result.output
        return result.status

    def does(self, command: str) -> str:
        status = self.tries(command)
        if status != 0:
            raise shell.Failed(f"{self.told(command)}\nended with {status}")
        return self.said

    def told(self, command: str) -> str:
        """A command and its last lines."""
        return "\n".join([f"$ {command.replace('{package}', self.package)}", *(f"| {line}" for line in self.said.splitlines()[-12:])])

    def version(self) -> str:
        """The version that the manager says is installed; empty: none."""
        return self.said.strip() if self.tries(self.version_is) == 0 else ""

    def configuration(self) -> list[str]:
        """Files that the package marks as configuration."""
        return [word.lstrip("/") for word in self.does(self.configuration_is).split() if word.startswith("/")]


class Rpm(Client):
    verify = "rpm -V {package}"
    version_is = "rpm -q --qf '%{VERSION}-%{RELEASE}' {package}"
    configuration_is = "rpm -qc {package}"

    def asks_for(self, package: Path) -> list[str]:
        words = self.plain(["rpm", "-qp", "--nosignature", "--requires", str(package)]).splitlines()
        return sorted({word.split()[0] for word in words if not word.startswith("rpmlib(")})

    def furnish(self) -> None:
        spec = self.write("stubs.spec", STUBS.replace("{provides}", "\n".join(f"Provides: {need}" for need in self.needs)))
        self.plain(["rpmbuild", "-bb", "--nodeps", "--define", f"_topdir {self.work}/stubs", str(spec)])
        self.plain(["rpm", "--root", str(self.root), "-i", *map(str, (self.work / "stubs/RPMS").rglob("*.rpm"))])
        tools.put_into(self.root)  # rpm runs a package's scripts in the root

    def older(self, entry: str, url: str) -> str:
        del url
        return Path(entry).name.removeprefix(self.package + "-").removesuffix(".noarch.rpm")


class Dnf(Rpm):
    name, manager, distribution = "dnf", "dnf", "fedora:44"
    tools = ("dnf", "rpm", "rpmbuild", "rpmsign", "createrepo_c")
    prelude = """mount --bind /dev/null {root}/dev/null
dnf() { command dnf --config={work}/dnf.conf --installroot={root} --releasever=44 --assumeyes "$@"; }
rpm() { command rpm --root {root} "$@"; }"""
    reinstall = ["dnf reinstall {package}"]
    upgrade = ["dnf upgrade --refresh {package}"]
    downgrade = ["dnf downgrade {package}-{older}"]
    remove = ["dnf remove {package}"]
    follows_unasked = "it fetches gpgkey= again, and asks; here it is told to assume yes"

    def furnish(self) -> None:
        super().furnish()
        (self.root / "etc/yum.repos.d").mkdir(parents=True)
        self.write("dnf.conf", DNF_CONF)


class Zypper(Rpm):
    name, manager, distribution = "zypper", "zypper", "suse:16.0"
    tools = ("zypper", "rpm", "rpmbuild", "rpmsign", "createrepo_c")
    prelude = """mount --bind /dev/null {root}/dev/null
zypper() { command zypper --root {root} --non-interactive "$@"; }
rpm() { command rpm --root {root} "$@"; }"""
    reinstall = ["zypper install --force {package}"]
    upgrade = ["zypper refresh", "zypper update {package}"]
    downgrade = ["zypper install --oldpackage {package}={older}"]
    remove = ["zypper remove {package}"]
    later = dict.fromkeys(("truncated", "dropped"), "this zypper waits half a minute after each failure; --all plays it")
    takes_expired_keys = "this zypper takes what an expired key has signed, and what it is told to trust is that key"


class Apt(Client):
    name, manager, distribution = "apt", "apt", "debian:12"
    # The machine's own apt: from Debian 13 on it asks sqv.
    takes_expired_keys = "this apt asks sqv, to which a signature is good that was good when it was made" if shutil.which("sqv") else ""
    tools = ("apt", "dpkg", "dpkg-deb", "apt-ftparchive")
    etc = ""
    prelude = """mount --bind {root}/etc/apt /etc/apt
apt() { command apt -y "$@"; }
dpkg() { command dpkg --root={root} "$@"; }
dpkg-query() { command dpkg-query --root={root} "$@"; }"""
    follows_unasked = "the list has the old key's signature, too"
    reinstall = ["apt install --reinstall {package}"]
    upgrade = ["apt update", "apt upgrade"]
    downgrade = ["apt install --allow-downgrades {package}={older}"]
    remove = ["apt remove {package}", "apt purge {package}"]
    verify = 'said=$(dpkg --verify {package}) && printf "%s\\n" "$said" && test -z "$said"'
    version_is = "dpkg-query -W -f '${db:Status-Status} ${Version}\\n' {package} | sed -n 's/^installed //p'"
    configuration_is = "dpkg-query -W -f '${Conffiles}' {package}"

    def asks_for(self, package: Path) -> list[str]:
        depends = self.plain(["dpkg-deb", "-f", str(package), "Depends"])
        return [re.split(r"[ (|]", one.strip())[0] for one in depends.split(",")]

    def furnish(self) -> None:
        for folder in ("etc/apt/apt.conf.d", "etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d",
                       "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
                       "var/log/apt"):
            (self.root / folder).mkdir(parents=True)
        for file in ("status", "available"):
            (self.root / "var/lib/dpkg" / file).touch()
        self.write("apt.conf", APT_CONF)
        self.write("stubs/DEBIAN/control", CONTROL.replace("{provides}", ", ".join(self.needs)))
        self.plain(["dpkg-deb", "--root-owner-group", "--build", str(self.work / "stubs"), str(self.work / "stubs.deb")])
        self.plain(["dpkg", f"--root={self.root}", f"--log={self.root}/var/log/dpkg.log", "--force-script-chrootless", "-i",
                    str(self.work / "stubs.deb")])

    def older(self, entry: str, url: str) -> str:
        del url
        return Path(entry).name.split("_")[1]


class Pacman(Client):
    name, manager, distribution = "pacman", "pacman", "arch"
    tools = ("pacman", "pacman-key", "repo-add", "bsdtar")
    prelude = """pacman-key() { command pacman-key --config {root}/etc/pacman.conf --gpgdir {root}/etc/pacman.d/gnupg "$@"; }
pacman() {
  case $1 in -[SUR]*) set -- {assumed} "$@" ;; esac
  command pacman --config {root}/etc/pacman.conf --noconfirm "$@"
}"""
    overwrites = False
    reinstall = ["pacman -S {package}"]
    upgrade = ["pacman -Syu"]
    downgrade = ["pacman -U {older}"]
    remove = ["pacman -R {package}"]
    verify = "pacman -Qkk {package}"
    version_is = "pacman -Q {package} 2>/dev/null | sed -n 's/^{package} //p'"  # it may ask about a key first
    configuration_is = "pacman -Qii {package} | sed -n '/^Backup Files/,$p'"

    def asks_for(self, package: Path) -> list[str]:
        info = self.plain(["bsdtar", "-xOqf", str(package), ".PKGINFO"])
        return [re.split("[<>=]", line.removeprefix("depend = "))[0] for line in info.splitlines() if line.startswith("depend = ")]

    def furnish(self) -> None:
        for folder in ("etc/pacman.d", "var/lib/pacman", "var/cache/pacman/pkg", "var/log"):
            (self.root / folder).mkdir(parents=True)
        self.write("root/etc/pacman.conf", PACMAN_CONF)
        self.does("pacman-key --init")
        # Or pacman would ask the world for a key that it does not have.
        with (self.root / "etc/pacman.d/gnupg/gpg.conf").open("a") as settings:
            settings.write("disable-dirmngr\n")

    def older(self, entry: str, url: str) -> str:
        return shlex.quote(f"{url}/{entry}")


SCRATCH: tuple[type[Client], ...] = (Dnf, Zypper, Apt, Pacman)
