"""AppStream metainfo (freedesktop.org AppStream 0.16): the file of this folder with the releases of CHANGELOG.md.

It has no screenshots: they would have to be at public addresses, and the project has none.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from linux import changelog

TEMPLATE = Path(__file__).with_name("org.bridgecall.Bridgecall.metainfo.xml.in")
MOST_LINES = 12
"""Of one section of a release: shops show a summary, not the whole changelog."""


def render(version: str, epoch: int) -> str:
    """The metainfo of `version`; `epoch` is the day of a version that the changelog has no day of (seconds)."""
    entries = "\n".join(_release(release) for release in changelog.releases(version, epoch))
    block = f"<releases>\n{entries}\n  </releases>"
    return TEMPLATE.read_text(encoding="utf-8").replace("@RELEASES@", block)


def _release(release: changelog.Release) -> str:
    kind = "development" if any(letter.isalpha() for letter in release.version) else "stable"
    lines = [f'    <release version="{release.version}" date="{release.day.isoformat()}" type="{kind}">']
    if any(release.sections.values()):
        lines.append("      <description>")
        for name, items in release.sections.items():
            lines += [f"        <p>{escape(name)}:</p>", "        <ul>"]
            lines += [f"          <li>{escape(item)}</li>" for item in items[:MOST_LINES]]
            lines.append("        </ul>")
        lines.append("      </description>")
    return "\n".join([*lines, "    </release>"])
