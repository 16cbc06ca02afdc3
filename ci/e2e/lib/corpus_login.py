# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: corpus_login.py SUITE TREE ROOT KEYS OUT [NAME...]

Logs in to the real sshd of an unpacked image once for each case of the corpus and each way to it, and writes what came of it into OUT:
{case: {"in": {"FROM > TO": true}, "said": "the last words of sshd"}}. It is the first process of namespaces of its own (mounts, processes, network):
corpus.py starts it by unshare(1). What is laid over the image is gone after each case, and so is sshd with all of its sessions.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus  # noqa: E402
import cpio  # noqa: E402

PATIENCE = 20.0
WORK = Path("/run/corpus")
SSH = ("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
       "-o", "GlobalKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR", "-T")
# The figures are put in by the shell: what is only repeated is no proof.
COMMAND, PROOF = "echo corpus-$((6 * 7))", "corpus-42"


def run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def put(tree: Path, entry: cpio.Entry) -> None:
    """As the kernel unpacks it over what is there."""
    path = tree / entry.path
    for folder in reversed(path.relative_to(tree).parents):
        there = tree / folder
        if not there.exists():
            there.mkdir(mode=0o700 if there.name in ("root", ".ssh") else 0o755)
    if entry.mode & 0o170000 == 0o040000:
        path.mkdir(exist_ok=True)
    else:
        path.unlink(missing_ok=True)
        path.write_bytes(entry.data)
    path.chmod(entry.mode & 0o7777)


def listens(port: int) -> bool:
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def end_all() -> None:
    """Every process of this namespace but this one."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def login(case: corpus.Case, source: str, to: str, keys: Path) -> bool:
    identity = ["-i", str(keys / case.identity)]
    if case.identity == "cert":
        identity += ["-o", f"CertificateFile={keys / 'cert-cert.pub'}"]
    argv = [*SSH, "-b", source, "-p", str(case.port), *identity, f"root@{to}", COMMAND]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return False
    words = (done.stdout + done.stderr).decode(errors="replace")
    return bool(re.search(case.proof, words)) if case.proof is not None else PROOF in words


def tried(case: corpus.Case, tree: Path, words: dict[str, bytes], root: Path, keys: Path) -> dict[str, object]:
    upper = WORK / "upper"
    for folder in (upper, WORK / "work"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    there = WORK / "there"
    there.mkdir(exist_ok=True)
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={tree},upperdir={upper},workdir={WORK / 'work'}", str(there))
    log = WORK / "log"
    try:
        for entry in corpus.entries_of(case, words, root):
            put(there, entry)
        for folder in ("dev", "proc", "run"):
            (there / folder).mkdir(exist_ok=True)
        run("mount", "--bind", "/dev", str(there / "dev"))
        run("mount", "-t", "proc", "proc", str(there / "proc"))
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(there / "run"))
        (there / "run/sshd").mkdir(mode=0o755)
        inside = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_NSS_BYPASS_SYNTHETIC=1", "chroot", str(there)]
        subprocess.run([*inside, "/usr/lib/dracut-sshd/fix-accounts"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        with log.open("wb") as out:
            daemon = subprocess.Popen([*inside, "/usr/sbin/sshd", "-D", "-e"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        begin = time.monotonic()
        while daemon.poll() is None and not listens(case.port) and time.monotonic() - begin < PATIENCE:
            time.sleep(0.02)
        ways = [(source, to) for source in case.sources for to in case.to]
        up = daemon.poll() is None and listens(case.port)
        seen = {f"{source} > {to}": up and login(case, source, machine_of(source, to), keys) for source, to in ways}
        return {"in": seen, "said": log.read_text(errors="replace")[-600:]}
    finally:
        end_all()
        for folder in ("run", "proc", "dev", ""):
            subprocess.run(["umount", "--lazy", str(there / folder)], check=False, stderr=subprocess.DEVNULL)


def machine_of(source: str, to: str) -> str:
    return "2001:db8:77::2" if ":" in source and ":" not in to else to


def main() -> None:
    suite, tree, root, folder, out = sys.argv[1], *map(Path, sys.argv[2:6])
    names = sys.argv[6:]
    cases = [case for case in corpus.load() if suite in case.real and (not names or case.name in names)]
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "proc", "proc", "/proc")
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    WORK.mkdir()
    run("ip", "link", "set", "lo", "up")
    addresses = {address for case in cases for address in (*case.sources, *case.to)} | {"2001:db8:77::2"}
    for address in sorted(addresses):
        run("ip", "address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo", *(["nodad"] if ":" in address else []))
    words = corpus.words_of(folder, corpus.pam_folder(root))
    results: dict[str, object] = {}
    for case in cases:
        results[case.name] = tried(case, tree, words, root, folder)
    out.write_text(json.dumps(results, indent=1) + "\n")


main()
