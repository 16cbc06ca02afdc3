# SPDX-License-Identifier: GPL-3.0-or-later
"""How each package manager installs what lies in "$here"/in, with what an image lacks: lines of bash. `need` is what has to be there from
the distribution's repositories: the kernel, and what the profile's /ci/requires names."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

Lines = list[str]


def _apt(need: str, profile: dict[str, Any]) -> Lines:
    del profile
    # INITRD=No: the kernel's hooks build no image that nobody looks at.
    return ["export DEBIAN_FRONTEND=noninteractive INITRD=No",
            "apt-get -q update",
            f'apt-get -q -y install --no-install-recommends "$here"/in/*.deb {need}']


def _dnf(need: str, profile: dict[str, Any]) -> Lines:
    del profile
    return ["# what `orchestrator build` makes is not signed",
            f'dnf -y install --nogpgcheck "$here"/in/*.noarch.rpm {need}']


def _zypper(need: str, profile: dict[str, Any]) -> Lines:
    del profile
    return ["zypper --non-interactive refresh",
            f'zypper --non-interactive install --no-recommends --allow-unsigned-rpm "$here"/in/*.noarch.rpm {need}']


def _pacman(need: str, profile: dict[str, Any]) -> Lines:
    # dracut first: the kernel's package is content with any of those that make an initramfs, and would bring another one.
    first = " ".join(shlex.quote(name) for name in sorted(profile["package"]["requires"]))
    return [f"pacman -Syu --noconfirm --needed {first}",
            f"pacman -S --noconfirm --needed {need}",
            'pacman -U --noconfirm "$here"/in/*.pkg.tar.*']


def _portage(need: str, profile: dict[str, Any]) -> Lines:
    atom = f"{profile['package']['ebuild']['category']}/dracut-sshd"
    keywords = " ".join(sorted(profile["package"]["requires"]))
    return ["emerge-webrsync --quiet",
            "mkdir -p /etc/portage/repos.conf /etc/portage/package.accept_keywords /var/cache/distfiles",
            r"""printf '[dracut-sshd]\nlocation = %s/in/overlay\n' "$here" >/etc/portage/repos.conf/dracut-sshd-cell.conf""",
            f"printf '%s\\n' {keywords} {atom} >/etc/portage/package.accept_keywords/dracut-sshd-cell",
            'cp -- "$here"/in/*.tar.gz /var/cache/distfiles/',
            f"emerge --quiet --oneshot --getbinpkg --noreplace {need}",
            f"emerge --quiet --oneshot --getbinpkg {atom}"]


KNOWN: dict[str, tuple[str, Callable[[str, dict[str, Any]], Lines]]] = {
    "apt": ("apt-get", _apt), "dnf": ("dnf", _dnf), "zypper": ("zypper", _zypper), "pacman": ("pacman", _pacman),
    "portage": ("emerge", _portage)}


def install(profile: dict[str, Any], kernel: str) -> tuple[str, Lines]:
    """The program that has to be there, and the lines."""
    program, lines = KNOWN[profile["package"]["manager"]]
    names: Sequence[str] = [kernel, *sorted(profile.get("ci", {}).get("requires", {}))]
    return program, lines(" ".join(shlex.quote(name) for name in names), profile)
