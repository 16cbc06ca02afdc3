# SPDX-License-Identifier: GPL-3.0-or-later
"""SPDX 2.3 documents as JSON (https://spdx.github.io/spdx-spec/v2.3/): what the bills of materials have in common."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence


def identifier(kind: str, name: str) -> str:
    """An SPDX id: letters, digits, "." and "-" alone (section 7.2), and different for different names."""
    return f"SPDXRef-{kind}-{re.sub(r'[^A-Za-z0-9.-]', '-', name)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def checksums(data: bytes, *names: str) -> list[dict[str, str]]:
    """As SPDX writes them."""
    return [{"algorithm": name.upper(), "checksumValue": hashlib.new(name, data).hexdigest()} for name in names]


def relation(element: dict[str, object], kind: str, related: dict[str, object]) -> dict[str, object]:
    return {"spdxElementId": element["SPDXID"], "relationshipType": kind, "relatedSpdxElement": related["SPDXID"]}


def document(name: str, day: str, tool: str, packages: Sequence[dict[str, object]], files: Sequence[dict[str, object]],
             relations: Sequence[dict[str, object]], **more: object) -> str:
    """The whole document, which describes the first of the packages. `day` stands for the time, so that equal contents give equal bytes."""
    described = {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": packages[0]["SPDXID"]}
    contents = json.dumps([list(files), list(packages[1:])]).encode()
    return json.dumps({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        # not an address to be fetched: it only has to differ from document to document (section 6.5)
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{hashlib.sha256(contents).hexdigest()[:32]}",
        "creationInfo": {"created": f"{day}T00:00:00Z", "creators": [f"Tool: {tool}"]},
        "packages": list(packages),
        "files": list(files),
        "relationships": [described, *relations],
        **more,
    }, indent=1, ensure_ascii=True) + "\n"
