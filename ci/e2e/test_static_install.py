# SPDX-License-Identifier: GPL-3.0-or-later
"""Both packages from one published site, by every package manager, and the program that comes with them is run where it was installed:
in roots that may hold nothing else, it reads an initramfs there. The site had the module alone at first."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import clients
import cpio
import shell
import stage
import stages
import tool_sites
from shop import Shop, missing_tools, opened

pytestmark = [pytest.mark.extended, pytest.mark.xdist_group("static")]
PROGRAM = "usr/bin/dracut-sshd"
CHROOT = shutil.which("chroot") or "/usr/sbin/chroot"
# manager -> what adds a package to a machine that knows the site
ADD = {"dnf": "dnf install {package}", "zypper": "zypper install {package}", "apt": "apt install {package}", "pacman": "pacman -S {package}",
       "portage": "emerge {package}"}
OTHER = {"x86_64": "aarch64", "aarch64": "x86_64"}
# manager -> what a user would type to get another architecture's package, and what is said; {name}, {arch} and {url} stand for these
FOREIGN = {"dnf": ("dnf install {name}.{arch}", "does not have a compatible architecture"),
           "zypper": ("zypper install {name}.{arch}", "not found"),
           "apt": ("apt install {name}:{deb}", "Unable to locate package|Unable to correct|no installation candidate"),
           "pacman": ("pacman -U {url}", "architecture is not valid|does not match")}


@pytest.fixture(scope="module")
def shop(pytestconfig: pytest.Config) -> Iterator[Shop]:
    with opened(tool_sites.ToolSites, tool_sites.KINDS, stages.CLIENTS, pytestconfig.option.keep) as made:
        yield made


def entries(shop: Shop, client: clients.Client) -> list[dict[str, Any]]:
    """What the newer site has of the tools for the client's release."""
    name, _, release = client.distribution.partition(":")
    listed = json.loads((shop.sites.site("both") / "catalog.json").read_text())["packages"]
    return [each for each in listed if each["distribution"] == name and release in ("", each["release"])
            and each["package"] != shop.sites.package]


def inside(client: clients.Client, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed program in its root, with nothing in its environment."""
    return subprocess.run([CHROOT, client.root, f"/{PROGRAM}", *words], env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=60)


def put_image(root: Path) -> None:
    """Little, but an sshd's: the verdict is that nobody gets in."""
    image = cpio.archive([cpio.Entry("etc/ssh/sshd_config", 0o100600, b"Port 22\n"),
                          cpio.Entry("etc/passwd", 0o100644, b"root:x:0:0::/root:/bin/sh\n")])
    (root / "image").write_bytes(image)


@pytest.mark.parametrize("client_type", [pytest.param(client, id=client.name) for client in stages.CLIENTS])
def test_both_packages_come_from_one_site_and_the_program_runs(
        client_type: type[clients.Client], shop: Shop, record_property: Callable[[str, object], None]) -> None:
    if missing := missing_tools(client_type):
        raise shell.Skipped(f"not installed: {', '.join(missing)}")
    module = shop.sites.package
    client = client_type(shop.work, module)
    place = stage.Stage(client, shop.sites, shop.server, shop.work)

    place.serve("module")
    client.fresh(shop.sites.site("module") / place.package_file("module"))
    for command in shop.sites.published("module", client.distribution)[-1]["commands"]:
        client.does(command)
    stage.check(client.version() != "", "the module's package is not installed from the site that has it alone")
    stage.check(not (client.root / PROGRAM).exists(), f"/{PROGRAM} came with the module")

    # Whoever has the module finds the tools in the same site later.
    place.serve("both")
    offered = entries(shop, client)
    binary = [each for each in offered if each["architecture"] != "source" and not (each["package"].endswith("-tools") and
              any(other["package"].endswith("-bin") for other in offered))]
    for command in client.upgrade:
        client.does(command)
    client.package = binary[0]["package"]
    client.does(ADD[client.manager])
    stage.check(client.version() != "", f"{client.package} is not installed beside the module that was there")
    client.package = module

    # Whoever comes now follows the page.
    client.fresh(shop.sites.site("both") / place.package_file("both"))
    for command in offered[-1]["commands"]:
        client.does(command)
    stage.check(client.version() != "", f"{module} is not installed from the site that has both")
    client.package = binary[0]["package"]
    version = client.version()
    stage.check(version.startswith(binary[0]["version"].split("-")[0]), f"{client.package} {version!r} is installed")
    client.does(client.verify)

    said = inside(client, "--version")
    stage.check(said.returncode == 0 and re.fullmatch(r"dracut-sshd \d+\.\d+\.\d+\n", said.stdout) is not None, f"{said}")
    put_image(client.root)
    said = inside(client, "inspect", "--json", "/image")
    stage.check(said.returncode == 1, f"inspect ended with {said.returncode}: {said.stderr}")
    stage.check(json.loads(said.stdout)["answer"] == "keeps-out", f"inspect says {said.stdout[:300]}")

    told = foreign(client, shop, binary)
    for command in client.remove:
        client.does(command)
    stage.check(not (client.root / PROGRAM).exists(), f"{client.package} was removed, and left /{PROGRAM}")
    client.package = module
    stage.check(client.version() != "", f"{module} went with the tools")
    record_property("", f"{version}; {told}")
    shutil.rmtree(client.work, ignore_errors=True)


def foreign(client: clients.Client, shop: Shop, binary: list[dict[str, Any]]) -> str:
    """Another architecture's package is refused, in words."""
    if client.manager not in FOREIGN:
        return "one package for all architectures"
    arch = OTHER[platform.machine()]
    deb = {"x86_64": "amd64", "aarch64": "arm64"}[arch]
    path = next(file["path"] for each in binary if each["architecture"] in (arch, deb) for file in each["files"])
    command, words = FOREIGN[client.manager]
    typed = command.format(name=client.package, arch=arch, deb=deb, url=f"{shop.server.url}/{path}")
    stage.check(client.tries(typed) != 0, f"{client.told(typed)}\nwas taken")
    stage.check(re.search(words, client.said) is not None, f"{client.told(typed)}\nsays nothing that helps")
    return f"refuses that of {arch}"


def test_the_page_names_both_packages(shop: Shop) -> None:
    page = (shop.sites.site("both") / "index.html").read_text()
    for name in (shop.sites.package, "dracut-sshd-tools"):
        stage.check(name in page, f"index.html does not name {name}")
