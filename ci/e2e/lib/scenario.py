# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: small files of data. What each key means stands here; a key that is not known is an error."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import arch

SUITES = ("12", "13", "14")
LETS_IN = "0"
UNKNOWN = "?"  # before the id of what inspect cannot tell
PASSES = "0"  # of a rehearsal
CANNOT = "-"
# What a machine's TPM is, and what it has become since something was sealed to it while the image, or a disk, was made: PCR 23 has another
# value, another machine's TPM is in its place, or none is there.
TPMS = ("", "right", "pcrs", "other", "gone")
TOKENS = ("", "tpm2", "tpm2-pin", "fido2", "fido2-pin", "pkcs11", "clevis-tpm2", "clevis-tang")
FALLBACK = ("way", "broken", "asks", "gives-up")  # what opens it, and what is wrong with that; what asks then, and after which time-out of its own
# Unified kernel images under Secure Boot; uki.py says what each is.
UKIS = ("signed", "tampered", "unsigned", "stranger", "foreign")
# Where a rehearsal may end, as `dracut-sshd rehearse --json` calls it.
REHEARSED = ("firmware", "kernel", "initrd", "network", "banner", "hostkey", "login", "keys", "prompt", "wrong", "unlock", "break", "root", "handover", "off")


class Wrong(Exception):
    """A scenario's file says something that is not known."""


@dataclass(frozen=True)
class File:
    path: str  # without the leading slash
    text: str = ""
    mode: int = 0o644
    link: bool = False  # the text is where a symbolic link leads


@dataclass(frozen=True)
class Image:
    """What dracut is asked for, and what is done to the root before. Equal ones are built once."""
    kind: str = "generic"  # image.KINDS
    config: str = ""  # further lines of dracut.conf
    arguments: tuple[str, ...] = ()  # of dracut's command line
    files: tuple[File, ...] = ()
    before: tuple[str, ...] = ()  # shell, in the root, before our package is installed
    commands: tuple[str, ...] = ()  # and after
    tpm: str = ""  # as the scenario's; programs reach it by @TPM@, and what is sealed to PCR 23 opens in a guest (but with "pcrs")


@dataclass(frozen=True)
class Network:
    mode: str = "user"  # user: qemu's own; tap: a network namespace with a bridge and dnsmasq
    # What each card is connected to: "net", "dead" (a link, but nobody answers), "nolink", "trunk" (only frames that are tagged for
    # VLAN 5 come through, to the device lan5 in the namespace); none: [].
    cards: tuple[str, ...] = ("net",)
    model: str = ""  # of the network interfaces, as qemu calls it: vmxnet3, e1000e; otherwise virtio-net-pci
    setup: tuple[str, ...] = ()  # shell, in the namespace, after bridge br0 (10.77.0.1/24) with tap0, tap1... is there
    # The far end of a WireGuard tunnel in the namespace: its settings, as `wg setconf` takes them. Its device is wgpeer, which `setup` brings up.
    wireguard: str = ""
    dhcp: str = "br0"  # the interface on which dnsmasq answers; "" for none
    address: str = ""  # where the guest is reached, if not where dnsmasq says


@dataclass(frozen=True)
class Disk:
    name: str  # second, third: see machine.py


@dataclass(frozen=True)
class Scenario:
    name: str
    file: Path
    title: str
    suites: tuple[str, ...] = SUITES
    core: tuple[str, ...] = ()  # the suites on which every change has to pass it
    extended: tuple[str, ...] = ()  # and those on which ci/test also plays it
    packages: tuple[str, ...] = ()
    payload: tuple[str, ...] = ()  # a release and its format: its package's files go into the root, instead of the suite's own package
    image: Image = Image()
    overlay: tuple[File, ...] = ()
    accounts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # passwd, shadow: root's lines in the image
    add: tuple[str, ...] = ()  # kernel arguments
    remove: tuple[str, ...] = ()
    network: Network = Network()
    # As an installer leaves the machine, of ci/e2e/installers: "debian:@SUITE@/guided-lvm". Its crypttab and fstab are there when the image is
    # built, its words are the kernel's, and its disk is the guest's. Without it rd.luks.name= names the root's disk, as no such installer does.
    layout: str = ""
    disks: tuple[Disk, ...] = ()
    tpm: str = ""  # one of TPMS; the root then has tpm2-tools, and what systemd needs for a TPM
    uki: str = ""  # the kernel and the image are one file, which the firmware starts: one of UKIS
    token: str = ""  # what opens the root's disk beside its passphrase; one of TOKENS
    fallback: dict[str, str] = field(default_factory=dict)  # a row of docs/fallbacks.md: FALLBACK
    late: bool = False  # the root's disk is not there before the step "plug"
    steps: tuple[dict[str, Any], ...] = ()
    # What `dracut-sshd inspect` has to say of the image: "0", it will let in; or the id of what keeps people out ("sshd.present"), which
    # has to be among its errors. A scenario with the step "login" needs no such key: it is "0", unless somebody gets in
    # and nothing asks for the passphrase ("crypt.opens"). Another one has to have it; "0" there
    # means that nothing is wrong with the image, but with the world around it, and a comment says so.
    # "?crypt.opens": it cannot tell, because the machine's root lies on something that it does not know.
    inspect: str = ""
    # At which step `dracut-sshd rehearse` has to fail, with the image and the kernel's arguments of the boot; without this key it has to
    # pass. "-": what the scenario is about is not in the image, and the rehearsal's virtual machine has it otherwise; a comment says what.
    rehearse: str = PASSES

    @property
    def logs_in(self) -> bool:
        return any(step["do"] == "login" for step in self.steps)


