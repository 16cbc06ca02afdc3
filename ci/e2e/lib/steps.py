# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a scenario. Each is a function; its keyword arguments are what a scenario may say. See KNOWN below."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import guest
import machine
import network
import scenario
import shell
import tokens
from client import Client
from image import Image
from package import Package

PROMPT = r"pass ?(word|phrase)[^\n]*:"
# systemd's, and that of initramfs-tools.
PROMPT_ON_CONSOLE = re.compile(r"enter passphrase|please (enter|unlock)", re.IGNORECASE)
# The image has no grep and no wc.
LINES_OF = 'while IFS= read -r line; do printf "%s\\n" "$line"; done <{}'


class Context:
    """What a step works with."""

    def __init__(self, site: machine.Site, image: Image, package: Package, words: dict[str, str]) -> None:
        self.site = site
        self.image = image
        self.package = package
        self.words = words
        self.guest: guest.Guest
        self.network: network.Network
        self.client: Client
        self.stage = "initrd"
        self.port = 22
        self.key = "key"
        self.opens: list[str] = []  # what inspect said of how disks are opened
        self.measured: dict[str, float] = {}

    def wait(self, what: str, within: float, look: Callable[[], Any], every: float = 0.5) -> Any:
        """Looks again and again until there is something to be seen, or the time is over, or the guest has died."""
        deadline = shell.Deadline(within)
        while True:
            found = look()
            if found:
                return found
            self.guest.look()
            if deadline.left() < 0:
                raise shell.Failed(f"not within {within:.0f} s: {what}")
            shell.pause(every)

    def ssh(self, command: str, **options: Any) -> shell.Result:
        where = self.network.where(self.port)
        if where is None:
            return shell.Result(255, "the guest has no address yet")
        for _ in range(4):
            result = self.client.run(where, self.stage, command, **{"key": self.key, **options})
            # An emulated guest may not answer for some seconds; the command was not run then.
            if "during banner exchange" not in result.output or self.guest.ended():
                break
        return result


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _judge(context: Context, what: str, output: str, expect: str | list[str], absent: str | list[str]) -> None:
    for text in _texts(expect):
        if not re.search(scenario.filled(text, context.words), output, re.MULTILINE):
            raise shell.Failed(f"{what}: there is no \"{text}\" in: {output.strip()[-600:]}")
    for text in _texts(absent):
        if re.search(scenario.filled(text, context.words), output, re.MULTILINE):
            raise shell.Failed(f"{what}: there is \"{text}\" in: {output.strip()[-600:]}")


def login(context: Context, within: float = 120, key: str = "key", port: int = 22, stage: str = "initrd") -> None:
    """A real login, in the initramfs. A connection that is accepted is none; three denials are enough."""
    context.port, context.key, context.stage = port, key, stage
    denied: list[str] = []

    def look() -> bool:
        result = context.ssh("[ -e /etc/initrd-release ] && echo in-the-image", timeout=45)
        if "Permission denied" in result.output:
            denied.append(result.output.strip().splitlines()[-1])
            if len(denied) == 3:
                raise shell.Failed(f"denied three times: {denied[-1]}")
            shell.pause(2)
        if "Host key verification failed" in result.output:
            raise shell.Failed("the host key is not the initramfs's own")
        return "in-the-image" in result.output and result.status == 0

    context.wait("a login", within, look)


def host_key(context: Context, expect: str, within: float = 90) -> None:
    """sshd shows this host key, and no other one. expect: as the argument `stage` of login."""
    file = {"initrd": "dracut_ssh_host_ed25519_key.pub", "sealed": "sealed_host_key.pub", "unsealed": "unsealed_host_key.pub"}[expect]
    wanted = " ".join(context.site.text(file).split()[:2])

    def look() -> bool:
        where = context.network.where(context.port)
        shown = context.client.shown(where) if where is not None else ()
        if shown and shown != (wanted,):
            raise shell.Failed(f"sshd shows {', '.join(shown)} instead of the {expect} key {wanted}")
        return bool(shown)
    context.wait("a host key", within, look, every=1)


