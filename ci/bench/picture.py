# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws what ci/bench/image measured, as an SVG that needs nothing but itself and can be read in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Bar:
    path: str
    size: int
    group: str


@dataclass(frozen=True)
class Rival:
    name: str
    original: int
    ours: int
    floor: int  # sshd, its helpers and their libraries alone


WIDTH, ROW, LABEL, LONGEST = 860, 22, 290, 430
# A file smaller than this share of the largest would be a bar that nobody sees: those of a group are one bar.
SMALL = 0.02
OWN = "the module's own"
# Light and dark, one pair for each group; the last pair is for what is only compared.
COLOURS = (("#1f6feb", "#58a6ff"), ("#8250df", "#bc8cff"), ("#1a7f37", "#3fb950"), ("#bf8700", "#d29922"), ("#57606a", "#8b949e"),
           ("#afb8c1", "#6e7681"))


def _style() -> str:
    def rules(dark: int) -> str:
        ground, text, soft = (("#ffffff", "#1f2328", "#57606a"), ("#0d1117", "#e6edf3", "#9198a1"))[dark]
        bars = "".join(f".g{number}{{fill:{pair[dark]}}}" for number, pair in enumerate(COLOURS))
        return f".ground{{fill:{ground}}}text{{fill:{text}}}.soft{{fill:{soft}}}{bars}"
    return ("<style>text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif}.head{font-weight:600;font-size:15px}"
            f"{rules(0)}@media(prefers-color-scheme:dark){{{rules(1)}}}</style>")


def _together(bars: Sequence[Bar], groups: Sequence[str]) -> list[Bar]:
    """Files that can be seen, and the small ones of each group as one bar."""
    largest = max(bar.size for bar in bars)
    drawn = []
    for group in groups:
        members = sorted((bar for bar in bars if bar.group == group and bar.size > 0), key=lambda bar: -bar.size)
        small = [bar for bar in members if bar.size < SMALL * largest]
        if len(small) < 2:
            small = []
        drawn += [Bar(bar.path.rsplit("/", 1)[-1], bar.size, group) for bar in members if bar not in small]
        if small:
            few = f"{len(small)} small ones" if len(small) < len(members) else f"{len(small)} files"
            drawn.append(Bar(f"{group}: {few}", sum(bar.size for bar in small), group))
    return drawn


def _row(at: int, label: str, size: int, largest: int, colour: int) -> str:
    width = max(1.0, LONGEST * size / largest)
    return (f'<text x="{LABEL - 8}" y="{at + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="g{colour}" x="{LABEL}" y="{at + 3}" width="{width:.1f}" height="{ROW - 6}" rx="2"/>'
            f'<text class="soft" x="{LABEL + width + 8:.1f}" y="{at + 15}">{size:,}</text>')


def draw(bars: Sequence[Bar], rivals: Sequence[Rival], groups: Sequence[str]) -> str:
    drawn = _together(bars, groups)
    at = 16
    parts = [f'<text class="head" x="16" y="{at + 12}">What the module adds to an image of Debian 13, in bytes before compression</text>']
    at += 26
    left = 16.0
    for number, group in enumerate(groups):
        if any(bar.group == group for bar in drawn):
            parts.append(f'<rect class="g{number}" x="{left:.0f}" y="{at}" width="11" height="11" rx="2"/>'
                         f'<text class="soft" x="{left + 16:.0f}" y="{at + 10}">{escape(group)}</text>')
            left += 40 + 7.2 * len(group)
    at += 22
    largest = max(bar.size for bar in drawn)
    for bar in drawn:
        parts.append(_row(at, bar.path, bar.size, largest, groups.index(bar.group)))
        at += ROW
    at += 22
    parts.append(f'<text class="head" x="16" y="{at + 12}">What it costs in the image as dracut writes it, in bytes</text>')
    at += 26
    largest = max(max(rival.original, rival.ours) for rival in rivals)
    for rival in rivals:
        parts.append(_row(at, f"{rival.name}, the original", rival.original, largest, len(COLOURS) - 1))
        parts.append(_row(at + ROW, f"{rival.name}, this module", rival.ours, largest, groups.index(OWN)))
        parts.append(_row(at + 2 * ROW, f"{rival.name}, sshd and its libraries alone", rival.floor, largest, 0))
        at += 3 * ROW + 6
    height = at + 10
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">\n'
            "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n"
            "<!-- Drawn by ci/bench/image. -->\n"
            + "<title>What the module costs in an image</title>\n" + _style() + "\n"
            + f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>\n' + "\n".join(parts) + "\n</svg>\n")