def filled(text: str, words: dict[str, str]) -> str:
    """@NAME@ becomes what this machine has under that name."""
    def word(found: re.Match[str]) -> str:
        if found[1] not in words:
            raise Wrong(f"nothing is called @{found[1]}@")
        return words[found[1]]
    return re.sub(r"@([A-Z0-9_]+)@", word, text)


# What the disk is called where the image's crypttab, and not the kernel's command line, opens it.
TWIN = "+crypttab"
TWIN_FILES = (File("etc/crypttab", "cryptroot UUID=@LUKS_UUID@ none luks\n"), File("etc/fstab", "/dev/mapper/cryptroot / ext4 defaults 0 1\n"))


def load(folder: Path, known_steps: dict[str, frozenset[str]]) -> list[Scenario]:
    found = [read(path, known_steps) for path in sorted(folder.glob("*.toml"))]
    return [*found, *(_twin(wish) for wish in found if _names_disk(wish))]


def _names_disk(wish: Scenario) -> bool:
    """Does rd.luks.name= open the root, and nothing else? Where the command line names a volume, systemd opens no other."""
    return not wish.layout and not any(word.startswith(("rd.luks", "luks.")) for word in wish.add)


def _twin(wish: Scenario) -> Scenario:
    """The same on a machine whose kernel's command line names no disk, as most installers leave it."""
    return replace(wish, name=wish.name + TWIN, title=f"{wish.title} (by crypttab)", core=(), extended=(), remove=(*wish.remove, "rd.luks.name"),
                   image=replace(wish.image, files=(*wish.image.files, *TWIN_FILES)))


def read(path: Path, known_steps: dict[str, frozenset[str]]) -> Scenario:
    try:
        data = tomllib.loads(path.read_text().replace("@LIBRARIES@", arch.here().triplet))
        image = table(data.pop("image", {}))
        wish = made(Scenario, {
            **{key: value for key, value in data.items() if key not in ("network", "disks", "overlay", "steps", "kernel")},
            "name": path.stem, "file": path,
            "image": made(Image, {**image, "files": files(image.pop("files", []))}),
            "network": made(Network, table(data.get("network", {}))),
            "overlay": files(data.get("overlay", [])),
            "disks": tuple(made(Disk, {"name": name}) for name in data.get("disks", [])),
            "accounts": {key: tuple(lines) for key, lines in table(data.get("accounts", {})).items()},
            "steps": tuple(_step(step, known_steps) for step in data.get("steps", [])),
            **table(data.get("kernel", {})),
        })
        if wish.tpm not in TPMS:
            raise Wrong(f"\"{wish.tpm}\" is no TPM; known are {', '.join(TPMS[1:])}")
        if wish.uki not in ("", *UKIS):
            raise Wrong(f"\"{wish.uki}\" is no unified kernel image; known are {', '.join(UKIS)}")
        if wish.token not in TOKENS:
            raise Wrong(f"\"{wish.token}\" is no token; known are {', '.join(TOKENS[1:])}")
        if wish.fallback and set(wish.fallback) != set(FALLBACK):
            raise Wrong(f"\"fallback\" has to have {', '.join(FALLBACK)}")
        if wish.tpm and not wish.token:
            # All but one boot the same image.
            wish = replace(wish, image=replace(wish.image, tpm="pcrs" if wish.tpm == "pcrs" else "right"))
        if wish.rehearse not in (PASSES, CANNOT, *REHEARSED):
            raise Wrong(f"\"{wish.rehearse}\" is no step of a rehearsal; known are {', '.join(REHEARSED)}, and \"-\"")
        return replace(wish, inspect=_expected(wish))
    except (Wrong, tomllib.TOMLDecodeError) as fault:
        raise Wrong(f"{path}: {fault}") from fault


def _expected(wish: Scenario) -> str:
    # What cannot be told may let in all the same: from some addresses, say.
    if wish.logs_in and not wish.inspect.startswith(("crypt.", UNKNOWN)):
        if wish.inspect:
            raise Wrong("with the step \"login\" the key \"inspect\" is \"0\", and is not said, or names a check of \"crypt\" or one that cannot be told")
        return LETS_IN
    if not wish.inspect:
        raise Wrong("without the step \"login\" there has to be a key \"inspect\": \"0\", or the id of what keeps people out")
    if wish.inspect != LETS_IN and not re.fullmatch(r"[?]?[a-z]+\.[a-z]+", wish.inspect):
        raise Wrong(f"\"{wish.inspect}\" is no id of a finding, as sshd.present is, and not \"0\"")
    return wish.inspect


def table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"expected a table, got {value!r}")
    return dict(value)


def made(kind: type[Any], values: dict[str, Any]) -> Any:
    unknown = set(values) - set(kind.__dataclass_fields__)
    if unknown:
        raise Wrong(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(kind.__dataclass_fields__))}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def files(values: list[Any]) -> tuple[File, ...]:
    return tuple(made(File, {**table(value), "mode": int(str(value.get("mode", "644")), 8)}) for value in values)


def _step(value: Any, known: dict[str, frozenset[str]]) -> dict[str, Any]:
    step = {"do": value} if isinstance(value, str) else table(value)
    keys = known.get(step.get("do", ""))
    if keys is None:
        raise Wrong(f"unknown step {value!r}; known are {', '.join(sorted(known))}")
    unknown = set(step) - keys - {"do", "within"}
    if unknown:
        raise Wrong(f"the step \"{step['do']}\" does not know {', '.join(sorted(unknown))}")
    return step