def denied(context: Context, within: float = 120, key: str = "other", port: int = 22) -> None:
    """sshd is there, and refuses this key."""
    def look() -> bool:
        where = context.network.where(port)
        if where is None:
            return False
        result = context.client.run(where, context.stage, "true", key=key, timeout=45)
        if result.status == 0:
            raise shell.Failed(f"the key \"{key}\" logs in")
        return "Permission denied" in result.output
    context.wait("a denial", within, look, every=1)


def refused(context: Context, expect: str = "", within: float = 40, key: str = "key", port: int = 22) -> None:
    """A key that ought to log in does not, for this long, or until sshd has said so three times. `expect` is what the client has to
    hear meanwhile (a regular expression)."""
    heard = ""
    deadline = shell.Deadline(within)
    while deadline.left() > 0 and heard.count("Permission denied") < 3:
        where = context.network.where(port)
        if where is not None:
            result = context.client.run(where, context.stage, "true", key=key, timeout=30)
            if result.status == 0:
                raise shell.Failed(f"the key \"{key}\" logs in")
            if "Host key verification failed" in result.output:
                raise shell.Failed("the host key is not the initramfs's own")
            heard += result.output
        context.guest.look()
        shell.pause(2)
    if not re.search(scenario.filled(expect, context.words), heard):
        raise shell.Failed(f"the client did not hear \"{expect}\", but: {heard.strip()[-600:]}")


def run(context: Context, command: str, within: float = 60, status: int = 0, expect: str | list[str] = (), absent: str | list[str] = (),  # type: ignore[assignment]
        key: str = "", stdin: str = "") -> None:
    """A command over ssh: its exit status and what it prints (regular expressions)."""
    result = context.ssh(scenario.filled(command, context.words), timeout=within, key=key or context.key, stdin=stdin)
    if status >= 0 and result.status != status:
        raise shell.Failed(f"`{command}` ended with {result.status} instead of {status}: {result.output.strip()[-600:]}")
    _judge(context, f"`{command}`", result.output, expect, absent)


def until(context: Context, command: str, expect: str | list[str], within: float = 90) -> None:
    """A command over ssh, again and again, until it prints this."""
    said = [""]

    def look() -> bool:
        said[0] = context.ssh(scenario.filled(command, context.words), timeout=30).output
        return all(re.search(scenario.filled(text, context.words), said[0], re.MULTILINE) for text in _texts(expect))

    try:
        context.wait(f"`{command}` prints {expect}", within, look, every=1)
    except guest.Died:
        raise
    except shell.Failed as failure:
        raise shell.Failed(f"{failure}; it printed {said[0].strip()[-600:]}") from failure


def account(context: Context, field: str = "*", shell_: str = "", within: float = 60) -> None:
    """Root has one line in shadow, and one in passwd; the password's field is this."""
    result = context.ssh(LINES_OF.format("/etc/shadow"), timeout=within)
    lines = [line.split(":") for line in result.output.splitlines() if line.startswith("root:")]
    if len(lines) != 1 or lines[0][1] != field:
        raise shell.Failed(f"/etc/shadow has {[':'.join(line) for line in lines]}, and not one line with \"{field}\"")
    if lines[0][7]:
        raise shell.Failed(f"the account expires: {':'.join(lines[0])}")
    result = context.ssh(LINES_OF.format("/etc/passwd"), timeout=within)
    users = [line for line in result.output.splitlines() if line.startswith("root:")]
    if len(users) != 1 or (shell_ and not users[0].endswith(":" + shell_)):
        raise shell.Failed(f"/etc/passwd has {users}")


