# SPDX-License-Identifier: GPL-3.0-or-later
"""Gentoo's portage. Debian has no package of it; PyPI's lies in the build folder. It sees the scratch root's /etc and /var as its own,
installs below /target, which is the same root, and of the machine nothing but /usr, which it cannot write to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import clients
import places
import shell

VENV = places.build / "portage"
# What a main repository of stubs does not say, and what a lone root user needs. No mirror of Gentoo's is asked.
MAKE_CONF = """DISTDIR="/var/cache/distfiles"
PKGDIR="/var/cache/binpkgs"
PORTAGE_TMPDIR="/var/tmp"
PORTAGE_USERNAME="root"
PORTAGE_GRPNAME="root"
FEATURES="nostrip -userpriv -usersandbox -sandbox -userfetch -usersync -network-sandbox -pid-sandbox -ipc-sandbox -mount-sandbox -news"
PORTAGE_COMPRESS=""
PORTAGE_FETCH_CHECKSUM_TRY_MIRRORS="1"
PORTAGE_FETCH_RESUME_MIN_SIZE="0"
FETCHCOMMAND="curl -fsSLo \\"\\${DISTDIR}/\\${FILE}\\" \\"\\${URI}\\""
RESUMECOMMAND="${FETCHCOMMAND}"
GENTOO_MIRRORS=""
CLEAN_DELAY="0"
ACCEPT_KEYWORDS="~amd64"
NOCOLOR="true"
"""
REPOS_CONF = "[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = /var/db/repos/gentoo\nauto-sync = no\n"
# --ask wants a terminal and an answer. portage calls GNU tar by the name that it has where tar is another one.
PRELUDE = r"""emerge() {
  case " $* " in
    *" --ask "*) printf 'Yes\n' | script -qec "emerge $*" /dev/null ;;
    *) command emerge "$@" ;;
  esac
}
"""
# portage has no command for it: its own record of the package against the files. A configuration file may have been changed.
VERIFY = r"""python3 -c '
import hashlib, os, sys, portage
tree = portage.db[portage.settings["EROOT"]]["vartree"]
(cpv,) = tree.dbapi.match(sys.argv[1])
contents = tree.dbapi._dblink(cpv).getcontents()
bad = [path for path, (kind, *facts) in contents.items() if not os.path.lexists(path)
       or kind == "obj" and hashlib.md5(open(path, "rb").read()).hexdigest() != facts[1]]
print(len(contents), "entries;", "changed or missing:", *bad or ["none"])
sys.exit(bool(bad) or not contents)
' {package}"""


class Portage(clients.Client):
    name, manager, distribution = "portage", "portage", "gentoo"
    tools = ("bwrap", "git", "script", "tar")
    prelude = PRELUDE
    reinstall = ["emerge {package}"]
    upgrade = ["emaint sync --repo {package}", "emerge --update {package}"]
    downgrade = ["emerge ={older}"]
    remove = ["emerge --unmerge {package}"]
    verify = VERIFY
    version_is = "portageq best_version /target {package} 2>/dev/null | sed -n 's/^.*-\\([0-9][0-9.]*\\)/\\1/p'"
    configuration_is = "true"  # it marks none: it spares all of /etc
    # Where git was told of no branch at all, it has cloned an empty repository, and portage goes on from that one for ever.
    start_over = ("rm -r /var/db/repos/{package}",)
    after_a_revocation = start_over  # the overlay's history begins anew
    later = dict.fromkeys(("truncated*", "delayed", "dropped", "downgrades", "finds-*", "accepts-*"), "it takes long; --all plays it")

    @classmethod
    def missing(cls) -> list[str]:
        python = [] if list(VENV.glob("lib/python3*/site-packages/gemato")) else ["portage and gemato in build/portage (ci/deps package)"]
        return super().missing() + python

    def asks_for(self, package: Path) -> list[str]:
        cache = next((package.parents[1] / "overlay/metadata/md5-cache").glob("*/*"))
        depends = re.search(r"^RDEPEND=(.*)$", cache.read_text(), re.MULTILINE)
        assert depends is not None
        return sorted({word for word in depends[1].split() if "/" in word and not word.startswith("!")})

    def furnish(self) -> None:
        etc, var = self.root / "etc", self.root / "var"
        for folder in ("etc/portage/repos.conf", "etc/portage/profile", "etc/alternatives", "var/db/repos", "var/db/pkg", "var/tmp",
                       "var/cache/distfiles", "var/lib/portage", "var/log"):
            (self.root / folder).mkdir(parents=True)
        shutil.copytree(places.project / "ebuild/host/gentoo", var / "db/repos/gentoo")
        defaults = var / "db/repos/gentoo/profiles/default/make.defaults"
        defaults.write_text(defaults.read_text().replace("@ARCH@", "amd64").replace("@MACHINE@", "x86_64"))
        (var / "db/repos/gentoo/profiles/categories").write_text("\n".join({need.split("/")[0] for need in self.needs}) + "\n")
        (etc / "portage/make.profile").symlink_to("/var/db/repos/gentoo/profiles/default")
        (etc / "portage/profile/package.provided").write_text("".join(f"{need}-999\n" for need in self.needs))
        (etc / "portage/make.conf").write_text(MAKE_CONF)
        (etc / "portage/repos.conf/gentoo.conf").write_text(REPOS_CONF)
        (etc / "gitconfig").touch()  # portage tells git there which repositories are safe
        (etc / "portage/bashrc").write_text('gtar() { tar "$@"; }\n')
        (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
        (etc / "group").write_text("root:x:0:\n")
        self.does("env-update")  # or the first package would be what makes /etc/profile.env

    def older(self, entry: str, url: str) -> str:
        del url
        return f"sys-kernel/{Path(entry).name.removesuffix('.tar.gz')}"

    def tries(self, command: str, timeout: float = 180) -> int:
        typed = command.replace("{package}", self.package).replace("/usr/lib/dracut/", "/target/usr/lib/dracut/")
        env = {"PATH": f"{VENV}/bin:{clients.PATH}", "HOME": "/root", "LC_ALL": "C.UTF-8", "ROOT": "/target", "PORTAGE_CONFIGROOT": "/",
               "PORTAGE_OVERRIDE_EPREFIX": "", "TERM": "dumb"}
        argv = ["bwrap", "--unshare-pid", "--die-with-parent", "--ro-bind", "/usr", "/usr"]
        for link in ("bin", "sbin", "lib", "lib64"):
            argv += ["--symlink", f"usr/{link}", f"/{link}"]
        argv += ["--bind", str(self.root / "etc"), "/etc", "--ro-bind", "/etc/alternatives", "/etc/alternatives", "--bind",
                 str(self.root / "var"), "/var", "--bind", str(self.root), "/target", "--proc", "/proc", "--dev", "/dev"]
        for folder in ("/tmp", "/run", "/root"):
            argv += ["--tmpfs", folder]
        # Without a prefix of its own it looks for its settings in /share.
        argv += ["--ro-bind", str(VENV), str(VENV), "--ro-bind", str(VENV / "share/portage"), "/share/portage", "--clearenv"]
        for name, value in env.items():
            argv += ["--setenv", name, value]
        result = shell.run([*argv, "bash", "-euo", "pipefail", "-c", f"{clients.SUDO}\n{self.prelude}\n{typed}"], timeout=timeout, check=False)
        self.said = result.output
        return result.status
