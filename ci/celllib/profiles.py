# SPDX-License-Identifier: GPL-3.0-or-later
"""What distros/ says of a release and of the module's package in it, merged as the orchestrator merges it (RFC 7396)."""

from __future__ import annotations

import json
from typing import Any

import places

PACKAGE = "module"  # what a cell tries; the program that inspects is brought from here


class Unknown(Exception):
    """No such distribution or release."""


def merged(below: Any, over: Any) -> Any:
    if not isinstance(over, dict):
        return over
    out = dict(below) if isinstance(below, dict) else {}
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


def release(name: str) -> dict[str, Any]:
    """"fedora:44", or "fedora" for the default release."""
    distro, _, wanted = name.partition(":")
    file = places.project / "distros" / f"{distro}.json"
    if not distro.replace("-", "").isalnum() or not file.exists():
        raise Unknown(f"there is no distribution {distro!r}; orchestrator list shows them")
    profile = json.loads(file.read_text())
    wanted = wanted or profile["default"]
    for level in profile["releases"]:
        if level["id"] == wanted:
            below = {key: value for key, value in profile.items() if key not in ("releases", "sources", "default")}
            over = {key: value for key, value in level.items() if key not in ("id", "sources")}
            whole = merged(below, over)
            return {**whole, "package": merged(whole["package"], whole["packages"][PACKAGE]), "release": wanted}
    raise Unknown(f"{distro} has no release {wanted!r}; orchestrator list shows them")


def label(profile: dict[str, Any]) -> str:
    return f"{profile['id']}-{profile['release']}"