def agent(context: Context, passphrase: str = "root", within: float = 120) -> None:
    """The passphrase is typed at the agent that systemd has for this, on a terminal."""
    def look() -> bool:
        where = context.network.where(context.port)
        assert where is not None
        typed, said = context.client.type_at_prompt(where, context.stage, "systemd-tty-ask-password-agent", PROMPT,
                                                    context.site.passphrase(passphrase), 40)
        if context.site.passphrase(passphrase) in said:
            raise shell.Failed("the passphrase is shown on the terminal")
        return typed
    context.wait("a prompt at the agent", within, look, every=1)


def prompt(context: Context, within: float = 120) -> None:
    """A disk asks for its passphrase."""
    context.wait("a prompt", within, lambda: re.search(r"passphrase", context.ssh("systemd-tty-ask-password-agent --list").output), every=1)


# Until a prompt is there whose line in `unlock --list` has this in it. Then: the time since the kernel's start, and that of the day; when the
# prompts were made, by the day; when the manager of the initramfs, sshd and what opens the disk have started, since the kernel's start.
ASKED = '''until case $(unlock --list 2>/dev/null) in *"$1"*) ;; *) false ;; esac; do sleep 0.2; done
: >/run/e2e-now; read -r up _ </proc/uptime; echo "up=$up"
for file in /run/e2e-now /run/systemd/ask-password/ask.*; do echo "made=$(ls -l --time-style=+%s.%N "$file")"; done
systemctl show -p UserspaceTimestampMonotonic
systemctl show -p ActiveEnterTimestampMonotonic sshd.service
systemctl show -p ExecMainStartTimestampMonotonic 'systemd-cryptsetup@*.service'
'''


def asked(context: Context, what: str = "cryptsetup:", gives_up: float = 0, at_most: float = 40, within: float = 150) -> None:
    """Somebody who is logged in is asked for a disk's passphrase (or what else `unlock --list` shows): how many seconds after the start of
    the initramfs. Nothing but sshd's own start, and the time-out after which the automatic way gives up, may take longer than `at_most`."""
    result = context.ssh(f"set -- '{what}'; {ASKED}", timeout=within)
    made = [float(found) for found in re.findall(r"^made=.*? ([0-9]{9,}[.][0-9]+) /", result.output, re.MULTILINE)]
    up = re.search(r"^up=([0-9.]+)", result.output, re.MULTILINE)
    since = {name: int(value) / 1e6 for name, value in re.findall(r"^(\w+)=([0-9]+)$", result.output, re.MULTILINE)}
    try:
        assert up is not None
        prompt = float(up[1]) - (made[0] - max(made[1:]))
        began, ready, tried = since["UserspaceTimestampMonotonic"], since["ActiveEnterTimestampMonotonic"], since["ExecMainStartTimestampMonotonic"]
    except (AssertionError, KeyError, IndexError, ValueError) as fault:
        raise shell.Failed(f"nothing asks for \"{what}\" within {within:.0f} s: {result.output.strip()[-300:]}") from fault
    context.measured["ssh"] = round(ready - began, 1)
    context.measured["asked"] = round(max(prompt, ready) - began, 1)
    context.measured["beyond"] = round(max(0.0, prompt - max(ready, tried + gives_up)), 1)
    if context.measured["beyond"] > at_most:
        raise shell.Failed(f"it asked {context.measured['beyond']} s after sshd was ready and the automatic way had given up: {context.measured}")


def tang(context: Context) -> None:
    """From now on a Tang server answers in the guest's network."""
    context.network.background(tokens.tang_server(context.site))


def inspect_says(context: Context, expect: str | list[str] = (), absent: str | list[str] = ()) -> None:  # type: ignore[assignment]
    """Of how disks are opened."""
    _judge(context, "inspect", "\n".join(context.opens), expect, absent)


