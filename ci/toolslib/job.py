# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be made, for which release, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import source


@dataclass(frozen=True)
class Job:
    package: source.Package
    release: dict[str, object]  # what the distribution's file says of this release and format
    work: Path
    log: Path
    memory: Path | None  # ccache's folder, where compilations are to be remembered


@dataclass
class Made:
    files: list[Path]
    lines: list[str] = field(default_factory=list)  # what people are told
