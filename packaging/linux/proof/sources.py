"""Where this machine's apt gets its packages, so that no file of ours has to name a mirror."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

APT = Path("/etc/apt")


def mirror(apt: Path = APT) -> str | None:
    """The first archive of Debian itself among apt's sources (sources.list(5)), or None.

    Archives of updates for security and of others have no base system.
    """
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for address in _addresses(text) if path.suffix == ".list" else _deb822_addresses(text):
            parts = urlsplit(address)
            if parts.scheme in ("http", "https", "file") and parts.path.rstrip("/").endswith("/debian"):
                return address.rstrip("/")
    return None


def _addresses(text: str) -> list[str]:
    return re.findall(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)", text, flags=re.MULTILINE)


def _deb822_addresses(text: str) -> list[str]:
    found: list[str] = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):\s*(.*)$", stanza, flags=re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
            found += fields.get("URIs", "").split()
    return found
