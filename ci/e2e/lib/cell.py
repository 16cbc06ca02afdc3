# SPDX-License-Identifier: GPL-3.0-or-later
"""A cell: one scenario on one suite, from the root to its last step."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import guest
import image
import layouts
import machine
import network
import package
import places
import rehearsed
import roots
import scenario
import shell
import steps
import tokens
import tpm
import uki
import verdict
from client import Client
from scenario import Scenario


@dataclass
class Outcome:
    suite: str
    scenario: str
    result: str = "passed"  # passed, failed, skipped
    reason: str = ""
    stages: list[tuple[str, float]] = field(default_factory=list)
    retried: str = ""
    versions: str = ""
    inspected: str = ""  # what `dracut-sshd inspect` said: its exit status, and the ids of what it found wrong
    disagreement: str = ""  # and why that is not what the scenario says
    opens: list[str] = field(default_factory=list)  # and what it said of how disks are opened
    measured: dict[str, float] = field(default_factory=dict)  # seconds, by the steps
    rehearsed: str = ""  # what `dracut-sshd rehearse` said: its exit status, and the step at which it failed

    @property
    def failed(self) -> bool:
        return self.result == "failed" or bool(self.disagreement)

    def words(self) -> list[str]:
        """What the table says of it."""
        said = [f"inspect says {self.inspected}"] if self.inspected else []
        said += [f"rehearse says {self.rehearsed}"] if self.rehearsed else []
        said += [", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.stages if seconds >= 0.5)]
        said += [f"{name} after {seconds:.1f} s" for name, seconds in self.measured.items()]
        said += [f"tried again, because {self.retried}"] if self.retried else []
        return [text for text in said if text]


@dataclass(frozen=True)
class Options:
    given: Path | None = None
    keep: bool = False
    console: bool = False


@dataclass(frozen=True)
class Prepared:
    site: machine.Site
    package: package.Package


def prepare(suite: str, wish: Scenario, options: Options) -> Prepared:
    """What a cell's name in the ledger is made of."""
    packages = (*wish.packages, *(tpm.PACKAGES if wish.tpm else ()), *(uki.packages(suite) if wish.uki else ()))
    site = machine.get(roots.get(suite, packages))
    if wish.uki and wish.tpm:
        uki.pcr_key(site)
    return Prepared(site, package.get(suite, options.given, wish.payload))


def inspect(suite: str, wish: Scenario, options: Options) -> Outcome:
    """Has its image made, and inspected; boots nothing."""
    outcome = Outcome(suite, wish.name, "not booted")
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-inspect."))
    try:
        ready = prepare(suite, wish, options)
        made = image.get(ready.site, ready.package, layouts.image_of(wish, suite))
        outcome.versions = (made.folder / "versions").read_text()
        _inspect(outcome, wish, ready.site, made, work)
    except shell.Skipped as reason:
        outcome.result, outcome.reason = "skipped", str(reason)
    except shell.Failed as reason:
        outcome.result, outcome.reason = "failed", str(reason)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{suite} {wish.name}: {'inspect says ' + outcome.inspected if outcome.inspected else outcome.result + ': ' + outcome.reason}"
          + (f": {outcome.disagreement}" if outcome.disagreement else ""), flush=True)
    return outcome


def rehearse(suite: str, wish: Scenario, options: Options) -> Outcome:
    """Has its image made, and rehearsed; when the guest's own kernel died, once more."""
    outcome = _rehearse_once(suite, wish, options)
    if outcome.result == "died":
        again = _rehearse_once(suite, wish, options)
        again.retried = outcome.reason
        if again.result == "died":
            again.result = "not booted"
        outcome = again
    said = f"rehearse says {outcome.rehearsed}" if outcome.rehearsed else f"{outcome.result}: {outcome.reason}"
    print(f"{suite} {wish.name}: {said}" + (f": {outcome.disagreement}" if outcome.disagreement else ""), flush=True)
    return outcome


