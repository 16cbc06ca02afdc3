# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays each case of ci/e2e/corpus/sshd.toml over an image of each suite, logs in to its real sshd, and asks `dracut-sshd inspect`, with and
without --try, what it says of the same bytes.

It fails where the real sshd does not do what the case says, and where an answer is a false comfort or a false alarm. What was seen is kept in
build/e2e/corpus-SUITE.json; ci/e2e/corpus-table makes the table of docs/corpus.md of it. Nothing is booted.
"""

from __future__ import annotations

import collections
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import corpus
import image
import machine
import package
import places
import roots
import scenario
import shell

VERSIONS = {"12": "9.2", "13": "10.0", "14": "10.6"}


class Bench:
    """A suite's image, unpacked, its root, and the client's keys."""

    def __init__(self, suite: str, module: package.Package, work: Path) -> None:
        self.suite, self.work = suite, work
        self.tree, self.root, self.keys = work / "tree", work / "root", work / "keys"
        root = roots.get(suite)
        self.image = image.get(machine.get(root), module, scenario.Image()).initrd
        corpus.unpack(self.image, self.tree)
        roots.unpack(root, self.root)
        self.keys.mkdir(mode=0o700)
        corpus.make_keys(self.keys)
        self.words = corpus.words_of(self.keys, corpus.pam_folder(self.root))
        self.cases = [case for case in corpus.load() if suite in case.real]


@pytest.fixture
def bench(request: pytest.FixtureRequest, module_package: Callable[[str], package.Package]) -> Iterator[Bench]:
    suite = request.param
    module = module_package(suite)
    with tempfile.TemporaryDirectory(prefix="dracut-sshd-corpus.") as folder:
        yield Bench(suite, module, Path(folder))


@pytest.mark.extended
@pytest.mark.parametrize("bench", [pytest.param(suite, id=suite, marks=pytest.mark.xdist_group(f"inspect-{suite}")) for suite in corpus.SUITES], indirect=True)
def test_corpus(bench: Bench, record_property: Callable[[str, object], None]) -> None:
    for tool in ("ssh", "ssh-keygen", "cpio", "ip"):
        if shutil.which(tool) is None:
            raise shell.Skipped(f"{tool} is not installed")
    logins = corpus.logins(bench.suite, bench.tree, bench.root, bench.keys, bench.work)
    wrong: list[str] = []
    kept: dict[str, dict[str, str]] = {}
    count: dict[str, collections.Counter[str]] = {"inspect": collections.Counter(), "--try": collections.Counter()}
    for case in bench.cases:
        seen = logins[case.name]["in"]
        real = corpus.real_of(seen)
        if real != case.real[bench.suite]:
            wrong.append(f"{case.name}: the real sshd does {real}, not {case.real[bench.suite]}: {seen} {logins[case.name]['said'][-200:]}")
        kept[case.name] = {"real": real}
        for kind, options in (("inspect", ()), ("--try", ("--try",))):
            status, findings = corpus.answers(case, bench.image, bench.words, bench.root, bench.work, *options)
            worth = corpus.judged(real, status)
            count[kind][worth] += 1
            kept[case.name][kind] = corpus.SAID[status]
            if worth.startswith("false"):
                wrong.append(f"{case.name}: {kind}: {worth}: the real sshd does {real}; it says {status}: "
                             + "; ".join(f"{each['id']}: {each['message']}" for each in findings))
        # Who says where they come from gets an answer for that address.
        if len(case.sources) > 1:
            for source in case.sources:
                status, findings = corpus.answers(case, bench.image, bench.words, bench.root, bench.work, "--from", source)
                there = "in" if seen[f"{source} > {case.to[0]}"] else "out"
                if corpus.judged(there, status).startswith("false"):
                    wrong.append(f"{case.name}: --from {source}: it is {there}, and inspect says {status}")
    places.logs.mkdir(parents=True, exist_ok=True)
    (places.logs / f"corpus-{bench.suite}.json").write_text(json.dumps(kept, indent=1) + "\n")
    for kind, counts in count.items():
        record_property(kind, ", ".join(f"{worth} {number}" for worth, number in sorted(counts.items())))
    if wrong:
        raise shell.Failed(f"OpenSSH {VERSIONS[bench.suite]}: {len(wrong)} cases:\n  " + "\n  ".join(wrong))
