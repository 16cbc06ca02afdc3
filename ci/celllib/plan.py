# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a cell: a bash script that runs on the distribution itself, with nothing beside it but what ci/cell has put into its folder
(in/: the package; dracut-sshd and lib/: the program that inspects, if there is one for that architecture). It leaves the image in out/.

Exit status: 0 done, and the image lets you in; 1 something failed, or it does not; 3 something is missing that has to be there before."""

from __future__ import annotations

from typing import Any

import managers

MAY = "CELL_MAY_CHANGE_THIS_MACHINE"
HEAD = """#!/usr/bin/env bash
# The plan of the cell {cell} on {arch}, made by ci/cell. As root, in a container or on a machine to throw away: bash plan
# It installs packages, dracut among them, which may take another one's place. Where there are no host keys, and no key that may log in,
# it makes some. So it wants to be told that it may: {may}=yes
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd -- "$(dirname -- "${{BASH_SOURCE[0]}}")" && pwd)
cell={cell}
say() {{ printf '%s: %s\\n' "$cell" "$*"; }}
lacks() {{ say "$*" >&2; exit 3; }}
((EUID == 0)) || lacks "only root can install packages"
# shellcheck disable=SC1091,SC2154
id=$(. /etc/os-release && printf '%s' "$ID")
[[ " {ids} " == *" $id "* ]] || lacks "this is $id, and none of: {ids}"
[[ ${{{may}-}} ]] || lacks "packages are installed here only with {may}=yes in the environment"
type -P {program} >/dev/null || lacks "there is no {program} here: this is another distribution"
[[ $(uname -m) == {arch} ]] || lacks "this machine is not {arch}"
rm -rf -- "${{here:?}}/out"
mkdir -p -- "$here/out"
"""

INSTALL = """
say "installing the package, with {program}"
{lines}
"""

IMAGE = """
say "building an initramfs, with $(dracut --version 2>/dev/null || echo dracut)"
ssh-keygen -A >/dev/null
if [[ ! -e /root/.ssh/dracut_authorized_keys && ! -e /etc/dracut-sshd/authorized_keys && ! -e /root/.ssh/authorized_keys ]]; then
  ssh-keygen -q -t ed25519 -N '' -C "$cell" -f "$here/out/key"
  install -d -m 0700 /root/.ssh
  install -m 0600 -- "$here/out/key.pub" /root/.ssh/dracut_authorized_keys
fi
kernel=''
for folder in /lib/modules/*/; do
  [[ ! -e $folder/modules.dep ]] || kernel=$(basename -- "$folder")
done
[[ $kernel ]] || { say "no kernel was installed" >&2; exit 1; }
printf '%s\\n' "$kernel" >"$here/out/kernel"
dracut --force --no-hostonly "$here/out/initramfs.img" "$kernel" >"$here/out/dracut.log" 2>&1 || {
  tail -n 30 -- "$here/out/dracut.log" >&2
  say "dracut failed" >&2
  exit 1
}
grep '^dracut-sshd: \\|dracut-sshd: ' "$here/out/dracut.log" || true
"""

INSPECT = """
[[ -x $here/dracut-sshd ]] || lacks "the image is out/initramfs.img, and no dracut-sshd for this architecture lies here to inspect it"
say "inspecting it, with $("$here/dracut-sshd" --version)"
status=0
"$here/dracut-sshd" inspect --kernel "$kernel" "$here/out/initramfs.img" | tee "$here/out/inspect.txt" || status=$?
# A container has no disk: what its root file system lies on cannot be told, and that alone is no fault.
if ((status == 4)) && grep -q '^unknown  *crypt[.]opens ' "$here/out/inspect.txt" &&
  ! grep '^unknown ' "$here/out/inspect.txt" | grep -qv '^unknown  *crypt[.]opens '; then status=0; fi
((status == 0)) || exit 1
"""


def steps(profile: dict[str, Any]) -> list[str]:
    """install, image, inspect: each needs the one before it."""
    out = []
    for step in ("install", "image", "inspect"):
        if step not in profile.get("ci", {}).get("tests", {}):
            break
        out.append(step)
    return out


def text(profile: dict[str, Any], arch: str) -> str:
    kernel = profile.get("ci", {}).get("kernel", {}).get(arch, "")
    program, lines = managers.install(profile, kernel)
    fields = {"cell": f"{profile['id']}:{profile['release']}", "arch": arch, "may": MAY,
              "ids": " ".join(sorted(profile["os_release"])), "program": program, "lines": "\n".join(lines)}
    parts = {"install": INSTALL.format(**fields), "image": IMAGE, "inspect": INSPECT}
    return HEAD.format(**fields) + "".join(parts[step] for step in steps(profile))