def _rehearse_once(suite: str, wish: Scenario, options: Options) -> Outcome:
    outcome = Outcome(suite, wish.name, "not booted")
    if wish.rehearse == scenario.CANNOT:
        outcome.result, outcome.reason = "skipped", "it cannot be rehearsed: its file says why"
        return outcome
    folder = places.logs / "rehearsals" / f"{suite}-{wish.name}"
    shutil.rmtree(folder, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-rehearse."))
    try:
        ready = prepare(suite, wish, options)
        made = image.get(ready.site, ready.package, layouts.image_of(wish, suite))
        outcome.versions = (made.folder / "versions").read_text()
        initrd, arguments = _joined(wish, ready.site, made, work)
        said = rehearsed.of(initrd, made.kernel, arguments, wish, work)
        outcome.rehearsed, outcome.disagreement = said.said, said.disagreement
        outcome.stages.append(("rehearse", round(said.seconds, 1)))
        if outcome.disagreement and said.died:
            outcome.result, outcome.reason = "died", f"the guest's kernel: {said.died}"
        if left := rehearsed.left_behind(work):
            outcome.disagreement = f"it leaves {', '.join(left)} behind"
    except shell.Skipped as reason:
        outcome.result, outcome.reason = "skipped", str(reason)
    except shell.Failed as reason:
        outcome.result, outcome.reason = "failed", str(reason)
    finally:
        if outcome.disagreement or outcome.result in ("failed", "died"):
            shutil.copytree(work, folder, symlinks=True, ignore=shutil.ignore_patterns("initrd", "*.img", "*.efi", uki.KEYS))
            outcome.reason += f" [logs: {folder}]"
        shutil.rmtree(work, ignore_errors=True)
    return outcome


def play(suite: str, wish: Scenario, options: Options) -> Outcome:
    """Plays it. When the guest's own kernel died, once more, and the table says so."""
    outcome = _once(suite, wish, options)
    if outcome.result == "died":
        again = _once(suite, wish, options)
        again.retried = outcome.reason
        if again.result == "died":
            again.result = "failed"
        return again
    return outcome


def _once(suite: str, wish: Scenario, options: Options) -> Outcome:
    outcome = Outcome(suite, wish.name)
    folder = places.logs / "cells" / f"{suite}-{wish.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The name of a socket has to be short, and what is not kept is not below the build folder.
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-boot."))
    try:
        _play(outcome, suite, wish, options, work)
    except shell.Stopped:
        raise
    except shell.Skipped as reason:
        outcome.result, outcome.reason = "skipped", str(reason)
    except guest.Died as reason:
        outcome.result, outcome.reason = "died", str(reason)
    except shell.Failed as reason:
        outcome.result, outcome.reason = "failed", str(reason)
    finally:
        # Keys stay private, images and roots are large, and a root's absolute links lead to this machine.
        shutil.copytree(work, folder, symlinks=True, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("*.sock", "initrd", "keys", "*.efi", "boot", "variables.fd", "*.img", uki.KEYS, uki.TREE))
        if options.keep:
            print(f"kept: {work}", flush=True)
        else:
            shutil.rmtree(work, ignore_errors=True)
    if outcome.result == "passed" and not outcome.disagreement and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    elif outcome.result in ("failed", "died") or outcome.disagreement:
        outcome.reason += f" [logs: {folder}]"
    print(f"{suite} {wish.name}: {outcome.result}{': ' + outcome.reason if outcome.reason else ''}"
          + (f"; {outcome.disagreement}" if outcome.disagreement else ""), flush=True)
    return outcome


def _play(outcome: Outcome, suite: str, wish: Scenario, options: Options, work: Path) -> None:
    def stage(name: str, action: Callable[[], Any]) -> Any:
        begin = time.monotonic()
        try:
            return action()
        finally:
            seconds = time.monotonic() - begin
            outcome.stages.append((name, round(seconds, 1)))
            print(f"{suite} {wish.name}: {name} {seconds:.1f} s", flush=True)

    ready = stage("prepare", lambda: prepare(suite, wish, options))
    made = stage("image", lambda: image.get(ready.site, ready.package, layouts.image_of(wish, suite)))
    outcome.versions = (made.folder / "versions").read_text()
    shutil.copy(made.folder / "dracut.log", work / "dracut.log")
    context = steps.Context(ready.site, made, ready.package, words_of(ready.site))
    todo = list(wish.steps)
    initrd, arguments = stage("inspect", lambda: _inspect(outcome, wish, ready.site, made, work))
    context.opens, context.measured = outcome.opens, outcome.measured
    while todo and todo[0]["do"] in steps.BEFORE_BOOT:
        step = todo.pop(0)
        stage(step["do"], lambda: steps.take(context, step))
    if not todo:
        return
    context.network = network.Network(wish.network, work)
    try:
        context.client = Client(ready.site, work, context.network.enter)
        context.guest = _boot(ready.site, made, wish, context.network, work, initrd, arguments)
        try:
            for step in todo:
                stage(step["do"], lambda: steps.take(context, step))
        except guest.Died:
            raise
        except shell.Failed as failure:
            _journal(context, work)
            context.guest.look()  # was it the guest that died?
            if stall := context.guest.stalled():
                raise guest.Died(f"the guest's kernel stalled ({stall}): {failure}") from failure
            raise
        finally:
            context.guest.end()
            if options.console:
                print(context.guest.console(), flush=True)
    finally:
        context.network.end()


def words_of(site: machine.Site) -> dict[str, str]:
    """What a scenario may write as @NAME@: what the machine is called by, and the initramfs's own host key."""
    return {**site.words(), "HOST_KEY": site.text("dracut_ssh_host_ed25519_key")}


def kernel_arguments(site: machine.Site, wish: Scenario) -> str:
    words = words_of(site)
    if wish.layout:
        disks = layouts.cmdline(wish.layout, site.root.suite, words)
    else:
        disks = [f"rd.luks.name={words['LUKS_UUID']}=cryptroot", "root=/dev/mapper/cryptroot"]
    arguments = [*guest.arguments(), *disks, "rw"]
    arguments = [word for word in arguments if word.split("=", 1)[0] not in wish.remove]
    return " ".join([*arguments, *(scenario.filled(word, words) for word in wish.add)])


def _joined(wish: Scenario, site: machine.Site, made: image.Image, work: Path) -> tuple[Path, str]:
    """The image as the guest gets it, and its kernel's arguments."""
    if not made.initrd.exists():
        raise shell.Failed(f"dracut made no image: {made.log()[-600:]}")
    initrd = work / "initrd"
    guest.join([made.initrd, image.overlay(made, wish, words_of(site))], initrd)
    arguments = kernel_arguments(site, wish)
    if wish.uki:
        initrd = uki.make(site, wish.uki, made.kernel, initrd, arguments, work, bool(wish.tpm)).file
    return initrd, arguments


def _inspect(outcome: Outcome, wish: Scenario, site: machine.Site, made: image.Image, work: Path) -> tuple[Path, str]:
    """The same, and what can be told of them before anything is booted."""
    initrd, arguments = _joined(wish, site, made, work)
    said = verdict.of(initrd, arguments, wish, work / "inspect.json")
    outcome.inspected, outcome.disagreement, outcome.opens = said.said, said.disagreement, list(said.opens)
    return initrd, arguments


def _boot(site: machine.Site, made: image.Image, wish: Scenario, net: network.Network, work: Path, initrd: Path,
          arguments: str) -> guest.Guest:
    root = [] if wish.late else layouts.disks(wish.layout, site) if wish.layout else [site.folder / "root.img"]
    if wish.token:
        if root != [site.folder / "root.img"]:
            raise scenario.Wrong(f"{wish.name}: a token is for a layout whose disk is LUKS2 around a file system")
        root = [tokens.disk(site, wish.token, wish.tpm == "pcrs", work)]
    disks = [*root, *(site.folder / f"{disk.name}.img" for disk in wish.disks)]
    firmware = uki.firmware(uki.Made(initrd, work / uki.KEYS), wish.uki, work) if wish.uki else None
    name = {"right": tpm.OWN, "pcrs": tpm.OWN, "other": tpm.OTHER}.get(wish.tpm)
    emulator = tpm.Emulator(site, work, name) if name else None
    try:
        return guest.Guest(work, made.kernel, initrd, arguments, disks, net.nics, net.enter, net.unlinked, firmware=firmware, emulator=emulator)
    except BaseException:
        if emulator is not None:
            emulator.end()
        raise


def _journal(context: steps.Context, work: Path) -> None:
    """Of what failed, the journal, if somebody can still log in."""
    try:
        if not context.guest.ended():
            result = context.ssh("journalctl --boot --no-pager --output=short-monotonic", timeout=20)
            (work / "journal.log").write_text(result.output)
    except (shell.Failed, OSError, AssertionError):
        pass