def pipe(context: Context, passphrase: str = "root", command: str = "unlock", status: int | list[int] = 0, expect: str | list[str] = (),  # type: ignore[assignment]
         absent: str | list[str] = (), within: float = 120, key: str = "", newline: bool = True) -> None:  # type: ignore[assignment]
    """The passphrase is on the standard input of a command."""
    secret = context.site.passphrase(passphrase)
    result = context.ssh(command, stdin=secret + ("\n" if newline else ""), timeout=within, key=key or context.key)
    if secret in result.output:
        raise shell.Failed("the passphrase is in the output")
    wanted = [status] if isinstance(status, int) else status
    if result.status not in wanted:
        raise shell.Failed(f"`{command}` ended with {result.status} instead of {wanted}: {result.output.strip()[-600:]}")
    _judge(context, f"`{command}`", result.output, expect, absent)


def console(context: Context, expect: str, within: float = 120) -> None:
    """The serial console prints this (a regular expression)."""
    wanted = scenario.filled(expect, context.words)
    context.wait(f"\"{expect}\" on the console", within, lambda: re.search(wanted, context.guest.console(), re.MULTILINE))


def console_lacks(context: Context, text: str) -> None:
    if re.search(scenario.filled(text, context.words), context.guest.console(), re.MULTILINE):
        raise shell.Failed(f"the console printed \"{text}\"")


def type_(context: Context, text: str = "", passphrase: str = "") -> None:
    """On the serial console's keyboard, and Enter."""
    shell.pause(0.5)
    context.guest.type((context.site.passphrase(passphrase) if passphrase else text) + "\r")


def real_root(context: Context, within: float = 180) -> None:
    """The real system is up: its own sshd with its own host key, and the marker that only the encrypted root has."""
    context.port, context.key, context.stage = 22, "key", "real"
    marker = context.site.text("marker")
    context.wait("the real system's sshd", within, lambda: marker in context.ssh(f"cat /{machine.MARKER}", timeout=45).output, every=1)


def real_console(context: Context, within: float = 180) -> None:
    """The same, for guests that no network reaches."""
    console(context, f"e2e: the real system is up: {context.site.text('marker')}", within)


def dracut_says(context: Context, expect: str | list[str] = (), absent: str | list[str] = (), status: int = 0) -> None:  # type: ignore[assignment]
    """What dracut's log says, and how it ended."""
    if context.image.status() != status:
        raise shell.Failed(f"dracut ended with {context.image.status()}: {context.image.log()[-600:]}")
    _judge(context, "dracut's log", context.image.log(), expect, absent)


def image_has(context: Context, paths: list[str] = (), absent: list[str] = ()) -> None:  # type: ignore[assignment]
    there = context.image.entries()
    for path in paths:
        if path not in there:
            raise shell.Failed(f"the image has no {path}")
    for path in absent:
        if path in there:
            raise shell.Failed(f"the image has {path}")


def leases(context: Context, count: int = 1) -> None:
    """How many addresses dnsmasq has given."""
    given = {address for address, _ in context.network.acknowledged()}
    if len(given) != count:
        raise shell.Failed(f"{len(given)} addresses were given instead of {count}: {context.network.acknowledged()}")


def flood(context: Context, source: str, loops: int = 4) -> None:
    """From now on somebody at another address tries a wrong key again and again."""
    where = context.network.where(context.port)
    assert where is not None
    argv = context.client.argv(where, context.stage, "other", ("-b", source))
    argv = argv[len(context.network.enter):]
    for _ in range(loops):
        context.network.background(["sh", "-c", 'while :; do "$@" true; sleep 0.2; done', "flood", *argv])


def hold(context: Context, count: int = 100) -> None:
    """From now on somebody holds as many connections as sshd lets them, each from its own address of one IPv6 network."""
    first, *rest = (int(byte, 16) for byte in network.MAC.format(16).split(":"))
    card = [first ^ 2, *rest[:2], 0xff, 0xfe, *rest[2:]]
    target = "fe80::" + ":".join(f"{card[at] << 8 | card[at + 1]:x}" for at in range(0, 8, 2))
    context.network.background(["python3", str(Path(__file__).with_name("holder.py")), "br0", target, str(context.port), "fe80::bad:", str(count)])


