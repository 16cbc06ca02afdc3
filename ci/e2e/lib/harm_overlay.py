# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody may do to an overlay in git: whoever can write to the server can make commits, but not sign them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import harm

SIGNATURE = re.compile(rb"^gpgsig .*\n(?: .*\n)*", re.MULTILINE)


class Overlay(harm.Layout):
    is_package = r"/distfiles/[^/]*\.tar\.gz$"

    def __init__(self, site: Path, shop: harm.sites.Sites, distribution: str) -> None:
        super().__init__(site, shop, distribution)
        self.git_folder = f"{self.folder}/overlay.git"
        self.head = f"{self.git_folder}/refs/heads/main"
        self.metadata = f"{self.git_folder}/objects/"
        self.signatures = (self.metadata,)

    def git(self, *argv: str) -> str:
        return self.shop.run(["git", "--git-dir", str(self.at(self.git_folder)), *argv]).strip()

    def _commit(self) -> bytes:
        commit = self.git("rev-parse", "main")
        return self.git("cat-file", "commit", commit).encode() + b"\n"

    def _replace(self, commit: bytes) -> None:
        """Another commit in the place of the newest."""
        file = self.site / "commit"
        file.write_bytes(commit)
        self.git("update-ref", "refs/heads/main", self.git("hash-object", "-t", "commit", "-w", str(file)))
        file.unlink()
        self.git("update-server-info")

    def metadata_bit(self) -> str:
        """The commit itself: what is in the file is not what its name says."""
        commit = self.git("rev-parse", "main")
        file = self.at(f"{self.git_folder}/objects/{commit[:2]}/{commit[2:]}")
        file.chmod(0o644)
        harm.flip(file, -1)
        return str(file.relative_to(self.site))

    def index_bit(self) -> str:
        """Another source, and a Manifest that is right about it, in a commit on top of the signed one; the ebuild's words are kept."""
        work = self.site / "work"
        self.git("worktree", "add", "--quiet", str(work), "main")
        source = self.at(self.package)
        shutil.copyfile(self.at(self.older), source)
        manifest = next(work.glob("*/*/Manifest"))
        sums = [self.shop.run([tool, str(source)]).split()[0] for tool in ("b2sum", "sha512sum")]
        line = f"DIST {source.name} {source.stat().st_size} BLAKE2B {sums[0]} SHA512 {sums[1]}"
        manifest.write_text(re.sub(rf"^DIST {re.escape(source.name)} .*$", line, manifest.read_text(), flags=re.MULTILINE))
        self.shop.run(["git", "-C", str(work), "-c", "user.name=A Packager", "-c", "user.email=a@example.org", "commit", "--quiet", "--all",
                       "--message", "A second look"])
        self.git("worktree", "remove", "--force", str(work))
        self.git("update-server-info")
        return self.metadata

    def signature_bit(self) -> str:
        file = self.site / "signature"
        found = SIGNATURE.search(commit := self._commit())
        assert found is not None
        file.write_text("".join(f"{line[1:]}\n" for line in found[0].decode().removeprefix("gpgsig").splitlines()))
        harm.flip_in_armour(file)
        lines = file.read_text().splitlines()
        file.unlink()
        self._replace(commit.replace(found[0], ("gpgsig" + "".join(f" {line}\n" for line in lines)).encode()))
        return self.metadata

    def no_signature(self) -> str:
        self._replace(SIGNATURE.sub(b"", self._commit()))
        return self.metadata


harm.LAYOUTS["portage"] = Overlay
