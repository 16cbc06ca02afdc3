# SPDX-License-Identifier: GPL-3.0-or-later
"""All stages: one promise each. Each begins in a fresh root, and returns a few words on what it has seen."""

from __future__ import annotations

from collections.abc import Callable

import lifecycle
import refusals
import rough
from stage import Stage

STAGES: dict[str, Callable[[Stage], str]] = {**lifecycle.STAGES, **refusals.STAGES, **rough.STAGES}