def session(context: Context, command: str) -> None:
    """A session that stays open until the guest ends it."""
    where = context.network.where(context.port)
    assert where is not None
    argv = context.client.argv(where, context.stage, context.key)
    context.network.background([*argv[len(context.network.enter):], command])


def beacon(context: Context, name: str, waiting: list[str], port: int = 7022, within: float = 180) -> None:
    """A datagram comes from the guest, which the initramfs's own host key has signed, and says that these kinds of prompts wait."""
    folder = context.network.datagrams(port)
    found: list[Path] = context.wait("a datagram", within, lambda: sorted(path for path in folder.iterdir() if path.name.isdigit()))
    message = found[0].read_bytes()
    if len(message) > 1400:
        raise shell.Failed(f"the message has {len(message)} bytes")
    line, _, signature = message.partition(b"\n")
    (folder / "signature").write_bytes(signature)
    (folder / "signers").write_text(f"{name} namespaces=\"dracut-sshd-beacon\" {context.site.text('dracut_ssh_host_ed25519_key.pub')}\n")
    shell.run(["ssh-keygen", "-Y", "verify", "-f", str(folder / "signers"), "-I", name, "-n", "dracut-sshd-beacon", "-s", str(folder / "signature")],
              stdin=line + b"\n")
    said = json.loads(line)
    fits = set(said) == {"dracut-sshd-beacon", "name", "boot", "number", "up", "waiting"}
    if not fits or said["dracut-sshd-beacon"] != 1 or said["name"] != name or said["waiting"] != waiting:
        raise shell.Failed(f"the message is {line.decode(errors='replace')}")
    context.measured["beacon"] = said["up"]


def plug(context: Context) -> None:
    """The root's disk is plugged in."""
    context.guest.plug(context.site.folder / "root.img")


def poweroff(context: Context, within: float = 120) -> None:
    context.ssh("systemctl poweroff", timeout=60)
    deadline = shell.Deadline(within)
    while not context.guest.ended():
        if deadline.left() < 0:
            raise shell.Failed(f"the guest did not power off within {within:.0f} s")
        shell.pause(0.3)


def install(context: Context, within: float = 180) -> None:
    """The package under test, and the image that was booted under its own name, go into the real system."""
    for file, command in ((context.image.initrd, "cat >/boot/initrd.img-$(uname -r)"),
                          (context.package.file, "cat >/var/tmp/module.deb && dpkg --install /var/tmp/module.deb")):
        result = context.ssh(command, stdin=file.read_bytes(), timeout=within)
        if result.status != 0:
            raise shell.Failed(f"`{command}` ended with {result.status}: {result.output.strip()[-600:]}")


def sleep(context: Context, seconds: float) -> None:
    deadline = shell.Deadline(seconds)
    while deadline.left() > 0:
        context.guest.look()
        shell.pause(0.5)


STEPS: dict[str, Callable[..., None]] = {
    "login": login, "host-key": host_key, "denied": denied, "refused": refused, "run": run, "until": until, "account": account, "agent": agent, "prompt": prompt,
    "pipe": pipe, "asked": asked, "tang": tang, "inspect-says": inspect_says,
    "console": console, "console-lacks": console_lacks, "type": type_, "real-root": real_root, "real-console": real_console,
    "dracut-says": dracut_says, "image-has": image_has, "leases": leases, "flood": flood, "hold": hold, "session": session, "beacon": beacon, "plug": plug, "install": install, "poweroff": poweroff, "sleep": sleep,
}
# These look at the image alone, before anything is booted.
BEFORE_BOOT = frozenset({"dracut-says", "image-has", "inspect-says"})
KNOWN: dict[str, frozenset[str]] = {
    name: frozenset(key.rstrip("_") for key in inspect.signature(step).parameters) - {"context"} for name, step in STEPS.items()}


def take(context: Context, step: dict[str, Any]) -> None:
    function = STEPS[step["do"]]
    names = inspect.signature(function).parameters
    function(context, **{key if key in names else key + "_": value for key, value in step.items() if key != "do"})
