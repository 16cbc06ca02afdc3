# SPDX-License-Identifier: GPL-3.0-or-later
"""What a measurement needs. To be imported before the modules of ci/e2e/lib, which read BUILD_DIR.

The programs are measured as a package has them, with the compiler's optimisation: so they are built in a folder of their own, not where
ci/test builds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

top = Path(__file__).resolve().parents[2]
os.environ.setdefault("BUILD_DIR", str(top / "build" / "optimised"))


def ready(*targets: str, purpose: str = "bench") -> None:
    """Installs what ci/deps knows for a purpose, and builds these targets; ends the program where that is impossible."""
    for argv in (["ci/deps", purpose], ["ci/lib/programs", "--optimised", *targets]):
        status = subprocess.run([top / argv[0], *argv[1:]], stdin=subprocess.DEVNULL, check=False).returncode
        if status:
            print(f"{os.path.relpath(sys.argv[0], top)}: not everything that it needs is there; type: {' '.join(argv)}", file=sys.stderr)
            sys.exit(status)
