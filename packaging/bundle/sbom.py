"""The bill of materials: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).

What is in the frozen tree: the Python packages with the hashes of the lock, the native libraries that came inside
them with the hashes of the files as they are here, and Python itself.
"""

from __future__ import annotations

import json
import platform
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bundle import archive, distributions, native, stand_ins
from bundle import version as versions

if TYPE_CHECKING:
    from pathlib import Path

_SPDX_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+() ")


def _licences(licence: str) -> list[dict[str, Any]]:
    """An SPDX expression as such, other words as a name: validators accept nothing else (bom-1.6, licenseChoice)."""
    words = licence.replace("(", " ").replace(")", " ").split()
    names = [word for word in words if word not in ("AND", "OR", "WITH")]
    operators = [word for word in words if word in ("AND", "OR", "WITH")]
    is_expression = set(licence) <= _SPDX_CHARACTERS and len(names) == len(operators) + 1
    if is_expression and all(
        word == "MIT" or "-" in word or word in ("0BSD", "ISC", "Zlib") for word in names
    ):
        return [{"expression": licence}]
    return [{"license": {"name": licence}}]


def _package(one: distributions.Distribution) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{one.name}@{one.version}",
        "name": one.name,
        "version": one.version,
        "purl": f"pkg:pypi/{one.name}@{one.version}",
        "licenses": _licences(one.licence),
    }
    references: list[dict[str, Any]] = []
    if one.homepage.startswith(("https://", "http://")):
        references.append({"type": "website", "url": one.homepage})
    # One file of these was installed; which of them depends on the machine.
    hashes = [{"alg": "SHA-256", "content": digest} for digest in one.sha256]
    if hashes:
        url = f"https://pypi.org/project/{one.name}/{one.version}/"
        references.append({"type": "distribution", "url": url, "hashes": hashes})
    if references:
        found["externalReferences"] = references
    return found


def _native(one: native.Native, paths: list[Path], tree: Path) -> dict[str, Any]:
    slug = "-".join(one.name.lower().split())
    numbers = {native.version(path) for path in paths} - {""}
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:generic/{slug}",
        "name": one.name,
        "purl": f"pkg:generic/{slug}",
        "licenses": _licences(one.licence),
        "externalReferences": [{"type": "source-distribution", "url": one.source}],
        "components": [
            {
                "type": "file",
                "bom-ref": f"file:{path.relative_to(tree).as_posix()}",
                "name": path.relative_to(tree).as_posix(),
                **({"version": native.version(path)} if native.version(path) else {}),
                "hashes": [{"alg": "SHA-256", "content": archive.sha256(path)}],
            }
            for path in paths
        ],
    }
    if len(numbers) == 1:
        found["version"] = numbers.pop()
        found["purl"] = found["bom-ref"] = f"pkg:generic/{slug}@{found['version']}"
    return found


def _python() -> dict[str, Any]:
    version = platform.python_version()
    return {
        "type": "platform",
        "bom-ref": f"pkg:generic/python@{version}",
        "name": "Python",
        "version": version,
        "purl": f"pkg:generic/python@{version}",
        "licenses": [{"expression": "Python-2.0"}],
    }


def write(tree: Path, out: Path, name: str, version: str, epoch: int) -> Path:
    """Write `out`/`name`.cdx.json for `tree` and return it; the build's environment must be there."""
    libraries = sorted(set(native.libraries(tree)) - stand_ins.recorded(tree))
    natives = {one: paths for one, paths in native.natives(libraries).items() if one.name != "Python"}
    components = [_python(), *map(_package, distributions.frozen())]
    components += [_native(one, paths, tree) for one, paths in natives.items()]
    tools = [
        {"type": "application", "name": one.name, "version": one.version} for one in distributions.tools()
    ]
    root = f"pkg:generic/bridgecall@{version}"
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": {"components": tools},
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "bridgecall",
                "version": version,
                "description": str(versions.project()["description"]),
                "purl": root,
                "licenses": [{"expression": "MIT"}],
            },
        },
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": sorted(str(one["bom-ref"]) for one in components)}],
    }
    # The same content has the same number (bom-1.6, serialNumber: RFC 4122).
    text = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, text).urn
    path = out / f"{name}.cdx.json"
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return path
